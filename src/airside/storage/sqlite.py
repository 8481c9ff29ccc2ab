"""The embedded store: one branch, a stack of SQLite layers, with group commit.

A transaction's body runs at once, on the event loop, over everything that ran before it, durable
or not yet. Its writes join the group that is committed next; a thread commits one group at a time,
and callers go on when their group is durable. While a group is being committed the next one
gathers, so the more there is to do, the more transactions share one fsync.

Reads see what is durable and nothing else.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from functools import partial
from typing import TypeVar

import apsw

from airside.kernel.store import Commit, Snapshot, Transaction
from airside.storage.errors import CommitFailed, DiskFull, StoreClosed
from airside.storage.layer import Layer
from airside.storage.overlay import Overlay
from airside.storage.view import Draft, view_of

T = TypeVar("T")

log = logging.getLogger("airside.storage")

LOG_PAGES_MAX = 2000
"""Pages in the write-ahead log before it is moved into the file (16 MB)."""

WRITES_IN_PLACE_MAX = 1000
"""A group of up to so many writes (7 us each) goes into SQLite on the loop and only its COMMIT runs
in the thread. A thread that writes row by row takes the interpreter lock for each, and next to a
busy loop it waits for the lock, not for the disk: measured 40 instead of 1,200 per second."""


class _Group:
    """Transactions that become durable together."""

    __slots__ = ("commit", "overlay")

    def __init__(self) -> None:
        self.overlay = Overlay()
        self.commit: Commit | None = None
        """What they wait for, if any does."""


class SqliteStore:
    """One branch of a family. All methods belong to the event loop."""

    def __init__(self, layers: Sequence[Layer], executor: Executor) -> None:
        self._executor = executor
        self._hook: Callable[[Transaction], None] | None = None
        self._gathering = _Group()
        self._committing: _Group | None = None
        self._busy = False
        """Whether the thread has the writer; no commit starts meanwhile."""
        self._moving = False
        """Whether a thread moves most of the log into the file, beside the commits."""
        self._moved_most = False
        self._scheduled = False
        self._pauses = 0
        self._state = 0
        self._top = layers[0]
        self._pages_moved = 0
        self._closed = False
        self._idle = asyncio.Event()
        self.restack(layers)

    @property
    def state(self) -> int:
        """Names what reads see now: another number once something may have changed it."""
        if self._stale:
            self._refresh()
        return self._state

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The stack, the top first."""
        return self._layers

    def attach(self, before_commit: Callable[[Transaction], None] | None) -> None:
        """Call `before_commit` once per group, last, for its writes to be committed with it.

        There is one such hook; a later call replaces it. If it raises, the group fails.
        """
        self._hook = before_commit

    async def read(self, body: Callable[[Snapshot], T]) -> T:
        """Run `body` in place on the newest durable state; scans must be used up inside it."""
        if self._stale:
            self._refresh()
        return body(self._view)

    async def transact(self, body: Callable[[Transaction], T]) -> T:
        """Run `body` in place; return its result once its writes are durable.

        What a body returns or raises may rest on writes that are not durable yet, so even one that
        writes nothing waits for those. Raises CommitFailed when the disk refuses.
        """
        if self._stale:
            self._refresh()
        draft = self._draft()
        # A name for what was raised would keep its frames, and with them scans that hold the
        # reader's old state.
        try:
            result = body(draft)
        except BaseException:
            if (commit := self._commit()) is not None:
                await commit
            raise
        if draft.own.values:
            self._gathering.overlay.update(draft.own.values)
            if not self._scheduled and not self._busy:
                self._schedule()
        if (commit := self._commit()) is not None:
            await commit
        return result

    async def close(self) -> None:
        """Refuse everything from now on; return when what came before is durable."""
        self._closed = self._stale = True
        while self._busy or self._moving or self._gathering.overlay.values:
            self._flush()
            await self._settle()

    def paused(self) -> "Pause":
        """Inside, no commit runs and none starts; transactions wait, reads go on."""
        return Pause(self)

    async def pause(self) -> None:
        """No commit starts from now on; return when none runs."""
        self._pauses += 1
        await self._settle()

    def resume(self) -> None:
        """Go on as before one `pause`."""
        self._pauses -= 1
        self._schedule()

    def restack(self, layers: Sequence[Layer]) -> None:
        """Go on with another stack of the same content. Only while paused if the top changes."""
        self._layers = tuple(layers)
        self._view = view_of(self._layers)
        if self._top is not layers[0]:
            self._top = layers[0]
            self._pages_moved = self._top.pages_written()
        for layer in layers:
            layer.release()
        self._stale = True

    def _refresh(self) -> None:
        if self._closed:
            raise StoreClosed("the store is closed")
        for layer in self._layers:
            layer.hold()
        self._stale = False
        self._state += 1

    def _draft(self) -> Draft:
        if self._committing is None:
            return Draft(self._view, (self._gathering.overlay,))
        return Draft(self._view, (self._gathering.overlay, self._committing.overlay))

    def _commit(self) -> Commit | None:
        """What makes everything durable that ran so far, None when it is. Raises CommitFailed."""
        if self._gathering.overlay.values:
            group = self._gathering
        elif self._committing is not None:
            group = self._committing
        else:
            return None
        if group.commit is None:
            group.commit = Commit(loop=asyncio.get_running_loop())
        return group.commit

    async def _settle(self) -> None:
        """Return when the thread is not working for this store."""
        while self._busy or self._moving:
            self._idle.clear()
            await self._idle.wait()

    def _schedule(self) -> None:
        """Commit what gathers during this turn of the loop."""
        if not self._scheduled and not self._busy:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        """Hand the group that has gathered to the thread, unless it is at work already."""
        self._scheduled = False
        group = self._gathering
        if self._busy or self._pauses or not group.overlay.values:
            return
        try:
            self._run_hook(group)
        except BaseException as error:
            self._gathering = _Group()
            _fail(group, error)
            raise
        self._committing, self._gathering = group, _Group()
        values = group.overlay.values
        write = partial(self._top.write, values, bottom=len(self._layers) == 1)
        if len(values) > WRITES_IN_PLACE_MAX:
            self._submit(partial(_run, write, self._top.commit), self._committed)
            return
        try:
            write()
            if not self._top.durable:
                self._top.commit()
        except apsw.Error as error:
            self._conclude(error)
            return
        if self._top.durable:
            self._submit(self._top.commit, self._committed)
        else:
            self._conclude(None)
            self._go_on()

    def _run_hook(self, group: _Group) -> None:
        if self._hook is not None:
            draft = self._draft()
            self._hook(draft)
            group.overlay.update(draft.own.values)

    def _submit(self, work: Callable[[], object], done: Callable[[Future[object]], None]) -> None:
        """Let the thread have the writer for `work`, then run `done` on the loop."""
        self._busy = True
        self._in_thread(work, done)

    def _in_thread(
        self, work: Callable[[], object], done: Callable[[Future[object]], None]
    ) -> None:
        loop = asyncio.get_running_loop()
        self._executor.submit(work).add_done_callback(
            lambda future: loop.call_soon_threadsafe(done, future)
        )

    def _committed(self, future: Future[object]) -> None:
        self._conclude(future.exception())
        self._go_on()

    def _conclude(self, error: BaseException | None) -> None:
        """Tell those who wait for the group how it went."""
        group, self._committing = self._committing, None
        assert group is not None
        if error is None:
            if group.commit is not None:
                group.commit.set_result(None)
        else:
            # What has gathered ran over the writes that are lost now.
            _fail(group, error)
            _fail(self._gathering, error)
            self._gathering = _Group()

    def _go_on(self) -> None:
        """With the writer free again: see to the log, and commit what has gathered.

        A long log is moved into the file in two steps. The first takes most of it, beside the
        commits that go on; the second takes the rest while none runs and no reader holds on, so
        that the log starts from its beginning again.
        """
        self._busy = False
        self._top.release()
        self._stale = True
        if self._moved_most:
            self._moved_most = False
            self._submit(self._top.checkpoint, self._moved_rest)
            return
        pages = self._top.pages_written()
        if pages - self._pages_moved > LOG_PAGES_MAX and not self._moving:
            self._pages_moved = pages
            self._moving = True
            self._in_thread(self._top.checkpoint_beside, self._moved)
        self._idle.set()
        self._flush()

    def _moved(self, future: Future[object]) -> None:
        self._moving = False
        self._moved_most = True
        _report(future)
        if not self._busy:
            self._go_on()

    def _moved_rest(self, future: Future[object]) -> None:
        _report(future)
        self._go_on()


def _report(future: Future[object]) -> None:
    error = future.exception()
    if error is not None:
        log.error("the write-ahead log could not be moved: %s", error)


def _run(*steps: Callable[[], None]) -> None:
    for step in steps:
        step()


def _fail(group: _Group, error: BaseException) -> None:
    if group.commit is not None:
        kind = DiskFull if isinstance(error, apsw.FullError) else CommitFailed
        failure = kind(f"not written: {error}")
        failure.__cause__ = error
        group.commit.set_exception(failure)


class Pause:
    """`async with`: a store that commits nothing."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store

    async def __aenter__(self) -> None:
        try:
            await self._store.pause()
        except BaseException:
            self._store.resume()
            raise

    async def __aexit__(self, *_raised: object) -> None:
        self._store.resume()
