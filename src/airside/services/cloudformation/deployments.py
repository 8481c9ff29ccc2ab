"""The deployments of one environment while they run. Interrupted ones go on at the next start."""

import asyncio

from airside.kernel import Cloud, Component, Context
from airside.services.cloudformation import store
from airside.services.cloudformation.deployer import Deployer, deploy
from airside.services.cloudformation.journal import log
from airside.services.cloudformation.stack import Stack, StackKey


class Deployments(Component):
    """One task per stack with an operation in progress."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._tasks: dict[StackKey, asyncio.Task[None]] = {}
        self._deployers: dict[StackKey, Deployer] = {}

    async def start(self) -> None:
        """Go on with what was interrupted."""
        for key in await self.cloud.store.read(store.running):
            self.launch(key)

    async def stop(self) -> None:
        """Interrupt everything; the records say where it stood."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def launch(self, key: StackKey) -> None:
        """Carry out the deployment that the stack's record holds, after one that it takes over."""
        before = self._tasks.get(key)
        if before is not None and key in self._deployers:
            self._deployers[key].cancelled = True
        task = asyncio.create_task(self._run(key, before))
        self._tasks[key] = task
        task.add_done_callback(lambda done: self._forget(key, done))

    def cancel(self, key: StackKey) -> None:
        """Make a running deployment start no resource any more and roll back."""
        if key in self._deployers:
            self._deployers[key].cancelled = True

    def _forget(self, key: StackKey, task: asyncio.Task[None]) -> None:
        if self._tasks.get(key) is task:
            del self._tasks[key]
            self._deployers.pop(key, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("deployment of %s broke off", key, exc_info=error)

    async def _run(self, key: StackKey, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await asyncio.wait([before])
        stack = await self.cloud.store.read(lambda view: store.load(view, key))
        if stack is None or stack.deployment is None:
            return
        principal = stack.deployment.principal
        ctx = Context(self.cloud, principal, key[1], self.cloud.ids.uuid(), "cloudformation")
        ctx.from_template = True
        deployer = self._deployers[key] = Deployer(ctx, key, stack, stack.deployment)
        await deploy(ctx, key, deployer)

    async def settled(self, key: StackKey, seconds: float) -> None:
        """Wait until nothing runs for a stack, for some time at most."""
        task = self._tasks.get(key)
        if task is not None:
            await asyncio.wait([task], timeout=seconds)

    async def finished(self, key: StackKey) -> Stack | None:
        """The stack once nothing runs for it."""
        while (task := self._tasks.get(key)) is not None:
            await asyncio.wait([task])
        return await self.cloud.store.read(lambda view: store.load(view, key))
