"""Additional metrics of a distribution: whether they were asked for."""

from typing import Any

from airside.kernel import Context, Request, Result, Transaction, operation
from airside.services.cloudfront import errors, store
from airside.services.cloudfront.distributions import KIND, distribution_arn, load

_FACT = "monitoring"


@operation("CreateMonitoringSubscription", resource=distribution_arn)
async def create_monitoring_subscription(ctx: Context, request: Request) -> Result:
    """Ask for a distribution's additional metrics."""
    wanted = request["MonitoringSubscription"]

    def put(tx: Transaction) -> None:
        entity = load(tx, ctx, request["DistributionId"])
        if _FACT in entity.facts:
            raise errors.MonitoringSubscriptionAlreadyExists(
                "A monitoring subscription already exists for the specified distribution."
            )
        entity.facts[_FACT] = wanted
        store.save(tx, ctx.account_id, KIND, entity)

    await ctx.store.transact(put)
    return {"MonitoringSubscription": wanted}


def _missing() -> errors.NoSuchMonitoringSubscription:
    return errors.NoSuchMonitoringSubscription(
        "A monitoring subscription does not exist for the specified distribution."
    )


@operation("GetMonitoringSubscription", resource=distribution_arn)
async def get_monitoring_subscription(ctx: Context, request: Request) -> Result:
    """Whether additional metrics were asked for."""
    entity = await ctx.store.read(lambda view: load(view, ctx, request["DistributionId"]))
    found: Any = entity.facts.get(_FACT)
    if found is None:
        raise _missing()
    return {"MonitoringSubscription": found}


@operation("DeleteMonitoringSubscription", resource=distribution_arn)
async def delete_monitoring_subscription(ctx: Context, request: Request) -> Result:
    """Ask for them no longer."""

    def remove(tx: Transaction) -> None:
        entity = load(tx, ctx, request["DistributionId"])
        if entity.facts.pop(_FACT, None) is None:
            raise _missing()
        store.save(tx, ctx.account_id, KIND, entity)

    await ctx.store.transact(remove)
    return {}
