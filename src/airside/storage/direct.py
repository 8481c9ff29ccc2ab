"""Writing large files past the page cache.

Through the cache the kernel copies every byte to memory that it has to find first, and writes it
back page by page: measured 2.0 s of CPU for 1 GiB that is synced, against 0.2 s past the cache.
Direct writes need aligned memory and whole blocks; the last, incomplete block goes the usual way,
and so does everything where a file system does not know them.
"""

import errno
import fcntl
import os
from collections.abc import Iterable
from mmap import mmap
from pathlib import Path

BUFFER_BYTES = 1 << 20
_BLOCK_BYTES = 4096
_DIRECT: int = getattr(os, "O_DIRECT", 0)
_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


def create(path: Path, *, direct: bool) -> tuple[int, bool]:
    """Make a file: (its descriptor, whether it is written past the cache)."""
    if direct and _DIRECT:
        try:
            return os.open(path, _FLAGS | _DIRECT, 0o644), True
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.EEXIST):
                raise
            path.unlink(missing_ok=True)  # some make the file before they refuse
    return os.open(path, _FLAGS, 0o644), False


class DirectWriter:
    """Appends to a file that `create` made direct. Used by one thread at a time.

    `buffer` is aligned memory of `BUFFER_BYTES`, its own until `finish`.
    """

    def __init__(self, file: int, buffer: mmap) -> None:
        self.buffer = buffer
        self._file = file
        self._filled = 0

    def write(self, chunks: Iterable[bytes]) -> None:
        """Append."""
        for chunk in chunks:
            rest = memoryview(chunk)
            while rest:
                some = rest[: BUFFER_BYTES - self._filled]
                end = self._filled + len(some)
                self.buffer[self._filled : end] = some
                self._filled = end
                rest = rest[len(some) :]
                if end == BUFFER_BYTES:
                    self._empty(end)

    def finish(self) -> None:
        """Write what is left: whole blocks, and then the rest through the cache."""
        self._empty(self._filled - self._filled % _BLOCK_BYTES)
        self._through_cache(self._filled)

    def _empty(self, end: int) -> None:
        """Write the buffer up to `end`, a multiple of the block; what is behind it moves up."""
        if not end:
            return
        with memoryview(self.buffer) as view:
            try:
                sent = os.write(self._file, view[:end])
            except OSError as error:
                if error.errno != errno.EINVAL:
                    raise
                sent = 0
        if sent < end:  # blocks are larger here, or the disk is full, which the next write tells
            self._take(sent)
            self._through_cache(self._filled)
        else:
            self._take(end)

    def _take(self, count: int) -> None:
        left = self._filled - count
        if count and left:
            self.buffer.move(0, count, left)
        self._filled = left

    def _through_cache(self, count: int) -> None:
        flags = fcntl.fcntl(self._file, fcntl.F_GETFL)
        if flags & _DIRECT:
            fcntl.fcntl(self._file, fcntl.F_SETFL, flags & ~_DIRECT)
        rest = memoryview(self.buffer[:count])
        while rest:
            rest = rest[os.write(self._file, rest) :]
        self._take(count)
