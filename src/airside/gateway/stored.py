"""APIs as they lie in storage, with what their deployments froze.

(service, account, region, api, id)                  the API
(service, account, region, snapshot, id, deployment) what a deployment froze
(service, owner, id)                                 account and region of an API
"""

from typing import Generic, Protocol, TypeVar

import msgspec

from airside.kernel import Snapshot as View
from airside.kernel import Transaction
from airside.storage.keys import pack, prefix_range

_encode = msgspec.msgpack.encode


class Owned(Protocol):
    """What can be told from others, and from what it was before."""

    id: str
    account_id: str
    region: str
    stamp: str
    """Changes with every change."""

    def live_deployments(self) -> set[str]:
        """The deployments that stages serve."""
        ...


A = TypeVar("A", bound=Owned)
F = TypeVar("F")


class StoredApis(Generic[A, F]):
    """The APIs of one service; `F` is what a deployment freezes."""

    def __init__(self, service: str, api: type[A], frozen: type[F]) -> None:
        self._service = service
        self._api = api
        self._frozen = frozen

    def _key(self, account_id: str, region: str, api_id: str) -> bytes:
        return pack((self._service, account_id, region, "api", api_id))

    def _owner(self, api_id: str) -> bytes:
        return pack((self._service, "owner", api_id))

    def _snapshot(self, api: A, deployment_id: str) -> bytes:
        place = (self._service, api.account_id, api.region, "snapshot", api.id, deployment_id)
        return pack(place)

    def load(self, view: View, account_id: str, region: str, api_id: str) -> A | None:
        """An API of an account."""
        raw = view.get(self._key(account_id, region, api_id))
        return msgspec.msgpack.decode(raw, type=self._api) if raw is not None else None

    def find(self, view: View, api_id: str) -> A | None:
        """An API by its id alone, whosever it is: what a host name says."""
        raw = view.get(self._owner(api_id))
        if raw is None:
            return None
        account_id, region = msgspec.msgpack.decode(raw, type=tuple[str, str])
        return self.load(view, account_id, region, api_id)

    def is_there(self, view: View, api_id: str) -> bool:
        """Whether anybody has an API with this id."""
        return view.get(self._owner(api_id)) is not None

    def list_apis(self, view: View, account_id: str, region: str) -> list[A]:
        """The APIs of an account, by id."""
        start, end = prefix_range((self._service, account_id, region, "api"))
        return [msgspec.msgpack.decode(raw, type=self._api) for _, raw in view.scan(start, end)]

    def save(self, tx: Transaction, api: A) -> None:
        """Put an API."""
        tx.put(self._key(api.account_id, api.region, api.id), _encode(api))
        tx.put(self._owner(api.id), _encode((api.account_id, api.region)))

    def delete(self, tx: Transaction, api: A) -> None:
        """Drop an API with its snapshots."""
        tx.delete(self._key(api.account_id, api.region, api.id))
        tx.delete(self._owner(api.id))
        start, end = prefix_range((self._service, api.account_id, api.region, "snapshot", api.id))
        for key, _ in list(tx.scan(start, end)):
            tx.delete(key)

    def load_snapshot(self, view: View, api: A, deployment_id: str) -> F | None:
        """What a deployment froze."""
        raw = view.get(self._snapshot(api, deployment_id))
        return msgspec.msgpack.decode(raw, type=self._frozen) if raw is not None else None

    def save_snapshot(self, tx: Transaction, api: A, deployment_id: str, frozen: F) -> None:
        """Put what a deployment froze."""
        tx.put(self._snapshot(api, deployment_id), _encode(frozen))

    def delete_snapshot(self, tx: Transaction, api: A, deployment_id: str) -> None:
        """Drop what a deployment froze."""
        tx.delete(self._snapshot(api, deployment_id))

    def live_snapshots(self, view: View, api: A) -> dict[str, F]:
        """What the deployments froze that stages serve, by deployment."""
        found = {name: self.load_snapshot(view, api, name) for name in api.live_deployments()}
        return {name: frozen for name, frozen in found.items() if frozen is not None}
