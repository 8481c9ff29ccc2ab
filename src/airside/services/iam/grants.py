"""What an identity is granted: its inline and managed policies, its groups' and its boundary."""

from functools import lru_cache
from typing import NamedTuple

from airside.identity.policy import Policy
from airside.kernel import OperationNotImplemented, Principal, Snapshot
from airside.services.iam import store
from airside.services.iam.entities import Grantee, Group, Role, User
from airside.services.iam.policies import find_policy


class Grants(NamedTuple):
    """The policies that speak about what an identity may do."""

    policies: tuple[Policy, ...]
    boundary: Policy | None
    """What it may do at most, whatever its policies say; None for no bound."""


@lru_cache(maxsize=2048)
def _compiled(document: str, name: str) -> Policy:
    return Policy.parse(document, name)


def of_principal(snapshot: Snapshot, principal: Principal) -> Grants | None:
    """The grants of a user or of the role behind a session; None when it is not there."""
    kind: type[Role | User] = Role if principal.role_arn else User
    arn = principal.role_arn or principal.arn
    found = store.load(snapshot, principal.account_id, kind, arn.rpartition("/")[2])
    return of_identity(snapshot, found) if found is not None and found.arn == arn else None


def of_identity(snapshot: Snapshot, identity: Role | User) -> Grants:
    """The grants of a role or user."""
    account_id = identity.account_id
    policies = list(_own(snapshot, identity))
    if isinstance(identity, User):
        for name in identity.groups:
            group = store.load(snapshot, account_id, Group, name)
            if group is not None:
                policies.extend(_own(snapshot, group))
    boundary = None
    if identity.boundary is not None:
        boundary = _managed(snapshot, account_id, identity.boundary)
    return Grants(tuple(policies), boundary)


def _own(snapshot: Snapshot, grantee: Grantee) -> list[Policy]:
    found = [_compiled(document, f"{grantee.arn}/{name}")
             for name, document in grantee.inline.items()]  # fmt: skip
    found += [_managed(snapshot, grantee.account_id, arn) for arn in grantee.attached]
    return found


def _managed(snapshot: Snapshot, account_id: str, arn: str) -> Policy:
    policy = find_policy(snapshot, account_id, arn)
    if policy is None:
        raise OperationNotImplemented(
            f"The document of {arn} is not known here, so nothing can be decided by it."
        )
    return _compiled(policy.document, arn)
