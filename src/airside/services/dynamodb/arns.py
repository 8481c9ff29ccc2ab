"""The ARNs that policies speak about."""

from airside.kernel.context import Context
from airside.kernel.operation import Request


def table_arn(ctx: Context, request: Request) -> str:
    """The table (or the index) that a request names."""
    name = request.get("TableName") or ""
    arn = name if name.startswith("arn:") else ctx.arn(f"table/{name}", "dynamodb")
    index = request.get("IndexName")
    return f"{arn}/index/{index}" if index else arn


def account_arn(ctx: Context, request: Request) -> str:
    """Operations about no table in particular."""
    return "*"
