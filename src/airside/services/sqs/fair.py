"""Fair queues: which messages to hand out when some tenants hold too much of what is in flight.

A tenant is a message group of a standard queue; a message without one is its own tenant. Nothing
here is looked at while no tenant is noisy.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues-detailed.html
"""

from collections.abc import Mapping

from airside.kernel import Snapshot
from airside.services.sqs import store
from airside.services.sqs.queue import Queue
from airside.storage import pack, unpack

_HEAD = 100
"""Messages looked at in line before tenants are looked for one by one."""
_TENANTS_MAX = 500

Found = tuple[bytes, bytes]
"""A key of the line and its message."""


def choose(
    snapshot: Snapshot, queue: Queue, now_ms: int, count: int, noisy: Mapping[str, int]
) -> list[Found]:
    """Up to `count` visible messages: those of quiet tenants first, then of the least noisy.

    `noisy` maps tenants to how many messages they have in flight.
    """
    at = store.place_of(queue)
    quiet: list[Found] = []
    loud: list[tuple[int, Found]] = []
    examined = 0
    for found in snapshot.scan(at.visible, at.visible + pack((now_ms + 1,)), limit=_HEAD):
        examined += 1
        group = store.decode(found[1]).group
        if group is not None and group in noisy:
            loud.append((noisy[group], found))
        else:
            quiet.append(found)
            if len(quiet) == count:
                return quiet
    if examined == _HEAD:
        seen = {key for key, _ in quiet}
        others = _quiet_tenants(snapshot, queue, now_ms, count - len(quiet), noisy)
        quiet.extend(found for found in others if found[0] not in seen)
    loud.sort(key=lambda pair: pair[0])
    return (quiet + [found for _, found in loud])[:count]


def _quiet_tenants(
    snapshot: Snapshot, queue: Queue, now_ms: int, count: int, noisy: Mapping[str, int]
) -> list[Found]:
    """The first visible message of each quiet tenant, by seeking from tenant to tenant."""
    at = store.place_of(queue)
    chosen: list[Found] = []
    start, end = at.tenants, at.tenants + b"\xff"
    for _ in range(_TENANTS_MAX):
        first = next(iter(snapshot.scan(start, end, limit=1)), None)
        if first is None or len(chosen) >= count:
            break
        group, visible_at_ms, sequence = unpack(first[0][len(at.tenants) :])
        start = at.tenants + pack((group,)) + b"\xff"
        if group in noisy or visible_at_ms > now_ms:
            continue
        key = at.visible + pack((visible_at_ms, sequence))
        raw = snapshot.get(key)
        if raw is not None:
            chosen.append((key, raw))
    return chosen
