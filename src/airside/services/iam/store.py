"""How IAM lies in storage: `("iam", account, kind, name in lower case)` -> the entity."""

from collections.abc import Iterator
from typing import TypeVar

import msgspec

from airside.kernel import Snapshot, Transaction
from airside.services.iam.entities import Entity
from airside.storage import after, pack, prefix_range

E = TypeVar("E", bound=Entity)


def load(snapshot: Snapshot, account_id: str, kind: type[E], name: str) -> E | None:
    """The entity, or None."""
    raw = snapshot.get(pack(("iam", account_id, kind.KIND, name.lower())))
    return None if raw is None else msgspec.msgpack.decode(raw, type=kind)


def save(tx: Transaction, entity: Entity) -> None:
    """Insert or replace."""
    key = pack(("iam", entity.account_id, entity.KIND, entity.name.lower()))
    tx.put(key, msgspec.msgpack.encode(entity))


def remove(tx: Transaction, entity: Entity) -> None:
    """Delete."""
    tx.delete(pack(("iam", entity.account_id, entity.KIND, entity.name.lower())))


def listing(snapshot: Snapshot, account_id: str, kind: type[E], start: str = "") -> Iterator[E]:
    """Entities of a kind in the order of their names, those after `start`."""
    first, last = prefix_range(("iam", account_id, kind.KIND))
    if start:
        first = after(pack(("iam", account_id, kind.KIND, start.lower())))
    for _, raw in snapshot.scan(first, last):
        yield msgspec.msgpack.decode(raw, type=kind)
