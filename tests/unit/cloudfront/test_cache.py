"""The cache's bounds, in memory and on disk."""

import gc
import weakref

from airside.services.cloudfront.cache import Cache, Entry, Kept


def entry(key: str, size: int) -> Entry:
    return Entry(
        key=key, distribution="E1", target=f"/{key}", status=200, headers=[("ETag", "x")],
        size=size, requested_at=1.0, stored_at=1.0, fresh_until=2.0,
    )  # fmt: skip


async def test_memory_is_bounded_and_what_leaves_is_gone(tmp_path):
    cache = Cache(tmp_path, memory_bytes_max=10_000)
    first = await cache.store(entry("first", 3_000), b"x" * 3_000)
    seen = weakref.ref(first)
    for number in range(5):
        await cache.store(entry(str(number), 3_000), b"x" * 3_000)
    assert first.gone
    assert cache.get("first") is None
    assert len(cache.in_memory("E1")) == 2
    del first
    gc.collect()
    assert seen() is None
    again = cache.load("first")
    assert again is not None
    assert (again.body, again.entry.headers) == (b"x" * 3_000, [("ETag", "x")])


async def test_the_disk_is_bounded(tmp_path):
    cache = Cache(tmp_path, memory_bytes_max=1, disk_bytes_max=200_000)
    for number in range(40):
        await cache.store(entry(str(number), 10_000), b"x" * 10_000)
    assert sum(path.stat().st_size for path in tmp_path.glob("*/*")) <= 200_000
    assert cache.load("39") is not None
    assert cache.load("0") is None


async def test_a_torn_file_is_a_miss(tmp_path):
    cache = Cache(tmp_path)
    await cache.store(entry("torn", 1_000), b"x" * 1_000)
    (path,) = tmp_path.glob("*/*")
    whole = path.read_bytes()
    for length in (0, 3, 20, len(whole) - 1):
        path.write_bytes(whole[:length])
        assert Cache(tmp_path).load("torn") is None
    path.write_bytes(whole)
    found = Cache(tmp_path).load("torn")
    assert isinstance(found, Kept)


async def test_a_full_disk_costs_the_cache_only(tmp_path):
    folder = tmp_path / "file"
    folder.write_text("no folder")
    cache = Cache(folder)
    large = tmp_path / "large.bin"
    large.write_bytes(b"y" * 5_000)
    kept = await cache.store(entry("large", 5_000), large)
    assert kept.entry.size == 5_000
    assert (await cache.store(entry("small", 1), b"z")).body == b"z"
