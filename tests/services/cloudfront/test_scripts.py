"""CloudFront Functions on their way: requests rewritten and answered, responses changed."""

import pytest
from tests.services.cloudfront.conftest import some

CONFIG = {"Comment": "", "Runtime": "cloudfront-js-2.0"}


@pytest.fixture
def attach(edge):
    """Attach functions to the default behaviour by event type."""

    def attach(**codes: str) -> None:
        attached = []
        for event, code in codes.items():
            made = edge.cloudfront.create_function(
                Name=event, FunctionConfig=CONFIG, FunctionCode=code.encode()
            )
            live = edge.cloudfront.publish_function(Name=event, IfMatch=made["ETag"])
            arn = live["FunctionSummary"]["FunctionMetadata"]["FunctionARN"]
            attached.append({"FunctionARN": arn, "EventType": event.replace("_", "-")})
        edge.behave(FunctionAssociations=some(attached))

    return attach


def test_a_request_is_rewritten(edge, origin, attach):
    edge.behave(CachePolicyId=edge.cache_policy("all", query={"QueryStringBehavior": "all"}))
    attach(
        viewer_request="""
        function handler(event) {
            const request = event.request;
            request.uri = '/v2' + request.uri;
            request.querystring.user = { value: request.cookies.name.value };
            request.querystring.tag.multiValue.push({ value: 'c' });
            delete request.querystring.gone;
            return request;
        }"""
    )
    edge.get("/page?tag=a&gone=1&tag=b", Cookie="name=ann")
    assert origin.asked[-1].path == "/v2/page?tag=a&tag=b&tag=c&user=ann"


def test_a_request_is_answered(edge, origin, attach):
    attach(
        viewer_request="""
        async function handler(event) {
            return {
                statusCode: 302, statusDescription: 'Found',
                headers: { location: { value: 'https://example.com' + event.request.uri } },
                cookies: { seen: { value: '1', attributes: 'Path=/; Secure' } },
                body: 'elsewhere',
            };
        }"""
    )
    reply = edge.get("/page")
    assert (reply.status, reply.body) == (302, b"elsewhere")
    assert reply.headers["Location"] == "https://example.com/page"
    assert reply.headers["Set-Cookie"] == "seen=1; Path=/; Secure"
    assert reply.cache == "FunctionGeneratedResponse"
    assert not origin.asked


def test_a_response_is_changed_from_the_cache_too(edge, origin, attach):
    origin.answers(b"page", Content_Type="text/plain")
    attach(
        viewer_response="""
        function handler(event) {
            const response = event.response;
            response.headers['x-frame-options'] = { value: 'DENY' };
            response.headers['x-path'] = { value: event.request.uri };
            delete response.headers['content-type'];
            return response;
        }"""
    )
    for cache in ("Miss", "Hit"):
        reply = edge.get("/page")
        assert (reply.status, reply.body, reply.cache) == (200, b"page", cache)
        assert (reply.headers["X-Frame-Options"], reply.headers["X-Path"]) == ("DENY", "/page")
        assert reply.headers["Content-Type"] is None
    origin.answers(b"no", 404)
    assert edge.get("/none").headers["X-Frame-Options"] is None


@pytest.mark.parametrize(
    "code",
    [
        "function handler(event) { throw new Error('no') }",
        "function handler(event) { while (true) {} }",
        "function handler(event) { return {} }",
        "function handler(event) { event.request.headers.host = { value: 'x' }; return event.request }",
        "function handler(event) { event.request.uri = 'x'; return event.request }",
        "function handler(event) { event.request.headers['x-a'] = { value: 'a\\r\\nb: c' }; return event.request }",
        "function handler(event) { return { statusCode: 999 } }",
    ],
)
def test_a_function_that_fails_is_a_503(edge, origin, attach, code):
    attach(viewer_request=code)
    reply = edge.get("/page")
    assert (reply.status, reply.cache) == (503, "FunctionExecutionError")
    assert b"The CloudFront function associated with" in reply.body
    assert not origin.asked


def test_new_code_runs_once_it_is_published(edge, origin, attach):
    attach(viewer_request="function handler(event) { return { statusCode: 201 } }")
    assert edge.get("/").status == 201
    etag = edge.cloudfront.describe_function(Name="viewer_request")["ETag"]
    changed = edge.cloudfront.update_function(
        Name="viewer_request", IfMatch=etag, FunctionConfig=CONFIG,
        FunctionCode=b"function handler(event) { return { statusCode: 202 } }",
    )  # fmt: skip
    assert edge.get("/").status == 201
    edge.cloudfront.publish_function(Name="viewer_request", IfMatch=changed["ETag"])
    assert edge.get("/").status == 202
