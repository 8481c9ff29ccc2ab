"""What a function is handed: the payload formats 2.0 and 1.0. Pure.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

from airside.gateway.access_log import log_time

_TITLED = frozenset({"content-length", "content-type", "host", "user-agent", "x-amzn-trace-id"})
_TEXTUAL = frozenset({"application/json", "application/javascript", "application/xml"})


@dataclass(slots=True)
class Call:
    """One request to an API, with all that events tell about it."""

    method: str
    path: str
    """As on the wire, with the stage's name where it was in the URL."""
    query: str
    headers: Mapping[str, str]
    """Lower-case names."""
    body: bytes
    source_ip: str
    api_id: str
    account_id: str
    domain_name: str
    stage: str
    route_key: str
    request_id: str
    at: float
    path_parameters: Mapping[str, str] = field(default_factory=dict)
    stage_variables: Mapping[str, str] = field(default_factory=dict)
    authorizer: Mapping[str, Any] | None = None
    """As payload 2.0 shows it: `{"jwt": ...}`, `{"lambda": ...}`, `{"iam": ...}`."""
    protocol: str = "HTTP/1.1"
    path_below_stage: str = ""
    mapped_path: str | None = None
    """What a mapping has put in place of the path."""

    @property
    def decoded_path(self) -> str:
        """HTTP APIs hand the path on decoded; the query they leave as it is."""
        return unquote(self.path) if "%" in self.path else self.path


def is_text(content_type: str | None) -> bool:
    """Whether a body of this type is handed on as text; everything else goes as Base64."""
    kind = (content_type or "").partition(";")[0].strip().lower()
    return kind.startswith("text/") or kind in _TEXTUAL or kind.endswith(("+json", "+xml"))


def _text_body(call: Call) -> tuple[str | None, bool]:
    """The body as an event carries it, and whether that is Base64."""
    if not call.body:
        return None, False
    if is_text(call.headers.get("content-type")):
        try:
            return call.body.decode(), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(call.body).decode(), True


def _query_pairs(query: str) -> list[tuple[str, str]]:
    return parse_qsl(query, keep_blank_values=True) if query else []


def event_2(call: Call) -> dict[str, Any]:
    """Payload format 2.0. Parts that are empty are left out, as AWS does."""
    headers = dict(call.headers)
    cookie = headers.pop("cookie", None)
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": call.route_key,
        "rawPath": call.decoded_path,
        "rawQueryString": call.query,
    }
    if cookie:
        event["cookies"] = [part.strip() for part in cookie.split(";") if part.strip()]
    event["headers"] = headers
    if call.query:
        joined: dict[str, str] = {}
        for name, value in _query_pairs(call.query):
            joined[name] = f"{joined[name]},{value}" if name in joined else value
        event["queryStringParameters"] = joined
    event["requestContext"] = _context_2(call)
    if call.path_parameters:
        event["pathParameters"] = dict(call.path_parameters)
    body, encoded = _text_body(call)
    if body is not None:
        event["body"] = body
    event["isBase64Encoded"] = encoded
    if call.stage_variables:
        event["stageVariables"] = dict(call.stage_variables)
    return event


def _context_2(call: Call) -> dict[str, Any]:
    context: dict[str, Any] = {
        "accountId": call.account_id,
        "apiId": call.api_id,
        "domainName": call.domain_name,
        "domainPrefix": call.domain_name.partition(".")[0],
        "http": {
            "method": call.method,
            "path": call.decoded_path,
            "protocol": call.protocol,
            "sourceIp": call.source_ip,
            "userAgent": call.headers.get("user-agent", ""),
        },
        "requestId": call.request_id,
        "routeKey": call.route_key,
        "stage": call.stage,
        "time": log_time(call.at),
        "timeEpoch": int(call.at * 1000),
    }
    if call.authorizer is not None:
        context["authorizer"] = dict(call.authorizer)
    return context


def event_1(call: Call) -> dict[str, Any]:
    """Payload format 1.0: parts that are empty are null."""
    pairs = _query_pairs(call.query)
    several: dict[str, list[str]] = {}
    for name, value in pairs:
        several.setdefault(name, []).append(value)
    body, encoded = _text_body(call)
    resource = call.route_key.partition(" ")[2] or call.route_key
    headers = {_name_1(name): value for name, value in call.headers.items()}
    return {
        "version": "1.0",
        "resource": resource,
        "path": call.decoded_path,
        "httpMethod": call.method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": dict(pairs) or None,
        "multiValueQueryStringParameters": several or None,
        "requestContext": _context_1(call, resource),
        "pathParameters": dict(call.path_parameters) or None,
        "stageVariables": dict(call.stage_variables) or None,
        "body": body,
        "isBase64Encoded": encoded,
    }


def _name_1(name: str) -> str:
    """Format 1.0 spells the headers that the gateway itself knows in its own way."""
    return name.title() if name in _TITLED or name.startswith("x-forwarded-") else name


def _context_1(call: Call, resource: str) -> dict[str, Any]:
    iam = (call.authorizer or {}).get("iam", {})
    return {
        "accountId": call.account_id,
        "apiId": call.api_id,
        "authorizer": _authorizer_1(call.authorizer),
        "domainName": call.domain_name,
        "domainPrefix": call.domain_name.partition(".")[0],
        "extendedRequestId": call.request_id,
        "httpMethod": call.method,
        "identity": {
            "accessKey": iam.get("accessKey"),
            "accountId": iam.get("accountId"),
            "caller": iam.get("callerId"),
            "cognitoAmr": None,
            "cognitoAuthenticationProvider": None,
            "cognitoAuthenticationType": None,
            "cognitoIdentityId": None,
            "cognitoIdentityPoolId": None,
            "principalOrgId": iam.get("principalOrgId"),
            "sourceIp": call.source_ip,
            "user": iam.get("userId"),
            "userAgent": call.headers.get("user-agent", ""),
            "userArn": iam.get("userArn"),
        },
        "path": call.decoded_path,
        "protocol": call.protocol,
        "requestId": call.request_id,
        "requestTime": log_time(call.at),
        "requestTimeEpoch": int(call.at * 1000),
        "resourceId": call.route_key,
        "resourcePath": resource,
        "stage": call.stage,
    }


def _authorizer_1(authorizer: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Payload 1.0 has claims and scopes, or the Lambda authorizer's context, at its top."""
    if authorizer is None:
        return None
    if "jwt" in authorizer:
        return dict(authorizer["jwt"])
    return dict(authorizer.get("lambda") or {})


def authorizer_event_2(call: Call, identity: list[str], source_arn: str) -> dict[str, Any]:
    """What a Lambda authorizer gets in format 2.0."""
    event = event_2(call)
    event.pop("body", None)
    event.pop("isBase64Encoded")
    return {
        "version": "2.0",
        "type": "REQUEST",
        "routeArn": source_arn,
        "identitySource": identity,
        **{name: value for name, value in event.items() if name != "version"},
    }


def authorizer_event_1(call: Call, identity: list[str], source_arn: str) -> dict[str, Any]:
    """What a Lambda authorizer gets in format 1.0."""
    event = event_1(call)
    del event["body"]
    del event["isBase64Encoded"]
    joined = ",".join(identity)
    return {
        **event,
        "type": "REQUEST",
        "methodArn": source_arn,
        "identitySource": joined,
        "authorizationToken": joined,
    }
