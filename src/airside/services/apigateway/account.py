"""The account's settings."""

from airside.kernel import Context, Request, Result, Transaction, operation
from airside.services.apigateway import store
from airside.services.apigateway.api import Members
from airside.services.apigateway.control import place
from airside.services.apigateway.errors import BadRequestException
from airside.services.apigateway.limits import THROTTLE_BURST, THROTTLE_RATE

account_arn = place("account")


def _shown(held: Members | None) -> Result:
    return {
        "throttleSettings": {"burstLimit": THROTTLE_BURST, "rateLimit": THROTTLE_RATE},
        "features": ["UsagePlans"],
        "apiKeyVersion": "4",
        **(held or {}),
    }


@operation("GetAccount", resource=account_arn, action="apigateway:GET")
async def get_account(ctx: Context, request: Request) -> Result:
    """The account's limits and its role for logs."""
    return _shown(
        await ctx.store.read(
            lambda view: store.load_document(view, ctx.account_id, ctx.region, "account")
        )
    )


@operation("UpdateAccount", resource=account_arn, action="apigateway:PATCH")
async def update_account(ctx: Context, request: Request) -> Result:
    """Name the role for logs."""

    def body(tx: Transaction) -> Members:
        held = store.load_document(tx, ctx.account_id, ctx.region, "account") or {}
        for patch in request.get("patchOperations", []):
            path = patch.get("path") or ""
            if path.startswith("/features"):
                continue
            if path != "/cloudwatchRoleArn":
                raise BadRequestException(f"Invalid patch path {path}")
            if patch.get("op") == "remove" or not patch.get("value"):
                held.pop("cloudwatchRoleArn", None)
            else:
                held["cloudwatchRoleArn"] = patch["value"]
        store.save_document(tx, ctx.account_id, ctx.region, "account", "", held)
        return held

    return _shown(await ctx.store.transact(body))
