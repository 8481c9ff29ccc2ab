"""What services keep in memory."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airside.kernel.cloud import Cloud


class Component:
    """What a service keeps in memory for one environment: pools, pollers, waiters, caches.

    Made on first use or when the environment opens; must be able to rebuild itself from the store.
    """

    def __init__(self, cloud: "Cloud") -> None:
        self.cloud = cloud

    async def start(self) -> None:
        """Called when the environment opens."""

    async def stop(self) -> None:
        """Called when the environment closes; leaves no task behind."""
