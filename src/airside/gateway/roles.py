"""The roles in whose names gateways act. Pure."""

import re

from airside.kernel import Principal

_ROLE = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):role/(?:.*/)?([^/]+)")
_SESSION = "BackplaneAssumeRoleSession"


def role_principal(arn: str, account_id: str) -> Principal | None:
    """A gateway's session of the role `arn`; None for what is no role of the account."""
    match = _ROLE.fullmatch(arn)
    if match is None or match[1] != account_id:
        return None
    account, name = match.groups()
    return Principal(
        "assumed-role", f"arn:aws:sts::{account}:assumed-role/{name}/{_SESSION}", account,
        f"{name}:{_SESSION}", role_arn=arn, session_name=_SESSION,
    )  # fmt: skip
