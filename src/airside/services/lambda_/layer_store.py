"""How layers lie in storage.

Below the account and the region:

    layer          name, version    LayerVersion
    layer-version  name             the last number given out
"""

import msgspec

from airside.kernel import Snapshot, Transaction
from airside.services.lambda_.layer import LayerVersion
from airside.storage.keys import pack, prefix_range

_encode = msgspec.msgpack.Encoder().encode
_layer = msgspec.msgpack.Decoder(LayerVersion).decode

Place = tuple[str, str, str]
"""Account, region, name."""


def find_layer(view: Snapshot, place: Place, version: int) -> LayerVersion | None:
    """A version of a layer, or None."""
    account_id, region, name = place
    raw = view.get(pack(("lambda", account_id, region, "layer", name, version)))
    return None if raw is None else _layer(raw)


def next_layer_version(tx: Transaction, place: Place) -> int:
    """A number that no version of the layer ever had."""
    account_id, region, name = place
    key = pack(("lambda", account_id, region, "layer-version", name))
    number = int(tx.get(key) or b"0") + 1
    tx.put(key, str(number).encode())
    return number


def save_layer(tx: Transaction, found: LayerVersion) -> None:
    """Write a version."""
    place = ("lambda", found.account_id, found.region, "layer", found.name, found.version)
    tx.put(pack(place), _encode(found))


def delete_layer(tx: Transaction, found: LayerVersion) -> None:
    """Remove a version."""
    place = ("lambda", found.account_id, found.region, "layer", found.name, found.version)
    tx.delete(pack(place))


def layer_versions(view: Snapshot, place: Place) -> list[LayerVersion]:
    """All versions of a layer, oldest first."""
    account_id, region, name = place
    start, end = prefix_range(("lambda", account_id, region, "layer", name))
    return [_layer(raw) for _, raw in view.scan(start, end)]


def layers(view: Snapshot, account_id: str, region: str) -> list[LayerVersion]:
    """All versions of all layers, by name, oldest first."""
    start, end = prefix_range(("lambda", account_id, region, "layer"))
    return [_layer(raw) for _, raw in view.scan(start, end)]


def code_size(view: Snapshot, account_id: str, region: str) -> int:
    """Bytes of all versions of all layers, zipped."""
    return sum(each.code.size for each in layers(view, account_id, region))
