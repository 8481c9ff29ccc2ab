"""Tumbling windows of streams: which records belong together, and what is carried along. Pure.

https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-windows.html
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, Final

import msgspec

from airside.kernel.clock import iso8601

SECONDS_MAX: Final = 900
STATE_BYTES_MAX: Final = 1 << 20
"""A window whose state is longer ends early."""


class Window(msgspec.Struct):
    """A window of one shard that is open. `start` in epoch seconds."""

    start: int
    seconds: int
    state: Any = msgspec.field(default_factory=dict)

    @property
    def end(self) -> int:
        """The first second after it."""
        return self.start + self.seconds

    @property
    def is_too_large(self) -> bool:
        """Whether its state has outgrown what is carried along."""
        return len(msgspec.json.encode(self.state)) > STATE_BYTES_MAX


def runs(
    records: Iterable[dict[str, Any]], seconds: int
) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """Records in order, those of one window together, with the second at which it starts."""

    def start(record: dict[str, Any]) -> int:
        return int(record["dynamodb"]["ApproximateCreationDateTime"]) // seconds * seconds

    for at, group in groupby(records, start):
        yield at, list(group)


def event_members(
    window: Window, shard_id: str, source_arn: str, *, final: bool, early: bool
) -> dict[str, Any]:
    """What an event of a window has besides its records."""
    return {
        "window": {"start": _moment(window.start), "end": _moment(window.end)},
        "state": window.state,
        "shardId": shard_id,
        "eventSourceARN": source_arn,
        "isFinalInvokeForWindow": final,
        "isWindowTerminatedEarly": early,
    }


def has_state(answer: Any) -> bool:
    """Whether a function gave its state back, without which its invocation has failed."""
    return isinstance(answer, dict) and "state" in answer


def _moment(seconds: int) -> str:
    return iso8601(seconds).partition(".")[0] + "Z"
