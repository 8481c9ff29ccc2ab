"""Alternate domain names: who has one, and moving it from one distribution to another."""

from typing import Any

from airside.kernel import Context, Request, Result, Snapshot, Transaction, operation
from airside.services.cloudfront import entities, errors, limits, store
from airside.services.cloudfront.distributions import KIND, distribution_arn, load
from airside.services.cloudfront.edge import Edge


@operation("AssociateAlias", resource=distribution_arn)
async def associate_alias(ctx: Context, request: Request) -> Result:
    """Give a distribution an alias, taking it from the account's other one that has it."""
    alias, now = request["Alias"], ctx.clock.now()
    etags = [entities.new_etag(ctx) for _ in range(2)]

    def move(tx: Transaction) -> None:
        target = load(tx, ctx, request["TargetDistributionId"])
        held = list(target.config["Aliases"].get("Items") or ())
        if alias in held:
            return
        if len(held) >= limits.ALIASES_MAX:
            raise errors.TooManyDistributionCNAMEs(
                "Your request contains more CNAMEs than are allowed per distribution."
            )
        owner = store.find_host(tx, alias)
        if owner is not None:
            if owner[0] != ctx.account_id:
                raise errors.AccessDenied("The alias belongs to another account.")
            former = load(tx, ctx, owner[1])
            left = [name for name in former.config["Aliases"].get("Items") or () if name != alias]
            former.config["Aliases"] = _list_of(left)
            former.etag, former.modified_at = etags[0], now
            store.save(tx, ctx.account_id, KIND, former)
        target.config["Aliases"] = _list_of([*held, alias])
        target.etag, target.modified_at = etags[1], now
        store.save_host(tx, alias, ctx.account_id, target.id)
        store.save(tx, ctx.account_id, KIND, target)

    await ctx.store.transact(move)
    ctx.component(Edge).forget()
    ctx.cloud.sites_changed()
    return {}


def _list_of(items: list[str]) -> dict[str, Any]:
    return {"Quantity": len(items), **({"Items": items} if items else {})}


@operation("ListConflictingAliases", resource=distribution_arn)
async def list_conflicting_aliases(ctx: Context, request: Request) -> Result:
    """Which other distributions have an alias, or one that covers it; names of others masked."""
    alias = request["Alias"].lower()
    limit = entities.page_limit(request)

    def look(view: Snapshot) -> list[dict[str, Any]]:
        load(view, ctx, request["DistributionId"])
        found = []
        for label, account, identifier in store.hosts(view):
            if "." in label and identifier != request["DistributionId"] and _overlaps(label, alias):
                own = account == ctx.account_id
                found.append({
                    "Alias": label,
                    "DistributionId": identifier if own else _masked(identifier),
                    "AccountId": account if own else _masked(account),
                })  # fmt: skip
        return found

    found = await ctx.store.read(look)
    return {"ConflictingAliasesList": entities.listed_briefly(found[:limit], None, limit)}


def _overlaps(one: str, other: str) -> bool:
    """Whether two names are the same, or one stands for the other with a `*.` in front."""
    return one == other or any(
        wide.startswith("*.") and narrow.partition(".")[2] == wide[2:]
        for wide, narrow in ((one, other), (other, one))
    )


def _masked(text: str) -> str:
    return "*" * (len(text) - 6) + text[-6:]
