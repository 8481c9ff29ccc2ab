"""FilterLogEvents: events of many streams, interleaved, that match a pattern."""

import asyncio
from collections.abc import Callable
from typing import Any

from airside.kernel import Context, Request, Result, Snapshot, operation
from airside.services.logs import limits, store
from airside.services.logs.address import group_arn, group_name, load_group
from airside.services.logs.errors import InvalidParameterException
from airside.services.logs.events import shown
from airside.services.logs.group import LAST, Event, Group, Position, merge
from airside.services.logs.pattern import compile_pattern

_EXAMINED_AT_ONCE = 2_000
"""Events looked at before other requests get their turn."""
_EXAMINED_MAX = 50_000
"""Events looked at for one page; then the client gets what was found and a token."""
_BEFORE_ALL = Position(-1, 0, 0)


class _Search:
    """One page in the making."""

    def __init__(self, request: Request, group: Group, now_ms: int) -> None:
        self.group = group
        self.matches = compile_pattern(request.get("filterPattern", ""))
        self.wanted = _stream_test(request)
        self.start = max(request.get("startTime", 0), group.cutoff_ms(now_ms))
        self.end = request.get("endTime", LAST.timestamp - 1) + 1
        self.limit = request.get("limit", limits.PAGE_EVENTS_MAX)
        self.after = _BEFORE_ALL
        self.found: list[Event] = []
        self.size = 0
        self.examined = 0
        self.more = True

    def step(self, snapshot: Snapshot) -> None:
        """Look at some more events."""
        start = max(self.start, self.after.timestamp)
        chunks = store.group_chunks(snapshot, self.group, start, self.end)
        count = 0
        for event in merge(chunks):
            at = event.position
            if at.timestamp >= self.end:
                break
            if at.timestamp < start or at <= self.after:
                continue
            if count == _EXAMINED_AT_ONCE or not self._room(event):
                return
            count += 1
            self.after = at
            if self.wanted(event.stream) and self.matches(event.message):
                self.found.append(event)
                self.size += len(event.message) + limits.EVENT_OVERHEAD_BYTES
        self.more = False

    def _room(self, event: Event) -> bool:
        if self.full:
            return False
        self.examined += 1
        return True

    @property
    def full(self) -> bool:
        """Whether the page is as long as it may be, or took long enough."""
        return (
            len(self.found) >= self.limit
            or self.size >= limits.PAGE_BYTES_MAX
            or self.examined >= _EXAMINED_MAX
        )


def _stream_test(request: Request) -> Callable[[str], bool]:
    names, prefix = request.get("logStreamNames"), request.get("logStreamNamePrefix")
    if names is not None and prefix is not None:
        raise InvalidParameterException(
            "logStreamNames and logStreamNamePrefix are mutually exclusive parameters."
        )
    if names is not None:
        return frozenset(names).__contains__
    if prefix is not None:
        return lambda name: name.startswith(prefix)
    return lambda _: True


@operation("FilterLogEvents", resource=group_arn)
async def filter_log_events(ctx: Context, request: Request) -> Result:
    """Events of a group in order of time; a token leads on, also from an empty page."""
    name = group_name(request)
    group = await ctx.store.read(lambda snapshot: load_group(snapshot, ctx, name))
    search = _Search(request, group, int(ctx.clock.now() * 1000))
    token = request.get("nextToken")
    if token is not None:
        position = Position.parse(token)
        if position is None:
            raise InvalidParameterException("The specified nextToken is invalid.")
        search.after = position
    while search.more and not search.full:
        await ctx.store.read(search.step)
        await asyncio.sleep(0)
    return {
        "events": [_filtered(event) for event in search.found],
        "searchedLogStreams": [],
        "nextToken": search.after.token() if search.more else None,
    }


def _filtered(event: Event) -> dict[str, Any]:
    return {
        "logStreamName": event.stream,
        **shown(event),
        "eventId": event.position.token(),
    }
