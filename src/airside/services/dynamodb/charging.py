"""What an operation consumed: for the bill, and for the buckets that may limit it."""

from airside.kernel.context import Context
from airside.services.dynamodb.capacity import Cost
from airside.services.dynamodb.throttling import Throttling

_KINDS = {"ReadRequestUnits": "Read", "WriteRequestUnits": "Write"}


def charge(ctx: Context, usage: str, cost: float | Cost, arn: str) -> None:
    """Leave what an operation consumed behind: for the bill, and for the buckets."""
    ctx.use(usage, cost.total if isinstance(cost, Cost) else cost, arn)
    if ctx.cloud.settings.dynamodb_throttling:
        units = cost if isinstance(cost, Cost) else Cost(cost)
        ctx.component(Throttling).charge(_KINDS[usage], units, arn)
