"""How IAM lies in storage.

("iam", account, kind, name in lower case)  -> the entity
("iam", account, "access-key", key id)      -> KeyRecord
("iam", account, "alias")                   -> the account's alias
("iam", "alias", alias)                     -> the account that has it
"""

from collections.abc import Iterator
from typing import TypeVar

import msgspec

from airside.kernel import Snapshot, Transaction
from airside.services.iam.entities import Entity, KeyRecord
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


def save_key(tx: Transaction, record: KeyRecord) -> None:
    """Insert or replace what is known about an access key."""
    key = pack(("iam", record.account_id, "access-key", record.id))
    tx.put(key, msgspec.msgpack.encode(record))


def remove_key(tx: Transaction, record: KeyRecord) -> None:
    """Forget an access key."""
    tx.delete(pack(("iam", record.account_id, "access-key", record.id)))


def keys(snapshot: Snapshot, account_id: str, environment: str) -> list[KeyRecord]:
    """The access keys of an account's users that lead to an environment."""
    start, end = prefix_range(("iam", account_id, "access-key"))
    found = (msgspec.msgpack.decode(raw, type=KeyRecord) for _, raw in snapshot.scan(start, end))
    return [record for record in found if record.environment == environment]


def alias(snapshot: Snapshot, account_id: str) -> str | None:
    """The account's alias, or None."""
    raw = snapshot.get(pack(("iam", account_id, "alias")))
    return None if raw is None else raw.decode()


def alias_owner(snapshot: Snapshot, name: str) -> str | None:
    """The account that has an alias, or None."""
    raw = snapshot.get(pack(("iam", "alias", name)))
    return None if raw is None else raw.decode()


def set_alias(tx: Transaction, account_id: str, name: str | None) -> None:
    """Give an account an alias, or take it away."""
    before = alias(tx, account_id)
    if before is not None:
        tx.delete(pack(("iam", "alias", before)))
        tx.delete(pack(("iam", account_id, "alias")))
    if name is not None:
        tx.put(pack(("iam", account_id, "alias")), name.encode())
        tx.put(pack(("iam", "alias", name)), account_id.encode())
