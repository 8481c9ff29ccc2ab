"""Reads the shards of a DynamoDB stream and calls a function with what changed, in order.

Each shard has a place, durable after every round, that says which record was done last. A shard is
read once its parent has been read to its end.
"""

import asyncio
import contextlib
import json
import logging
from typing import Any

from msgspec import Struct

from airside.kernel import Cloud, Context, ServiceError
from airside.protocol.documents import load_json
from airside.services.lambda_ import store, stream_mapping, tumbling
from airside.services.lambda_.destinations import Parcel, send
from airside.services.lambda_.filtering import matches_any
from airside.services.lambda_.mapping import Mapping
from airside.services.lambda_.mapping_poller import MappingPoller, backoff_seconds
from airside.services.lambda_.names import FunctionName
from airside.services.lambda_.stream_mapping import FOREVER, Failure, Record, sequence

log = logging.getLogger("airside.lambda")

IDLE_SECONDS_MIN, IDLE_SECONDS_MAX = 0.1, 60.0
"""How long nobody looks at a shard whose stream's bell does not ring: at first shortly, since what
was being written when listening began rings nothing."""
WINDOW_GRACE_SECONDS = 0.2
"""How long after its end a tumbling window may still get records."""
SHARDS_SECONDS = 5.0
RECORDS_MAX = 1000
"""What GetRecords gives at once."""


class Batch(Struct):
    """Records on their way through the function."""

    shard_id: str
    records: list[Record]
    attempts: int = 0
    final: bool = False
    """No records, but the end of a tumbling window."""
    early: bool = False


