"""Finding what a policy is put on, whatever kind it is."""

from airside.kernel import Context, Request, Snapshot
from airside.services.iam import store
from airside.services.iam.entities import Grantee, Group, Role, User
from airside.services.iam.errors import NoSuchEntityException

KINDS: dict[str, type[Grantee]] = {"RoleName": Role, "UserName": User, "GroupName": Group}


def load_user(snapshot: Snapshot, account_id: str, name: str) -> User:
    """The user. Raises NoSuchEntityException."""
    user = store.load(snapshot, account_id, User, name)
    if user is None:
        raise NoSuchEntityException(f"The user with name {name} cannot be found.")
    return user


def load_group(snapshot: Snapshot, account_id: str, name: str) -> Group:
    """The group. Raises NoSuchEntityException."""
    group = store.load(snapshot, account_id, Group, name)
    if group is None:
        raise NoSuchEntityException(f"The group with name {name} cannot be found.")
    return group


def grantee_arn(ctx: Context, request: Request) -> str:
    """The role, user or group that a request names, for policies."""
    for member, kind in KINDS.items():
        if member in request:
            return f"arn:aws:iam::{ctx.account_id}:{kind.KIND}/{request[member]}"
    return "*"


def load_grantee(snapshot: Snapshot, ctx: Context, request: Request) -> Grantee:
    """The role, user or group that a request names. Raises NoSuchEntityException."""
    member, kind = next((m, k) for m, k in KINDS.items() if m in request)
    found = store.load(snapshot, ctx.account_id, kind, request[member])
    if found is None:
        raise NoSuchEntityException(f"The {kind.KIND} with name {request[member]} cannot be found.")
    return found
