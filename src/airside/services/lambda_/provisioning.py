"""Keeps the environments that provisioned concurrency asks for."""

import asyncio
import logging

from airside.kernel import Cloud, Component, ServiceError, Snapshot
from airside.services.lambda_ import store
from airside.services.lambda_.executor import Executor
from airside.services.lambda_.names import FunctionName

log = logging.getLogger("airside.lambda")


def wanted(view: Snapshot, name: FunctionName) -> dict[str, int]:
    """How many environments each version of a function is to have ready."""
    found: dict[str, int] = {}
    if not store.function_exists(view, name):
        return found
    for qualifier, document in store.documents(view, name, store.PROVISIONED):
        try:
            version, _ = store.resolve(view, name._replace(qualifier=qualifier))
        except ServiceError:  # the alias is gone
            continue
        found[version.version] = document["count"]
    return found


class Provisioning(Component):
    """Brings pools to what the store asks for, again after every change and every start."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._kept: dict[FunctionName, set[str]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Begin with what was asked for before."""
        for name in await self.cloud.store.read(store.provisioned_functions):
            self.changed(name)

    async def stop(self) -> None:
        """Leave the pools to the executor."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def changed(self, name: FunctionName) -> None:
        """Look again at what a function is to have; needs no waiting for."""
        name = name._replace(qualifier=None)
        task = asyncio.get_running_loop().create_task(self._apply(name))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _apply(self, name: FunctionName) -> None:
        counts = await self.cloud.store.read(lambda view: wanted(view, name))
        before = self._kept.get(name, set())
        self._kept[name] = set(counts)
        executor = self.cloud.component(Executor)
        for version in before - counts.keys():
            executor.unprovision(name._replace(qualifier=version))
        for version, count in counts.items():
            try:
                await executor.provision(name._replace(qualifier=version), count)
            except ServiceError as error:
                log.warning("%s:%s is not provisioned: %s", name.arn, version, error.message)
