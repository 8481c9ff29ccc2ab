"""How APIs lie in storage. The only caller of the store.

(apigatewayv2, account, region, api, id)                  Api
(apigatewayv2, account, region, snapshot, id, deployment) Snapshot
(apigatewayv2, owner, id)                                 account and region of an API
"""

import msgspec

from airside.kernel import Snapshot as View
from airside.kernel import Transaction
from airside.services.apigatewayv2.api import Api, Snapshot
from airside.storage.keys import pack, prefix_range

_encode = msgspec.msgpack.encode


def _api(account_id: str, region: str, api_id: str) -> bytes:
    return pack(("apigatewayv2", account_id, region, "api", api_id))


def _snapshot(api: Api, deployment_id: str) -> bytes:
    return pack(("apigatewayv2", api.account_id, api.region, "snapshot", api.id, deployment_id))


def load(view: View, account_id: str, region: str, api_id: str) -> Api | None:
    """An API of an account."""
    raw = view.get(_api(account_id, region, api_id))
    return msgspec.msgpack.decode(raw, type=Api) if raw is not None else None


def find(view: View, api_id: str) -> Api | None:
    """An API by its id alone, whosever it is: what a host name says."""
    raw = view.get(pack(("apigatewayv2", "owner", api_id)))
    if raw is None:
        return None
    account_id, region = msgspec.msgpack.decode(raw, type=tuple[str, str])
    return load(view, account_id, region, api_id)


def save(tx: Transaction, api: Api) -> None:
    """Put an API."""
    tx.put(_api(api.account_id, api.region, api.id), _encode(api))
    tx.put(pack(("apigatewayv2", "owner", api.id)), _encode((api.account_id, api.region)))


def delete(tx: Transaction, api: Api) -> None:
    """Drop an API with its snapshots."""
    tx.delete(_api(api.account_id, api.region, api.id))
    tx.delete(pack(("apigatewayv2", "owner", api.id)))
    start, end = prefix_range(("apigatewayv2", api.account_id, api.region, "snapshot", api.id))
    for key, _ in list(tx.scan(start, end)):
        tx.delete(key)


def list_apis(view: View, account_id: str, region: str) -> list[Api]:
    """The APIs of an account, by id."""
    start, end = prefix_range(("apigatewayv2", account_id, region, "api"))
    return [msgspec.msgpack.decode(raw, type=Api) for _, raw in view.scan(start, end)]


def save_snapshot(tx: Transaction, api: Api, deployment_id: str, snapshot: Snapshot) -> None:
    """Put what a deployment froze."""
    tx.put(_snapshot(api, deployment_id), _encode(snapshot))


def load_snapshot(view: View, api: Api, deployment_id: str) -> Snapshot | None:
    """What a deployment froze."""
    raw = view.get(_snapshot(api, deployment_id))
    return msgspec.msgpack.decode(raw, type=Snapshot) if raw is not None else None


def delete_snapshot(tx: Transaction, api: Api, deployment_id: str) -> None:
    """Drop what a deployment froze."""
    tx.delete(_snapshot(api, deployment_id))
