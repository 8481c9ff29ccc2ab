"""Group commit: what is durable when, what is seen when, what happens when the disk refuses."""

import asyncio
import resource
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw
import pytest

from airside.storage import CommitFailed, SqliteStore, StoreClosed, StoreFamily, sqlite
from airside.storage.layer import Layer


@pytest.fixture
async def family(tmp_path: Path) -> AsyncIterator[StoreFamily]:
    family = StoreFamily.open(tmp_path)
    yield family
    await family.close()


@pytest.fixture
def store(family: StoreFamily) -> SqliteStore:
    return family.main


class Gate:
    """Holds commits up until it is opened, and counts them."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.reached = threading.Event()
        self.commits = 0


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    gate = Gate()
    commit = Layer.commit

    def held(layer: Layer) -> None:
        gate.commits += 1
        gate.reached.set()
        assert gate.opened.wait(5)
        commit(layer)

    monkeypatch.setattr(Layer, "commit", held)
    yield gate
    gate.opened.set()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.001)


def put(key: bytes, value: bytes = b"") -> Callable[[Any], None]:
    return lambda tx: tx.put(key, value)


def value_of_a(view: Any) -> bytes | None:
    found: bytes | None = view.get(b"a")
    return found


def keys(view: Any) -> list[bytes]:
    return [key for key, _ in view.scan(b"", b"\xff")]


async def test_transactions_waiting_for_a_commit_share_the_next_one(
    store: SqliteStore, gate: Gate
) -> None:
    first = asyncio.create_task(store.transact(put(b"0")))
    await until(gate.reached.is_set)
    rest = [asyncio.create_task(store.transact(put(b"%d" % n))) for n in range(1, 50)]
    await asyncio.sleep(0)
    gate.opened.set()
    await asyncio.gather(first, *rest)
    assert gate.commits == 2
    assert len(await store.read(keys)) == 50


async def test_transactions_started_in_one_turn_share_a_commit(
    store: SqliteStore, gate: Gate
) -> None:
    gate.opened.set()
    await asyncio.gather(*(store.transact(put(b"%d" % n)) for n in range(20)))
    assert gate.commits == 1


async def test_a_transaction_is_answered_and_seen_only_when_durable(
    store: SqliteStore, gate: Gate
) -> None:
    task = asyncio.create_task(store.transact(put(b"a")))
    await until(gate.reached.is_set)
    assert not task.done()
    assert await store.read(keys) == []
    gate.opened.set()
    await task
    assert await store.read(keys) == [b"a"]


async def test_a_body_sees_what_ran_before_it_and_waits_for_it(
    store: SqliteStore, gate: Gate
) -> None:
    writes = asyncio.create_task(store.transact(put(b"a", b"old")))
    await until(gate.reached.is_set)
    gathers = asyncio.create_task(store.transact(put(b"a", b"new")))
    await asyncio.sleep(0)
    looks = asyncio.create_task(store.transact(lambda tx: (tx.get(b"a"), list(tx.scan(b"", b"b")))))
    await asyncio.sleep(0.01)
    assert not looks.done()
    gate.opened.set()
    assert await looks == (b"new", [(b"a", b"new")])
    assert writes.done()
    assert gathers.done()


async def test_a_refusal_that_rests_on_undurable_writes_waits_for_them(
    store: SqliteStore, gate: Gate
) -> None:
    def put_if_absent(tx: Any) -> None:
        if tx.get(b"a") is not None:
            raise KeyError("taken")
        tx.put(b"a", b"")

    first = asyncio.create_task(store.transact(put_if_absent))
    second = asyncio.create_task(store.transact(put_if_absent))
    await until(gate.reached.is_set)
    await asyncio.sleep(0.01)
    assert not second.done()
    gate.opened.set()
    await first
    with pytest.raises(KeyError, match="taken"):
        await second


async def test_a_body_that_writes_nothing_needs_no_commit(store: SqliteStore, gate: Gate) -> None:
    assert await store.transact(lambda tx: tx.get(b"a")) is None
    with pytest.raises(ZeroDivisionError):
        await store.transact(lambda tx: 1 // 0)
    assert gate.commits == 0


async def test_a_body_that_raises_leaves_nothing(store: SqliteStore) -> None:
    def fails(tx: Any) -> None:
        tx.put(b"a", b"")
        tx.delete(b"kept")
        raise LookupError

    await store.transact(put(b"kept"))
    with pytest.raises(LookupError):
        await store.transact(fails)
    assert await store.transact(keys) == await store.read(keys) == [b"kept"]


async def test_a_scan_that_somebody_keeps_does_not_hold_the_old_state(store: SqliteStore) -> None:
    kept: list[Iterator[tuple[bytes, bytes]]] = []

    def begin(view: Any) -> None:
        kept.append(view.scan(b"a", b"z"))
        next(kept[-1])

    def begin_and_fail(tx: Any) -> None:
        begin(tx)
        raise LookupError

    await store.transact(put(b"a"))
    await store.transact(put(b"b"))
    await store.read(begin)
    await store.transact(put(b"a", b"1"))
    assert await store.read(value_of_a) == b"1"
    with pytest.raises(LookupError):
        await store.transact(begin_and_fail)
    await store.transact(put(b"a", b"2"))
    assert await store.read(value_of_a) == b"2"
    for scan in kept:
        with pytest.raises(apsw.CursorClosedError):
            next(scan)


async def test_a_cancelled_caller_loses_the_answer_and_not_the_write(
    store: SqliteStore, gate: Gate
) -> None:
    cancelled = asyncio.create_task(store.transact(put(b"a")))
    waits = asyncio.create_task(store.transact(put(b"b")))
    await until(gate.reached.is_set)
    cancelled.cancel()
    await asyncio.sleep(0)
    gate.opened.set()
    await waits
    assert cancelled.cancelled()
    assert await store.read(keys) == [b"a", b"b"]


async def test_a_limited_scan_makes_up_for_pairs_that_pending_writes_hide(
    store: SqliteStore,
) -> None:
    def fill(tx: Any) -> None:
        for number in range(9):
            tx.put(b"%d" % number, b"")

    def look(tx: Any) -> tuple[list[bytes], list[bytes]]:
        for hidden in (b"0", b"2", b"7", b"8"):
            tx.delete(hidden)
        tx.put(b"3", b"again")
        up = [key for key, _ in tx.scan(b"", b"9", limit=3)]
        down = [key for key, _ in tx.scan(b"", b"9", limit=3, reverse=True)]
        return up, down

    await store.transact(fill)
    assert await store.transact(look) == ([b"1", b"3", b"4"], [b"6", b"5", b"4"])


async def test_a_read_sees_one_state_whatever_is_committed_meanwhile(
    store: SqliteStore, gate: Gate
) -> None:
    await_commit = apsw.Connection(str(store.layers[0].path))
    sees = lambda: await_commit.execute("SELECT count(*) FROM kv").get  # noqa: E731
    gate.opened.set()
    await store.transact(put(b"a"))
    gate.opened.clear()
    gate.reached.clear()
    task = asyncio.create_task(store.transact(put(b"b")))
    await until(gate.reached.is_set)

    def body(view: Any) -> tuple[list[bytes], list[bytes]]:
        before = keys(view)
        gate.opened.set()
        while sees() == 1:
            gate.reached.wait(0.001)
        return before, keys(view)

    assert await store.read(body) == ([b"a"], [b"a"])
    await task
    assert await store.read(keys) == [b"a", b"b"]
    await_commit.close()


async def test_the_hook_writes_with_each_group(store: SqliteStore, gate: Gate) -> None:
    def count_keys(tx: Any) -> None:
        tx.put(b"count", b"%d" % len([key for key in keys(tx) if key != b"count"]))

    store.attach(count_keys)
    gate.opened.set()
    await asyncio.gather(*(store.transact(put(b"%d" % number)) for number in range(9)))
    assert await store.read(lambda view: view.get(b"count")) == b"9"
    assert gate.commits == 1


async def test_a_hook_that_raises_fails_its_group_and_no_other(store: SqliteStore) -> None:
    reported: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: reported.append(context))
    store.attach(lambda tx: {}["missing"])  # type: ignore[arg-type,return-value]
    with pytest.raises(CommitFailed, match="missing"):
        await store.transact(put(b"a"))
    store.attach(None)
    await store.transact(put(b"b"))
    assert await store.read(keys) == [b"b"]
    assert isinstance(reported[0]["exception"], KeyError)


@contextmanager
def full_disk(folder: Path) -> Iterator[None]:
    """Files of this process cannot grow beyond what the largest one has now."""
    largest = max(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("writes_in_place_max", [1000, 0])
async def test_a_full_disk_fails_the_group_and_what_ran_over_it(
    family: StoreFamily, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writes_in_place_max: int
) -> None:
    monkeypatch.setattr(sqlite, "WRITES_IN_PLACE_MAX", writes_in_place_max)
    store = family.main
    await store.transact(put(b"kept", b"x"))
    before = store.layers[0].path.read_bytes()
    with full_disk(tmp_path):
        outcomes = await asyncio.gather(
            store.transact(put(b"a", b"x" * 200_000)),
            store.transact(put(b"kept", b"lost")),
            store.transact(lambda tx: tx.get(b"kept")),
            return_exceptions=True,
        )
    assert [type(outcome) for outcome in outcomes] == [CommitFailed] * 3
    assert isinstance(outcomes[0].__cause__, apsw.Error)  # type: ignore[union-attr]
    assert await store.transact(lambda tx: list(tx.scan(b"", b"z"))) == [(b"kept", b"x")]
    assert store.layers[0].path.read_bytes() == before
    await store.transact(put(b"b"))
    assert await store.read(keys) == [b"b", b"kept"]


async def test_writes_that_ran_over_a_failed_group_fail_with_it(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached, opened = threading.Event(), threading.Event()

    def refuse(layer: Layer) -> None:
        reached.set()
        opened.wait(5)
        layer._roll_back(layer.writer())
        raise apsw.IOError("the disk is gone")

    with monkeypatch.context() as patch:
        patch.setattr(Layer, "commit", refuse)
        first = asyncio.create_task(store.transact(put(b"a")))
        await until(reached.is_set)
        second = asyncio.create_task(store.transact(lambda tx: tx.put(b"b", tx.get(b"a") or b"?")))
        await asyncio.sleep(0)
        opened.set()
        for task in (first, second):
            with pytest.raises(CommitFailed, match="the disk is gone"):
                await task
    await store.transact(put(b"c"))
    assert await store.read(keys) == [b"c"]


async def test_close_waits_for_what_was_started_and_refuses_the_rest(
    family: StoreFamily, gate: Gate, tmp_path: Path
) -> None:
    store = family.main
    tasks = [asyncio.create_task(store.transact(put(b"a")))]
    await until(gate.reached.is_set)
    tasks.append(asyncio.create_task(store.transact(put(b"b"))))
    await asyncio.sleep(0)
    closing = asyncio.create_task(family.close())
    await asyncio.sleep(0)
    with pytest.raises(StoreClosed):
        await store.read(keys)
    with pytest.raises(StoreClosed):
        await store.transact(put(b"c"))
    assert not closing.done()
    gate.opened.set()
    await closing
    await asyncio.gather(*tasks)
    again = StoreFamily.open(tmp_path)
    assert await again.main.read(keys) == [b"a", b"b"]
    await again.close()


async def test_the_log_does_not_grow_without_bound_under_reads_and_writes(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "LOG_PAGES_MAX", 20)
    log = store.layers[0].path.with_name("1.db-wal")
    sizes = []
    for number in range(200):
        await store.read(keys)
        transaction = asyncio.create_task(store.transact(put(b"%d" % (number % 7), b"x" * 1000)))
        while not transaction.done():
            await store.read(keys)
            await asyncio.sleep(0)
        sizes.append(log.stat().st_size)
    assert sizes[-1] == sizes[60]
    assert sizes[-1] < 60 * 8300


async def test_layers_need_not_be_closed_to_be_consistent(
    store: SqliteStore, tmp_path: Path
) -> None:
    await store.transact(put(b"a", b"1"))
    other = apsw.Connection(str(store.layers[0].path))
    assert other.execute("PRAGMA integrity_check").get == "ok"
    assert other.execute("PRAGMA journal_mode").get == "wal"
    assert other.execute("PRAGMA page_size").get == 8192
    other.close()


async def test_the_state_has_one_name_until_something_may_have_changed_it(
    family: StoreFamily, store: SqliteStore
) -> None:
    named = [store.state]
    await store.read(lambda view: view.get(b"k"))
    assert store.state == named[0]
    for value in (b"one", b"two"):
        await store.transact(lambda tx, value=value: tx.put(b"k", value))
        named.append(store.state)
        assert store.state == named[-1]
    child = await family.branch("main", "child")
    before = child.state
    await child.transact(lambda tx: tx.delete(b"k"))
    assert child.state != before
    assert len(set(named)) == 3
