"""How functions lie in storage; the only caller of the store.

Below the account and the region:

    function  name                  Function
    version   name, number          Version; $LATEST is number 0
    alias     name, alias           Alias
    policy    name, qualifier       Policy
    retry     name, qualifier       EventInvoke configuration
    url       name, qualifier       Url
    mapping   uuid                  Mapping
    csc       id                    code signing configuration
    async     id                    AsyncEvent

The account and region come from the request's FunctionName, which may be an ARN.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from airside.kernel import Snapshot, Transaction
from airside.services.lambda_ import errors
from airside.services.lambda_.async_event import AsyncEvent
from airside.services.lambda_.function import Alias, Function, Version
from airside.services.lambda_.function_url import Url
from airside.services.lambda_.mapping import Mapping
from airside.services.lambda_.names import LATEST, FunctionName, is_version, version_number
from airside.services.lambda_.tumbling import Window
from airside.storage.keys import after, pack, prefix_range, unpack

PROVISIONED = "provisioned"
SHARD_DONE = "done"
QUALIFIED_KINDS = ("policy", "retry", "url", PROVISIONED, "runtime", "signing")
"""Configurations that hang on a function, a version or an alias."""

_encode = msgspec.msgpack.Encoder().encode
_function = msgspec.msgpack.Decoder(Function).decode
_version = msgspec.msgpack.Decoder(Version).decode
_alias = msgspec.msgpack.Decoder(Alias).decode
_mapping = msgspec.msgpack.Decoder(Mapping).decode
_window = msgspec.msgpack.Decoder(Window).decode
_async_event = msgspec.msgpack.Decoder(AsyncEvent).decode
_url = msgspec.msgpack.Decoder(Url).decode
_document = msgspec.msgpack.Decoder(dict[str, Any]).decode


def not_found(arn: str) -> errors.ResourceNotFoundException:
    """The error for a function or version that is not there."""
    return errors.ResourceNotFoundException(f"Function not found: {arn}", Type="User")


def _key(name: FunctionName, kind: str, *rest: str | int) -> bytes:
    return pack(("lambda", name.account_id, name.region, kind, name.name, *rest))


def load_function(view: Snapshot, name: FunctionName) -> Function:
    """The function. Raises ResourceNotFoundException."""
    raw = view.get(_key(name, "function"))
    if raw is None:
        raise not_found(name.qualified_arn)
    return _function(raw)


def function_exists(view: Snapshot, name: FunctionName) -> bool:
    """Whether there is a function of this name."""
    return view.get(_key(name, "function")) is not None


def save_function(tx: Transaction, name: FunctionName, function: Function) -> None:
    """Write a function."""
    tx.put(_key(name, "function"), _encode(function))


def load_version(view: Snapshot, name: FunctionName, version: str) -> Version:
    """One version. Raises ResourceNotFoundException."""
    raw = view.get(_key(name, "version", version_number(version)))
    if raw is None:
        arn = name.arn if version == LATEST and not name.qualifier else f"{name.arn}:{version}"
        raise not_found(arn)
    return _version(raw)


def save_version(tx: Transaction, name: FunctionName, version: Version) -> None:
    """Write a version."""
    tx.put(_key(name, "version", version_number(version.version)), _encode(version))


def delete_version(tx: Transaction, name: FunctionName, version: str) -> None:
    """Remove a version."""
    tx.delete(_key(name, "version", version_number(version)))


def versions(view: Snapshot, name: FunctionName) -> list[Version]:
    """All versions, $LATEST first."""
    start, end = prefix_range(("lambda", name.account_id, name.region, "version", name.name))
    return [_version(raw) for _, raw in view.scan(start, end)]


def find_alias(view: Snapshot, name: FunctionName, alias: str) -> Alias | None:
    """An alias, or None."""
    raw = view.get(_key(name, "alias", alias))
    return None if raw is None else _alias(raw)


def load_alias(view: Snapshot, name: FunctionName, alias: str) -> Alias:
    """An alias. Raises ResourceNotFoundException."""
    found = find_alias(view, name, alias)
    if found is None:
        raise errors.ResourceNotFoundException(
            f"Cannot find alias arn: {name.arn}:{alias}", Type="User"
        )
    return found


def save_alias(tx: Transaction, name: FunctionName, alias: Alias) -> None:
    """Write an alias."""
    tx.put(_key(name, "alias", alias.name), _encode(alias))


def delete_alias(tx: Transaction, name: FunctionName, alias: str) -> None:
    """Remove an alias."""
    tx.delete(_key(name, "alias", alias))


def aliases(view: Snapshot, name: FunctionName) -> list[Alias]:
    """All aliases, by name."""
    start, end = prefix_range(("lambda", name.account_id, name.region, "alias", name.name))
    return [_alias(raw) for _, raw in view.scan(start, end)]


def resolve(view: Snapshot, name: FunctionName) -> tuple[Version, Alias | None]:
    """The version that the qualifier means (an alias's own one, not drawn by weight)."""
    qualifier = name.qualifier or LATEST
    if is_version(qualifier):
        return load_version(view, name, qualifier), None
    alias = find_alias(view, name, qualifier)
    if alias is None:
        raise not_found(name.qualified_arn)
    return load_version(view, name, alias.version), alias


def functions(
    view: Snapshot, account_id: str, region: str, *, after_name: str = "", limit: int | None = None
) -> Iterator[tuple[Function, Version]]:
    """Functions with their $LATEST, by name."""
    start, end = prefix_range(("lambda", account_id, region, "function"))
    if after_name:
        start = after(pack(("lambda", account_id, region, "function", after_name)))
    for _, raw in view.scan(start, end, limit=limit):
        function = _function(raw)
        name = FunctionName(account_id, region, function.name, None)
        yield function, load_version(view, name, LATEST)


def delete_everything(tx: Transaction, name: FunctionName) -> None:
    """Remove a function with all that belongs to it."""
    tx.delete(_key(name, "function"))
    for kind in ("version", "alias", *QUALIFIED_KINDS):
        start, end = prefix_range(("lambda", name.account_id, name.region, kind, name.name))
        for key, _ in list(tx.scan(start, end)):
            tx.delete(key)


def load_document(
    view: Snapshot, name: FunctionName, kind: str, qualifier: str
) -> dict[str, Any] | None:
    """A configuration that hangs on a function, version or alias; None when there is none."""
    raw = view.get(_key(name, kind, qualifier))
    return None if raw is None else _document(raw)


def save_document(
    tx: Transaction, name: FunctionName, kind: str, qualifier: str, document: dict[str, Any]
) -> None:
    """Write such a configuration."""
    tx.put(_key(name, kind, qualifier), _encode(document))


def delete_document(tx: Transaction, name: FunctionName, kind: str, qualifier: str) -> None:
    """Remove such a configuration."""
    tx.delete(_key(name, kind, qualifier))


def documents(view: Snapshot, name: FunctionName, kind: str) -> list[tuple[str, dict[str, Any]]]:
    """All configurations of a kind that a function has: (qualifier, document)."""
    start, end = prefix_range(("lambda", name.account_id, name.region, kind, name.name))
    return [(unpack(key)[-1], _document(raw)) for key, raw in view.scan(start, end)]


# Provisioned concurrency: `lambda-provisioned` lists all functions that ever had any.


def save_provisioned(
    tx: Transaction, name: FunctionName, qualifier: str, document: dict[str, Any]
) -> None:
    """Write what a version or alias is to have ready."""
    save_document(tx, name, PROVISIONED, qualifier, document)
    tx.put(pack(("lambda-provisioned", name.account_id, name.region, name.name)), b"")


def provisioned_functions(view: Snapshot) -> list[FunctionName]:
    """Functions that may have something to be kept ready."""
    start, end = prefix_range(("lambda-provisioned",))
    places = [unpack(key) for key, _ in view.scan(start, end)]
    return [FunctionName(place[1], place[2], place[3], None) for place in places]


# Event source mappings: `mapping` by UUID; `lambda-mappings` lists those of all accounts.


def find_mapping(view: Snapshot, account_id: str, region: str, uuid: str) -> Mapping | None:
    """A mapping, or None."""
    raw = view.get(pack(("lambda", account_id, region, "mapping", uuid)))
    return None if raw is None else _mapping(raw)


def load_mapping_by_arn(view: Snapshot, arn: str) -> Mapping:
    """A mapping. Raises ResourceNotFoundException."""
    _, _, _, region, account_id, _, uuid = arn.split(":", 6)
    found = find_mapping(view, account_id, region, uuid)
    if found is None:
        raise errors.ResourceNotFoundException(
            f"Event source mapping not found: {arn}", Type="User"
        )
    return found


def mappings(view: Snapshot, account_id: str, region: str) -> list[Mapping]:
    """All mappings of an account."""
    start, end = prefix_range(("lambda", account_id, region, "mapping"))
    return [_mapping(raw) for _, raw in view.scan(start, end)]


def every_mapping(view: Snapshot) -> list[Mapping]:
    """The mappings of all accounts."""
    start, end = prefix_range(("lambda-mappings",))
    found = [find_mapping(view, *unpack(key)[1:]) for key, _ in view.scan(start, end)]
    return [mapping for mapping in found if mapping]


def save_mapping(tx: Transaction, mapping: Mapping) -> None:
    """Write a mapping."""
    place = (mapping.account_id, mapping.region)
    tx.put(pack(("lambda", *place, "mapping", mapping.uuid)), _encode(mapping))
    tx.put(pack(("lambda-mappings", *place, mapping.uuid)), b"")


def _place_key(mapping: Mapping, shard_id: str) -> bytes:
    return pack(("lambda-places", mapping.account_id, mapping.region, mapping.uuid, shard_id))


def find_shard_place(view: Snapshot, mapping: Mapping, shard_id: str) -> str:
    """The sequence number of the record of a shard that was done last; empty when none was."""
    raw = view.get(_place_key(mapping, shard_id))
    return raw.decode() if raw else ""


def save_shard_place(
    tx: Transaction, mapping: Mapping, shard_id: str, place: str, window: Window | None = None
) -> None:
    """Write it, or SHARD_DONE, with the window that is open; nothing when the mapping is gone."""
    if find_mapping(tx, mapping.account_id, mapping.region, mapping.uuid) is None:
        return
    if place:
        tx.put(_place_key(mapping, shard_id), place.encode())
    if window is None:
        tx.delete(_window_key(mapping, shard_id))
    else:
        tx.put(_window_key(mapping, shard_id), _encode(window))


def _window_key(mapping: Mapping, shard_id: str) -> bytes:
    return pack(("lambda-windows", mapping.account_id, mapping.region, mapping.uuid, shard_id))


def find_window(view: Snapshot, mapping: Mapping, shard_id: str) -> Window | None:
    """The tumbling window of a shard that is open."""
    raw = view.get(_window_key(mapping, shard_id))
    return None if raw is None else _window(raw)


def shards_done(view: Snapshot, mapping: Mapping) -> set[str]:
    """Shards that were read to their end."""
    start, end = prefix_range(("lambda-places", mapping.account_id, mapping.region, mapping.uuid))
    done = SHARD_DONE.encode()
    return {unpack(key)[-1] for key, raw in view.scan(start, end) if raw == done}


def delete_mapping(tx: Transaction, mapping: Mapping) -> None:
    """Remove a mapping."""
    place = (mapping.account_id, mapping.region)
    for kind in ("lambda-places", "lambda-windows"):
        start, end = prefix_range((kind, *place, mapping.uuid))
        for key, _ in list(tx.scan(start, end)):
            tx.delete(key)
    tx.delete(pack(("lambda", *place, "mapping", mapping.uuid)))
    tx.delete(pack(("lambda-mappings", *place, mapping.uuid)))


# Asynchronous events: `async` by id; `lambda-async` lists those of all accounts.


class AsyncKey(NamedTuple):
    """Where an asynchronous event lies."""

    account_id: str
    region: str
    event_id: str


def _async_key(key: AsyncKey) -> bytes:
    return pack(("lambda", key.account_id, key.region, "async", key.event_id))


def save_async_event(tx: Transaction, key: AsyncKey, event: AsyncEvent) -> None:
    """Write an event."""
    tx.put(_async_key(key), _encode(event))
    tx.put(pack(("lambda-async", *key)), b"")


def find_async_event(view: Snapshot, key: AsyncKey) -> AsyncEvent | None:
    """An event, or None when it has ended."""
    raw = view.get(_async_key(key))
    return None if raw is None else _async_event(raw)


def delete_async_event(tx: Transaction, key: AsyncKey) -> None:
    """Forget an event."""
    tx.delete(_async_key(key))
    tx.delete(pack(("lambda-async", *key)))


def async_events(view: Snapshot) -> list[tuple[AsyncKey, AsyncEvent]]:
    """The events of all accounts that have not ended."""
    start, end = prefix_range(("lambda-async",))
    keys = [AsyncKey(*unpack(key)[1:]) for key, _ in view.scan(start, end)]
    found = [(key, find_async_event(view, key)) for key in keys]
    return [(key, event) for key, event in found if event]


# Function URLs: `url` by function and qualifier; `lambda-urls` finds them by id.


def find_url(view: Snapshot, name: FunctionName) -> Url | None:
    """The URL of a function or an alias."""
    raw = view.get(_key(name, "url", name.qualifier or ""))
    return None if raw is None else _url(raw)


def find_url_by_id(view: Snapshot, url_id: str) -> Url | None:
    """The URL with this id, in whatever account."""
    place = view.get(pack(("lambda-urls", url_id)))
    if place is None:
        return None
    raw = view.get(place)
    return None if raw is None else _url(raw)


def urls(view: Snapshot, name: FunctionName) -> list[Url]:
    """All URLs of a function and its aliases."""
    start, end = prefix_range(("lambda", name.account_id, name.region, "url", name.name))
    return [_url(raw) for _, raw in view.scan(start, end)]


def save_url(tx: Transaction, name: FunctionName, url: Url) -> None:
    """Write a URL."""
    key = _key(name, "url", name.qualifier or "")
    tx.put(key, _encode(url))
    tx.put(pack(("lambda-urls", url.url_id)), key)


def delete_url(tx: Transaction, name: FunctionName, url: Url) -> None:
    """Remove a URL."""
    tx.delete(_key(name, "url", name.qualifier or ""))
    tx.delete(pack(("lambda-urls", url.url_id)))


# Code signing configurations.


def _signing_key(arn: str) -> bytes:
    _, _, _, region, account_id, _, config_id = arn.split(":")
    return pack(("lambda", account_id, region, "csc", config_id))


def find_signing(view: Snapshot, arn: str) -> dict[str, Any] | None:
    """A code signing configuration, or None."""
    raw = view.get(_signing_key(arn))
    return None if raw is None else _document(raw)


def save_signing(tx: Transaction, config: dict[str, Any]) -> None:
    """Write one."""
    tx.put(_signing_key(config["CodeSigningConfigArn"]), _encode(config))


def delete_signing(tx: Transaction, arn: str) -> None:
    """Remove one."""
    tx.delete(_signing_key(arn))


def signings(view: Snapshot, account_id: str, region: str) -> list[dict[str, Any]]:
    """All of an account."""
    start, end = prefix_range(("lambda", account_id, region, "csc"))
    return [_document(raw) for _, raw in view.scan(start, end)]
