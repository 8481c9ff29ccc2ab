"""Asynchronous events: durable once accepted, retried, then given to whoever should know.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

import asyncio
import heapq
import logging
from typing import Any

from airside.kernel import Cloud, Component, Context, ServiceError, Transaction
from airside.runtime.spec import Event, Outcome
from airside.services.lambda_ import event_invoke, limits, store
from airside.services.lambda_.async_event import AsyncEvent, throttle_wait_seconds
from airside.services.lambda_.destinations import Verdict, deliver
from airside.services.lambda_.executor import Executor, Target, execution_principal
from airside.services.lambda_.names import FunctionName

log = logging.getLogger("airside.lambda")

RETRY_WAIT_SECONDS = (60.0, 120.0)
IN_FLIGHT_MAX = 1000

Waiting = tuple[float, str, store.AsyncKey]


class AsyncEvents(Component):
    """The queue between Invoke(Event) and functions. Holds keys in memory, events in the store."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._waiting: list[Waiting] = []
        self._running: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._stopping = False

    async def start(self) -> None:
        """Take up what was accepted before."""
        for key, event in await self.cloud.store.read(store.async_events):
            heapq.heappush(self._waiting, (event.next_at, event.event_id, key))
        self._pump()

    async def stop(self) -> None:
        """Leave what is not done to the next start."""
        self._stopping = True
        if self._timer:
            self._timer.cancel()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def accept(self, target: Target, event: Event) -> None:
        """Make an event durable and see that it runs."""
        now = self.cloud.clock.now()
        name = target.name
        record = AsyncEvent(
            event_id=self.cloud.ids.uuid(), request_id=event.request_id, function=name.name,
            qualifier=name.qualifier or "", payload=event.payload, accepted_at=now, next_at=now,
            trace_id=event.trace_id, client_context=event.client_context,
        )  # fmt: skip
        key = store.AsyncKey(name.account_id, name.region, record.event_id)
        await self.cloud.store.transact(lambda tx: store.save_async_event(tx, key, record))
        heapq.heappush(self._waiting, (now, record.event_id, key))
        self._pump()

    def _pump(self) -> None:
        """Start what is due; look again when the next one is."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if self._stopping:
            return
        loop = asyncio.get_running_loop()
        now = self.cloud.clock.now()
        while self._waiting and len(self._running) < IN_FLIGHT_MAX:
            next_at, _, key = self._waiting[0]
            if next_at > now:
                self._timer = loop.call_later(next_at - now, self._pump)
                return
            heapq.heappop(self._waiting)
            task = loop.create_task(self._run(key))
            self._running.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and task.exception():
            log.error("an asynchronous event was left", exc_info=task.exception())
        if self._waiting:
            self._pump()

    async def _run(self, key: store.AsyncKey) -> None:
        record = await self.cloud.store.read(lambda view: store.find_async_event(view, key))
        if record is None:
            return
        name = FunctionName(key.account_id, key.region, record.function, record.qualifier or None)
        executor = self.cloud.component(Executor)
        try:
            target = await executor.target(name)
        except ServiceError:  # the function is gone, and its events with it
            await self._forget(key)
            return
        principal = execution_principal(target.version.config["Role"], name.name)
        ctx = self.cloud.context(principal, "lambda", record.trace_id)
        ctx.region, ctx.operation = key.region, "Invoke"
        settings = await self.cloud.store.read(lambda view: event_invoke.find(view, name))
        age_max = settings.get("MaximumEventAgeInSeconds", limits.EVENT_AGE_SECONDS_MAX)
        now = self.cloud.clock.now()
        if now - record.accepted_at > age_max:
            await self._finish(ctx, target, key, record, settings, "EventAgeExceeded", None)
            return
        event = Event(
            record.request_id, record.payload, name.qualified_arn, record.trace_id,
            record.client_context,
        )  # fmt: skip
        try:
            outcome = await executor.invoke(ctx, target, event)
        except ServiceError as error:
            if error.name != "TooManyRequestsException":
                raise
            record.throttles += 1
            await self._later(key, record, throttle_wait_seconds(record.throttles))
            return
        if outcome.lost:  # no fault of the function's: not one of its attempts
            record.throttles += 1
            await self._later(key, record, throttle_wait_seconds(record.throttles))
            return
        record.attempts += 1
        if not outcome.failed:
            await self._finish(ctx, target, key, record, settings, "Success", outcome)
        elif record.attempts > settings.get("MaximumRetryAttempts", limits.RETRIES_MAX):
            await self._finish(ctx, target, key, record, settings, "RetriesExhausted", outcome)
        else:
            await self._later(key, record, RETRY_WAIT_SECONDS[min(record.attempts, 2) - 1])

    async def _later(self, key: store.AsyncKey, record: AsyncEvent, seconds: float) -> None:
        record.next_at = self.cloud.clock.now() + seconds
        await self.cloud.store.transact(lambda tx: store.save_async_event(tx, key, record))
        heapq.heappush(self._waiting, (record.next_at, record.event_id, key))
        self._pump()

    async def _finish(
        self, ctx: Context, target: Target, key: store.AsyncKey, record: AsyncEvent,
        settings: dict[str, Any], condition: str, outcome: Outcome | None,
    ) -> None:  # fmt: skip
        """Tell whoever wants to know, then forget: told twice rather than never."""
        verdict = Verdict(target, record, condition, outcome, settings)
        await deliver(ctx, verdict)
        await self._forget(key)

    async def _forget(self, key: store.AsyncKey) -> None:
        def forget(tx: Transaction) -> None:
            store.delete_async_event(tx, key)

        await self.cloud.store.transact(forget)
