"""What pollers of all event sources share: whose name they act in, how they call, how they end."""

import asyncio
import logging

from airside.kernel import Cloud, Context, ServiceError
from airside.runtime.spec import Event, Outcome
from airside.services.lambda_.executor import Executor, execution_principal
from airside.services.lambda_.mapping import Mapping
from airside.services.lambda_.names import FunctionName, from_arn

log = logging.getLogger("airside.lambda")

BACKOFF_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


def backoff_seconds(failures: int) -> float:
    """How long to wait after so many failures in a row."""
    return BACKOFF_SECONDS[min(max(failures, 1), len(BACKOFF_SECONDS)) - 1]


class MappingPoller:
    """One mapping at work; a subclass polls."""

    def __init__(self, cloud: Cloud, mapping: Mapping) -> None:
        self.mapping = mapping
        self._cloud = cloud
        self._executor = cloud.component(Executor)
        self._task: asyncio.Task[None] | None = None
        self._batches: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    def retire(self) -> None:
        """Poll no more; batches in flight end by themselves."""
        if self._task:
            self._task.cancel()

    async def stop(self) -> None:
        """End everything now; what is in flight is taken up again later."""
        tasks = [task for task in (self._task, *self._batches) if task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _poll(self) -> None:
        """Look once for something to do, and do or begin it. Raises the source's ServiceError."""
        raise NotImplementedError

    async def _run(self) -> None:
        failures, said = 0, ""
        while True:
            try:
                await self._poll()
                failures, said = 0, ""
            except ServiceError as error:
                failures += 1
                if said != error.message:
                    said = error.message
                    log.info("polling %s: %s: %s", self.mapping.source_arn, error.name, said)
                await asyncio.sleep(backoff_seconds(failures))

    async def _context(self) -> tuple[Context, FunctionName]:
        """A context in the name of the function's role, which is who polls."""
        mapping = self.mapping
        name = from_arn(mapping.function_arn)
        target = await self._executor.target(name)
        principal = execution_principal(target.version.config["Role"], name.name)
        ctx = Context(
            self._cloud, principal, mapping.region, self._cloud.ids.uuid(), "lambda", "Invoke"
        )
        return ctx, name

    async def _invoke(
        self, ctx: Context, name: FunctionName, payload: bytes, *, request_id: str = "",
        trace_id: str = "",
    ) -> Outcome:  # fmt: skip
        """The function's answer. Raises TooManyRequestsException when it stays throttled."""
        event = Event(
            request_id or self._cloud.ids.uuid(), payload, name.qualified_arn, trace_id,
            background=True,
        )  # fmt: skip
        for wait in BACKOFF_SECONDS:
            try:
                target = await self._executor.target(name)
                return await self._executor.invoke(ctx, target, event)
            except ServiceError as error:
                if error.name != "TooManyRequestsException":
                    raise
                await asyncio.sleep(wait)
        return await self._executor.invoke(ctx, await self._executor.target(name), event)
