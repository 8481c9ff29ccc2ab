"""The embedded store by itself: point reads, durable transactions, branches.

Each function prints one line of figures.
"""

import asyncio
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import uvloop

from airside.storage import SqliteStore, StoreFamily, pack
from benchmarks.command import parser

KEYS = 100_000
VALUE_BYTES = 1024
SECONDS = 1.0


def key(number: int) -> bytes:
    """The shape of a DynamoDB item's key."""
    return pack(
        ("dynamodb", "000000000000", "us-east-1", "item", "Products", f"product#{number:08d}")
    )


async def fill(store: SqliteStore) -> None:
    """KEYS items of VALUE_BYTES each."""
    value = random.randbytes(VALUE_BYTES)
    for start in range(0, KEYS, 1000):
        keys = [key(number) for number in range(start, start + 1000)]
        await store.transact(lambda tx, keys=keys: [tx.put(each, value) for each in keys])


async def reads_per_second(store: SqliteStore, body_of: Callable[[bytes], Callable]) -> float:
    """Reads one after the other."""
    keys = [key(random.randrange(KEYS)) for _ in range(2000)]
    started, count = time.perf_counter(), 0
    while time.perf_counter() - started < SECONDS:
        for each in keys:
            await store.read(body_of(each))
        count += len(keys)
    return count / (time.perf_counter() - started)


def get(each: bytes) -> Callable:
    """A point read."""
    return lambda view: view.get(each)


def scan(each: bytes) -> Callable:
    """The next ten items."""
    return lambda view: list(view.scan(each, b"\xff", limit=10))


async def transactions_per_second(store: SqliteStore, concurrency: int) -> tuple[float, float]:
    """Durable upserts by `concurrency` callers, each waiting for its own; also the p50 in ms."""
    deadline = time.perf_counter() + SECONDS
    values = [random.randbytes(VALUE_BYTES) for _ in range(64)]
    times: list[float] = []

    async def caller() -> None:
        while (started := time.perf_counter()) < deadline:
            where, value = key(random.randrange(KEYS)), random.choice(values)
            await store.transact(lambda tx: tx.put(where, value))
            times.append(time.perf_counter() - started)

    started = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(concurrency)))
    took = time.perf_counter() - started
    return len(times) / took, sorted(times)[len(times) // 2] * 1000


async def point_reads(store: SqliteStore) -> None:
    """Gets and scans of ten in one layer."""
    gets, scans = await reads_per_second(store, get), await reads_per_second(store, scan)
    print(f"storage reads: {gets:,.0f} gets/s ({1e6 / gets:.1f} us), "
          f"{scans:,.0f} scans of 10/s ({1e6 / scans:.1f} us)")  # fmt: skip


async def transactions(store: SqliteStore, synchronous: str) -> None:
    """Upserts at 1, 16 and 64 at a time."""
    figures = [await transactions_per_second(store, count) for count in (1, 16, 64)]
    rates = " / ".join(f"{rate:,.0f}" for rate, _ in figures)
    medians = " / ".join(f"{median:.2f}" for _, median in figures)
    print(f"storage transactions ({synchronous}): {rates} per second at 1 / 16 / 64 callers, "
          f"p50 {medians} ms")  # fmt: skip


async def branches(family: StoreFamily) -> None:
    """Making branches, and what they cost reads."""
    times = []
    for number in range(5):
        started = time.perf_counter()
        await family.branch("main", f"branch-{number}")
        times.append((time.perf_counter() - started) * 1000)
    store = family.get("branch-0")
    await store.transact(
        lambda tx: [tx.put(key(n), b"changed") for n in range(0, KEYS, KEYS // 100)]
    )
    gets, scans = await reads_per_second(store, get), await reads_per_second(store, scan)
    print(f"storage branches of {KEYS:,} keys: made in {sorted(times)[2]:.2f} ms (p50); "
          f"there {1e6 / gets:.1f} us per get, {1e6 / scans:.1f} us per scan of 10")  # fmt: skip


async def main(folder: Path) -> None:
    """Run all of them, durably first."""
    for synchronous in ("FULL", "NORMAL"):
        family = StoreFamily.open(folder / synchronous, synchronous=synchronous)
        await fill(family.main)
        if synchronous == "FULL":
            await point_reads(family.main)
        await transactions(family.main, synchronous)
        if synchronous == "FULL":
            await branches(family)
        await family.close()


if __name__ == "__main__":
    command = parser("benchmarks.storage", __doc__)
    command.add_argument("folder", nargs="?", help="on the disk to measure")
    with tempfile.TemporaryDirectory(dir=command.parse_args().folder) as temporary:
        uvloop.run(main(Path(temporary)))
