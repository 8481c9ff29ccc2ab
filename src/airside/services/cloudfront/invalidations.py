"""Invalidations: what was cached for some paths counts no more, at once."""

from airside.kernel import Context, Request, Result, Snapshot, Transaction, operation
from airside.services.cloudfront import errors, limits, store
from airside.services.cloudfront.distributions import distribution_arn, load
from airside.services.cloudfront.edge import Edge
from airside.services.cloudfront.entities import listed, location, page_limit
from airside.services.cloudfront.store import Invalidation


def _shown(entry: Invalidation, status: str = "Completed") -> Result:
    return {
        "Id": entry.id,
        "Status": status,
        "CreateTime": entry.created_at,
        "InvalidationBatch": {
            "Paths": {"Quantity": len(entry.paths), "Items": entry.paths},
            "CallerReference": entry.reference,
        },
    }


@operation("CreateInvalidation", resource=distribution_arn)
async def create_invalidation(ctx: Context, request: Request) -> Result:
    """Declare paths stale. The answer says InProgress, as AWS's does; it is done by then."""
    batch = request["InvalidationBatch"]
    paths = batch["Paths"].get("Items") or []
    if batch["Paths"]["Quantity"] != len(paths):
        raise errors.InconsistentQuantities(
            "The value of Quantity and the size of Items don't match."
        )
    if not paths:
        raise errors.InvalidArgument("Your request contains no invalidation paths.")
    if len(paths) > limits.INVALIDATION_PATHS_MAX:
        raise errors.TooManyInvalidationsInProgress(
            "Your request contains more than the maximum number of paths."
        )
    for path in paths:
        if not path.startswith("/") or "*" in path[:-1] \
                or len(path) > limits.INVALIDATION_PATH_LETTERS_MAX:  # fmt: skip
            raise errors.InvalidArgument(
                "Your request contains one or more invalid invalidation paths."
            )
    distribution = request["DistributionId"]
    entry = Invalidation(
        id="I" + ctx.ids.upper(25),
        created_at=ctx.clock.now(),
        reference=batch["CallerReference"],
        paths=paths,
    )

    def record(tx: Transaction) -> Invalidation:
        load(tx, ctx, distribution)
        for former in store.invalidations(tx, distribution):
            if former.reference == entry.reference:
                if former.paths == paths:
                    return former
                raise errors.InvalidArgument(
                    "Your request contains a caller reference that was used for a previous "
                    "invalidation batch for the same distribution."
                )
        store.add_invalidation(tx, distribution, entry, limits.INVALIDATIONS_KEPT)
        return entry

    recorded = await ctx.store.transact(record)
    if recorded is entry:
        ctx.component(Edge).invalidate(distribution, entry)
        ctx.use("Invalidations", len(paths), distribution_arn(ctx, request))
    path = location(ctx, f"distribution/{distribution}/invalidation/{recorded.id}")
    return {"Invalidation": _shown(recorded, "InProgress"), "Location": path}


@operation("GetInvalidation", resource=distribution_arn)
async def get_invalidation(ctx: Context, request: Request) -> Result:
    """An invalidation. It is completed."""

    def look(view: Snapshot) -> Invalidation:
        load(view, ctx, request["DistributionId"])
        for entry in store.invalidations(view, request["DistributionId"]):
            if entry.id == request["Id"]:
                return entry
        raise errors.NoSuchInvalidation("The specified invalidation does not exist.")

    return {"Invalidation": _shown(await ctx.store.read(look))}


@operation("ListInvalidations", resource=distribution_arn)
async def list_invalidations(ctx: Context, request: Request) -> Result:
    """A distribution's invalidations, newest first."""
    limit = page_limit(request)
    marker = request.get("Marker", "")

    def look(view: Snapshot) -> list[Invalidation]:
        load(view, ctx, request["DistributionId"])
        return store.invalidations(view, request["DistributionId"])

    found = await ctx.store.read(look)
    if marker:
        ids = [entry.id for entry in found]
        found = found[ids.index(marker) + 1 :] if marker in ids else []
    items = [
        {"Id": entry.id, "CreateTime": entry.created_at, "Status": "Completed"}
        for entry in found[:limit]
    ]
    more = found[limit - 1].id if len(found) > limit else None
    return {"InvalidationList": listed(items, marker, more, limit)}
