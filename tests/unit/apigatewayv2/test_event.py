"""Events, held against AWS's documented example and what was recorded of the service.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

from dataclasses import replace

import pytest

from airside.gateway.access_log import log_time
from airside.services.apigatewayv2.event import Call, event_1, event_2, is_text

CALL = Call(
    method="POST",
    path="/my/path",
    query="parameter1=value1&parameter1=value2&parameter2=value",
    headers={
        "content-type": "text/plain",
        "cookie": "cookie1=a; cookie2=b",
        "header1": "value1",
        "header2": "value1,value2",
        "user-agent": "agent",
    },
    body=b"Hello from Lambda",
    source_ip="192.0.2.1",
    api_id="api-id",
    account_id="123456789012",
    domain_name="id.execute-api.us-east-1.amazonaws.com",
    stage="$default",
    route_key="$default",
    request_id="id",
    at=1583348638.390,
    path_parameters={"parameter1": "value1"},
    stage_variables={"stageVariable1": "value1"},
    authorizer={"jwt": {"claims": {"claim1": "value1"}, "scopes": ["scope1", "scope2"]}},
)


def test_format_2_is_as_documented() -> None:
    assert event_2(CALL) == {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/my/path",
        "rawQueryString": "parameter1=value1&parameter1=value2&parameter2=value",
        "cookies": ["cookie1=a", "cookie2=b"],
        "headers": {
            "content-type": "text/plain",
            "header1": "value1",
            "header2": "value1,value2",
            "user-agent": "agent",
        },
        "queryStringParameters": {"parameter1": "value1,value2", "parameter2": "value"},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "api-id",
            "authorizer": {"jwt": {"claims": {"claim1": "value1"}, "scopes": ["scope1", "scope2"]}},
            "domainName": "id.execute-api.us-east-1.amazonaws.com",
            "domainPrefix": "id",
            "http": {
                "method": "POST",
                "path": "/my/path",
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": "agent",
            },
            "requestId": "id",
            "routeKey": "$default",
            "stage": "$default",
            "time": "04/Mar/2020:19:03:58 +0000",
            "timeEpoch": 1583348638390,
        },
        "body": "Hello from Lambda",
        "pathParameters": {"parameter1": "value1"},
        "isBase64Encoded": False,
        "stageVariables": {"stageVariable1": "value1"},
    }


def test_format_1_is_as_documented() -> None:
    event = event_1(replace(CALL, authorizer=None, route_key="POST /my/path"))
    context = event.pop("requestContext")
    assert event == {
        "version": "1.0",
        "resource": "/my/path",
        "path": "/my/path",
        "httpMethod": "POST",
        "headers": {
            "Content-Type": "text/plain",
            "cookie": "cookie1=a; cookie2=b",
            "header1": "value1",
            "header2": "value1,value2",
            "User-Agent": "agent",
        },
        "multiValueHeaders": {
            "Content-Type": ["text/plain"],
            "cookie": ["cookie1=a; cookie2=b"],
            "header1": ["value1"],
            "header2": ["value1,value2"],
            "User-Agent": ["agent"],
        },
        "queryStringParameters": {"parameter1": "value2", "parameter2": "value"},
        "multiValueQueryStringParameters": {
            "parameter1": ["value1", "value2"],
            "parameter2": ["value"],
        },
        "pathParameters": {"parameter1": "value1"},
        "stageVariables": {"stageVariable1": "value1"},
        "body": "Hello from Lambda",
        "isBase64Encoded": False,
    }
    assert context["identity"]["sourceIp"] == "192.0.2.1"
    assert context["requestTime"] == "04/Mar/2020:19:03:58 +0000"
    assert context["resourceId"] == "POST /my/path"
    assert context["resourcePath"] == "/my/path"
    assert context["authorizer"] is None


def test_parts_that_are_empty_are_left_out_of_format_2_and_null_in_format_1() -> None:
    bare = replace(
        CALL,
        query="",
        headers={},
        body=b"",
        path_parameters={},
        stage_variables={},
        authorizer=None,
    )
    assert event_2(bare).keys() == {
        "version", "routeKey", "rawPath", "rawQueryString", "headers", "requestContext",
        "isBase64Encoded",
    }  # fmt: skip
    for name in ("queryStringParameters", "pathParameters", "stageVariables", "body"):
        assert event_1(bare)[name] is None


def test_the_path_is_decoded_and_the_raw_query_is_not() -> None:
    event = event_2(replace(CALL, path="/orders/Summer%20Sale", query="q=Hello%20World&q=%2B&x"))
    assert event["rawPath"] == event["requestContext"]["http"]["path"] == "/orders/Summer Sale"
    assert event["rawQueryString"] == "q=Hello%20World&q=%2B&x"
    assert event["queryStringParameters"] == {"q": "Hello World,+", "x": ""}


@pytest.mark.parametrize(
    ("content_type", "text"),
    [
        ("text/plain; charset=utf-8", True), ("application/json", True),
        ("application/problem+json", True), ("image/svg+xml", True),
        ("application/x-www-form-urlencoded", False), ("application/octet-stream", False),
        (None, False),
    ],
)  # fmt: skip
def test_only_text_is_handed_on_as_text(content_type: str | None, text: bool) -> None:
    assert is_text(content_type) is text
    headers = {"content-type": content_type} if content_type else {}
    event = event_2(replace(CALL, headers=headers, body=b"a=1"))
    assert event["isBase64Encoded"] is not text
    assert event["body"] == ("a=1" if text else "YT0x")


def test_text_that_is_none_is_encoded() -> None:
    event = event_2(replace(CALL, body=b"\xff\x00"))
    assert (event["body"], event["isBase64Encoded"]) == ("/wA=", True)


def test_days_have_two_digits() -> None:
    assert log_time(0) == "01/Jan/1970:00:00:00 +0000"
