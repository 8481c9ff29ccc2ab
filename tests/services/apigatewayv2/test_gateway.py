"""HTTP APIs end to end: a function behind a route, called over HTTP."""

import base64
import http.server
import json
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

ECHO = """
def handler(event, context):
    return event
"""


def _api(aws: Callable[..., Any], target: str, **more: Any) -> tuple[Any, str]:
    client = aws("apigatewayv2")
    made = client.create_api(Name="api", ProtocolType="HTTP", Target=target, **more)
    return client, made["ApiId"]


def test_quick_create_serves_at_once(
    aws: Callable[..., Any], function: Any, get: Any, account: str
) -> None:
    client, api_id = _api(aws, function("echo", ECHO))
    status, headers, body = get(api_id, "/a/b%20c?x=1&x=2", x_custom="yes")
    assert status == 200
    assert headers["content-type"] == "application/json"
    assert len(headers["apigw-requestid"]) == 16
    event = json.loads(body)
    assert event["version"] == "2.0"
    assert event["routeKey"] == "$default"
    assert event["rawPath"] == "/a/b c"
    assert event["queryStringParameters"] == {"x": "1,2"}
    assert event["headers"]["x-custom"] == "yes"
    assert event["requestContext"]["accountId"] == account
    assert event["requestContext"]["apiId"] == api_id
    assert event["requestContext"]["http"]["sourceIp"] == "127.0.0.1"
    assert event["requestContext"]["domainName"] == f"{api_id}.execute-api.us-east-1.amazonaws.com"
    assert client.get_stages(ApiId=api_id)["Items"][0]["StageName"] == "$default"
    client.delete_api(ApiId=api_id)
    status, _, body = get(api_id)
    assert (status, body) == (404, b'{"message":"Not Found"}')


def test_routes_stages_and_deployments(aws: Callable[..., Any], function: Any, get: Any) -> None:
    arn = function("echo", ECHO)
    client = aws("apigatewayv2")
    api_id = client.create_api(Name="api", ProtocolType="HTTP")["ApiId"]
    integration = client.create_integration(
        ApiId=api_id, IntegrationType="AWS_PROXY", IntegrationUri=arn, PayloadFormatVersion="2.0"
    )["IntegrationId"]
    target = f"integrations/{integration}"
    client.create_route(ApiId=api_id, RouteKey="GET /items/{id}", Target=target)
    client.create_stage(ApiId=api_id, StageName="dev", StageVariables={"who": "me"})
    assert get(api_id, "/dev/items/7")[0] == 404
    client.create_deployment(ApiId=api_id, StageName="dev")
    event = json.loads(get(api_id, "/dev/items/7")[2])
    assert event["rawPath"] == "/dev/items/7"
    assert event["pathParameters"] == {"id": "7"}
    assert event["stageVariables"] == {"who": "me"}
    assert event["requestContext"]["stage"] == "dev"
    client.create_route(ApiId=api_id, RouteKey="POST /items", Target=target)
    assert get(api_id, "/dev/items", "POST", b"{}")[0] == 404
    client.update_stage(ApiId=api_id, StageName="dev", AutoDeploy=True)
    assert get(api_id, "/dev/items", "POST", b"{}")[0] == 200
    with pytest.raises(client.exceptions.ConflictException, match="referenced by Route"):
        client.delete_integration(ApiId=api_id, IntegrationId=integration)
    with pytest.raises(client.exceptions.NotFoundException, match="Invalid API identifier"):
        client.get_api(ApiId="nosuchapi0")


def test_what_goes_wrong_in_a_function_is_the_gateways_500(
    aws: Callable[..., Any], function: Any, get: Any
) -> None:
    _, api_id = _api(aws, function("bad", "def handler(event, context):\n    raise ValueError\n"))
    status, headers, body = get(api_id)
    assert (status, body) == (500, b'{"message":"Internal Server Error"}')
    assert headers["content-type"] == "application/json"


