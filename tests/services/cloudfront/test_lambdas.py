"""Lambda functions at the edge, and origins that functions choose."""

import io
import json
import zipfile

import pytest
from tests.services.cloudfront.conftest import DISABLED, custom_origin, some

TRUST = {"Version": "2012-10-17", "Statement": [{
    "Effect": "Allow", "Action": "sts:AssumeRole",
    "Principal": {"Service": ["lambda.amazonaws.com", "edgelambda.amazonaws.com"]},
}]}  # fmt: skip

CODE = """
import base64, json

def handler(event, context):
    cf = event["Records"][0]["cf"]
    kind, request = cf["config"]["eventType"], cf["request"]
    if kind == "viewer-request":
        if request["uri"] == "/made":
            return {"status": "418", "statusDescription": "Teapot", "body": "short and stout",
                    "headers": {"x-made": [{"key": "X-Made", "value": "here"}]}}
        if request["uri"] == "/fails":
            raise ValueError("no")
        if request["uri"] == "/nonsense":
            return {"status": "abc"}
        if request["uri"] == "/touches":
            request["headers"]["host"] = [{"key": "Host", "value": "other"}]
        if "body" in request:
            text = base64.b64decode(request["body"]["data"]).decode().upper()
            request["body"] = {"action": "replace", "encoding": "text", "data": text}
        request["uri"] = request["uri"].replace("/short", "/long")
        request["querystring"] = "a=1"
        request["headers"]["x-viewer"] = [{"key": "X-Viewer", "value": request["clientIp"]}]
        return request
    if kind == "origin-request":
        request["headers"]["x-origin"] = [{"value": json.dumps(sorted(request["origin"]))}]
        if request["uri"] == "/elsewhere":
            request["origin"]["custom"]["path"] = "/prefix"
            request["origin"]["custom"]["customHeaders"] = {"x-c": [{"key": "X-C", "value": "1"}]}
        if request["uri"] == "/generated":
            return {"status": "200", "body": "made once", "headers": {
                "cache-control": [{"value": "max-age=60"}]}}
        return request
    response = cf["response"]
    response["headers"]["x-" + kind] = [{"value": response["status"]}]
    if kind == "origin-response" and response["status"] == "404":
        response.update(status="200", body="found after all")
    return response
"""


@pytest.fixture
def function(aws):
    """The ARN of a published version."""
    role = aws("iam").create_role(RoleName="edge", AssumeRolePolicyDocument=json.dumps(TRUST))
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("app.py", CODE)
    made = aws("lambda").create_function(
        FunctionName="edge", Runtime="python3.11", Handler="app.handler", Timeout=20,
        Role=role["Role"]["Arn"], Code={"ZipFile": package.getvalue()}, Publish=True,
    )  # fmt: skip
    return made["FunctionArn"] if made["FunctionArn"].endswith(":1") \
        else f"{made['FunctionArn']}:1"  # fmt: skip


def attached(arn, *events, **more):
    return some([{"EventType": event, "LambdaFunctionARN": arn, **more} for event in events])


def asked(origin):
    return {name.lower(): value for name, value in origin.asked[-1].headers.items()}


def test_viewers_requests_and_answers(edge, origin, function):
    policy = edge.cache_policy(
        "seen", headers={"HeaderBehavior": "whitelist", "Headers": some(["X-Viewer"])},
        query={"QueryStringBehavior": "all"},
    )  # fmt: skip
    edge.behave(
        CachePolicyId=policy,
        LambdaFunctionAssociations=attached(function, "viewer-request", "viewer-response"),
    )
    first = edge.get("/short")
    assert (first.cache, first.body, first.headers["X-Viewer-Response"]) == (
        "Miss",
        b"hello",
        "200",
    )
    assert origin.asked[-1].path == "/long?a=1"
    assert asked(origin)["x-viewer"] == "127.0.0.1"
    assert edge.get("/long").cache == "Hit"
    made = edge.get("/made")
    assert (made.status, made.cache, made.body) == (418, "LambdaGeneratedResponse",
                                                    b"short and stout")  # fmt: skip
    assert made.headers["X-Made"] == "here"
    for path, status, said in (
        ("/fails", 503, "LambdaExecutionError"), ("/nonsense", 502, "LambdaValidationError"),
        ("/touches", 502, "LambdaValidationError"),
    ):  # fmt: skip
        reply = edge.get(path)
        assert (reply.status, reply.cache) == (status, said)
    assert len(origin.asked) == 1


