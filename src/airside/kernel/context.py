"""Everything an operation may touch, besides its request."""

from typing import TYPE_CHECKING, TypeVar

from airside.kernel.clock import Clock, iso8601
from airside.kernel.http import HttpRequest, HttpResponse
from airside.kernel.ids import Ids
from airside.kernel.operation import Request, Result
from airside.kernel.principal import Principal
from airside.kernel.store import Blobs, Store

if TYPE_CHECKING:
    from airside.kernel.cloud import Cloud

C = TypeVar("C")

_LOOPBACK = frozenset({"127.0.0.1", "::1"})


class Context:
    """One request's surroundings. Cheap to make: everything shared lives in its `Cloud`."""

    __slots__ = ("account_id", "cloud", "from_template", "http", "operation", "principal", "region",
                 "request_id", "service", "trace_id")  # fmt: skip

    def __init__(
        self,
        cloud: "Cloud",
        principal: Principal,
        region: str,
        request_id: str,
        service: str = "",
        operation: str = "",
        trace_id: str = "",
    ) -> None:
        self.cloud = cloud
        self.principal = principal
        self.account_id = principal.account_id
        self.region = region
        self.request_id = request_id
        self.service = service
        self.operation = operation
        self.trace_id = trace_id
        self.http: HttpRequest | None = None
        """What came from the client, if anything did; read by `condition_keys` only."""
        self.from_template = False
        """Whether what is called with it gets values of a template, typed loosely."""

    @property
    def store(self) -> Store:
        """This environment's data."""
        return self.cloud.store

    @property
    def blobs(self) -> Blobs:
        """Large byte strings."""
        return self.cloud.blobs

    @property
    def clock(self) -> Clock:
        """Time."""
        return self.cloud.clock

    @property
    def ids(self) -> Ids:
        """Randomness."""
        return self.cloud.ids

    def arn(self, resource: str, service: str | None = None, *, region: str | None = None) -> str:
        """An ARN in this account; `region=""` for services that have none, like IAM."""
        where = self.region if region is None else region
        return f"arn:aws:{service or self.service}:{where}:{self.account_id}:{resource}"

    def use(self, usage_type: str, quantity: float, resource: str = "") -> None:
        """Leave usage behind for the bill. Usage types are named in `metering.pricebook`."""
        self.cloud.meter.record(self, usage_type, quantity, resource)

    def component(self, kind: type[C]) -> C:
        """The environment's one instance of a component that some service declared."""
        return self.cloud.component(kind)

    def condition_keys(self) -> dict[str, str]:
        """What policies may ask about the request itself.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
        """
        now = self.clock.now()
        keys = {"aws:CurrentTime": iso8601(now), "aws:EpochTime": str(int(now)),
                "aws:RequestedRegion": self.region}  # fmt: skip
        if self.http is None:
            return keys
        keys["aws:SourceIp"] = self.http.client
        # Nobody listens in between on loopback; and policies that refuse plain HTTP (SAM's own
        # bucket has one) are written for what is deployed to AWS.
        secure = self.http.scheme == "https" or self.http.client in _LOOPBACK
        keys["aws:SecureTransport"] = "true" if secure else "false"
        for name, header in (("aws:Referer", "referer"), ("aws:UserAgent", "user-agent")):
            value = self.http.headers.get(header)
            if value is not None:
                keys[name] = value
        return keys

    async def call(
        self, service: str, operation: str, request: Request, principal: Principal | None = None
    ) -> Result:
        """Call another service as a client would, without a socket: validated, authorized, metered.

        Raises the callee's ServiceError; tell errors apart by `error.name`.
        """
        child = Context(
            self.cloud, principal or self.principal, self.region, self.cloud.ids.uuid(),
            service, operation, self.trace_id,
        )  # fmt: skip
        child.from_template = self.from_template
        return await self.cloud.dispatch(child, request)

    async def fetch(self, request: HttpRequest) -> HttpResponse:
        """Send an HTTP request to a host that this cloud serves (an API, a site, a bucket)."""
        return await self.cloud.fetch(self, request)
