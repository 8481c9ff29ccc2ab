"""Integrations other than proxies with functions: mocks, HTTP, functions behind templates."""

import base64
import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest


class _Neighbour(http.server.BaseHTTPRequestHandler):
    """Answers with what it was asked, in the status that the path ends with."""

    def _answer(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size).decode()
        told = {"method": self.command, "path": self.path, "body": body,
                "headers": {name.lower(): value for name, value in self.headers.items()}}  # fmt: skip
        content = json.dumps(told).encode()
        status = self.path.partition("?")[0].rpartition("/")[2]
        self.send_response(int(status) if status.isdigit() else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("X-Back", "yes")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = _answer  # noqa: N815

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def neighbour() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Neighbour)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_cors_as_templates_of_cdk_and_sam_make_it(api: Any, get: Any) -> None:
    where = api.mock("/", "OPTIONS", "{ statusCode: 204 }")
    api.answer(
        where, "204",
        responseParameters={
            "method.response.header.Access-Control-Allow-Origin": "'*'",
            "method.response.header.Access-Control-Allow-Methods": "'GET,POST'",
        },
    )  # fmt: skip
    api.deploy()
    answer = get(api.id, "/test", "OPTIONS", headers={"Origin": "https://a.example"})
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Access-Control-Allow-Methods"] == "GET,POST"
    assert "X-Amzn-Trace-Id" not in answer.headers


ORIGINS = """#set($origin = $input.params().header.get("Origin"))
#if($origin == "") #set($origin = $input.params().header.get("origin")) #end
#if($origin == "https://a.example" || $origin == "https://b.example")
  #set($context.responseOverride.header.Access-Control-Allow-Origin = $origin)
#end"""


def test_origins_chosen_by_a_template(api: Any, get: Any) -> None:
    where = api.mock("/", "OPTIONS")
    api.answer(
        where,
        responseParameters={
            "method.response.header.Access-Control-Allow-Origin": "'https://a.example'"
        },
        responseTemplates={"application/json": ORIGINS},
    )
    api.deploy()
    for origin, allowed in (
        ("https://b.example", "https://b.example"),
        ("https://c.example", "https://a.example"),
    ):
        answer = get(api.id, "/test", "OPTIONS", headers={"Origin": origin})
        assert answer.headers["Access-Control-Allow-Origin"] == allowed


def test_a_mock_chooses_its_response(api: Any, get: Any) -> None:
    template = '#if($input.params("bad") == "1"){"statusCode": 400}#else{"statusCode": 200}#end'
    where = api.mock("/{name}", template=template)
    text = """{"who": "$input.params('name')", "stage": "$context.stage"}"""
    api.answer(where, responseTemplates={"application/json": text})
    api.answer(where, "400", selectionPattern="4\\d{2}")
    api.deploy()
    assert get(api.id, "/test/you").json == {"who": "you", "stage": "test"}
    assert get(api.id, "/test/you?bad=1").status == 400


def test_a_template_that_fails_is_a_500(api: Any, get: Any) -> None:
    api.answer(api.mock("/a", template="#set($x = )"))
    api.answer(api.mock("/b", template="no status"))
    api.mock("/c")
    api.deploy()
    for path in "abc":
        answer = get(api.id, f"/test/{path}")
        assert (answer.status, answer.body) == (500, b'{"message": "Internal server error"}')


def test_media_types_without_a_template(api: Any, get: Any) -> None:
    where = api.method("/", "POST")
    api.client.put_integration(
        **where, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'},
        passthroughBehavior="NEVER",
    )  # fmt: skip
    api.answer(where)
    api.deploy()
    sent = {"Content-Type": "text/plain"}
    answer = get(api.id, "/test", "POST", b"x", sent)
    assert (answer.status, answer.body) == (415, b'{"message": "Unsupported Media Type"}')
    assert get(api.id, "/test", "POST", b"x").status == 200