def test_an_integration_that_takes_too_long(
    aws: Callable[..., Any], function: Any, get: Any
) -> None:
    source = "import time\ndef handler(event, context):\n    time.sleep(3)\n"
    client, api_id = _api(aws, function("slow", source, Timeout=10))
    [integration] = client.get_integrations(ApiId=api_id)["Items"]
    client.update_integration(
        ApiId=api_id, IntegrationId=integration["IntegrationId"], TimeoutInMillis=200
    )
    began = time.monotonic()
    status, _, body = get(api_id)
    assert (status, body) == (504, b'{"message":"Endpoint request timed out"}')
    assert time.monotonic() - began < 2.5


def test_payload_limits(aws: Callable[..., Any], function: Any, get: Any) -> None:
    source = "def handler(event, context):\n    return len(event['body'])\n"
    _, api_id = _api(aws, function("size", source))
    status, _, body = get(api_id, "/", "POST", b"x" * 1_000_000, content_type="text/plain")
    assert (status, body) == (200, b"1000000")
    status, _, body = get(api_id, "/", "POST", b"x" * (10 * 1024 * 1024 + 1))
    assert (status, body) == (413, b'{"message":"Request Entity Too Large"}')


def test_cors_belongs_to_the_gateway(aws: Callable[..., Any], function: Any, get: Any) -> None:
    source = (
        "def handler(event, context):\n"
        "    return {'statusCode': 200, 'headers': {'Access-Control-Allow-Origin': 'x'}}\n"
    )
    cors = {"AllowOrigins": ["https://a.example"], "AllowMethods": ["GET"]}
    _, api_id = _api(aws, function("f", source), CorsConfiguration=cors)
    asked = {"Origin": "https://a.example", "Access_Control_Request_Method": "GET"}
    status, headers, _ = get(api_id, "/", "OPTIONS", **asked)
    assert status == 204
    assert headers["access-control-allow-methods"] == "GET"
    _, headers, _ = get(api_id, Origin="https://a.example")
    assert headers["access-control-allow-origin"] == "https://a.example"
    _, headers, _ = get(api_id, Origin="https://b.example")
    assert "access-control-allow-origin" not in headers


def test_lambda_authorizers_gate_and_inform(
    aws: Callable[..., Any], function: Any, get: Any
) -> None:
    echo = function("echo", ECHO)
    gate = function(
        "gate",
        "def handler(event, context):\n"
        "    token = event['identitySource'][0]\n"
        "    return {'isAuthorized': token == 'good', 'context': {'who': token}}\n",
    )
    client, api_id = _api(aws, echo)
    authorizer = client.create_authorizer(
        ApiId=api_id, Name="gate", AuthorizerType="REQUEST", AuthorizerUri=gate,
        IdentitySource=["$request.header.Authorization"], AuthorizerPayloadFormatVersion="2.0",
        EnableSimpleResponses=True, AuthorizerResultTtlInSeconds=60,
    )["AuthorizerId"]  # fmt: skip
    [route] = client.get_routes(ApiId=api_id)["Items"]
    client.update_route(
        ApiId=api_id, RouteId=route["RouteId"], AuthorizationType="CUSTOM", AuthorizerId=authorizer
    )
    assert get(api_id)[0] == 401
    assert get(api_id)[2] == b'{"message":"Unauthorized"}'
    status, _, body = get(api_id, Authorization="bad")
    assert (status, body) == (403, b'{"message":"Forbidden"}')
    status, _, body = get(api_id, Authorization="good")
    assert status == 200
    assert json.loads(body)["requestContext"]["authorizer"] == {"lambda": {"who": "good"}}


