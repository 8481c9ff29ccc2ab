"""How repositories lie in storage: ("ecr", account, region, "repository", name) -> Repository."""

from collections.abc import Iterator

import msgspec

from airside.kernel import Context, Snapshot, Transaction
from airside.services.ecr.errors import RepositoryNotFoundException
from airside.storage import after, pack, prefix_range


class Repository(msgspec.Struct):
    """A repository: its settings. It has no images."""

    name: str
    created_at: float
    tag_mutability: str = "MUTABLE"
    scan_on_push: bool = False
    encryption: dict[str, str] = {}
    lifecycle_policy: str = ""
    policy: str = ""
    tags: dict[str, str] = {}


def find(snapshot: Snapshot, ctx: Context, name: str) -> Repository | None:
    """The repository, or None."""
    raw = snapshot.get(pack(("ecr", ctx.account_id, ctx.region, "repository", name)))
    return None if raw is None else msgspec.msgpack.decode(raw, type=Repository)


def load(snapshot: Snapshot, ctx: Context, name: str) -> Repository:
    """The repository. Raises RepositoryNotFoundException."""
    found = find(snapshot, ctx, name)
    if found is None:
        raise RepositoryNotFoundException(
            f"The repository with name '{name}' does not exist in the registry with id "
            f"'{ctx.account_id}'"
        )
    return found


def save(tx: Transaction, ctx: Context, repository: Repository) -> None:
    """Insert or replace."""
    key = pack(("ecr", ctx.account_id, ctx.region, "repository", repository.name))
    tx.put(key, msgspec.msgpack.encode(repository))


def remove(tx: Transaction, ctx: Context, name: str) -> None:
    """Delete."""
    tx.delete(pack(("ecr", ctx.account_id, ctx.region, "repository", name)))


def listing(snapshot: Snapshot, ctx: Context, start: str = "") -> Iterator[Repository]:
    """All after the name `start`, in the order of names."""
    here = ("ecr", ctx.account_id, ctx.region, "repository")
    first, last = prefix_range(here)
    if start:
        first = after(pack((*here, start)))
    for _, raw in snapshot.scan(first, last):
        yield msgspec.msgpack.decode(raw, type=Repository)