def test_requests_pass_through_to_a_neighbour(api: Any, get: Any, neighbour: str) -> None:
    where = api.method("/{proxy+}", "ANY", requestParameters={"method.request.path.proxy": True})
    api.client.put_integration(
        **where, type="HTTP_PROXY", integrationHttpMethod="ANY", uri=f"{neighbour}/v1/{{proxy}}",
        requestParameters={
            "integration.request.path.proxy": "method.request.path.proxy",
            "integration.request.header.x-static": "'on'",
        },
    )  # fmt: skip
    api.deploy()
    answer = get(api.id, "/test/a/201?q=1", "PUT", b"data", {"X-Mine": "yes"})
    assert answer.status == 201
    assert answer.headers["X-Back"] == "yes"
    assert answer.headers["x-amzn-Remapped-Server"].startswith("BaseHTTP")
    told = answer.json
    assert (told["method"], told["path"], told["body"]) == ("PUT", "/v1/a/201?q=1", "data")
    assert told["headers"]["x-mine"] == "yes"
    assert told["headers"]["x-static"] == "on"
    assert told["headers"]["x-amzn-apigateway-api-id"] == api.id


def test_requests_are_translated_for_a_neighbour(api: Any, get: Any, neighbour: str) -> None:
    where = api.method("/", "POST", requestParameters={"method.request.querystring.page": False})
    api.client.put_integration(
        **where, type="HTTP", integrationHttpMethod="POST", uri=f"{neighbour}/404",
        requestParameters={"integration.request.querystring.p": "method.request.querystring.page"},
        requestTemplates={"application/json": '{"name": "$input.path(\'$.first\')"}'},
    )  # fmt: skip
    api.answer(
        where, "418", selectionPattern="404",
        responseParameters={"method.response.header.X-Was": "integration.response.header.X-Back"},
        responseTemplates={"application/json": '{"sent": $input.json("$.body"), "path": "$input.path("$.path")"}'},
    )  # fmt: skip
    api.deploy()
    answer = get(api.id, "/test?page=2", "POST", b'{"first": "Ada"}', {"X-Mine": "no"})
    assert answer.status == 418
    assert answer.headers["X-Was"] == "yes"
    assert json.loads(answer.json["sent"]) == {"name": "Ada"}
    assert answer.json["path"] == "/404?p=2"


def test_a_server_that_is_not_there(api: Any, get: Any) -> None:
    where = api.method("/")
    api.client.put_integration(
        **where, type="HTTP_PROXY", integrationHttpMethod="GET", uri="http://127.0.0.1:1/"
    )
    api.deploy()
    answer = get(api.id, "/test")
    assert (answer.status, answer.body) == (500, b'{"message": "Internal server error"}')


CUSTOM = """
def handler(event, context):
    if event.get("fail"):
        raise Exception("BadRequest: " + event["fail"])
    return {"got": event}
"""


def test_functions_behind_templates(api: Any, get: Any, function: Any) -> None:
    where = api.method("/", "POST")
    api.client.put_integration(
        **where, type="AWS", integrationHttpMethod="POST", uri=function("custom", CUSTOM),
        requestTemplates={"application/json": '{"fail": $input.json("$.fail"), "stage": "$context.stage"}'},
    )  # fmt: skip
    api.answer(where, responseTemplates={"application/json": '{"was": $input.json("$.got")}'})
    api.answer(
        where, "400", selectionPattern="BadRequest:.*",
        responseTemplates={"application/json": '{"error": "$input.path("$.errorMessage")"}'},
    )  # fmt: skip
    api.deploy()
    answer = get(api.id, "/test", "POST", b'{"fail": ""}')
    assert (answer.status, answer.json) == (200, {"was": {"fail": "", "stage": "test"}})
    answer = get(api.id, "/test", "POST", b'{"fail": "no name"}')
    assert (answer.status, answer.json) == (400, {"error": "BadRequest: no name"})


def test_a_method_is_tried_before_it_is_deployed(api: Any, function: Any) -> None:
    where = api.proxy("/pets/{id}", function("echo"), "GET", apiKeyRequired=True)
    answer = api.client.test_invoke_method(
        **where, pathWithQueryString="/pets/7?x=1", headers={"X-Mine": "yes"},
        stageVariables={"a": "b"},
    )  # fmt: skip
    assert answer["status"] == 200
    event = json.loads(answer["body"])
    assert event["pathParameters"] == {"id": "7"}
    assert event["queryStringParameters"] == {"x": "1"}
    assert event["stageVariables"] == {"a": "b"}
    assert event["requestContext"]["stage"] == "test-invoke-stage"
    assert "Method completed with status: 200" in answer["log"]


