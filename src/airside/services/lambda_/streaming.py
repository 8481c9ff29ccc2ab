"""Answers that are passed on while the function still gives them."""

import asyncio
import json
from collections.abc import AsyncIterator, Coroutine
from typing import Any, NamedTuple

from airside.runtime.spec import Event, Outcome
from airside.runtime.stream import ResponseStream

INTEGRATION = "application/vnd.awslambda.http-integration-response"
"""What a function says that begins its answer with a status and headers."""
_PRELUDE_END = bytes(8)
_PRELUDE_BYTES_MAX = 64 * 1024


class Answer:
    """An answer that has begun, or is there as a whole."""

    def __init__(self, stream: ResponseStream, running: asyncio.Task[Outcome]) -> None:
        self._stream = stream
        self._running = running

    @property
    def content_type(self) -> str:
        """As the function gave it; empty when it does not stream."""
        return self._stream.content_type

    async def chunks(self) -> AsyncIterator[bytes]:
        """The answer in pieces; what is not streamed is one piece, an error none."""
        streamed = False
        async for chunk in self._stream.chunks():
            streamed = True
            yield chunk
        outcome = await self.outcome()
        if not streamed and not outcome.failed and outcome.payload:
            yield outcome.payload

    async def outcome(self) -> Outcome:
        """What came of the event; waits for its end."""
        return await asyncio.shield(self._running)


async def begin(invocation: Coroutine[Any, Any, Outcome], event: Event) -> Answer:
    """Invoke, and come back when the answer begins. Raises what keeps the event from running."""
    stream = event.stream = ResponseStream()
    loop = asyncio.get_running_loop()
    running = loop.create_task(invocation)
    begun = loop.create_task(stream.begun.wait())
    await asyncio.wait({running, begun}, return_when=asyncio.FIRST_COMPLETED)
    begun.cancel()
    if not stream.content_type:
        await running
    return Answer(stream, running)


class Prelude(NamedTuple):
    """What a function's answer says before its body."""

    status: int
    headers: list[tuple[str, str]]
    cookies: list[str]


async def split_prelude(chunks: AsyncIterator[bytes]) -> tuple[Prelude, bytes]:
    """Read up to the body; also what of the body has come by then. Raises ValueError."""
    read = b""
    async for chunk in chunks:
        read += chunk
        head, end, rest = read.partition(_PRELUDE_END)
        if end:
            return _parse(head), rest
        if len(read) > _PRELUDE_BYTES_MAX:
            break
    raise ValueError("no prelude")


def _parse(head: bytes) -> Prelude:
    value = json.loads(head)
    if not isinstance(value, dict):
        raise ValueError("a prelude is an object")  # noqa: TRY004  one error for all
    headers = [(str(name).lower(), str(item)) for name, item in value.get("headers", {}).items()]
    if any(mark in item for _, item in headers for mark in "\r\n"):
        raise ValueError("a header has one line")
    return Prelude(int(value.get("statusCode", 200)), headers, value.get("cookies", []))
