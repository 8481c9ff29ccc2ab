"""Removes the blobs that no environment needs: deleted objects, uploads that a crash cut off."""

import asyncio
import logging

from airside.kernel import Clock
from airside.storage import FileBlobs, StoreFamily

log = logging.getLogger("airside.environments")


class BlobCollection:
    """Looks through the blobs once per grace period, from the start of the server on."""

    def __init__(
        self, stores: StoreFamily, blobs: FileBlobs, clock: Clock, grace_seconds: float
    ) -> None:
        self._stores = stores
        self._blobs = blobs
        self._clock = clock
        self._grace_seconds = grace_seconds
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; the first look only remembers what seems to be unneeded."""
        self._task = asyncio.get_running_loop().create_task(self._run(), name="blob-collection")

    async def stop(self) -> None:
        """Stop in between."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        while True:
            stores = [self._stores.get(name) for name in self._stores.names()]
            count = await self._blobs.collect(stores, self._clock.now(), self._grace_seconds)
            if count:
                log.info("%d files that nothing names any more were removed", count)
            await asyncio.sleep(self._grace_seconds)
