"""Bodies of requests to APIs."""

from airside.kernel import HttpRequest
from airside.kernel.http import BodyTooLarge

PAYLOAD_BYTES_MAX = 10 * 1024 * 1024
"""https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html"""


async def read_payload(http: HttpRequest) -> bytes:
    """The whole body. Raises BodyTooLarge."""
    try:
        return await http.body.read(PAYLOAD_BYTES_MAX)
    except BodyTooLarge:
        await _discard(http)
        raise


async def _discard(http: HttpRequest) -> None:
    """Take what is left of a body, within reason: a client that still sends reads no answer."""
    size = 0
    async for chunk in http.body:
        size += len(chunk)
        if size > PAYLOAD_BYTES_MAX:
            return
