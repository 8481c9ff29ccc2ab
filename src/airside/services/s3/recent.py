"""Small objects that were read lately, ready to be sent again.

An answer is good as long as the records of bucket and object are, byte for byte, those it was made
from: who writes need not tell anybody. They are looked at again whenever the store has changed.
Kept are answers that rest on these two records alone.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from airside.kernel import Cloud, Component, Context, KeptResult, Principal, Result, Snapshot, Store
from airside.services.s3 import access, store
from airside.services.s3.bucket import ENFORCED, Bucket
from airside.services.s3.names import bucket_arn

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


class Kept:
    """An answer and what it rests on."""

    __slots__ = ("arn", "asker", "basis", "bytes", "result", "state")

    def __init__(self, basis: Basis, result: Result) -> None:
        told = {member: value for member, value in result.items() if value is not None}
        self.basis = basis
        self.asker: Principal | None = None
        """Who was last found to own the bucket."""
        self.result = KeptResult(told)
        self.bytes: int = told["ContentLength"]
        self.arn = bucket_arn(basis.bucket.name)
        self.state = -1
        """Of the store, when it was last found to hold."""


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

    def find(self, ctx: Context, request: Mapping[str, Any]) -> Kept | None:
        """The answer to a plain request of the bucket's owner, if there is one; it may be old."""
        kept = self._kept.get((request["Bucket"], request["Key"], request.get("ChecksumMode")))
        if kept is None:
            return None
        if kept.asker is not ctx.principal:
            if not access.owns(kept.basis.bucket, ctx.principal):
                return None
            kept.asker = ctx.principal
        return kept

    async def holds(self, data: Store, kept: Kept) -> bool:
        """Whether an answer is still what would be found."""
        basis, state = kept.basis, data.state
        if await data.read(lambda view: store.records_at(view, basis.rows)) != basis.records:
            return False
        kept.state = state
        return True

    def keep(self, basis: Basis, request: Mapping[str, Any], result: Result) -> None:
        """Remember an answer."""
        name = request["Bucket"], request["Key"], request.get("ChecksumMode")
        self._forget(name)
        kept = self._kept[name] = Kept(basis, result)
        self._bytes += kept.bytes + _OVERHEAD_BYTES
        while self._bytes > BYTES_MAX:
            self._forget(next(iter(self._kept)))

    def _forget(self, name: tuple[str, str, str | None]) -> None:
        gone = self._kept.pop(name, None)
        if gone is not None:
            self._bytes -= gone.bytes + _OVERHEAD_BYTES
