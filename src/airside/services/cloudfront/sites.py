"""Distributions that deserve a local port of their own: all of them, oldest first."""

from airside.kernel import Cloud, Site, Snapshot
from airside.services.cloudfront import store


async def list_sites(cloud: Cloud) -> list[Site]:
    """A site for each distribution of every account."""

    def body(view: Snapshot) -> list[store.Entity]:
        found = [
            store.find(view, account, "distribution", identifier)
            for account, identifier in store.all_hosts(view)
        ]
        return [entity for entity in found if entity is not None]

    distributions = await cloud.store.read(body)
    distributions.sort(key=lambda entity: (entity.created_at, entity.id))
    return [
        Site("cloudfront", entity.id, tuple(entity.config["Aliases"].get("Items") or ()))
        for entity in distributions
    ]
