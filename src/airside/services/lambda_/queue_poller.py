"""Polls the queues of event source mappings and calls functions with what comes in.

Idle, a poller waits in one long poll and uses no processor. Under load it works on more and more
batches at once: five at first, five more each second, as AWS documents it, as long as
that gets more done:
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
"""

import asyncio
import json
import logging
from typing import Any

from airside.kernel import Arn, Cloud, Context, Principal, ServiceError
from airside.protocol.documents import load_json
from airside.services.lambda_.filtering import matches_any
from airside.services.lambda_.lineage import passed
from airside.services.lambda_.mapping import RECEIVE_MAX, Mapping, failed_items, queue_event
from airside.services.lambda_.mapping_poller import MappingPoller
from airside.services.lambda_.names import FunctionName
from airside.services.lambda_.ramp import Ramp

log = logging.getLogger("airside.lambda")

WAIT_SECONDS = 20
EMPTY_SECONDS_MIN = 1.0
BATCHES_FIRST = 5
BATCHES_PER_SECOND = 5
BATCHES_MAX = 1250


async def queue_url(ctx: Context, source: Arn, principal: Principal) -> str:
    """The URL of a queue. Raises QueueDoesNotExist."""
    request = {"QueueName": source.resource, "QueueOwnerAWSAccountId": source.account_id}
    found = await ctx.call("sqs", "GetQueueUrl", request, principal)
    return str(found["QueueUrl"])


class QueuePoller(MappingPoller):
    """One mapping at work."""

    def __init__(self, cloud: Cloud, mapping: Mapping) -> None:
        super().__init__(cloud, mapping)
        self._url = ""
        self._ramp = Ramp(BATCHES_FIRST, lambda limit: limit + BATCHES_PER_SECOND)

    async def _poll(self) -> None:
        while len(self._batches) >= self._allowed():
            await asyncio.wait(self._batches, timeout=0.2, return_when=asyncio.FIRST_COMPLETED)
        ctx, name = await self._context()
        count = min(self.mapping.config["BatchSize"], RECEIVE_MAX)
        asked_at = self._cloud.clock.monotonic()
        messages = await self._receive(ctx, count, WAIT_SECONDS)
        if not messages:
            self._ramp.rest()
            if self._cloud.clock.monotonic() - asked_at < EMPTY_SECONDS_MIN:
                await asyncio.sleep(EMPTY_SECONDS_MIN)  # a queue that does not wait, as at shutdown
            return
        messages = await self._gather(ctx, messages)
        task = asyncio.get_running_loop().create_task(self._process(ctx, name, messages))
        self._batches.add(task)
        task.add_done_callback(self._batches.discard)

    def _allowed(self) -> int:
        """How many batches may be in flight now."""
        scaling = self.mapping.config.get("ScalingConfig", {})
        limit = int(scaling.get("MaximumConcurrency") or BATCHES_MAX)
        if len(self._batches) < self._ramp.limit:
            return min(limit, self._ramp.limit)
        return min(limit, self._ramp.wanted(self._cloud.clock.monotonic()))

    async def _context(self) -> tuple[Context, FunctionName]:
        ctx, name = await super()._context()
        if not self._url:
            self._url = await queue_url(ctx, self.mapping.source, ctx.principal)
        return ctx, name

    async def _receive(self, ctx: Context, count: int, wait: int) -> list[dict[str, Any]]:
        request = {
            "QueueUrl": self._url, "MaxNumberOfMessages": count, "WaitTimeSeconds": wait,
            "MessageSystemAttributeNames": ["All"], "MessageAttributeNames": ["All"],
        }  # fmt: skip
        found = await ctx.call("sqs", "ReceiveMessage", request)
        messages: list[dict[str, Any]] = found.get("Messages") or []
        return messages

    async def _gather(self, ctx: Context, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Wait for more, up to the batch size, as long as the batching window lasts."""
        config = self.mapping.config
        size, window = config["BatchSize"], config["MaximumBatchingWindowInSeconds"]
        deadline = self._cloud.clock.monotonic() + window
        while window and len(messages) < size:
            left = deadline - self._cloud.clock.monotonic()
            if left <= 0:
                break
            count = min(size - len(messages), RECEIVE_MAX)
            more = await self._receive(ctx, count, min(int(left), WAIT_SECONDS))
            if not more and left < 1:
                await asyncio.sleep(min(left, 0.05))
            messages += more
        return messages

    async def _process(
        self, ctx: Context, name: FunctionName, messages: list[dict[str, Any]]
    ) -> None:
        try:
            messages = await self._filter(ctx, messages)
            if not messages:
                return
            failed = await self._call(ctx, name, messages)
            done = [message for message in messages if message["MessageId"] not in failed]
            await self._delete(ctx, done)
            self.mapping.last_result = "PROBLEM: Function call failed" if failed else "OK"
        except ServiceError as error:
            self.mapping.last_result = f"PROBLEM: {error.message or error.name}"
            log.info("batch of %s: %s: %s", self.mapping.source_arn, error.name, error.message)

    async def _filter(self, ctx: Context, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Messages that no filter wants are deleted unseen."""
        filters = self.mapping.config.get("FilterCriteria", {}).get("Filters")
        if not filters:
            return messages
        records = queue_event(self.mapping, messages)["Records"]
        wanted = [message for message, record in zip(messages, records, strict=True)
                  if matches_any(filters, record, "body")]  # fmt: skip
        kept = {message["MessageId"] for message in wanted}
        await self._delete(ctx, [each for each in messages if each["MessageId"] not in kept])
        return wanted

    async def _call(
        self, ctx: Context, name: FunctionName, messages: list[dict[str, Any]]
    ) -> set[str]:
        """Call the function, again while it is throttled; the ids of messages that failed."""
        ids = [message["MessageId"] for message in messages]
        payload = json.dumps(queue_event(self.mapping, messages)).encode()
        headers = [(each.get("Attributes") or {}).get("AWSTraceHeader", "") for each in messages]
        # Of several chains the one that came through here most often: a loop is not to hide.
        trace_id = max(
            filter(None, headers), key=lambda each: passed(each, name.arn)[1], default=""
        )
        outcome = await self._invoke(ctx, name, payload, trace_id=trace_id)
        self._ramp.took(outcome.duration_ms / 1000)
        if outcome.failed:
            return set(ids)
        if not self.mapping.reports_failures:
            return set()
        try:
            return failed_items(load_json(outcome.payload or b"null"), ids)
        except ValueError:
            return set(ids)

    async def _delete(self, ctx: Context, messages: list[dict[str, Any]]) -> None:
        for at in range(0, len(messages), RECEIVE_MAX):
            entries = [
                {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
                for number, message in enumerate(messages[at : at + RECEIVE_MAX])
            ]
            await ctx.call("sqs", "DeleteMessageBatch", {"QueueUrl": self._url, "Entries": entries})
