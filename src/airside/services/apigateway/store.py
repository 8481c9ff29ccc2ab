"""How REST APIs, keys and usage plans lie in storage. The only caller of the store.

APIs and what their deployments froze lie as gateway/stored.py says; beside them:

(apigateway, account, region, key, id)                  an API key's members
(apigateway, account, region, value, value)             the id of the key with this value
(apigateway, account, region, plan, id)                 UsagePlan
(apigateway, account, region, account)                  the account's settings
(apigateway, account, region, used, plan, key, period)  requests of a quota
"""

from typing import Any

import msgspec

from airside.gateway.stored import StoredApis
from airside.kernel import Snapshot as View
from airside.kernel import Transaction
from airside.services.apigateway.api import Configuration, Members, RestApi
from airside.storage.keys import pack, prefix_range

_encode = msgspec.msgpack.encode
_SERVICE = "apigateway"


APIS = StoredApis(_SERVICE, RestApi, Configuration)
load = APIS.load
find = APIS.find
is_there = APIS.is_there
list_apis = APIS.list_apis
save = APIS.save
delete = APIS.delete
load_snapshot = APIS.load_snapshot
save_snapshot = APIS.save_snapshot
delete_snapshot = APIS.delete_snapshot


class UsagePlan(msgspec.Struct):
    """A usage plan and the keys that belong to it."""

    members: Members
    keys: list[str] = []


def load_document(
    view: View, account_id: str, region: str, kind: str, name: str = ""
) -> Members | None:
    """A key, or the account's settings."""
    raw = view.get(pack((_SERVICE, account_id, region, kind, name)))
    found: Members | None = msgspec.msgpack.decode(raw) if raw is not None else None
    return found


def save_document(
    tx: Transaction, account_id: str, region: str, kind: str, name: str, value: Any
) -> None:
    """Put a key, or the account's settings."""
    tx.put(pack((_SERVICE, account_id, region, kind, name)), _encode(value))


def delete_document(tx: Transaction, account_id: str, region: str, kind: str, name: str) -> None:
    """Drop a key or a plan."""
    tx.delete(pack((_SERVICE, account_id, region, kind, name)))


def list_keys(view: View, account_id: str, region: str) -> list[Members]:
    """The API keys of an account, by id."""
    start, end = prefix_range((_SERVICE, account_id, region, "key"))
    return [msgspec.msgpack.decode(raw) for _, raw in view.scan(start, end)]


def load_plan(view: View, account_id: str, region: str, plan_id: str) -> UsagePlan | None:
    """A usage plan."""
    raw = view.get(pack((_SERVICE, account_id, region, "plan", plan_id)))
    return msgspec.msgpack.decode(raw, type=UsagePlan) if raw is not None else None


def list_plans(view: View, account_id: str, region: str) -> list[UsagePlan]:
    """The usage plans of an account, by id."""
    start, end = prefix_range((_SERVICE, account_id, region, "plan"))
    return [msgspec.msgpack.decode(raw, type=UsagePlan) for _, raw in view.scan(start, end)]


def used(view: View, account_id: str, region: str, plan: str, key: str, day: str) -> int:
    """How many requests a key made under a plan on a day (`2026-01-31`)."""
    raw = view.get(pack((_SERVICE, account_id, region, "used", plan, key, day)))
    return msgspec.msgpack.decode(raw, type=int) if raw is not None else 0


def save_used(
    tx: Transaction, account_id: str, region: str, plan: str, key: str, day: str, count: int
) -> None:
    """Put a day's count."""
    tx.put(pack((_SERVICE, account_id, region, "used", plan, key, day)), _encode(count))
