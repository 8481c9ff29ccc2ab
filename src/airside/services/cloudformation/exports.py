"""Outputs that stacks share within a region."""

from airside.kernel import Context, Request, Result, operation
from airside.services.cloudformation import store
from airside.services.cloudformation.errors import ValidationError
from airside.services.cloudformation.paging import page


@operation("ListExports")
async def list_exports(ctx: Context, request: Request) -> Result:
    """All exports of the region."""
    held = await ctx.store.read(lambda view: list(store.exports(view, ctx.account_id, ctx.region)))
    listed, token = page(held, request.get("NextToken"), 100)
    return {
        "Exports": [
            {"ExportingStackId": found.stack_id, "Name": found.name, "Value": found.value}
            for found in listed
        ],
        "NextToken": token,
    }


@operation("ListImports")
async def list_imports(ctx: Context, request: Request) -> Result:
    """The stacks that import an export."""
    name = request["ExportName"]
    users = await ctx.store.read(
        lambda view: store.importers(view, ctx.account_id, ctx.region, name)
    )
    if not users:
        raise ValidationError(f"Export '{name}' is not imported by any stack.")
    listed, token = page(sorted(users.values()), request.get("NextToken"), 100)
    return {"Imports": list(listed), "NextToken": token}
