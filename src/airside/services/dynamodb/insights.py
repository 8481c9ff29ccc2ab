"""Contributor Insights: always off; switching them on is not built."""

from airside.kernel.context import Context
from airside.kernel.errors import OperationNotImplemented
from airside.kernel.operation import Request, Result, operation
from airside.kernel.store import Snapshot
from airside.services.dynamodb import store, validation
from airside.services.dynamodb.arns import table_arn
from airside.services.dynamodb.errors import ResourceNotFoundException
from airside.services.dynamodb.store import Tables
from airside.services.dynamodb.table import Table
from airside.services.dynamodb.tables import not_found


async def _table(ctx: Context, request: Request) -> Table:
    """The table in question. Raises ResourceNotFoundException."""
    validation.check(request, (validation.table_name, validation.index_name))
    where = store.table_id(ctx, request["TableName"])
    tables = ctx.component(Tables)

    def body(view: Snapshot) -> Table | None:
        return tables.find(view, where)

    found = await ctx.store.read(body)
    index = request.get("IndexName")
    if found is None:
        raise not_found(where[2])
    if index is not None and index not in found.by_name:
        raise ResourceNotFoundException(f"Requested resource not found: Index: {index} not found")
    return found


@operation("DescribeContributorInsights", resource=table_arn)
async def describe_contributor_insights(ctx: Context, request: Request) -> Result:
    """They are off."""
    table = await _table(ctx, request)
    return {
        "TableName": table.name, "IndexName": request.get("IndexName"),
        "ContributorInsightsStatus": "DISABLED",
    }  # fmt: skip


@operation("UpdateContributorInsights", resource=table_arn)
async def update_contributor_insights(ctx: Context, request: Request) -> Result:
    """They may stay off."""
    if request.get("ContributorInsightsAction") != "DISABLE":
        raise OperationNotImplemented("dynamodb:UpdateContributorInsights with the action ENABLE")
    table = await _table(ctx, request)
    return {
        "TableName": table.name, "IndexName": request.get("IndexName"),
        "ContributorInsightsStatus": "DISABLED",
    }  # fmt: skip