def test_a_table_and_a_queue_without_a_function(api: Any, get: Any, aws: Any, account: str) -> None:
    aws("dynamodb").create_table(
        TableName="pets", BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )  # fmt: skip
    queue = aws("sqs").create_queue(QueueName="jobs")["QueueUrl"]
    aws("s3").create_bucket(Bucket=f"b-{account}")
    aws("s3").put_object(Bucket=f"b-{account}", Key="a/b", Body=b"stored")
    role = f"arn:aws:iam::{account}:role/gateway"
    base = "arn:aws:apigateway:us-east-1"

    def integrate(path: str, verb: str, uri: str, **more: Any) -> dict[str, str]:
        where = api.method(path, verb)
        api.client.put_integration(
            **where, type="AWS", uri=f"{base}:{uri}", credentials=role,
            **{"integrationHttpMethod": "POST", **more},
        )  # fmt: skip
        return dict(where)

    item = '{"TableName": "pets", "Item": {"id": {"S": "$input.path(\'$.id\')"}}}'
    put = integrate(
        "/pets", "POST", "dynamodb:action/PutItem", requestTemplates={"application/json": item}
    )
    api.answer(put, responseTemplates={"application/json": '{"made": true}'})
    api.answer(
        put, "400", selectionPattern="4\\d{2}",
        responseTemplates={"application/json": '{"type": "$input.path("$.__type")"}'},
    )  # fmt: skip
    scan = '{"TableName": "pets"}'
    listing = integrate(
        "/pets", "GET", "dynamodb:action/Scan", requestTemplates={"application/json": scan}
    )
    text = '#foreach($item in $input.path("$.Items"))$item.id.S#end'
    api.answer(listing, responseTemplates={"application/json": f'"{text}"'})
    send = integrate(
        "/jobs", "POST", f"sqs:path/{account}/jobs",
        requestParameters={
            "integration.request.header.Content-Type": "'application/x-www-form-urlencoded'"
        },
        requestTemplates={
            "application/json": "Action=SendMessage&MessageBody=$util.urlEncode($input.body)"
        },
    )  # fmt: skip
    api.answer(send)
    fetch = integrate(
        "/files", "GET", f"s3:path/b-{account}/{{key}}", integrationHttpMethod="GET",
        requestParameters={"integration.request.path.key": "method.request.querystring.key"},
    )  # fmt: skip
    api.answer(fetch)
    unknown = integrate("/unknown", "GET", "nosuch:action/Do")
    api.answer(unknown)
    api.deploy()

    assert get(api.id, "/test/pets", "POST", b'{"id": "rex"}').json == {"made": True}
    refused = get(api.id, "/test/pets", "POST", b'{"id": ""}')
    assert refused.status == 400
    assert refused.json["type"].endswith("ValidationException")
    assert get(api.id, "/test/pets").json == "rex"
    assert get(api.id, "/test/jobs", "POST", b'{"a": 1}').status == 200
    [message] = aws("sqs").receive_message(QueueUrl=queue)["Messages"]
    assert message["Body"] == '{"a": 1}'
    assert get(api.id, "/test/files?key=a/b").body == b"stored"
    missing = get(api.id, "/test/unknown")
    assert missing.status == 501
    assert "nosuch:action/Do" in missing.json["message"]


def test_text_and_bytes(api: Any, get: Any, neighbour: str) -> None:
    change = {"op": "add", "path": "/binaryMediaTypes/image~1png"}
    api.client.update_rest_api(restApiId=api.id, patchOperations=[change])
    for path, handling in (("/as-it-is", None), ("/text", "CONVERT_TO_TEXT")):
        where = api.method(path, "POST")
        given = {"contentHandling": handling} if handling else {}
        api.client.put_integration(
            **where, type="HTTP", integrationHttpMethod="POST", uri=f"{neighbour}/x", **given
        )
        api.answer(where)
    api.deploy()
    raw = base64.b64decode("iVBORw0KGgo=")
    sent = get(api.id, "/test/text", "POST", raw, {"Content-Type": "image/png"}).json["body"]
    assert sent == "iVBORw0KGgo="
    sent = get(api.id, "/test/text", "POST", b"plain", {"Content-Type": "text/plain"}).json["body"]
    assert sent == "plain"
    wrong = get(api.id, "/test/as-it-is", "POST", b"x", {"Accept": "image/png"})
    assert wrong.status == 500  # text for a client that wants bytes has to be Base64
