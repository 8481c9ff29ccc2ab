"""What all configurable things of CloudFront have in common: ids, ETags, unique names, lists."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from airside.kernel import Context, Request, Result, ServiceError, Snapshot, Transaction
from airside.services.cloudfront import errors, limits, store
from airside.services.cloudfront.store import Entity

_ETAG = re.compile("E[A-Z0-9]{8,20}")
_MANAGED_ETAG = "E23ZP02F085DFQ"
_MANAGED_AT = 1_594_000_000.0
"""Some day in July 2020, when cache policies came."""
Show = Callable[[Entity], dict[str, Any]]
Check = Callable[[Snapshot, Context, Mapping[str, Any], Entity | None], None]


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
    listed: "Callable[[Context, Kind, Request], Awaitable[Result]]"
    """The result of its list operation."""
    plural: str = ""
    """`CachePolicies`, where it is not the member and an s."""
    new_id: Callable[[Context], str] = lambda ctx: ctx.ids.uuid()
    check: Check | None = None
    """Raises for a configuration that may not be, or may not follow the former one."""
    unique: str = "Name"
    path: str = ""
    """In the `Location` of something new, where it is not the name."""
    users: str = "distribution"
    """The kind of entity whose configurations `used_by` looks at."""
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
    if identifier not in kind.managed:
        raise kind.missing(kind.message)
    return managed(identifier, kind)


def managed(identifier: str, kind: Kind) -> Entity:
    """One of AWS's own."""
    return Entity(id=identifier, config=kind.managed[identifier], etag=_MANAGED_ETAG,
                  created_at=0.0, modified_at=_MANAGED_AT)  # fmt: skip


def check_given(if_match: str | None) -> str:
    """The ETag that a change is for. Raises InvalidIfMatchVersion."""
    if not if_match or _ETAG.fullmatch(if_match.strip('"')) is None:
        raise errors.InvalidIfMatchVersion(
            "The If-Match version is missing or not valid for the resource."
        )
    return if_match


def check_version(etag: str, given: str | None) -> None:
    """Raise InvalidIfMatchVersion or PreconditionFailed unless the ETag is the present one."""
    if_match = check_given(given)
    if if_match.strip('"') != etag:
        raise errors.PreconditionFailed(
            "The request failed because it didn't meet the preconditions in one or more "
            "request-header fields."
        )


async def create(ctx: Context, kind: Kind, request: Request) -> Result:
    """Make an entity; its name must be new."""
    config = request[kind.config]
    now = ctx.clock.now()
    entity = Entity(id=kind.new_id(ctx), config=config, etag=new_etag(ctx), created_at=now,
                    modified_at=now)  # fmt: skip

    def put(tx: Transaction) -> Entity:
        if kind.check is not None:
            kind.check(tx, ctx, config, None)
        name = config[kind.unique]
        former_id = store.id_of_name(tx, ctx.account_id, kind.name, name)
        if former_id is not None:
            former = load(tx, ctx.account_id, kind, former_id)
            if kind.unique == "CallerReference" and former.config == config:
                return former  # the same request again
            raise kind.taken(_taken(kind, name))
        store.save_name(tx, ctx.account_id, kind.name, name, entity.id)
        store.save(tx, ctx.account_id, kind.name, entity)
        return entity

    made = await ctx.store.transact(put)
    path = location(ctx, f"{kind.path or kind.name}/{made.id}")
    return {kind.member: kind.show(made), "ETag": made.etag, "Location": path}


def _taken(kind: Kind, name: str) -> str:
    if kind.unique == "CallerReference":
        return (
            "The caller reference that you are using is associated with another configuration: "
            f"{name}"
        )
    return f"The {kind.member} with name {name} already exists."


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
        check_version(entity.etag, request.get("IfMatch"))
        if kind.check is not None:
            kind.check(tx, ctx, config, entity)
        former, name = entity.config[kind.unique], config[kind.unique]
        if name != former:
            if store.id_of_name(tx, ctx.account_id, kind.name, name) is not None:
                raise kind.taken(_taken(kind, name))
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
        check_version(entity.etag, request.get("IfMatch"))
        if any(
            kind.used_by(user.config, entity.id)
            for user in store.scan(tx, ctx.account_id, kind.users)
        ):
            raise kind.in_use(
                f"Cannot delete the {kind.member} because it is attached to one or more "
                f"{kind.users.replace('-', ' ')}s."
            )
        store.delete_name(tx, ctx.account_id, kind.name, entity.config[kind.unique])
        store.delete(tx, ctx.account_id, kind.name, entity.id)

    await ctx.store.transact(remove)
    return {}


def page_limit(request: Request) -> int:
    """How many items a list operation shows. Raises InvalidArgument."""
    given = request.get("MaxItems")
    if given in (None, ""):
        return limits.LIST_ITEMS_MAX
    text = str(given)
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise errors.InvalidArgument("The parameter MaxItems is not valid.")
    return min(int(text), limits.LIST_ITEMS_MAX)


async def page(ctx: Context, kind: str, request: Request) -> tuple[list[Entity], str | None, int]:
    """(entities, next marker, limit) of a list operation."""
    limit = page_limit(request)
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


def listed_briefly(items: Sequence[Any], more: str | None, limit: int) -> dict[str, Any]:
    """The document of a list operation that shows only where to go on."""
    found: dict[str, Any] = {"MaxItems": limit, "Quantity": len(items)}
    if more is not None:
        found["NextMarker"] = more
    if items:
        found["Items"] = list(items)
    return found


def behaviors_of(config: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every behaviour of a distribution, the default one last."""
    special = config.get("CacheBehaviors", {}).get("Items") or []
    return [*special, config["DefaultCacheBehavior"]]


def used_in_behavior(member: str) -> Callable[[Mapping[str, Any], str], bool]:
    """Whether some behaviour names an id under `member`."""
    return lambda config, identifier: any(
        behavior.get(member) == identifier for behavior in behaviors_of(config)
    )
