"""Who is asking, and whose a key is."""

from airside.identity.keys import KeyRegistry
from airside.kernel import Context, Request, Result, operation
from airside.services.sts.errors import AccessDenied


@operation("GetCallerIdentity")
async def get_caller_identity(ctx: Context, request: Request) -> Result:
    """The caller's own identity. No policy can forbid this."""
    principal = ctx.principal
    return {"UserId": principal.user_id, "Account": principal.account_id, "Arn": principal.arn}


@operation("GetAccessKeyInfo")
async def get_access_key_info(ctx: Context, request: Request) -> Result:
    """The account that a long-term access key belongs to."""
    key = ctx.cloud.resource(KeyRegistry).find(request["AccessKeyId"])
    if key is None:
        raise AccessDenied("Access denied")
    return {"Account": key.account_id}
