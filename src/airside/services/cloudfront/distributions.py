"""Distributions: made, changed, listed, removed."""

from typing import Any

from airside.kernel import Context, Request, Result, Snapshot, Transaction, operation
from airside.services.cloudfront import configuration, entities, errors, store
from airside.services.cloudfront.access_logs import check_logging
from airside.services.cloudfront.edge import Edge
from airside.services.cloudfront.entities import (
    check_given,
    check_version,
    listed,
    location,
    new_etag,
)
from airside.services.cloudfront.references import check_lambdas, check_references
from airside.services.cloudfront.signers import active_key_groups
from airside.services.cloudfront.store import Entity

KIND = "distribution"
_SUMMARY = (
    "Aliases", "Origins", "OriginGroups", "DefaultCacheBehavior", "CacheBehaviors",
    "CustomErrorResponses", "Comment", "PriceClass", "Enabled", "ViewerCertificate",
    "Restrictions", "WebACLId", "HttpVersion", "IsIPV6Enabled", "Staging",
)  # fmt: skip


def distribution_arn(ctx: Context, request: Request) -> str:
    """The ARN of the request's distribution."""
    identifier = request.get("Id") or request.get("DistributionId") or "*"
    return ctx.arn(f"distribution/{identifier}", region="")


def load(view: Snapshot, ctx: Context, identifier: str) -> Entity:
    """A distribution of the account. Raises NoSuchDistribution."""
    found = store.find(view, ctx.account_id, KIND, identifier)
    if found is None:
        raise errors.NoSuchDistribution("The specified distribution does not exist.")
    return found


def shown(view: Snapshot, ctx: Context, entity: Entity) -> dict[str, Any]:
    """A distribution as results show it."""
    return {
        "Id": entity.id,
        "ARN": ctx.arn(f"distribution/{entity.id}", "cloudfront", region=""),
        "Status": "Deployed",
        "LastModifiedTime": entity.modified_at,
        "InProgressInvalidationBatches": 0,
        "DomainName": entity.facts["domain"],
        "ActiveTrustedSigners": {"Enabled": False, "Quantity": 0},
        "ActiveTrustedKeyGroups": active_key_groups(view, ctx, entity.config),
        "DistributionConfig": entity.config,
    }


def _result(view: Snapshot, ctx: Context, entity: Entity) -> Result:
    path = location(ctx, f"distribution/{entity.id}")
    return {"Distribution": shown(view, ctx, entity), "ETag": entity.etag, "Location": path}


@operation("CreateDistribution")
async def create_distribution(ctx: Context, request: Request) -> Result:
    """Put an edge in front of origins. It serves at once."""
    return await _create(ctx, request["DistributionConfig"], {})


@operation("CreateDistributionWithTags")
async def create_distribution_with_tags(ctx: Context, request: Request) -> Result:
    """Put an edge in front of origins, with tags on it."""
    both = request["DistributionConfigWithTags"]
    tags = {tag["Key"]: tag.get("Value", "") for tag in both["Tags"].get("Items") or ()}
    return await _create(ctx, both["DistributionConfig"], tags)


async def _create(ctx: Context, given: dict[str, Any], tags: dict[str, str]) -> Result:
    configuration.check(given)
    config = configuration.completed(given)
    await check_lambdas(ctx, config)
    await check_logging(ctx, config)
    now = ctx.clock.now()
    label = "d" + ctx.ids.lower(13)
    made = Entity(
        id="E" + ctx.ids.upper(13),
        config=config,
        etag=new_etag(ctx),
        created_at=now,
        modified_at=now,
        tags=tags,
        facts={"domain": f"{label}.cloudfront.net"},
    )

    def put(tx: Transaction) -> Result:
        reference = config["CallerReference"]
        existing_id = store.id_of_name(tx, ctx.account_id, KIND, reference)
        if existing_id is not None:
            existing = load(tx, ctx, existing_id)
            if existing.config == config:
                return _result(tx, ctx, existing)
            raise errors.DistributionAlreadyExists(
                "The caller reference that you are using to create a distribution is associated "
                f"with another distribution. Already exists: {existing_id}"
            )
        check_references(tx, ctx, config)
        _take_aliases(tx, ctx, made, [])
        store.save_name(tx, ctx.account_id, KIND, reference, made.id)
        store.save_host(tx, label, ctx.account_id, made.id)
        store.save_host(tx, made.id, ctx.account_id, made.id)
        store.save(tx, ctx.account_id, KIND, made)
        return _result(tx, ctx, made)

    result = await ctx.store.transact(put)
    ctx.component(Edge).forget()
    ctx.cloud.sites_changed()
    return result


@operation("CopyDistribution", resource=lambda ctx, request: distribution_arn(
    ctx, {"Id": request.get("PrimaryDistributionId")}))  # fmt: skip