def test_bodies_are_shown_where_asked_for(edge, origin, function):
    methods = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"]
    edge.behave(
        CachePolicyId=DISABLED, AllowedMethods=some(methods),
        LambdaFunctionAssociations=attached(function, "viewer-request", IncludeBody=True),
    )  # fmt: skip
    assert edge.get("/form", "POST", b"quiet", Content_Type="text/plain").body == b"hello"
    assert origin.asked[-1].sent == b"QUIET"


def test_origins_requests_and_answers_are_kept(edge, origin, function):
    edge.behave(LambdaFunctionAssociations=attached(function, "origin-request", "origin-response"))
    assert edge.get("/page").headers["X-Origin-Response"] == "200"
    assert json.loads(asked(origin)["x-origin"]) == ["custom"]
    assert edge.get("/page").cache == "Hit"
    made = [edge.get("/generated") for _ in range(2)]
    assert [one.body for one in made] == [b"made once"] * 2
    assert made[1].cache == "Hit"
    edge.get("/elsewhere")
    assert origin.asked[-1].path == "/prefix/elsewhere"
    assert asked(origin)["x-c"] == "1"
    assert len(origin.asked) == 2
    origin.answers(b"nothing", status=404)
    found = edge.get("/missing")
    assert (found.status, found.body) == (200, b"found after all")
    assert edge.get("/missing").cache == "Hit"


def test_what_may_not_run_at_the_edge_is_refused(edge, function):
    wrong = edge.cloudfront.exceptions.InvalidLambdaFunctionAssociation
    for arn, event, said in (
        (function.rpartition(":")[0], "viewer-request", "specific function version"),
        (f"{function}9", "viewer-request", "cannot be used"),
        (function.replace("us-east-1", "eu-west-1"), "viewer-request", "us-east-1"),
    ):
        with pytest.raises(wrong, match=said):
            edge.behave(LambdaFunctionAssociations=attached(arn, event))
    with pytest.raises(wrong, match="twice"):
        edge.behave(LambdaFunctionAssociations=attached(function, *["origin-request"] * 2))
    both = attached(function, "origin-response", IncludeBody=True)
    with pytest.raises(wrong, match="body"):
        edge.behave(LambdaFunctionAssociations=both)


SELECT = """
import cf from 'cloudfront';
function handler(event) {
  const request = event.request;
  if (request.uri === '/second') cf.selectRequestOriginById('second');
  if (request.uri === '/update') cf.updateRequestOrigin({ originPath: '/new', customHeaders: { 'x-c': '1' } });
  if (request.uri === '/group') cf.createRequestOriginGroup({ originIds: [{ originId: 'second' }, { originId: 'site' }] });
  if (request.uri === '/nobody') cf.selectRequestOriginById('nobody');
  return request;
}
"""


def test_functions_choose_origins(edge, origin):
    cloudfront = edge.cloudfront
    made = cloudfront.create_function(
        Name="select", FunctionCode=SELECT.encode(),
        FunctionConfig={"Comment": "", "Runtime": "cloudfront-js-2.0"},
    )  # fmt: skip
    cloudfront.publish_function(Name="select", IfMatch=made["ETag"])
    arn = made["FunctionSummary"]["FunctionMetadata"]["FunctionARN"]
    edge.change(Origins=some([
        custom_origin(origin.port), custom_origin(origin.port, "second", OriginPath="/2"),
    ]))  # fmt: skip
    edge.behave(FunctionAssociations=some([{"EventType": "viewer-request", "FunctionARN": arn}]))
    for path, sent in (
        ("/plain", "/plain"), ("/second", "/2/second"), ("/update", "/new/update"),
        ("/group", "/2/group"),
    ):  # fmt: skip
        assert edge.get(path).status == 200
        assert origin.asked[-1].path == sent
        assert asked(origin).get("x-c") == ("1" if path == "/update" else None)
    assert edge.get("/nobody").status == 503
