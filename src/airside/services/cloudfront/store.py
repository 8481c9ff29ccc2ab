"""How distributions and what they refer to lie in storage; the only caller of the store.

    account, kind, id            Entity; kinds are `distribution`, `cache-policy`, `function`, ...
    "name", account, kind, name  id: names and caller references that must be unique
    "host", label                account and id of the distribution that answers there
    "invalidation", distribution, -number   Invalidation, newest first
    "value", store, key          a value of a key value store
    "generation"                 the environment's name and which life of it this is

An Entity's `config` is the configuration as the model has it; `etag` changes with each update.
Records are arrays: new members go last, with defaults.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from airside.kernel import Snapshot, Transaction
from airside.storage.keys import pack, prefix_range, unpack


class Entity(Struct, array_like=True, kw_only=True):
    """Anything with an id, a configuration and a version."""

    id: str
    config: dict[str, Any]
    etag: str
    created_at: float
    modified_at: float
    tags: dict[str, str] = {}
    facts: dict[str, Any] = {}
    """What is not configuration: a domain name, a function's code."""


class Invalidation(Struct, array_like=True, kw_only=True):
    """Paths that were declared stale at one moment."""

    id: str
    created_at: float
    reference: str
    paths: list[str]


_encode = msgspec.msgpack.Encoder().encode
_entity = msgspec.msgpack.Decoder(Entity).decode
_invalidation = msgspec.msgpack.Decoder(Invalidation).decode
_text = msgspec.msgpack.Decoder(list[str]).decode


def find(view: Snapshot, account: str, kind: str, identifier: str) -> Entity | None:
    """An entity by its id."""
    raw = view.get(pack(("cloudfront", account, kind, identifier)))
    return None if raw is None else _entity(raw)


def save(tx: Transaction, account: str, kind: str, entity: Entity) -> None:
    """Create or change an entity."""
    tx.put(pack(("cloudfront", account, kind, entity.id)), _encode(entity))


def delete(tx: Transaction, account: str, kind: str, identifier: str) -> None:
    """Remove an entity."""
    tx.delete(pack(("cloudfront", account, kind, identifier)))


def scan(
    view: Snapshot, account: str, kind: str, after: str = "", limit: int | None = None
) -> list[Entity]:
    """Entities of a kind by id, those after `after`."""
    start, end = prefix_range(("cloudfront", account, kind))
    if after:
        start = pack(("cloudfront", account, kind, after)) + b"\0"
    return [_entity(raw) for _, raw in view.scan(start, end, limit=limit)]


def id_of_name(view: Snapshot, account: str, kind: str, name: str) -> str | None:
    """Which entity has a unique name."""
    raw = view.get(pack(("cloudfront", "name", account, kind, name)))
    return None if raw is None else raw.decode()


def save_name(tx: Transaction, account: str, kind: str, name: str, identifier: str) -> None:
    """Take a unique name."""
    tx.put(pack(("cloudfront", "name", account, kind, name)), identifier.encode())


def delete_name(tx: Transaction, account: str, kind: str, name: str) -> None:
    """Give a unique name back."""
    tx.delete(pack(("cloudfront", "name", account, kind, name)))


def find_host(view: Snapshot, label: str) -> tuple[str, str] | None:
    """(account, distribution id) behind a host's label, an id or an alias; case does not count."""
    raw = view.get(pack(("cloudfront", "host", label.lower())))
    if raw is None:
        return None
    account, identifier = _text(raw)
    return account, identifier


def save_host(tx: Transaction, label: str, account: str, identifier: str) -> None:
    """Let a distribution answer under a label."""
    tx.put(pack(("cloudfront", "host", label.lower())), _encode([account, identifier]))


def delete_host(tx: Transaction, label: str) -> None:
    """Stop answering under a label."""
    tx.delete(pack(("cloudfront", "host", label.lower())))


def hosts(view: Snapshot) -> list[tuple[str, str, str]]:
    """(label, account, distribution id) of every host."""
    rows = view.scan(*prefix_range(("cloudfront", "host")))
    return [(unpack(key)[2], *_text(raw)) for key, raw in rows]


def all_hosts(view: Snapshot) -> set[tuple[str, str]]:
    """(account, distribution id) of every distribution that answers somewhere."""
    return {(account, found) for _, account, found in hosts(view)}


def add_invalidation(tx: Transaction, distribution: str, entry: Invalidation, kept: int) -> None:
    """Record an invalidation as the newest; only so many are kept."""
    start, end = prefix_range(("cloudfront", "invalidation", distribution))
    rows = [key for key, _ in tx.scan(start, end)]
    number = 1 - unpack(rows[0])[3] if rows else 1
    tx.put(pack(("cloudfront", "invalidation", distribution, -number)), _encode(entry))
    for row in rows[kept - 1 :]:
        tx.delete(row)


def invalidations(view: Snapshot, distribution: str) -> list[Invalidation]:
    """A distribution's invalidations, newest first."""
    rows = view.scan(*prefix_range(("cloudfront", "invalidation", distribution)))
    return [_invalidation(raw) for _, raw in rows]


def delete_invalidations(tx: Transaction, distribution: str) -> None:
    """Forget a distribution's invalidations."""
    for row, _ in list(tx.scan(*prefix_range(("cloudfront", "invalidation", distribution)))):
        tx.delete(row)


def value(view: Snapshot, identifier: str, key: str) -> str | None:
    """A value in a key value store."""
    raw = view.get(pack(("cloudfront", "value", identifier, key)))
    return None if raw is None else raw.decode()


def values(
    view: Snapshot, identifier: str, after: str = "", limit: int | None = None
) -> dict[str, str]:
    """What is in a key value store, by key, after `after`."""
    start, end = prefix_range(("cloudfront", "value", identifier))
    if after:
        start = pack(("cloudfront", "value", identifier, after)) + b"\0"
    return {unpack(key)[3]: raw.decode() for key, raw in view.scan(start, end, limit=limit)}


def put_value(tx: Transaction, identifier: str, key: str, text: str) -> None:
    """Set a value in a key value store."""
    tx.put(pack(("cloudfront", "value", identifier, key)), text.encode())


def delete_value(tx: Transaction, identifier: str, key: str) -> None:
    """Remove a key from a key value store."""
    tx.delete(pack(("cloudfront", "value", identifier, key)))


def size_of(pairs: Mapping[str, str]) -> int:
    """Bytes that keys and values take, as a key value store counts them."""
    return sum(len(key.encode()) + len(text.encode()) for key, text in pairs.items())


def generation(tx: Transaction, environment: str, fresh: str) -> str:
    """Which life of an environment this is; `fresh` when it is a new one."""
    key = pack(("cloudfront", "generation"))
    raw = tx.get(key)
    if raw is not None:
        name, found = _text(raw)
        if name == environment:
            return found
    tx.put(key, _encode([environment, fresh]))
    return fresh
