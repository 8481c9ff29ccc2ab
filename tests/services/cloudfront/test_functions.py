"""CloudFront Functions: the stages of their lives, and what TestFunction tells."""

import json

import pytest
from botocore.exceptions import ClientError
from tests.services.cloudfront.test_api import refused

CODE = b"""
function handler(event) {
    var request = event.request;
    console.log('saw ' + request.uri);
    if (request.uri.endsWith('/')) request.uri += 'index.html';
    return request;
}
"""
EVENT = {
    "version": "1.0",
    "context": {"eventType": "viewer-request"},
    "viewer": {"ip": "1.2.3.4"},
    "request": {"method": "GET", "uri": "/about/", "querystring": {}, "headers": {}, "cookies": {}},
}
CONFIG = {"Comment": "", "Runtime": "cloudfront-js-2.0"}


@pytest.fixture
def cloudfront(aws):
    return aws("cloudfront")


def test_a_function_goes_live_when_it_is_published(cloudfront):
    made = cloudfront.create_function(Name="rewrite", FunctionConfig=CONFIG, FunctionCode=CODE)
    assert made["FunctionSummary"]["Status"] == "UNPUBLISHED"
    assert made["FunctionSummary"]["FunctionMetadata"]["Stage"] == "DEVELOPMENT"
    describe = cloudfront.describe_function
    assert refused(describe, Name="rewrite", Stage="LIVE") == "NoSuchFunctionExists"
    live = cloudfront.publish_function(Name="rewrite", IfMatch=made["ETag"])["FunctionSummary"]
    assert (live["Status"], live["FunctionMetadata"]["Stage"]) == ("UNASSOCIATED", "LIVE")
    changed = cloudfront.update_function(
        Name="rewrite", IfMatch=made["ETag"], FunctionConfig=CONFIG, FunctionCode=b"// another"
    )
    assert changed["ETag"] != made["ETag"]
    code = cloudfront.get_function(Name="rewrite", Stage="LIVE")
    assert code["FunctionCode"].read() == CODE
    assert cloudfront.get_function(Name="rewrite")["FunctionCode"].read() == b"// another"
    stages = [item["FunctionMetadata"]["Stage"] for item in
              cloudfront.list_functions()["FunctionList"]["Items"]]  # fmt: skip
    assert stages == ["DEVELOPMENT", "LIVE"]
    delete = cloudfront.delete_function
    assert refused(delete, Name="rewrite", IfMatch=made["ETag"]) == "PreconditionFailed"
    delete(Name="rewrite", IfMatch=changed["ETag"])
    assert refused(describe, Name="rewrite") == "NoSuchFunctionExists"


def test_what_create_refuses(cloudfront):
    create = cloudfront.create_function
    create(Name="taken", FunctionConfig=CONFIG, FunctionCode=CODE)
    arguments = {"FunctionConfig": CONFIG, "FunctionCode": CODE}
    assert refused(create, Name="taken", **arguments) == "FunctionAlreadyExists"
    assert refused(create, Name="no good", **arguments) in ("InvalidArgument", "MalformedXML")
    arguments["FunctionCode"] = b"x" * 10_241
    assert refused(create, Name="large", **arguments) == "FunctionSizeLimitExceeded"


def test_a_test_tells_output_logs_and_cost(cloudfront):
    made = cloudfront.create_function(Name="tested", FunctionConfig=CONFIG, FunctionCode=CODE)
    result = cloudfront.test_function(
        Name="tested", IfMatch=made["ETag"], EventObject=json.dumps(EVENT).encode()
    )["TestResult"]
    assert json.loads(result["FunctionOutput"])["request"]["uri"] == "/about/index.html"
    assert result["FunctionExecutionLogs"] == ["saw /about/"]
    assert result["FunctionErrorMessage"] == ""
    assert 0 <= int(result["ComputeUtilization"]) <= 100


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("function handler(event) { return event.none.such }", "TypeError"),
        ("function handler(event) { while (true) {} }", "compute time"),
        ("function handler(event) { var a = []; while (true) a.push('x'.repeat(9999) + a.length) }",
         "memory"),
        ("functio handler", "SyntaxError"),
        ("function other() {}", "handler"),
        ("async function handler() { await new Promise(() => {}) }", "never settles"),
        ("function handler(event) { return 7 }", "request or a response"),
        ("function handler(event) { return eval('event.request') }", "disallowed"),
        ("function handler(event) { return require('fs') }", "Cannot find module"),
    ],
)  # fmt: skip
def test_a_test_tells_what_went_wrong(cloudfront, code, told):
    made = cloudfront.create_function(
        Name="wrong", FunctionConfig=CONFIG, FunctionCode=code.encode()
    )
    result = cloudfront.test_function(
        Name="wrong", IfMatch=made["ETag"], EventObject=json.dumps(EVENT).encode()
    )["TestResult"]
    assert told in result["FunctionErrorMessage"]
    assert result["FunctionOutput"] == ""


def test_an_event_that_is_none_is_refused(cloudfront):
    made = cloudfront.create_function(Name="event", FunctionConfig=CONFIG, FunctionCode=CODE)
    test = cloudfront.test_function
    arguments = {"Name": "event", "IfMatch": made["ETag"]}
    assert refused(test, **arguments, EventObject=b"no json") == "InvalidArgument"
    with pytest.raises(ClientError):
        test(Name="event", IfMatch="ETVPDKIKX0DER", EventObject=json.dumps(EVENT).encode())