def test_a_lambda_authorizers_policy_is_a_policy(aws: Any, function: Any, get: Any) -> None:
    gate = function(
        "gate",
        "import json\n"
        "def handler(event, context):\n"
        "    return {'principalId': 'me', 'policyDocument':"
        " json.loads(event['headers']['authorization'])}\n",
    )
    client, api_id = _api(aws, function("echo", ECHO))
    authorizer = client.create_authorizer(
        ApiId=api_id, Name="gate", AuthorizerType="REQUEST", AuthorizerUri=gate,
        IdentitySource=["$request.header.Authorization"], AuthorizerPayloadFormatVersion="1.0",
    )["AuthorizerId"]  # fmt: skip
    [route] = client.get_routes(ApiId=api_id)["Items"]
    client.update_route(
        ApiId=api_id, RouteId=route["RouteId"], AuthorizationType="CUSTOM", AuthorizerId=authorizer
    )

    def status(*statements: dict[str, Any]) -> int:
        document = {"Version": "2012-10-17", "Statement": list(statements)}
        found: int = get(api_id, Authorization=json.dumps(document))[0]
        return found

    allow = {"Effect": "Allow", "Action": "execute-api:*", "Resource": "*"}
    assert status(allow) == 200
    assert status(allow, {**allow, "Effect": "Deny"}) == 403
    assert status({**allow, "Resource": f"arn:aws:execute-api:*:*:{api_id}/*/GET/"}) == 200
    assert status({**allow, "NotResource": "*", "Resource": None}) == 500
    assert status({**allow, "Condition": {"StringEquals": {"aws:SourceIp": "no"}}}) == 403
    assert status({**allow, "Resource": "a*" * 40}) == 403


def test_a_throttled_route(aws: Callable[..., Any], function: Any, get: Any) -> None:
    client, api_id = _api(aws, function("echo", ECHO))
    client.update_stage(
        ApiId=api_id, StageName="$default",
        DefaultRouteSettings={"ThrottlingRateLimit": 0.01, "ThrottlingBurstLimit": 2},
    )  # fmt: skip
    assert [get(api_id)[0] for _ in range(3)] == [200, 200, 429]
    assert get(api_id)[2] == b'{"message":"Too Many Requests"}'


class _Neighbour(http.server.BaseHTTPRequestHandler):
    """Another server on this machine: an issuer of tokens, and something to pass requests on to."""

    documents: ClassVar[dict[str, Any]] = {}

    def do_GET(self) -> None:
        found = self.documents.get(self.path)
        body = json.dumps(found if found is not None else self.path).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def neighbour() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Neighbour)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_requests_are_passed_on_to_a_neighbour(aws: Any, get: Any, neighbour: str) -> None:
    client = aws("apigatewayv2")
    api_id = client.create_api(Name="api", ProtocolType="HTTP")["ApiId"]
    integration = client.create_integration(
        ApiId=api_id, IntegrationType="HTTP_PROXY", IntegrationMethod="ANY",
        IntegrationUri=f"{neighbour}/v1/{{proxy}}",
    )["IntegrationId"]  # fmt: skip
    client.create_route(
        ApiId=api_id, RouteKey="ANY /pass/{proxy+}", Target=f"integrations/{integration}"
    )
    client.create_stage(ApiId=api_id, StageName="$default", AutoDeploy=True)
    status, _, body = get(api_id, "/pass/a/b?x=1")
    assert (status, json.loads(body)) == (200, "/v1/a/b?x=1")


