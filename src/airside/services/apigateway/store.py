"""How REST APIs, keys and usage plans lie in storage. The only caller of the store.

(apigateway, account, region, api, id)                  RestApi
(apigateway, account, region, snapshot, id, deployment) Configuration
(apigateway, account, region, key, id)                  an API key's members
(apigateway, account, region, value, value)             the id of the key with this value
(apigateway, account, region, plan, id)                 UsagePlan
(apigateway, account, region, account)                  the account's settings
(apigateway, account, region, used, plan, key, period)  requests of a quota
(apigateway, owner, id)                                 account and region of an API
"""

from typing import Any

import msgspec

from airside.kernel import Snapshot as View
from airside.kernel import Transaction
from airside.services.apigateway.api import Configuration, Members, RestApi
from airside.storage.keys import pack, prefix_range

_encode = msgspec.msgpack.encode
_SERVICE = "apigateway"


def _api(account_id: str, region: str, api_id: str) -> bytes:
    return pack((_SERVICE, account_id, region, "api", api_id))


def _snapshot(api: RestApi, deployment_id: str) -> bytes:
    return pack((_SERVICE, api.account_id, api.region, "snapshot", api.id, deployment_id))


def load(view: View, account_id: str, region: str, api_id: str) -> RestApi | None:
    """An API of an account."""
    raw = view.get(_api(account_id, region, api_id))
    return msgspec.msgpack.decode(raw, type=RestApi) if raw is not None else None


def find(view: View, api_id: str) -> RestApi | None:
    """An API by its id alone, whosever it is: what a host name says."""
    raw = view.get(pack((_SERVICE, "owner", api_id)))
    if raw is None:
        return None
    account_id, region = msgspec.msgpack.decode(raw, type=tuple[str, str])
    return load(view, account_id, region, api_id)


def is_there(view: View, api_id: str) -> bool:
    """Whether anybody has an API with this id."""
    return view.get(pack((_SERVICE, "owner", api_id))) is not None


def save(tx: Transaction, api: RestApi) -> None:
    """Put an API."""
    tx.put(_api(api.account_id, api.region, api.id), _encode(api))
    tx.put(pack((_SERVICE, "owner", api.id)), _encode((api.account_id, api.region)))


def delete(tx: Transaction, api: RestApi) -> None:
    """Drop an API with its snapshots."""
    tx.delete(_api(api.account_id, api.region, api.id))
    tx.delete(pack((_SERVICE, "owner", api.id)))
    start, end = prefix_range((_SERVICE, api.account_id, api.region, "snapshot", api.id))
    for key, _ in list(tx.scan(start, end)):
        tx.delete(key)


def list_apis(view: View, account_id: str, region: str) -> list[RestApi]:
    """The APIs of an account, by id."""
    start, end = prefix_range((_SERVICE, account_id, region, "api"))
    return [msgspec.msgpack.decode(raw, type=RestApi) for _, raw in view.scan(start, end)]


def save_snapshot(tx: Transaction, api: RestApi, deployment_id: str) -> None:
    """Freeze the present configuration of an API for a deployment."""
    tx.put(_snapshot(api, deployment_id), _encode(api.present))


def load_snapshot(view: View, api: RestApi, deployment_id: str) -> Configuration | None:
    """What a deployment froze."""
    raw = view.get(_snapshot(api, deployment_id))
    return msgspec.msgpack.decode(raw, type=Configuration) if raw is not None else None


def delete_snapshot(tx: Transaction, api: RestApi, deployment_id: str) -> None:
    """Drop what a deployment froze."""
    tx.delete(_snapshot(api, deployment_id))


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
