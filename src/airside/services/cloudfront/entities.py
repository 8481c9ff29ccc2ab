"""What all configurable things of CloudFront have in common: ids, ETags, unique names, lists."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from airside.kernel import Context, Request, Result, ServiceError, Snapshot, Transaction
from airside.services.cloudfront import errors, limits, store
from airside.services.cloudfront.store import Entity

Show = Callable[[Entity], dict[str, Any]]


@dataclass(frozen=True)
class Kind:
    """One kind of entity, as its operations need to know it."""

    name: str
    """In storage and in ARNs."""
    member: str
    """The result's member: `CachePolicy`, whose configuration is `CachePolicyConfig`."""
    missing: type[ServiceError]
    taken: type[ServiceError]
    in_use: type[ServiceError]
    used_by: Callable[[Mapping[str, Any], str], bool]
    """(a distribution's configuration, id) -> whether it uses the entity."""
    show: Show
    message: str
    """What the `missing` error says."""
    unique: str = "Name"
    managed: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    """AWS's own: id -> configuration."""

    @property
    def config(self) -> str:
        """The member that holds the configuration."""
        return f"{self.member}Config"


def location(ctx: Context, path: str) -> str:
    """The `Location` of something new."""
    return f"https://cloudfront.amazonaws.com/2020-05-31/{path}"


def new_etag(ctx: Context) -> str:
    """A version of a configuration."""
    return "E" + ctx.ids.upper(13)


def load(view: Snapshot, account: str, kind: Kind, identifier: str) -> Entity:
    """An entity, the customer's or AWS's. Raises the kind's `missing`."""
    found = store.find(view, account, kind.name, identifier)
    if found is not None:
        return found
    managed = kind.managed.get(identifier)
    if managed is None:
        raise kind.missing(kind.message)
    return Entity(id=identifier, config=managed, etag="E23ZP02F085DFQ",
                  created_at=0.0, modified_at=0.0)  # fmt: skip


def check_version(entity: Entity, if_match: str | None) -> None:
    """Raise InvalidIfMatchVersion or PreconditionFailed unless the ETag is the present one."""
    if if_match is None:
        raise errors.InvalidIfMatchVersion(
            "The If-Match version is missing or not valid for the resource."
        )
    if if_match.strip('"') != entity.etag:
        raise errors.PreconditionFailed(
            "The request failed because it didn't meet the preconditions in one or more "
            "request-header fields."
        )


async def create(ctx: Context, kind: Kind, request: Request, new_id: str) -> Result:
    """Make an entity; its name must be new."""
    config = request[kind.config]
    now = ctx.clock.now()
    entity = Entity(id=new_id, config=config, etag=new_etag(ctx), created_at=now, modified_at=now)

    def put(tx: Transaction) -> None:
        name = config[kind.unique]
        if store.id_of_name(tx, ctx.account_id, kind.name, name) is not None:
            raise kind.taken(f"The {kind.member} with name {name} already exists.")
        store.save_name(tx, ctx.account_id, kind.name, name, entity.id)
        store.save(tx, ctx.account_id, kind.name, entity)

    await ctx.store.transact(put)
    path = location(ctx, f"{kind.name}/{entity.id}")
    return {kind.member: kind.show(entity), "ETag": entity.etag, "Location": path}


async def get(ctx: Context, kind: Kind, request: Request) -> Result:
    """An entity with its ETag."""
    entity = await ctx.store.read(lambda view: load(view, ctx.account_id, kind, request["Id"]))
    return {kind.member: kind.show(entity), "ETag": entity.etag}


async def get_config(ctx: Context, kind: Kind, request: Request) -> Result:
    """An entity's configuration with its ETag."""
    entity = await ctx.store.read(lambda view: load(view, ctx.account_id, kind, request["Id"]))
    return {kind.config: entity.config, "ETag": entity.etag}


async def update(ctx: Context, kind: Kind, request: Request) -> Result:
    """Replace a configuration, if nobody else did since it was read."""
    config, etag, now = request[kind.config], new_etag(ctx), ctx.clock.now()
    if request["Id"] in kind.managed:
        raise errors.AccessDenied("You cannot update a managed policy.")

    def put(tx: Transaction) -> Entity:
        entity = load(tx, ctx.account_id, kind, request["Id"])
        check_version(entity, request.get("IfMatch"))
        former, name = entity.config[kind.unique], config[kind.unique]
        if name != former:
            if store.id_of_name(tx, ctx.account_id, kind.name, name) is not None:
                raise kind.taken(f"The {kind.member} with name {name} already exists.")
            store.delete_name(tx, ctx.account_id, kind.name, former)
            store.save_name(tx, ctx.account_id, kind.name, name, entity.id)
        entity.config, entity.etag, entity.modified_at = config, etag, now
        store.save(tx, ctx.account_id, kind.name, entity)
        return entity

    entity = await ctx.store.transact(put)
    return {kind.member: kind.show(entity), "ETag": entity.etag}


async def delete(ctx: Context, kind: Kind, request: Request) -> Result:
    """Remove an entity that no distribution uses."""
    if request["Id"] in kind.managed:
        raise errors.IllegalDelete("You cannot delete a managed policy.")

    def remove(tx: Transaction) -> None:
        entity = load(tx, ctx.account_id, kind, request["Id"])
        check_version(entity, request.get("IfMatch"))
        for distribution in store.scan(tx, ctx.account_id, "distribution"):
            if kind.used_by(distribution.config, entity.id):
                raise kind.in_use(f"The {kind.member} is attached to a distribution.")
        store.delete_name(tx, ctx.account_id, kind.name, entity.config[kind.unique])
        store.delete(tx, ctx.account_id, kind.name, entity.id)

    await ctx.store.transact(remove)
    return {}


async def page(ctx: Context, kind: str, request: Request) -> tuple[list[Entity], str | None, int]:
    """(entities, next marker, limit) of a list operation."""
    limit = min(int(request.get("MaxItems") or limits.LIST_ITEMS_MAX), limits.LIST_ITEMS_MAX)
    marker = request.get("Marker", "")
    found = await ctx.store.read(
        lambda view: store.scan(view, ctx.account_id, kind, marker, limit + 1)
    )
    more = found[limit - 1].id if len(found) > limit else None
    return found[:limit], more, limit


def listed(items: Sequence[Any], marker: str, more: str | None, limit: int) -> dict[str, Any]:
    """The document of a list operation that shows its markers."""
    return {
        "Marker": marker,
        "NextMarker": more,
        "MaxItems": limit,
        "IsTruncated": more is not None,
        "Quantity": len(items),
        "Items": list(items) or None,
    }


def behaviors_of(config: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every behaviour of a distribution, the default one last."""
    special = config.get("CacheBehaviors", {}).get("Items") or []
    return [*special, config["DefaultCacheBehavior"]]


def used_in_behavior(member: str) -> Callable[[Mapping[str, Any], str], bool]:
    """Whether some behaviour names an id under `member`."""
    return lambda config, identifier: any(
        behavior.get(member) == identifier for behavior in behaviors_of(config)
    )
