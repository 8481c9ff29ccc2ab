"""One request to a REST API on its way through the gateway. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

from airside.gateway.access_log import log_time
from airside.kernel import HttpRequest, Principal
from airside.services.apigateway.live import LiveApi, LiveMethod, LiveStage

_SPELLED = {
    name.lower(): name
    for name in (
        "Accept", "Accept-Charset", "Accept-Encoding", "Accept-Language", "Authorization",
        "Cache-Control", "Content-Encoding", "Content-Type", "Cookie", "Date", "Host",
        "If-Match", "If-Modified-Since", "If-None-Match", "Origin", "Pragma", "Range", "Referer",
        "User-Agent", "Via", "X-Amzn-Trace-Id", "X-Forwarded-For", "X-Forwarded-Port",
        "X-Forwarded-Proto",
    )
}  # fmt: skip
"""How the edge spells the names that it knows, whatever the client did."""
_DROPPED = frozenset(
    {
        "connection", "content-length", "content-md5", "expect", "keep-alive", "max-forwards",
        "proxy-authenticate", "server", "te", "trailer", "transfer-encoding", "upgrade",
        "www-authenticate",
    }
)  # fmt: skip
"""What no integration gets to see of a request."""

Line = tuple[str, str]


@dataclass
class Call:
    """A request that has found its stage, with all that events and templates tell about it."""

    http: HttpRequest
    live: LiveApi
    stage: LiveStage
    path: str
    """Below the stage, as on the wire, starting with one slash."""
    request_id: str
    extended_id: str
    at: float
    trace_id: str
    method: LiveMethod | None = None
    path_parameters: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    authorizer: Mapping[str, Any] | None = None
    """As `requestContext.authorizer` shows it."""
    signer: Principal | None = None
    api_key: Mapping[str, Any] | None = None
    """The key that was presented, as GetApiKey shows it."""
    usage_key: str | None = None
    """The key that an authorizer named."""
    test: bool = False

    @cached_property
    def lines(self) -> list[Line]:
        """The headers that are passed on, as the client spelled them, and the gateway's own."""
        found = [line for line in sent(self.http) if line[0].lower() not in _DROPPED]
        names = {name.lower(): position for position, (name, _) in enumerate(found)}
        mine = (
            ("X-Amzn-Trace-Id", self.trace_id),
            ("X-Forwarded-For", self._forwarded_for()),
            ("X-Forwarded-Port", self.http.headers.get("x-forwarded-port", str(self.http.port))),
            ("X-Forwarded-Proto", self.http.headers.get("x-forwarded-proto", self.http.scheme)),
        )
        if self.test:
            return found
        for name, value in mine:
            position = names.get(name.lower())
            if position is None:
                found.append((name, value))
            else:
                found[position] = (name, value)
        return found

    def _forwarded_for(self) -> str:
        known = self.http.headers.get("x-forwarded-for")
        return f"{known}, {self.http.client}" if known else self.http.client

    @cached_property
    def query(self) -> list[tuple[str, str]]:
        """The query, decoded, in the order in which it was given."""
        return parse_qsl(self.http.query, keep_blank_values=True)

    def header(self, name: str) -> str | None:
        """A header of the client, the last value of several."""
        lowered = name.lower()
        found = [value for key, value in self.lines if key.lower() == lowered]
        return found[-1] if found else None

    def parameter(self, place: str, name: str) -> str | None:
        """A value of the request: place is `header`, `querystring` or `path`."""
        if place == "header":
            return self.header(name)
        if place == "path":
            return self.path_parameters.get(name)
        values = [value for key, value in self.query if key == name]
        return values[-1] if values else None

    @property
    def domain_name(self) -> str:
        """The host that was asked, or the one that AWS would have given the API."""
        host = self.http.host
        return host if ".execute-api." in host else self.live.domain_name

    @property
    def full_path(self) -> str:
        """The path with the stage in it."""
        return f"/{self.stage.name}{self.path}" if self.test else self.http.path

    def context(self) -> dict[str, Any]:
        """`requestContext` of an event, `$context` of a template."""
        method = self.method
        found: dict[str, Any] = {
            "resourceId": method.resource_id if method else None,
            "resourcePath": method.resource_path if method else None,
            "httpMethod": self.http.method,
            "extendedRequestId": self.extended_id,
            "requestTime": log_time(self.at),
            "path": self.full_path,
            "accountId": self.live.account_id,
            "protocol": "HTTP/1.1",
            "stage": self.stage.name,
            "domainPrefix": self.domain_name.partition(".")[0],
            "requestTimeEpoch": int(self.at * 1000),
            "requestId": self.request_id,
            "identity": self._identity(),
            "domainName": self.domain_name,
            "deploymentId": self.stage.deployment_id,
            "apiId": self.live.id,
        }
        if self.authorizer is not None:
            found["authorizer"] = dict(self.authorizer)
        return found

    def _identity(self) -> dict[str, Any]:
        signer = self.signer
        found: dict[str, Any] = {
            "cognitoIdentityPoolId": None,
            "accountId": signer.account_id if signer else None,
            "cognitoIdentityId": None,
            "caller": signer.user_id if signer else None,
            "sourceIp": self.http.client,
            "principalOrgId": None,
            "accessKey": signer.access_key_id if signer else None,
            "cognitoAuthenticationType": None,
            "cognitoAuthenticationProvider": None,
            "userArn": signer.arn if signer else None,
            "userAgent": self.http.headers.get("user-agent"),
            "user": signer.user_id if signer else None,
        }
        if self.api_key is not None:
            found["apiKey"] = self.api_key["value"]
            found["apiKeyId"] = self.api_key["id"]
        return found


def sent(http: HttpRequest) -> list[Line]:
    """The headers of a request one by one; names that the edge does not know as they came."""
    found = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in http.lines]
    return [(_SPELLED.get(name.lower(), name), value)
            for name, value in found or http.headers.items()]  # fmt: skip
