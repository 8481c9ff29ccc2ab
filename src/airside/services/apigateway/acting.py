"""As whom the gateway calls what stands behind it. Pure."""

from dataclasses import replace

from airside.gateway.roles import role_principal
from airside.kernel import Principal
from airside.services.apigateway.call import Call
from airside.services.apigateway.live import LiveMethod
from airside.services.apigateway.refusals import broken

_CALLER = "arn:aws:iam::*:user/*"


def principal(call: Call, method: LiveMethod, credentials: str | None, source: str) -> Principal:
    """The role named as credentials, the caller itself, or the gateway for `source`.

    Raises Refusal for a role of another account.
    """
    if not credentials:
        return replace(method.principal, source_arn=source)
    if credentials == _CALLER and call.signer is not None:
        return call.signer
    found = role_principal(credentials, call.live.account_id)
    if found is None:
        raise broken()
    return found
