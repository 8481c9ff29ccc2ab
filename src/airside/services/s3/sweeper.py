"""Lets lifecycle rules act: expires, transitions, aborts. In small steps, as nobody waits for it.

A transaction that finds nothing to do writes nothing, and costs as much as a read.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence

from airside.kernel import Cloud, Context, Snapshot, Transaction
from airside.kernel.principal import service_principal
from airside.services.s3 import deletes, errors, events, lifecycle, lock, store
from airside.services.s3.bucket import Bucket
from airside.services.s3.lifecycle import Age, Calendar, Rule
from airside.services.s3.object import Version
from airside.services.s3.store import Upload
from airside.storage import Worker

_PERIOD_SECONDS_MAX = 3600.0
_PERIODS_A_DAY = 4
_STEP = 200


class LifecycleSweeper(Worker):
    """Goes through all buckets with rules, once an hour and when a rule was set."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._calendar = Calendar(cloud.settings.lifecycle_day_seconds)

    @property
    def period_seconds(self) -> float:
        """An hour, or less where days are short."""
        return min(_PERIOD_SECONDS_MAX, self._calendar.day_seconds / _PERIODS_A_DAY)

    async def work(self) -> None:
        """Do all that is due now."""
        for bucket in await self.cloud.store.read(store.all_buckets):
            if bucket.has_lifecycle:
                await Sweep(self.cloud, bucket, self._calendar).run()


class Sweep:
    """One round through one bucket."""

    def __init__(self, cloud: Cloud, bucket: Bucket, calendar: Calendar) -> None:
        self._cloud = cloud
        self._bucket = bucket
        self._calendar = calendar
        self._now = cloud.clock.now()
        self._rules: list[Rule] = []

    async def run(self) -> None:
        """Current versions, then older ones, then uploads."""
        read = self._cloud.store.read
        document = await read(lambda view: store.setting(view, self._bucket.name, "lifecycle"))
        self._rules = lifecycle.enabled(document)
        if not self._rules:
            return
        await self._steps("current", store.scan_current, self._current)
        if self._bucket.is_versioned:
            await self._steps("older", store.scan_older, self._older)
        await self._steps("upload", store.scan_uploads, self._uploads)
        events.wake(self._context(), self._bucket)

    async def _steps(
        self,
        kind: str,
        scan: Callable[..., Iterator[tuple[str, object]]],
        act: Callable[[Transaction, Sequence[str]], None],
    ) -> None:
        """Go through the keys of a kind of rows, and let `act` see to each."""
        row: bytes | None = None
        name = self._bucket.name
        while True:

            def page(view: Snapshot, row: bytes | None = row) -> list[str]:
                keys: list[str] = []
                for key, _ in scan(view, name, "", row):
                    if not keys or keys[-1] != key:
                        if len(keys) == _STEP:
                            break
                        keys.append(key)
                return keys

            keys = await self._cloud.store.read(page)
            if not keys:
                return
            due = [key for key in keys if any(lifecycle.applies(r, key, None) for r in self._rules)]
            if due:
                await self._cloud.store.transact(lambda tx, keys=due: act(tx, keys))  # type: ignore[misc]
            row = store.row_after_key(kind, name, keys[-1])
            await asyncio.sleep(0)

    def _context(self) -> Context:
        source = f"arn:aws:s3:::{self._bucket.name}"
        principal = service_principal("s3.amazonaws.com", self._bucket.owner, source)
        return self._cloud.context(principal, "s3")

    def _current(self, tx: Transaction, keys: Sequence[str]) -> None:
        bucket = store.find_bucket(tx, self._bucket.name)
        for key in keys:
            version = store.current(tx, self._bucket.name, key)
            if version is None or bucket is None:
                continue
            found = lifecycle.expiry(self._rules, key, version, self._calendar)
            if found is not None and found[0] <= self._now:
                self._expire(tx, bucket, key, version)
                continue
            wanted = lifecycle.storage_class(self._rules, key, version, self._now, self._calendar)
            if wanted is not None:
                self._move(tx, bucket, key, version, wanted)

    def _expire(self, tx: Transaction, bucket: Bucket, key: str, version: Version) -> None:
        ctx = self._context()
        if bucket.is_versioned:
            random_bytes = self._cloud.ids.random_bytes(18)
            marker = deletes.put_marker(tx, ctx, bucket, key, random_bytes, self._now)
            events.record(tx, ctx, bucket, "LifecycleExpiration:DeleteMarkerCreated", key, marker)
        else:
            store.remove_current(tx, self._cloud.blobs, bucket.name, key)
            events.record(tx, ctx, bucket, "LifecycleExpiration:Delete", key, version)

    def _move(
        self, tx: Transaction, bucket: Bucket, key: str, version: Version, wanted: str
    ) -> None:
        version.storage_class, version.restored_until = wanted, 0.0
        store.save_in_place(tx, bucket.name, key, version)
        events.record(tx, self._context(), bucket, "LifecycleTransition", key, version)

    def _older(self, tx: Transaction, keys: Sequence[str]) -> None:
        bucket = store.find_bucket(tx, self._bucket.name)
        for key in keys if bucket is not None else ():
            assert bucket is not None
            newest = store.current(tx, bucket.name, key)
            older = store.older_versions(tx, bucket.name, key)
            if newest is None and older:
                newest = older.pop(0)
                if not older and lifecycle.marker_goes(
                    self._rules, key, newest, self._now, self._calendar
                ):
                    self._remove(tx, bucket, key, newest)
            for newer, version in enumerate(older):
                assert newest is not None
                age = Age(newest.modified_at, newer, self._now)
                newest = version
                self._see_to_noncurrent(tx, bucket, key, version, age)

    def _see_to_noncurrent(
        self, tx: Transaction, bucket: Bucket, key: str, version: Version, age: Age
    ) -> None:
        if lifecycle.noncurrent_goes(self._rules, key, version, age, self._calendar):
            self._remove(tx, bucket, key, version)
            return
        if version.is_delete_marker:
            return
        wanted = lifecycle.noncurrent_storage_class(self._rules, key, version, age, self._calendar)
        if wanted is not None:
            self._move(tx, bucket, key, version, wanted)

    def _remove(self, tx: Transaction, bucket: Bucket, key: str, version: Version) -> None:
        try:
            lock.check_removable(version, self._now, bypass_governance=False)
        except errors.AccessDenied:
            return
        store.remove_version(tx, self._cloud.blobs, bucket.name, key, version)
        ctx = self._context()
        events.record(tx, ctx, bucket, "LifecycleExpiration:Delete", key, version)

    def _uploads(self, tx: Transaction, keys: Sequence[str]) -> None:
        for key in keys:
            for found, upload in list(store.scan_uploads(tx, self._bucket.name, key)):
                if found == key and self._is_late(key, upload):
                    store.delete_upload(
                        tx, self._cloud.blobs, self._bucket.name, key, upload.upload_id
                    )

    def _is_late(self, key: str, upload: Upload) -> bool:
        return lifecycle.upload_goes(
            self._rules, key, upload.initiated_at, self._now, self._calendar
        )
