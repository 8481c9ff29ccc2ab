"""Scripts in browsers: AWS's endpoints let pages of any origin call them, S3's buckets do not."""

import http.client
import json

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

PAGE = {"Origin": "https://shop.example"}
ASKED = {
    **PAGE,
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,content-type,x-amz-target",
}


def sent(server, method, path, headers, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    answer.text = answer.read().decode()
    connection.close()
    return answer


def signed(server, service, target, body):
    request = AWSRequest("POST", f"{server.endpoint}/", data=body)
    request.headers["X-Amz-Target"] = target
    request.headers["Content-Type"] = "application/x-amz-json-1.0"
    SigV4Auth(Credentials("test", "test"), service, "us-east-1").add_auth(request)
    return dict(request.headers.items())


@pytest.mark.parametrize("path", ["/", "/2015-03-31/functions/resize/invocations"])
def test_a_browser_asks_first(server, path):
    answer = sent(server, "OPTIONS", path, ASKED)
    assert (answer.status, answer.text) == (200, "")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Access-Control-Allow-Methods"] == "POST"
    assert answer.headers["Access-Control-Allow-Headers"] == (
        "authorization,content-type,x-amz-target"
    )
    assert answer.headers["Access-Control-Max-Age"] == "172800"
    assert "x-amzn-RequestId" in answer.headers["Access-Control-Expose-Headers"]


def test_only_what_was_asked_is_echoed(server):
    answer = sent(server, "OPTIONS", "/", PAGE)
    assert answer.status == 200
    assert answer.headers["Access-Control-Allow-Methods"] is None
    assert answer.headers["Access-Control-Allow-Headers"] is None


def test_a_script_sees_answers_and_refusals(server):
    target = "DynamoDB_20120810.ListTables"
    headers = signed(server, "dynamodb", target, b"{}")
    for more, status in (({}, 200), ({"Authorization": "AWS4-HMAC-SHA256 nothing"}, 400)):
        answer = sent(server, "POST", "/", {**headers, **PAGE, **more}, b"{}")
        assert answer.status == status, answer.text
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Access-Control-Expose-Headers"] == (
            "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date"
        )
        assert answer.headers["Access-Control-Max-Age"] is None


def test_who_is_no_page_hears_nothing_of_it(server):
    headers = signed(server, "dynamodb", "DynamoDB_20120810.ListTables", b"{}")
    answer = sent(server, "POST", "/", headers, b"{}")
    assert json.loads(answer.text)["TableNames"] is not None
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]


def test_a_bucket_has_its_own_rules(server, aws):
    aws("s3").create_bucket(Bucket="nobodys-pages")
    for path in ("/nobodys-pages", "/nobodys-pages/key"):
        answer = sent(server, "OPTIONS", path, ASKED)
        assert answer.status == 403
        assert answer.headers["Access-Control-Allow-Origin"] is None
    named = {**ASKED, "Host": "nobodys-pages.s3.localhost"}
    assert sent(server, "OPTIONS", "/", named).status == 403