def test_tokens_of_a_local_issuer(
    aws: Callable[..., Any], function: Any, get: Any, neighbour: str
) -> None:
    key = generate_private_key(65537, 2048)
    numbers = key.public_key().public_numbers()

    def encode(raw: bytes) -> str:
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    _Neighbour.documents = {
        "/.well-known/openid-configuration": {"jwks_uri": f"{neighbour}/keys"},
        "/keys": {
            "keys": [
                {"kty": "RSA", "kid": "1", "e": "AQAB", "n": encode(numbers.n.to_bytes(256, "big"))}
            ]
        },
    }
    client, api_id = _api(aws, function("echo", ECHO))
    authorizer = client.create_authorizer(
        ApiId=api_id, Name="jwt", AuthorizerType="JWT",
        IdentitySource=["$request.header.Authorization"],
        JwtConfiguration={"Issuer": neighbour, "Audience": ["shop"]},
    )["AuthorizerId"]  # fmt: skip
    [route] = client.get_routes(ApiId=api_id)["Items"]
    client.update_route(
        ApiId=api_id, RouteId=route["RouteId"], AuthorizationType="JWT", AuthorizerId=authorizer,
        AuthorizationScopes=["read"],
    )  # fmt: skip

    def token(**claims: Any) -> str:
        given = {"iss": neighbour, "aud": "shop", "exp": time.time() + 60, "scope": "read"} | claims
        parts = [json.dumps({"alg": "RS256", "kid": "1"}), json.dumps(given)]
        signed = ".".join(encode(part.encode()) for part in parts)
        signature = key.sign(signed.encode(), PKCS1v15(), hashes.SHA256())
        return f"Bearer {signed}.{encode(signature)}"

    assert get(api_id)[0] == 401
    status, headers, _ = get(api_id, Authorization=token(aud="other"))
    assert status == 401
    assert 'error_description="the audience is invalid"' in headers["www-authenticate"]
    assert get(api_id, Authorization=token(scope="write"))[0] == 403
    status, _, body = get(api_id, Authorization=token(sub="me"))
    assert status == 200
    shown = json.loads(body)["requestContext"]["authorizer"]["jwt"]
    assert (shown["claims"]["sub"], shown["scopes"]) == ("me", ["read"])


def test_signed_requests(
    aws: Callable[..., Any], function: Any, get: Any, server: Any, account: str
) -> None:
    client, api_id = _api(aws, function("echo", ECHO))
    [route] = client.get_routes(ApiId=api_id)["Items"]
    client.update_route(ApiId=api_id, RouteId=route["RouteId"], AuthorizationType="AWS_IAM")

    def signed(secret: str, key: str = account, path: str = "/a b?x=1") -> dict[str, str]:
        path = urllib.parse.quote(path, safe="/?=")
        request = AWSRequest("GET", f"{server.endpoint}/_aws/execute-api/{api_id}{path}")
        SigV4Auth(Credentials(key, secret), "execute-api", "us-east-1").add_auth(request)
        return {name: value for name, value in request.headers.items() if name != "Host"}

    assert get(api_id, "/a%20b?x=1")[::2] == (403, b'{"message":"Forbidden"}')
    assert get(api_id, "/a%20b?x=1", **signed("wrong"))[0] == 403
    assert get(api_id, "/other", **signed("test"))[0] == 403
    assert get(api_id, "/a%20b?x=1", **signed("test", key="999999999999"))[0] == 403
    status, _, body = get(api_id, "/a%20b?x=1", **signed("test"))
    assert status == 200
    shown = json.loads(body)["requestContext"]["authorizer"]["iam"]
    assert shown["accountId"] == account
    assert shown["userArn"] == f"arn:aws:iam::{account}:root"


def test_access_logs(aws: Callable[..., Any], function: Any, get: Any, account: str) -> None:
    logs = aws("logs")
    logs.create_log_group(logGroupName="/access")
    client, api_id = _api(aws, function("echo", ECHO))
    client.update_stage(
        ApiId=api_id, StageName="$default",
        AccessLogSettings={
            "DestinationArn": f"arn:aws:logs:us-east-1:{account}:log-group:/access",
            "Format": '{"route":"$context.routeKey","status":$context.status,'
            '"ip":"$context.identity.sourceIp","x":"$context.error.message"}',
        },
    )  # fmt: skip
    get(api_id, "/a")
    deadline, events = time.monotonic() + 10, []
    while not events and time.monotonic() < deadline:
        time.sleep(0.05)
        events = logs.filter_log_events(logGroupName="/access")["events"]
    assert [json.loads(event["message"]) for event in events] == [
        {"route": "$default", "status": 200, "ip": "127.0.0.1", "x": "-"}
    ]
