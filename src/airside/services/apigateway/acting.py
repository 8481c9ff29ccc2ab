"""As whom the gateway calls what stands behind it. Pure."""

import re
from dataclasses import replace

from airside.kernel import Principal
from airside.services.apigateway.call import Call
from airside.services.apigateway.live import LiveMethod
from airside.services.apigateway.refusals import broken

_ROLE = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):role/(?:.*/)?([^/]+)")
_CALLER = "arn:aws:iam::*:user/*"
_SESSION = "BackplaneAssumeRoleSession"


def principal(call: Call, method: LiveMethod, credentials: str | None, source: str) -> Principal:
    """The role named as credentials, the caller itself, or the gateway for `source`.

    Raises Refusal for a role of another account.
    """
    if not credentials:
        return replace(method.principal, source_arn=source)
    if credentials == _CALLER and call.signer is not None:
        return call.signer
    match = _ROLE.fullmatch(credentials)
    if match is None or match[1] != call.live.account_id:
        raise broken()
    account, name = match.groups()
    return Principal(
        "assumed-role", f"arn:aws:sts::{account}:assumed-role/{name}/{_SESSION}", account,
        f"{name}:{_SESSION}", role_arn=credentials, session_name=_SESSION,
    )  # fmt: skip
