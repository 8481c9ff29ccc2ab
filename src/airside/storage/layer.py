"""One layer: a SQLite file of ordered keys.

The top layer of a branch is written by that branch alone. Layers below are frozen: nothing that
can be seen through the layers above them ever changes. In layers that have others below, a value
of integer 0 marks a key as deleted; the bottom layer holds no such marks.

The event loop reads through one connection, inside a transaction that stays open, so that a point
read costs no locking and sees one consistent state; `release` moves on to the newest. Writes use a
connection of their own, in the thread that runs commits.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import apsw

from airside.storage.errors import DataDirDamaged
from airside.storage.overlay import Written

APPLICATION_ID = 0x41697264
PAGE_BYTES = 8192
"""A row of 1 KB, the size of a typical item, must fit into a page at least four times, or SQLite
moves it to overflow pages and every write costs two. Measured: 4096 is three times slower."""
WRITER_CACHE_KIB = 8000
MAPPED_BYTES = 1 << 30
"""Point reads through the memory map take half the time of reads through a page cache."""
BUSY_MILLISECONDS = 2000
"""Nobody but us writes; this is for a curious person with a SQLite shell."""

_GET = "SELECT v FROM kv WHERE k = ?"
_SCAN = "SELECT k, v FROM kv WHERE k >= ? AND k < ? ORDER BY k LIMIT ?"
_SCAN_REVERSE = "SELECT k, v FROM kv WHERE k >= ? AND k < ? ORDER BY k DESC LIMIT ?"
_ROW_AT = "SELECT 1 FROM kv LIMIT 1 OFFSET ?"
_PUT = "INSERT INTO kv VALUES (?, ?) ON CONFLICT (k) DO UPDATE SET v = excluded.v"
_DELETE = "DELETE FROM kv WHERE k = ?"


def empty_layer() -> bytes:
    """The content of a layer's file before the first write: new layers are copies of it."""
    connection = apsw.Connection(":memory:")
    connection.execute(
        f"PRAGMA page_size = {PAGE_BYTES}; PRAGMA application_id = {APPLICATION_ID};"
        "CREATE TABLE kv (k BLOB PRIMARY KEY, v BLOB NOT NULL) WITHOUT ROWID"
    ).fetchall()
    image = bytearray(connection.serialize("main"))
    connection.close()
    image[18] = image[19] = 2  # the file format's mark for write-ahead logging
    return bytes(image)


