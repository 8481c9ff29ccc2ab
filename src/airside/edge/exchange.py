"""One request on its way through the pipeline."""

from typing import TYPE_CHECKING

from airside.kernel import Cloud, Context, HttpRequest, HttpResponse, Operation, Principal, Service

if TYPE_CHECKING:
    from airside.edge.hosts import Front
    from airside.identity import sigv2
    from airside.identity.sigv4 import Signature
    from airside.kernel import Body, Request, Result
    from airside.protocol.codec import Codec
    from airside.protocol.models import OperationModel, ServiceModel


class Exchange:
    """What the stages have found out so far. Each stage fills in its part."""

    __slots__ = (
        "body", "cloud", "codec", "ctx", "front", "http", "model", "operation", "principal",
        "request", "request_id", "response", "result", "service", "shape", "signature",
        "signed_http",
    )  # fmt: skip

    def __init__(self, http: HttpRequest, request_id: str) -> None:
        self.http = http
        self.request_id = request_id
        self.front: Front | None = None
        """The front door that the request's address names."""
        # route
        self.service: Service | None = None
        self.model: ServiceModel | None = None
        self.codec: Codec | None = None
        self.shape: OperationModel | None = None
        self.operation: Operation | None = None
        self.body: bytes | Body = b""
        self.signature: Signature | sigv2.Signature | None = None
        self.signed_http: HttpRequest | None = None
        """The request as it was signed, when routing rewrote it (virtual-host buckets)."""
        # authenticate
        self.principal: Principal | None = None
        self.cloud: Cloud | None = None
        self.ctx: Context | None = None
        # parse .. serialize
        self.request: Request = {}
        self.result: Result | None = None
        self.response: HttpResponse | None = None