class StreamPoller(MappingPoller):
    """One mapping of a stream."""

    def __init__(self, cloud: Cloud, mapping: Mapping) -> None:
        super().__init__(cloud, mapping)
        self._shards: dict[str, asyncio.Task[None]] = {}
        self._windows: dict[str, tumbling.Window] = {}
        """Tumbling windows that are open, by shard."""
        self._retired = False

    async def _poll(self) -> None:
        """Start reading the shards whose turn it is."""
        ctx, _ = await self._context()
        found = await self._describe(ctx)
        done = await self._cloud.store.read(lambda view: store.shards_done(view, self.mapping))
        known = {shard["ShardId"] for shard in found}
        for shard in found:
            shard_id, parent = shard["ShardId"], shard.get("ParentShardId")
            if shard_id in done or shard_id in self._shards:
                continue
            if parent in known and parent not in done:
                continue
            task = asyncio.get_running_loop().create_task(self._follow(shard_id, parent in done))
            self._shards[shard_id] = task
            self._batches.add(task)
            task.add_done_callback(self._batches.discard)
        running = list(self._shards.values())
        if running:
            await asyncio.wait(running, timeout=SHARDS_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        else:
            await asyncio.sleep(SHARDS_SECONDS)
        self._shards = {key: task for key, task in self._shards.items() if not task.done()}

    def retire(self) -> None:
        """Poll no more; what is being done of each shard is ended and remembered."""
        super().retire()
        self._retired = True
        self._cloud.bells.ring(self.mapping.source_arn)

    async def _describe(self, ctx: Context) -> list[dict[str, Any]]:
        shards: list[dict[str, Any]] = []
        request: dict[str, Any] = {"StreamArn": self.mapping.source_arn}
        while True:
            found = (await ctx.call("dynamodbstreams", "DescribeStream", request))[
                "StreamDescription"
            ]
            shards += found["Shards"]
            if not found.get("LastEvaluatedShardId"):
                return shards
            request["ExclusiveStartShardId"] = found["LastEvaluatedShardId"]

    async def _follow(self, shard_id: str, after_parent: bool) -> None:
        """Read one shard to its end, whatever goes wrong on the way."""
        failures = 0
        while True:
            try:
                await self._read(shard_id, after_parent)
                return
            except ServiceError as error:
                if self._retired:
                    return
                failures += 1
                log.info("reading %s: %s: %s", self.mapping.source_arn, error.name, error.message)
                await asyncio.sleep(backoff_seconds(failures))

    async def _read(self, shard_id: str, after_parent: bool) -> None:
        with self._cloud.bells.listening(self.mapping.source_arn) as bell:
            await self._read_on(shard_id, after_parent, bell)

    async def _read_on(self, shard_id: str, after_parent: bool, bell: asyncio.Event) -> None:
        ctx, name = await self._context()
        config = self.mapping.config
        iterator: str | None = await self._iterator(ctx, shard_id, after_parent)
        await self._find_window(shard_id)
        want = config["BatchSize"] * config["ParallelizationFactor"]
        waiting: list[Record] = []
        window, since, idle = config["MaximumBatchingWindowInSeconds"], 0.0, IDLE_SECONDS_MIN
        while iterator is not None:
            if self._retired:
                return
            bell.clear()
            asked_at = self._cloud.clock.now()
            request = {"ShardIterator": iterator, "Limit": min(want, RECORDS_MAX)}
            found = await ctx.call("dynamodbstreams", "GetRecords", request)
            iterator = found.get("NextShardIterator")
            if found["Records"] and not waiting:
                since = self._cloud.clock.monotonic()
            waiting += found["Records"]
            left = since + window - self._cloud.clock.monotonic() if len(waiting) < want else 0.0
            if waiting and (left <= 0 or iterator is None):
                ctx, name = await self._context()
                await self._round(ctx, name, shard_id, waiting)
                waiting = []
            if not found["Records"] and iterator is not None:
                rest = await self._window_left(shard_id, asked_at) if not waiting else left
                await _heard(bell, min(rest, idle))
                idle = min(2 * idle, IDLE_SECONDS_MAX)
        await self._end_window(shard_id)
        await self._cloud.store.transact(
            lambda tx: store.save_shard_place(tx, self.mapping, shard_id, store.SHARD_DONE)
        )

    async def _iterator(self, ctx: Context, shard_id: str, after_parent: bool) -> str:
        """Where to read on: after what was done last, or at the mapping's starting position."""
        place = await self._cloud.store.read(
            lambda view: store.find_shard_place(view, self.mapping, shard_id)
        )
        request = {"StreamArn": self.mapping.source_arn, "ShardId": shard_id}
        more: dict[str, Any] = {"ShardIteratorType": "TRIM_HORIZON"}
        if place:
            more = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": place}
        elif self.mapping.config["StartingPosition"] == "LATEST" and not after_parent:
            # From when the mapping was made: LATEST again after a restart would skip records.
            more = {"ShardIteratorType": "AT_TIMESTAMP", "Timestamp": self.mapping.created_at}
        try:
            found = await ctx.call("dynamodbstreams", "GetShardIterator", {**request, **more})
        except ServiceError as error:
            if error.name != "TrimmedDataAccessException":
                raise
            oldest = {**request, "ShardIteratorType": "TRIM_HORIZON"}
            found = await ctx.call("dynamodbstreams", "GetShardIterator", oldest)
        return str(found["ShardIterator"])

    async def _round(
        self, ctx: Context, name: FunctionName, shard_id: str, records: list[Record]
    ) -> None:
        """Process records, lanes side by side; then remember how far it went."""
        last = sequence(records[-1])
        wanted = self._filtered(records)
        config = self.mapping.config
        factor, size = config["ParallelizationFactor"], config["BatchSize"]
        if seconds := config["TumblingWindowInSeconds"]:
            for start, run in tumbling.runs(wanted, seconds):
                await self._window(ctx, name, shard_id, tumbling.Window(start, seconds), run)
        else:
            lanes = stream_mapping.lanes(wanted, factor, size)
            await asyncio.gather(*(self._lane(ctx, name, shard_id, lane) for lane in lanes))
        window = self._windows.get(shard_id)
        await self._cloud.store.transact(
            lambda tx: store.save_shard_place(tx, self.mapping, shard_id, last, window)
        )

    async def _find_window(self, shard_id: str) -> None:
        """Take up the window that was open when this shard was read last."""
        window = await self._cloud.store.read(
            lambda view: store.find_window(view, self.mapping, shard_id)
        )
        if window is not None and window.seconds == self.mapping.config["TumblingWindowInSeconds"]:
            self._windows[shard_id] = window

    async def _window_left(self, shard_id: str, asked_at: float) -> float:
        """Seconds until a shard's window is over; ends it when it was, and nothing came since."""
        window = self._windows.get(shard_id)
        if window is None:
            return IDLE_SECONDS_MAX
        left = window.end + WINDOW_GRACE_SECONDS - asked_at
        if left > 0:
            return left
        await self._end_window(shard_id)
        await self._cloud.store.transact(
            lambda tx: store.save_shard_place(tx, self.mapping, shard_id, "")
        )
        return IDLE_SECONDS_MAX

    async def _window(
        self, ctx: Context, name: FunctionName, shard_id: str, window: tumbling.Window,
        records: list[Record],
    ) -> None:  # fmt: skip
        """Records of one window, batch by batch, each with the state that the one before left."""
        last = self._windows.get(shard_id)
        if last is not None and last.start != window.start:
            await self._end_window(shard_id)
        size = self.mapping.config["BatchSize"]
        for at in range(0, len(records), size):
            opened = self._windows.setdefault(
                shard_id, tumbling.Window(window.start, window.seconds)
            )
            await self._batch(ctx, name, Batch(shard_id, records[at : at + size]))
            if opened.is_too_large:
                await self._end_window(shard_id, early=True)

    async def _end_window(self, shard_id: str, *, early: bool = False) -> None:
        """Let the function see the final state of a shard's window, if one is open."""
        if shard_id in self._windows:
            ctx, name = await self._context()
            await self._batch(ctx, name, Batch(shard_id, [], final=True, early=early))
            del self._windows[shard_id]

    def _filtered(self, records: list[Record]) -> list[Record]:
        filters = self.mapping.config.get("FilterCriteria", {}).get("Filters")
        if not filters:
            return records
        mapping = self.mapping
        return [
            record for record in records
            if matches_any(filters, stream_mapping.event_record(mapping, record), "")
        ]  # fmt: skip

    async def _lane(
        self, ctx: Context, name: FunctionName, shard_id: str, batches: list[list[Record]]
    ) -> None:
        for records in batches:
            await self._batch(ctx, name, Batch(shard_id, records))

    async def _batch(self, ctx: Context, name: FunctionName, batch: Batch) -> None:
        """Call the function until all records are done or given up."""
        config, pending = self.mapping.config, [batch]
        while pending:
            batch = pending.pop()
            if not await self._young(ctx, batch):
                continue
            request_id = self._cloud.ids.uuid()
            payload = json.dumps(self._event(batch)).encode()
            try:
                outcome = await self._invoke(ctx, name, payload, request_id=request_id)
            except ServiceError as error:
                if error.name != "TooManyRequestsException":
                    raise
                pending.append(batch)  # being throttled is no attempt
                continue
            batch.attempts += 1
            failed = 0 if outcome.failed else self._first_failed(outcome.payload, batch)
            if failed is None:
                self.mapping.last_result = "OK"
                continue
            self.mapping.last_result = "PROBLEM: Function call failed"
            rest = batch.records[failed:]
            attempts = batch.attempts
            tries = config["MaximumRetryAttempts"]
            if config["BisectBatchOnFunctionError"] and len(rest) > 1:
                middle = len(rest) // 2
                halves = [rest] if failed else [rest[:middle], rest[middle:]]
                pending += [Batch(batch.shard_id, half) for half in reversed(halves)]
            elif tries != FOREVER and attempts > tries:
                version = (await self._executor.target(name)).version.version
                await self._give_up(ctx, Failure(
                    batch.shard_id, rest, request_id, stream_mapping.EXHAUSTED, attempts,
                    version, outcome.failed,
                ))  # fmt: skip
                continue
            else:
                pending.append(Batch(batch.shard_id, rest, attempts, batch.final, batch.early))
            await asyncio.sleep(backoff_seconds(batch.attempts))

    def _event(self, batch: Batch) -> dict[str, Any]:
        event = stream_mapping.event(self.mapping, batch.records)
        window = self._windows.get(batch.shard_id)
        if window is None:
            return event
        more = tumbling.event_members(
            window, batch.shard_id, self.mapping.source_arn, final=batch.final, early=batch.early
        )
        return {**event, **more}

    def _first_failed(self, payload: bytes, batch: Batch) -> int | None:
        """Where the function says that it failed. Takes over the state that it gives back."""
        window = self._windows.get(batch.shard_id)
        if window is None and not self.mapping.reports_failures:
            return None
        try:
            answer = load_json(payload or b"null")
        except ValueError:
            return 0
        if window is not None:
            if not tumbling.has_state(answer):
                return 0
            window.state = answer["state"]
        if batch.final or not self.mapping.reports_failures:
            return None
        return stream_mapping.first_failed(answer, batch.records)

    async def _young(self, ctx: Context, batch: Batch) -> bool:
        """Give up the records that are too old; whether any is left."""
        age_max = self.mapping.config["MaximumRecordAgeInSeconds"]
        if age_max == FOREVER or batch.final:
            return True
        oldest = self._cloud.clock.now() - age_max
        old = [
            record for record in batch.records
            if record["dynamodb"]["ApproximateCreationDateTime"] < oldest
        ]  # fmt: skip
        if old:
            request_id = self._cloud.ids.uuid()
            await self._give_up(ctx, Failure(
                batch.shard_id, old, request_id, stream_mapping.TOO_OLD, batch.attempts, "", None
            ))  # fmt: skip
            batch.records = batch.records[len(old) :]
        return bool(batch.records)

    async def _give_up(self, ctx: Context, failure: Failure) -> None:
        destination = self.mapping.config["DestinationConfig"]["OnFailure"].get("Destination")
        if not destination or not failure.records:
            return
        told = stream_mapping.failure_record(self.mapping, failure, ctx.clock.now())
        try:
            await send(ctx, destination, self._parcel(ctx, destination, told, failure))
        except ServiceError as error:
            log.warning("%s could not be told of a batch: %s", destination, error.message)

    def _parcel(
        self, ctx: Context, destination: str, told: dict[str, Any], failure: Failure
    ) -> Parcel:
        """Buckets get the records as well."""
        if destination.split(":")[2] == "s3":
            event = stream_mapping.event(self.mapping, failure.records)
            told = {**told, "payload": json.dumps(event)}
        at: str = told["timestamp"].partition(".")[0]
        day, moment = at[:10].replace("-", "/"), at.replace(":", ".")
        parcel_id = ctx.ids.uuid()
        uuid = self.mapping.uuid
        key = f"aws/lambda/{uuid}/{failure.shard_id}/{day}/{moment}-{parcel_id}"
        return Parcel(json.dumps(told), failure.shard_id, parcel_id, key, {})


async def _heard(bell: asyncio.Event, seconds: float) -> None:
    """Wait until the bell rings, but not for longer."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await bell.wait()