class Layer:
    """One file, open for reading; for writing from the first write on."""

    def __init__(self, path: Path, *, synchronous: str) -> None:
        self.path = path
        self.durable = synchronous != "NORMAL"
        """Whether a commit syncs the disk, and so belongs in a thread."""
        self._synchronous = synchronous
        self._held = False
        self._writer: apsw.Connection | None = None
        try:
            self._reader = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
            found = self._reader.execute("PRAGMA application_id").get
        except apsw.Error as error:
            raise DataDirDamaged(f"{path} cannot be opened: {error}") from error
        if found != APPLICATION_ID:
            raise DataDirDamaged(f"{path} was not made by Airside.")
        self._prepare_reader()

    def _prepare_reader(self) -> None:
        self._reader.execute(f"PRAGMA mmap_size = {MAPPED_BYTES}; PRAGMA query_only = 1").fetchall()
        # Without this SQLite plans a scan anew for each LIMIT bound: 4 us instead of 1.
        self._reader.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
        self._execute = self._reader.cursor().execute

    def hold(self) -> None:
        """Fix the state that reads see, from the next read on, until `release`."""
        if not self._held:
            self._execute("BEGIN")
            self._held = True

    def release(self) -> None:
        """Let the next `hold` see what was committed since.

        A scan that somebody has not used up keeps the old state, whatever is committed. It ends
        here with the connection (120 us), and raises apsw.CursorClosedError from then on.
        """
        if self._held:
            self._execute("COMMIT")
            self._held = False
            if self._reader.txn_state("main") != apsw.SQLITE_TXN_NONE:
                self._reader.close()
                self._reader = apsw.Connection(str(self.path), flags=apsw.SQLITE_OPEN_READWRITE)
                self._prepare_reader()

    def get(self, key: bytes) -> bytes | int | None:
        """The value, 0 for a key marked as deleted, None for one that is not in this layer."""
        return self._execute(_GET, (key,)).get  # type: ignore[no-any-return]

    def scan(
        self, start: bytes, end: bytes, *, reverse: bool = False, limit: int | None = None
    ) -> Iterator[Written]:
        """Keys with values, or with 0 for those marked as deleted."""
        return self._reader.execute(
            _SCAN_REVERSE if reverse else _SCAN, (start, end, -1 if limit is None else limit)
        )

    def is_empty(self) -> bool:
        """Whether it has no rows, not even marks of deletion."""
        return not self.has_more_rows_than(0)

    def has_more_rows_than(self, count: int) -> bool:
        """Whether it has so many rows, marks of deletion included."""
        return self._execute(_ROW_AT, (count,)).get is not None

    def second_reader(self) -> apsw.Connection:
        """Open one more connection for reading, for another thread."""
        return apsw.Connection(str(self.path), flags=apsw.SQLITE_OPEN_READONLY)

    def write(self, writes: Mapping[bytes, bytes | None], *, bottom: bool) -> None:
        """Begin a transaction and write; None deletes. Only `commit` makes it seen and durable.

        Deletions leave a mark unless this is the bottom. Raises apsw.Error with nothing written.
        """
        puts: list[tuple[bytes, bytes | int]] = []
        deletes: list[tuple[bytes]] = []
        for key, value in writes.items():
            if value is not None:
                puts.append((key, value))
            elif bottom:
                deletes.append((key,))
            else:
                puts.append((key, 0))
        writer = self.writer()
        try:
            writer.execute("BEGIN IMMEDIATE")
            if puts:
                writer.executemany(_PUT, puts)
            if deletes:
                writer.executemany(_DELETE, deletes)
        except apsw.Error:
            self._roll_back(writer)
            raise

    def commit(self) -> None:
        """Commit what `write` began. Blocks. Raises apsw.Error with nothing written."""
        writer = self.writer()
        try:
            writer.execute("COMMIT")
        except apsw.Error:
            self._roll_back(writer)
            raise

    def writer(self) -> apsw.Connection:
        """The connection that writes, opened at the first call."""
        if self._writer is None:
            writer = apsw.Connection(str(self.path), flags=apsw.SQLITE_OPEN_READWRITE)
            writer.set_busy_timeout(BUSY_MILLISECONDS)
            writer.execute(
                f"PRAGMA synchronous = {self._synchronous}; PRAGMA wal_autocheckpoint = 0;"
                f"PRAGMA cache_size = -{WRITER_CACHE_KIB}"
            ).fetchall()
            self._writer = writer
        return self._writer

    @staticmethod
    def _roll_back(writer: apsw.Connection) -> None:
        if writer.in_transaction:
            writer.execute("ROLLBACK")

    def pages_written(self) -> int:
        """How many pages went to the write-ahead log so far."""
        if self._writer is None:
            return 0
        return self._writer.status(apsw.SQLITE_DBSTATUS_CACHE_WRITE)[0]

    def checkpoint(self) -> None:
        """Move the write-ahead log into the file. Blocks, and needs that no reader holds on."""
        self.writer().wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)

    def checkpoint_beside(self) -> None:
        """Move what is in the log now, while commits and reads go on. Blocks."""
        mover = apsw.Connection(str(self.path), flags=apsw.SQLITE_OPEN_READWRITE)
        try:
            # A connection knows that there is a log only after its first read.
            mover.execute(_ROW_AT, (0,)).fetchall()
            mover.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
        finally:
            mover.close()

    def freeze(self) -> None:
        """Move the log into the file and give the writer up. Blocks."""
        if self._writer is not None:
            self.checkpoint()
            self._writer.close()
            self._writer = None

    def close(self) -> None:
        """Close the file. Blocks for a checkpoint when something was written."""
        self.release()
        self._reader.close()
        if self._writer is not None:
            self._writer.close()
            self._writer = None


def files_of(path: Path) -> list[Path]:
    """The file of a layer and those that SQLite puts beside it."""
    return [path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")]
