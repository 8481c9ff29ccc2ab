"""Events as the sources of functions send them, to try functions with. Pure.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-services.html
"""

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

Event = dict[str, Any]
REGION = "us-east-1"
ACCOUNT = "000000000000"


def generate(kind: str, body: str, now: float) -> Event:
    """An event of a kind; `body` is what it carries. Raises KeyError for an unknown kind."""
    return KINDS[kind](body, now)


def _iso(now: float) -> str:
    return f"{datetime.fromtimestamp(now, UTC):%Y-%m-%dT%H:%M:%S}.000Z"


def _http(body: str, now: float) -> Event:
    """HTTP APIs and function URLs: payload format 2.0."""
    return {
        "version": "2.0", "routeKey": "POST /items", "rawPath": "/items",
        "rawQueryString": "parameter=value",
        "headers": {
            "accept": "*/*", "content-type": "application/json", "host": "example.com",
            "user-agent": "airside", "x-forwarded-for": "127.0.0.1", "x-forwarded-proto": "https",
        },
        "queryStringParameters": {"parameter": "value"},
        "requestContext": {
            "accountId": ACCOUNT, "apiId": "api1234567", "domainName": "example.com",
            "domainPrefix": "api1234567",
            "http": {
                "method": "POST", "path": "/items", "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1", "userAgent": "airside",
            },
            "requestId": "request-1", "routeKey": "POST /items", "stage": "$default",
            "time": f"{datetime.fromtimestamp(now, UTC):%d/%b/%Y:%H:%M:%S +0000}",
            "timeEpoch": int(now * 1000),
        },
        "body": body, "isBase64Encoded": False,
    }  # fmt: skip


def _rest(body: str, now: float) -> Event:
    """REST APIs: payload format 1.0."""
    headers = {"Accept": "*/*", "Content-Type": "application/json", "Host": "example.com"}
    return {
        "resource": "/items", "path": "/items", "httpMethod": "POST", "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": None, "multiValueQueryStringParameters": None,
        "pathParameters": None, "stageVariables": None,
        "requestContext": {
            "accountId": ACCOUNT, "apiId": "api1234567", "httpMethod": "POST",
            "identity": {"sourceIp": "127.0.0.1", "userAgent": "airside"}, "path": "/prod/items",
            "protocol": "HTTP/1.1", "requestId": "request-1", "requestTimeEpoch": int(now * 1000),
            "resourcePath": "/items", "stage": "prod",
        },
        "body": body, "isBase64Encoded": False,
    }  # fmt: skip


def _sqs(body: str, now: float) -> Event:
    moment = str(int(now * 1000))
    return {"Records": [{
        "messageId": "19dd0b57-b21e-4ac1-bd88-01bbb068cb78", "receiptHandle": "handle",
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": "1", "SentTimestamp": moment,
            "SenderId": ACCOUNT, "ApproximateFirstReceiveTimestamp": moment,
        },
        "messageAttributes": {}, "md5OfBody": hashlib.md5(body.encode()).hexdigest(),
        "eventSource": "aws:sqs", "eventSourceARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:queue",
        "awsRegion": REGION,
    }]}  # fmt: skip


def _sns(body: str, now: float) -> Event:
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:topic"
    return {"Records": [{
        "EventVersion": "1.0", "EventSource": "aws:sns",
        "EventSubscriptionArn": f"{topic}:21be56ed-a058-49f5-8c98-aedd2564c486",
        "Sns": {
            "Type": "Notification", "MessageId": "95df01b4-ee98-5cb9-9903-4c221d41eb5e",
            "TopicArn": topic, "Subject": None, "Message": body, "Timestamp": _iso(now),
            "SignatureVersion": "1", "Signature": "", "SigningCertUrl": "", "UnsubscribeUrl": "",
            "MessageAttributes": {},
        },
    }]}  # fmt: skip


def _s3(body: str, now: float) -> Event:
    """An object that was put; `body` is its key when it is no document."""
    key = "key.txt" if body == "{}" else body
    return {"Records": [{
        "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": REGION,
        "eventTime": _iso(now), "eventName": "ObjectCreated:Put",
        "userIdentity": {"principalId": ACCOUNT},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {"x-amz-request-id": "request-1", "x-amz-id-2": "id-2"},
        "s3": {
            "s3SchemaVersion": "1.0", "configurationId": "configuration",
            "bucket": {
                "name": "bucket", "ownerIdentity": {"principalId": ACCOUNT},
                "arn": "arn:aws:s3:::bucket",
            },
            "object": {
                "key": key, "size": 1024, "eTag": "0123456789abcdef0123456789abcdef",
                "sequencer": "0A1B2C3D4E5F678901",
            },
        },
    }]}  # fmt: skip


def _dynamodb(body: str, now: float) -> Event:
    stream = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/table/stream/2026-01-01T00:00:00.000"
    return {"Records": [{
        "eventID": "c4ca4238a0b923820dcc509a6f75849b", "eventName": "INSERT",
        "eventVersion": "1.1", "eventSource": "aws:dynamodb", "awsRegion": REGION,
        "dynamodb": {
            "ApproximateCreationDateTime": int(now), "Keys": {"id": {"S": "1"}},
            "NewImage": {"id": {"S": "1"}, "body": {"S": body}}, "SequenceNumber": "111",
            "SizeBytes": 26, "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
        "eventSourceARN": stream,
    }]}  # fmt: skip


def _eventbridge(body: str, now: float) -> Event:
    try:
        detail = json.loads(body)
    except ValueError:
        detail = {"message": body}
    return {
        "version": "0", "id": "fe8d3c65-xmpl-c5c3-2c87-81584709a377", "detail-type": "Example",
        "source": "airside.example", "account": ACCOUNT, "time": _iso(now), "region": REGION,
        "resources": [], "detail": detail,
    }  # fmt: skip


def _schedule(body: str, now: float) -> Event:
    event = _eventbridge("{}", now)
    rule = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/every-minute"
    return {**event, "detail-type": "Scheduled Event", "source": "aws.events", "resources": [rule]}


KINDS: dict[str, Callable[[str, float], Event]] = {
    "apigw": _http, "apigw-rest": _rest, "dynamodb": _dynamodb, "eventbridge": _eventbridge,
    "s3": _s3, "schedule": _schedule, "sns": _sns, "sqs": _sqs, "url": _http,
}  # fmt: skip
