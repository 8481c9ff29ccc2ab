"""Event source mappings at work."""

import asyncio

from airside.kernel import Cloud, Component
from airside.services.lambda_ import store
from airside.services.lambda_.mapping import Mapping
from airside.services.lambda_.mapping_poller import MappingPoller
from airside.services.lambda_.queue_poller import QueuePoller
from airside.services.lambda_.stream_poller import StreamPoller


class MappingPollers(Component):
    """A poller for each mapping that is enabled."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._pollers: dict[str, MappingPoller] = {}

    async def start(self) -> None:
        """Begin with what the store says."""
        for mapping in await self.cloud.store.read(store.every_mapping):
            self.changed(mapping)

    async def stop(self) -> None:
        """End all pollers."""
        pollers, self._pollers = self._pollers, {}
        await asyncio.gather(*(poller.stop() for poller in pollers.values()))

    def changed(self, mapping: Mapping) -> None:
        """Do as the mapping says from now on."""
        self.removed(mapping)
        if mapping.enabled:
            kind = StreamPoller if mapping.source.service == "dynamodb" else QueuePoller
            poller = self._pollers[mapping.uuid] = kind(self.cloud, mapping)
            poller.start()

    def last_result(self, mapping: Mapping) -> str:
        """What became of the last batch."""
        poller = self._pollers.get(mapping.uuid)
        return poller.mapping.last_result if poller else mapping.last_result

    def removed(self, mapping: Mapping) -> None:
        """Poll no more for it."""
        poller = self._pollers.pop(mapping.uuid, None)
        if poller:
            poller.retire()
