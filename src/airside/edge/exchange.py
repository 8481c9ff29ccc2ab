"""One request on its way through the pipeline."""

from typing import TYPE_CHECKING

from msgspec import Struct, field

from airside.kernel import Cloud, Context, HttpRequest, HttpResponse, Operation, Principal, Service

if TYPE_CHECKING:
    from airside.identity import sigv2
    from airside.identity.sigv4 import Signature
    from airside.kernel import Body, Request, Result
    from airside.protocol.codec import Codec
    from airside.protocol.models import OperationModel, ServiceModel


class Exchange(Struct):
    """What the stages have found out so far. Each stage fills in its part."""

    http: HttpRequest
    request_id: str
    # route
    service: "Service | None" = None
    model: "ServiceModel | None" = None
    codec: "Codec | None" = None
    shape: "OperationModel | None" = None
    operation: Operation | None = None
    body: "bytes | Body" = b""
    front: tuple[str, str] | None = None
    signature: "Signature | sigv2.Signature | None" = None
    signed_http: HttpRequest | None = None
    """The request as it was signed, when routing rewrote it (virtual-host buckets)."""
    # authenticate
    principal: Principal | None = None
    cloud: Cloud | None = None
    ctx: Context | None = None
    # parse .. serialize
    request: "Request" = field(default_factory=dict)
    result: "Result | None" = None
    response: HttpResponse | None = None

    @classmethod
    def internal(cls, ctx: Context, operation: Operation, request: "Request") -> "Exchange":
        """A call between services: no HTTP, already authenticated."""
        return cls(_NO_HTTP, ctx.request_id, operation=operation, ctx=ctx, request=request)


_NO_HTTP = HttpRequest("", "")
