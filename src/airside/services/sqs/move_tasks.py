"""Message move tasks: redriving dead letters, in the background.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
"""

import asyncio
import base64

import msgspec

from airside.kernel import (
    Cloud,
    Component,
    Context,
    Request,
    Result,
    Snapshot,
    Transaction,
    operation,
)
from airside.services.sqs import limits, move_task, store
from airside.services.sqs.address import charge
from airside.services.sqs.errors import (
    InvalidParameterValueException,
    ResourceNotFoundException,
    UnsupportedOperation,
)
from airside.services.sqs.live import LiveQueues
from airside.services.sqs.move_task import CannotMove, MoveTask, Step
from airside.services.sqs.queue import Queue
from airside.services.sqs.queue_attributes import parse_queue_arn

_AT_ONCE = 100


class Movers(Component):
    """The tasks at work in an environment; goes on with them after a restart."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._running: dict[str, asyncio.Task[None]] = {}

    async def start(self) -> None:
        """Go on with tasks that a stop has interrupted."""
        for task in await self.cloud.store.read(move_task.active_tasks):
            self.run(task)

    async def stop(self) -> None:
        """Stop in between; the rest is done next time."""
        for running in self._running.values():
            running.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)
        self._running.clear()

    def run(self, task: MoveTask) -> None:
        """Work on a task until it is over."""
        running = asyncio.get_running_loop().create_task(self._work(task))
        self._running[task.handle] = running
        running.add_done_callback(lambda _: self._running.pop(task.handle, None))

    async def _work(self, task: MoveTask) -> None:
        queues = self.cloud.component(LiveQueues)
        while True:
            count = min(task.rate or _AT_ONCE, _AT_ONCE)
            done = await self._step(task, queues, count)
            if done is None or not done.task.active:
                return
            task = done.task
            await asyncio.sleep(done.moved / task.rate if task.rate else 0)

    async def _step(self, task: MoveTask, queues: LiveQueues, count: int) -> Step | None:
        """One transaction; None when the task was cancelled or could not go on."""
        ids = [self.cloud.ids.uuid() for _ in range(count)]
        now_ms = int(self.cloud.clock.now() * 1000)
        sequence = queues.sequence(count)

        def body(tx: Transaction) -> Step | None:
            current = _find(tx, task)
            if current is None or not current.active:
                return None
            return move_task.step(tx, current, count, now_ms, sequence, ids)

        try:
            done = await self.cloud.store.transact(body)
        except CannotMove as error:
            reason = str(error)
            await self.cloud.store.transact(lambda tx: move_task.fail(tx, task, reason))
            return None
        for queue, ledger in done.touched if done else ():
            queues.after(queue, ledger)
        return done


def _find(snapshot: Snapshot, task: MoveTask) -> MoveTask | None:
    found = move_task.tasks(snapshot, task.account_id, task.region, task.source_name)
    return next((each for each in found if each.handle == task.handle), None)


def _source_arn(ctx: Context, request: Request) -> str:
    arn: str = request["SourceArn"]
    return arn


def _load(snapshot: Snapshot, ctx: Context, arn: str, parameter: str) -> Queue:
    target = parse_queue_arn(arn)
    queue = store.find_queue(snapshot, target[1], target[0], target[2]) if target else None
    if queue is None or queue.definition.account_id != ctx.account_id:
        raise ResourceNotFoundException(
            f"The resource that you specified for the {parameter} parameter doesn't exist."
        )
    return queue


def _check_source(snapshot: Snapshot, source: Queue) -> None:
    definition = source.definition
    found = store.queues(snapshot, definition.account_id, definition.region)
    if not any(
        queue.redrive and queue.redrive.dead_letter_target_arn == source.arn for queue in found
    ):
        raise InvalidParameterValueException(
            "Source queue must be configured as a Dead Letter Queue."
        )


@operation("StartMessageMoveTask", resource=_source_arn)
async def start_message_move_task(ctx: Context, request: Request) -> Result:
    """Begin to move a dead-letter queue's messages back, or to a queue of one's choice."""
    rate = request.get("MaxNumberOfMessagesPerSecond")
    if rate is not None and not 1 <= rate <= limits.MOVE_RATE_MAX:
        raise InvalidParameterValueException(
            f"Value {rate} for parameter MaxNumberOfMessagesPerSecond is invalid. Reason: You must "
            f"enter a value between 1 and {limits.MOVE_RATE_MAX}."
        )
    identity = {"taskId": ctx.ids.uuid(), "sourceArn": request["SourceArn"]}
    handle = base64.b64encode(msgspec.json.encode(identity)).decode()
    now_ms = int(ctx.clock.now() * 1000)

    def body(tx: Transaction) -> tuple[Queue, MoveTask]:
        source = _load(tx, ctx, request["SourceArn"], "SourceArn")
        _check_source(tx, source)
        destination = request.get("DestinationArn")
        if destination is not None:
            target = _load(tx, ctx, destination, "DestinationArn")
            if target.arn == source.arn:
                raise InvalidParameterValueException(
                    "Source queue arn and destination queue arn cannot be the same."
                )
        definition = source.definition
        here = (definition.account_id, definition.region, definition.name)
        if any(task.active for task in move_task.tasks(tx, *here)):
            raise InvalidParameterValueException(
                "There is already a task running. Only one active task is allowed for a source "
                "queue arn at a given time."
            )
        task = MoveTask(
            handle=handle, account_id=here[0], region=here[1], source_name=here[2],
            source_arn=source.arn, destination_arn=destination, rate=rate, started_ms=now_ms,
            to_move=store.total(tx, source),
        )  # fmt: skip
        move_task.save(tx, task)
        return source, task

    source, task = await ctx.store.transact(body)
    ctx.component(Movers).run(task)
    charge(ctx, source)
    return {"TaskHandle": handle}


@operation("ListMessageMoveTasks", resource=_source_arn)
async def list_message_move_tasks(ctx: Context, request: Request) -> Result:
    """The latest tasks of a source, newest first."""
    limit = request.get("MaxResults", 1)
    if not 1 <= limit <= limits.MOVE_TASKS_LISTED_MAX:
        raise InvalidParameterValueException(
            f"Value {limit} for parameter MaxResults is invalid. Reason: MaxResults must be "
            f"between 1 and {limits.MOVE_TASKS_LISTED_MAX}, if provided."
        )

    def body(snapshot: Snapshot) -> tuple[Queue, list[MoveTask]]:
        source = _load(snapshot, ctx, request["SourceArn"], "SourceArn")
        definition = source.definition
        return source, move_task.tasks(
            snapshot, definition.account_id, definition.region, definition.name, limit
        )

    source, found = await ctx.store.read(body)
    charge(ctx, source)
    return {"Results": [_shown(task) for task in found] or None}


def _shown(task: MoveTask) -> dict[str, object]:
    return {
        "TaskHandle": task.handle if task.active else None,
        "Status": task.status,
        "SourceArn": task.source_arn,
        "DestinationArn": task.destination_arn,
        "MaxNumberOfMessagesPerSecond": task.rate,
        "ApproximateNumberOfMessagesMoved": task.moved,
        "ApproximateNumberOfMessagesToMove": task.to_move,
        "FailureReason": task.failure,
        "StartedTimestamp": task.started_ms,
    }


@operation("CancelMessageMoveTask")
async def cancel_message_move_task(ctx: Context, request: Request) -> Result:
    """Stop a task; what has been moved stays moved."""
    source_arn = _source_of(request["TaskHandle"])

    def body(tx: Transaction) -> tuple[Queue, int]:
        source = _load(tx, ctx, source_arn, "SourceArn")
        definition = source.definition
        found = move_task.tasks(tx, definition.account_id, definition.region, definition.name)
        task = next((each for each in found if each.handle == request["TaskHandle"]), None)
        if task is None:
            raise ResourceNotFoundException("Task does not exist.")
        if not task.active:
            raise UnsupportedOperation("Only active tasks can be cancelled.")
        task.status = "CANCELLED"
        move_task.save(tx, task)
        return source, task.moved

    source, moved = await ctx.store.transact(body)
    charge(ctx, source)
    return {"ApproximateNumberOfMessagesMoved": moved}


def _source_of(handle: str) -> str:
    try:
        found = msgspec.json.decode(base64.b64decode(handle, validate=True), type=dict[str, str])
        return found["sourceArn"]
    except (ValueError, KeyError, msgspec.DecodeError) as error:
        raise InvalidParameterValueException(
            "Value for parameter TaskHandle is invalid."
        ) from error
