"""Operations about the account: limits and endpoints."""

from airside.kernel.context import Context
from airside.kernel.operation import Request, Result, operation
from airside.services.dynamodb.arns import account_arn
from airside.services.dynamodb.limits import ACCOUNT_CAPACITY_MAX, TABLE_CAPACITY_MAX


@operation("DescribeLimits", resource=account_arn)
async def describe_limits(ctx: Context, request: Request) -> Result:
    """The provisioned capacity that an account may have."""
    return {
        "AccountMaxReadCapacityUnits": ACCOUNT_CAPACITY_MAX,
        "AccountMaxWriteCapacityUnits": ACCOUNT_CAPACITY_MAX,
        "TableMaxReadCapacityUnits": TABLE_CAPACITY_MAX,
        "TableMaxWriteCapacityUnits": TABLE_CAPACITY_MAX,
    }


@operation("DescribeEndpoints", resource=account_arn)
async def describe_endpoints(ctx: Context, request: Request) -> Result:
    """Where to send requests: here."""
    address = ctx.cloud.settings.endpoint.partition("//")[2] or "127.0.0.1"
    return {"Endpoints": [{"Address": address, "CachePeriodInMinutes": 1440}]}
