"""Small objects that were read lately, ready to be sent again.

An answer is good as long as the records of bucket and object are, byte for byte, those it was made
from: who writes need not tell anybody. Kept are answers that rest on these two records alone.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from airside.kernel import Cloud, Component, Context, Result, Snapshot
from airside.services.s3 import access, store
from airside.services.s3.bucket import ENFORCED, Bucket

PLAIN = frozenset({"Bucket", "Key", "ChecksumMode"})
"""What the requests for kept answers consist of; SDKs send the checksum mode with every GET."""
BYTES_MAX = 16 << 20
"""Of bodies, in each environment."""
_OVERHEAD_BYTES = 1000


class Basis(NamedTuple):
    """The records that an answer was made from."""

    bucket: Bucket
    rows: tuple[bytes, bytes]
    records: tuple[bytes | None, bytes | None]


class Kept(NamedTuple):
    """An answer and what it rests on."""

    basis: Basis
    result: Result


def basis_of(view: Snapshot, bucket: Bucket, request: Mapping[str, Any]) -> Basis | None:
    """What the answer to a request rests on; None for one that rests on more, or is special."""
    if bucket.has_policy or bucket.has_lifecycle or bucket.ownership != ENFORCED:
        return None
    if not request.keys() <= PLAIN:
        return None
    rows = store.rows_of(bucket.name, request["Key"])
    return Basis(bucket, rows, store.records_at(view, rows))


class Recent(Component):
    """The answers of one environment, the oldest first."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._kept: dict[tuple[str, str, str | None], Kept] = {}
        self._bytes = 0

    def find(self, view: Snapshot, ctx: Context, request: Mapping[str, Any]) -> Kept | None:
        """The answer to a plain request of the bucket's owner, if there is one and it holds."""
        kept = self._kept.get(_name(request))
        if kept is None or not access.owns(kept.basis.bucket, ctx.principal):
            return None
        return kept if store.records_at(view, kept.basis.rows) == kept.basis.records else None

    def keep(self, basis: Basis, request: Mapping[str, Any], result: Result) -> None:
        """Remember an answer."""
        name = _name(request)
        self._forget(name)
        told = {member: value for member, value in result.items() if value is not None}
        self._kept[name] = Kept(basis, told)
        self._bytes += told["ContentLength"] + _OVERHEAD_BYTES
        while self._bytes > BYTES_MAX:
            self._forget(next(iter(self._kept)))

    def _forget(self, name: tuple[str, str, str | None]) -> None:
        gone = self._kept.pop(name, None)
        if gone is not None:
            self._bytes -= gone.result["ContentLength"] + _OVERHEAD_BYTES


def _name(request: Mapping[str, Any]) -> tuple[str, str, str | None]:
    return request["Bucket"], request["Key"], request.get("ChecksumMode")
