"""An operation is a function `(Context, Request) -> Result`. This is all it may know."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airside.kernel.context import Context

Request = dict[str, Any]
"""Members as the model names them, already validated. Blobs are bytes, timestamps are epoch
seconds (float), a streaming payload is a `Body`. Absent members are absent, never None."""

Result = dict[str, Any]
"""Members as the model names them. None-valued members are left out on the wire. A streaming
payload is bytes, a `FileSlice` or an async iterator of bytes."""


class KeptResult(dict[str, Any]):
    """A Result that is given again and again. Whoever has it must not change it.

    Its codec may keep, in `written`, what it looks like on the wire.
    """

    __slots__ = ("written",)

    def __init__(self, result: Result) -> None:
        super().__init__(result)
        self.written: Any = None


Function = Callable[["Context", Request], Awaitable[Result | None]]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a service, as its author declared it; called, it is its function."""

    name: str
    function: Function
    resource: Callable[["Context", Request], str] | None = None
    """The ARN that policies speak about; None means `*`."""
    action: str | None = None
    """The IAM action when it is not `service:Name`, e.g. `s3:ListBucket` for ListObjectsV2."""

    def __call__(self, ctx: "Context", request: Request) -> Awaitable[Result | None]:
        """The function itself: no policy is asked and nothing is validated or counted."""
        return self.function(ctx, request)


def operation(
    name: str,
    *,
    resource: Callable[["Context", Request], str] | None = None,
    action: str | None = None,
) -> Callable[[Function], Operation]:
    """Declare a function to be the operation `name` of the service that lists its module."""

    def declare(function: Function) -> Operation:
        return Operation(name, function, resource, action)

    return declare
