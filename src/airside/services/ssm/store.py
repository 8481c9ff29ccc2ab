"""How Parameter Store lies in storage.

("ssm", account, region, "parameter", name)         -> Parameter
("ssm", account, region, "version", name, number)   -> Version
"""

from collections.abc import Iterator

import msgspec

from airside.kernel import Context, Snapshot, Transaction
from airside.services.ssm.parameter import VERSIONS_MAX, Parameter, Version
from airside.storage import after, pack, prefix_range, starting_with


def find(snapshot: Snapshot, ctx: Context, name: str) -> Parameter | None:
    """The parameter, or None."""
    raw = snapshot.get(pack(("ssm", ctx.account_id, ctx.region, "parameter", name)))
    return None if raw is None else msgspec.msgpack.decode(raw, type=Parameter)


def save(tx: Transaction, ctx: Context, parameter: Parameter) -> None:
    """Insert or replace a parameter; its versions are apart."""
    key = pack(("ssm", ctx.account_id, ctx.region, "parameter", parameter.name))
    tx.put(key, msgspec.msgpack.encode(parameter))


def remove(tx: Transaction, ctx: Context, name: str) -> None:
    """Delete a parameter with its versions."""
    tx.delete(pack(("ssm", ctx.account_id, ctx.region, "parameter", name)))
    start, end = prefix_range(("ssm", ctx.account_id, ctx.region, "version", name))
    for key, _ in list(tx.scan(start, end)):
        tx.delete(key)


def listing(
    snapshot: Snapshot, ctx: Context, prefix: str = "", start: str = ""
) -> Iterator[Parameter]:
    """Parameters in the order of their names, those after `start` that begin with `prefix`."""
    here = ("ssm", ctx.account_id, ctx.region, "parameter")
    first, last = starting_with(here, prefix)
    if start:
        first = max(first, after(pack((*here, start))))
    for _, raw in snapshot.scan(first, last):
        yield msgspec.msgpack.decode(raw, type=Parameter)


def versions(snapshot: Snapshot, ctx: Context, name: str) -> list[Version]:
    """All versions, oldest first; no more than are kept."""
    start, end = prefix_range(("ssm", ctx.account_id, ctx.region, "version", name))
    return [msgspec.msgpack.decode(raw, type=Version) for _, raw in snapshot.scan(start, end)]


def save_version(tx: Transaction, ctx: Context, name: str, version: Version) -> None:
    """Insert or replace one version."""
    key = pack(("ssm", ctx.account_id, ctx.region, "version", name, version.number))
    tx.put(key, msgspec.msgpack.encode(version))


def drop_old_versions(tx: Transaction, ctx: Context, name: str, latest: int) -> None:
    """Forget the version that makes one too many."""
    if latest > VERSIONS_MAX:
        oldest = latest - VERSIONS_MAX
        tx.delete(pack(("ssm", ctx.account_id, ctx.region, "version", name, oldest)))
