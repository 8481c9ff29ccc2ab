"""Moving messages from one queue to others: the record of a task and one step of it. Pure."""

from collections.abc import Sequence

import msgspec

from airside.kernel import Snapshot, Transaction
from airside.services.sqs import fifo, standard, store
from airside.services.sqs.queue import Ledger, Queue
from airside.services.sqs.queue_attributes import parse_queue_arn
from airside.storage import pack, prefix_range


class MoveTask(msgspec.Struct, kw_only=True):
    """One task, running or over. Times are epoch milliseconds."""

    handle: str
    account_id: str
    region: str
    source_name: str
    source_arn: str
    destination_arn: str | None
    rate: int | None
    """Messages a second."""
    started_ms: int
    to_move: int
    moved: int = 0
    status: str = "RUNNING"
    failure: str | None = None

    @property
    def active(self) -> bool:
        """Whether it still moves messages."""
        return self.status == "RUNNING"


def _key(task: MoveTask) -> bytes:
    here = (task.account_id, task.region, task.source_name)
    # The newest comes first.
    return pack(("sqs", "task", *here, -task.started_ms, task.handle))


def save(tx: Transaction, task: MoveTask) -> None:
    """Insert or replace."""
    tx.put(_key(task), msgspec.msgpack.encode(task))


def tasks(
    tx: Snapshot, account_id: str, region: str, source_name: str, limit: int | None = None
) -> list[MoveTask]:
    """Tasks of a source, newest first."""
    start, end = prefix_range(("sqs", "task", account_id, region, source_name))
    found = tx.scan(start, end, limit=limit)
    return [msgspec.msgpack.decode(raw, type=MoveTask) for _, raw in found]


def active_tasks(snapshot: Snapshot) -> list[MoveTask]:
    """Tasks of all accounts that a start has to go on with."""
    found = snapshot.scan(*prefix_range(("sqs", "task")))
    every = (msgspec.msgpack.decode(raw, type=MoveTask) for _, raw in found)
    return [task for task in every if task.active]


class Step(msgspec.Struct):
    """What one step did."""

    task: MoveTask
    moved: int
    touched: list[tuple[Queue, Ledger]]


def step(
    tx: Transaction, task: MoveTask, count: int, now_ms: int, sequence: int, ids: Sequence[str]
) -> Step:
    """Move up to `count` messages; they arrive as new ones. Ends the task when none is left."""
    done = Step(task, 0, [])
    source = store.find_queue(tx, task.account_id, task.region, task.source_name)
    if source is None:
        return _end(tx, done, "FAILED", "AWS.SimpleQueueService.NonExistentQueue")
    ledgers = {source.arn: (source, Ledger())}
    shelf = fifo if source.fifo else standard
    messages = shelf.withdraw(tx, source, now_ms, count, ledgers[source.arn][1])
    for number, message in enumerate(messages):
        destination = _destination(tx, task, message.source_arn)
        if destination is None:
            raise CannotMove(
                "CouldNotDetermineMessageSource" if message.source_arn is None
                else "AWS.SimpleQueueService.NonExistentQueue"
            )  # fmt: skip
        moved = message.transferred(None, now_ms)
        moved.id, moved.sequence = ids[number], sequence + number
        moved.receive_count = moved.first_received_ms = moved.received_ms = 0
        moved.sent_ms = now_ms
        ledger = ledgers.setdefault(destination.arn, (destination, Ledger()))[1]
        home = fifo if destination.fifo else standard
        home.accept(tx, destination, moved, now_ms, now_ms, ledger)
    for queue, ledger in ledgers.values():
        store.add_to_total(tx, queue, ledger.total)
    done.touched, done.moved = list(ledgers.values()), len(messages)
    task.moved += done.moved
    if standard.next_visible_at(tx, source) is None or not messages:
        return _end(tx, done, "COMPLETED")
    save(tx, task)
    return done


class CannotMove(Exception):
    """A message has nowhere to go; nothing of the step may stay."""


def fail(tx: Transaction, task: MoveTask, reason: str) -> None:
    """End a task that cannot go on."""
    _end(tx, Step(task, 0, []), "FAILED", reason)


def _end(tx: Transaction, done: Step, status: str, failure: str | None = None) -> Step:
    done.task.status, done.task.failure = status, failure
    save(tx, done.task)
    return done


def _destination(snapshot: Snapshot, task: MoveTask, source_arn: str | None) -> Queue | None:
    target = parse_queue_arn(task.destination_arn or source_arn or "")
    if target is None:
        return None
    region, account_id, name = target
    return store.find_queue(snapshot, account_id, region, name)
