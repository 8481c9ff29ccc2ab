"""Who asks."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["root", "user", "assumed-role", "service", "anonymous"]


@dataclass(frozen=True, slots=True)
class Principal:
    """The authenticated caller of one request."""

    kind: Kind
    arn: str
    """As `sts:GetCallerIdentity` answers it; a service's own is its host name, anonymous is `*`."""
    account_id: str
    user_id: str
    access_key_id: str = ""
    role_arn: str = ""
    """The role behind an assumed-role session."""
    session_name: str = ""
    source_arn: str = ""
    """For a service principal: the resource it acts for (`aws:SourceArn`)."""


ANONYMOUS = Principal("anonymous", "*", "", "anonymous")


def service_principal(host: str, account_id: str, source_arn: str = "") -> Principal:
    """An AWS service acting for a resource, e.g. `cloudfront.amazonaws.com` for a distribution."""
    return Principal("service", host, account_id, host, source_arn=source_arn)