async def copy_distribution(ctx: Context, request: Request) -> Result:
    """Make a staging distribution of another one's configuration, without its aliases."""
    if not request.get("Staging"):
        raise errors.InvalidArgument("The parameter Staging must be true.")

    def look(view: Snapshot) -> dict[str, Any]:
        primary = load(view, ctx, request["PrimaryDistributionId"])
        check_version(primary.etag, request.get("IfMatch"))
        return primary.config

    config = await ctx.store.read(look)
    changes = {
        "CallerReference": request["CallerReference"],
        "Aliases": configuration.none_of(),
        "Staging": True,
        "Enabled": request.get("Enabled", config["Enabled"]),
    }
    return await _create(ctx, {**config, **changes}, {})


def _aliases(config: dict[str, Any]) -> list[str]:
    return list(config["Aliases"].get("Items") or ())


def _take_aliases(tx: Transaction, ctx: Context, entity: Entity, former: list[str]) -> None:
    wanted = _aliases(entity.config)
    for alias in former:
        if alias not in wanted:
            store.delete_host(tx, alias)
    for alias in wanted:
        owner = store.find_host(tx, alias)
        if owner is not None and owner[1] != entity.id:
            raise errors.CNAMEAlreadyExists(
                "One or more of the CNAMEs you provided are already associated with a different "
                "resource."
            )
        store.save_host(tx, alias, ctx.account_id, entity.id)


@operation("GetDistribution", resource=distribution_arn)
async def get_distribution(ctx: Context, request: Request) -> Result:
    """A distribution."""

    def look(view: Snapshot) -> Result:
        entity = load(view, ctx, request["Id"])
        return {"Distribution": shown(view, ctx, entity), "ETag": entity.etag}

    return await ctx.store.read(look)


@operation("GetDistributionConfig", resource=distribution_arn)
async def get_distribution_config(ctx: Context, request: Request) -> Result:
    """A distribution's configuration, ready to be changed and sent back."""
    entity = await ctx.store.read(lambda view: load(view, ctx, request["Id"]))
    return {"DistributionConfig": entity.config, "ETag": entity.etag}


async def _check_known(ctx: Context, request: Request) -> None:
    """Raise, before anything else is looked at, where it is not clear what is to be changed."""
    check_given(request.get("IfMatch"))
    await ctx.store.read(lambda view: load(view, ctx, request["Id"]))


@operation("UpdateDistribution", resource=distribution_arn)
async def update_distribution(ctx: Context, request: Request) -> Result:
    """Replace a configuration, if nobody else did since it was read. It counts at once."""
    given = request["DistributionConfig"]
    await _check_known(ctx, request)
    configuration.check(given)
    config = configuration.completed(given)
    await check_lambdas(ctx, config)
    await check_logging(ctx, config)
    etag, now = new_etag(ctx), ctx.clock.now()

    def put(tx: Transaction) -> Result:
        entity = load(tx, ctx, request["Id"])
        check_version(entity.etag, request.get("IfMatch"))
        if config["CallerReference"] != entity.config["CallerReference"]:
            raise errors.IllegalUpdate("The CallerReference cannot be changed.")
        if config["Staging"] != entity.config["Staging"]:
            raise errors.IllegalUpdate("The parameter Staging cannot be changed.")
        check_references(tx, ctx, config)
        former = _aliases(entity.config)
        entity.config, entity.etag, entity.modified_at = config, etag, now
        _take_aliases(tx, ctx, entity, former)
        store.save(tx, ctx.account_id, KIND, entity)
        return {"Distribution": shown(tx, ctx, entity), "ETag": entity.etag}

    result = await ctx.store.transact(put)
    ctx.component(Edge).forget()
    ctx.cloud.sites_changed()
    return result


@operation("DeleteDistribution", resource=distribution_arn)
async def delete_distribution(ctx: Context, request: Request) -> Result:
    """Remove a distribution that has been disabled."""
    await _check_known(ctx, request)

    def remove(tx: Transaction) -> None:
        entity = load(tx, ctx, request["Id"])
        check_version(entity.etag, request.get("IfMatch"))
        if entity.config["Enabled"]:
            raise errors.DistributionNotDisabled(
                "The distribution you are trying to delete has not been disabled."
            )
        domain_label = entity.facts["domain"].partition(".")[0]
        for label in (domain_label, entity.id, *_aliases(entity.config)):
            store.delete_host(tx, label)
        store.delete_name(tx, ctx.account_id, KIND, entity.config["CallerReference"])
        store.delete_invalidations(tx, entity.id)
        store.delete(tx, ctx.account_id, KIND, entity.id)

    await ctx.store.transact(remove)
    ctx.component(Edge).forget()
    ctx.cloud.sites_changed()
    return {}


@operation("ListDistributions")
async def list_distributions(ctx: Context, request: Request) -> Result:
    """The account's distributions."""
    found, more, limit = await entities.page(ctx, KIND, request)
    items = [summary(ctx, entity) for entity in found]
    return {"DistributionList": listed(items, request.get("Marker", ""), more, limit)}


def summary(ctx: Context, entity: Entity) -> dict[str, Any]:
    """A distribution as lists show it."""
    return {
        "Id": entity.id,
        "ARN": ctx.arn(f"distribution/{entity.id}", "cloudfront", region=""),
        "ETag": entity.etag,
        "Status": "Deployed",
        "LastModifiedTime": entity.modified_at,
        "DomainName": entity.facts["domain"],
        **{name: entity.config[name] for name in _SUMMARY},
    }
