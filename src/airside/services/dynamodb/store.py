"""How tables and items lie in the store. The only caller of the store.

    ("dynamodb", account, region, "table", name)     the Table, msgpack
    ("dynamodb", "counter", …)                       numbers given out so far
    ("dynamodb", "garbage", number, index)           ranges that wait to be erased
    ("dynamodb", "items", number, 0) + key           an item: its size in four bytes, then its JSON
    ("dynamodb", "items", number, index) + key       an index entry, in the same form
    ("dynamodb", "items", number, arm) + …           what `expiry` and `history` keep; arm < 0

Tables are numbered over the whole environment, so that dropping one is dropping its number. An
item is stored as the JSON it is answered with: reading it takes no decoding.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import msgspec

from airside.kernel.cloud import Cloud
from airside.kernel.component import Component
from airside.kernel.context import Context
from airside.kernel.store import Snapshot, Transaction
from airside.services.dynamodb import keys
from airside.services.dynamodb.conflicts import Conflicts
from airside.services.dynamodb.errors import ResourceNotFoundException
from airside.services.dynamodb.journal import Journal
from airside.services.dynamodb.records import SIZE_BYTES, json_of, size_of
from airside.services.dynamodb.table import Index, Table, entries
from airside.services.dynamodb.throttling import Throttling
from airside.services.dynamodb.values import Item
from airside.storage.keys import pack, prefix_range, unpack

_encode_json = msgspec.json.Encoder().encode
_decode_json = msgspec.json.Decoder().decode
_encode_table = msgspec.msgpack.Encoder().encode
_decode_table = msgspec.msgpack.Decoder(Table).decode

TableId = tuple[str, str, str]
"""Account, region, name."""

UNREADABLE = ("CREATING", "DELETING")
"""States of a table in which its data is not found."""
READERS = ("copy", "exporting")
"""Documents of work that reads the items of a `source`."""


class Record(msgspec.Struct):
    """An item (or index entry) as stored; decoded only when somebody looks inside."""

    key: bytes
    raw: bytes
    size: int
    _item: Item | None = None

    @property
    def json(self) -> msgspec.Raw:
        """The item, ready for a response."""
        return json_of(self.raw)

    @property
    def item(self) -> Item:
        """The item; not to be changed."""
        found = self._item
        if found is None:
            found = self._item = _decode_json(self.raw[SIZE_BYTES:])
        return found


def record_of(key: bytes, raw: bytes) -> Record:
    """What is stored under a key."""
    return Record(key, raw, size_of(raw))


def encode(item: Item, size: int) -> bytes:
    """An item as stored."""
    return size.to_bytes(SIZE_BYTES, "big") + _encode_json(item)


class Tables(Component):
    """The environment's tables, remembered once read.

    All changes of tables go through this process and through `changing`, so what is remembered is
    what is committed. Transactions that run while a table is being changed read it themselves.
    """

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._known: dict[TableId, Table] = {}
        self._changing: dict[TableId, int] = {}
        self._throttling = (
            cloud.component(Throttling) if cloud.settings.dynamodb_throttling else None
        )
        self.conflicts = cloud.component(Conflicts) if cloud.settings.dynamodb_conflicts else None

    async def stop(self) -> None:
        """Forget."""
        self._known.clear()

    def find(self, view: Snapshot, table_id: TableId) -> Table | None:
        """The table as `view` has it. Shared: not to be changed."""
        table = self._known.get(table_id)
        if table is None:
            raw = view.get(_table_key(table_id))
            if raw is None:
                return None
            table = _decode_table(raw)
            table.journal = Journal.of(table, self.cloud)
            if self._throttling is not None:
                table.gate = self._throttling.gate(table)
            table.conflicts = self.conflicts
            # `require` looks no further at a table that is remembered.
            if table.status not in UNREADABLE and table_id not in self._changing:
                self._known[table_id] = table
        return table

    def require(self, view: Snapshot, ctx: Context, name: str) -> Table:
        """The table that a data operation names. Raises ResourceNotFoundException."""
        table = self._known.get((ctx.account_id, ctx.region, name))
        if table is not None:
            return table
        table = self.find(view, table_id(ctx, name))
        if table is None or table.status in UNREADABLE:
            raise ResourceNotFoundException("Requested resource not found")
        return table

    @contextmanager
    def changing_all(self, *table_ids: Sequence[str] | None) -> Iterator[None]:
        """`changing`, for several tables; None is none."""
        with ExitStack() as stack:
            for each in table_ids:
                if each is not None:
                    stack.enter_context(self.changing(table_id_of(each)))
            yield

    @contextmanager
    def changing(self, table_id: TableId) -> Iterator[None]:
        """Around every transaction that changes this table's record."""
        self._changing[table_id] = self._changing.get(table_id, 0) + 1
        self._known.pop(table_id, None)
        try:
            yield
        finally:
            self._changing[table_id] -= 1
            if not self._changing[table_id]:
                del self._changing[table_id]


def table_id_of(parts: Sequence[str]) -> TableId:
    """A table's id as a document has it."""
    account_id, region, name = parts
    return account_id, region, name


def table_id(ctx: Context, name: str) -> TableId:
    """Whose table `name` (or an ARN) means."""
    if name.startswith("arn:"):
        parts = name.split(":", 5)
        if len(parts) == 6:
            return parts[4], parts[3], parts[5].partition("/")[2].partition("/")[0]
    return ctx.account_id, ctx.region, name


def _table_key(table_id: TableId) -> bytes:
    account_id, region, name = table_id
    return pack(("dynamodb", account_id, region, "table", name))


def load_table(view: Snapshot, table_id: TableId) -> Table | None:
    """A table of one's own, to be changed and saved."""
    raw = view.get(_table_key(table_id))
    return None if raw is None else _decode_table(raw)


def encode_table(table: Table) -> bytes:
    """A table's record, to be kept with a backup."""
    return _encode_table(table)


def decode_table(raw: bytes) -> Table:
    """A table from its record."""
    return _decode_table(raw)


def save_table(tx: Transaction, table: Table) -> None:
    """Write a table's record."""
    tx.put(_table_key((table.account_id, table.region, table.name)), _encode_table(table))


def drop_table(tx: Transaction, table: Table, *, keep_items: bool = False) -> None:
    """Remove a table's record and leave its entries to the eraser (its items unless kept)."""
    tx.delete(_table_key((table.account_id, table.region, table.name)))
    numbers = [index.number for index in table.indexes]
    if not keep_items:
        numbers.append(0)
    for index_number in (*numbers, *range(-table.arms_made, 0)):
        drop_entries(tx, table.number, index_number)


def drop_entries(tx: Transaction, number: int, index_number: int) -> None:
    """Leave the entries of an index (0: the items) of a table to the eraser."""
    tx.put(pack(("dynamodb", "garbage", number, index_number)), b"")


def begin_entering(tx: Transaction, table: Table) -> None:
    """Note that the items of a table have to be entered into the order of expiry."""
    assert table.ttl is not None
    document = {
        "table": [table.account_id, table.region, table.name],
        "cursor": table.prefix,
    }
    put_document(tx, document, "entering", table.number, table.ttl.arm)


def begin_backfill(tx: Transaction, table: Table, index: Index) -> None:
    """Note that a new index has to be filled; `cursor` is where to go on."""
    document = {
        "table": [table.account_id, table.region, table.name],
        "index": index.name,
        "cursor": table.prefix,
    }
    put_document(tx, document, "backfill", table.number, index.number)


def erase_some(tx: Transaction, limit: int) -> bool:
    """Erase up to `limit` entries that nobody can reach; whether any may be left.

    What a copy or an export still reads waits until that is done.
    """
    read = {
        document["source"]["number"] for kind in READERS for _, document in scan_documents(tx, kind)
    }
    for key, _ in tx.scan(*prefix_range(("dynamodb", "garbage"))):
        _, _, number, index_number = unpack(key)
        if number in read:
            continue
        prefix = entries(number, index_number)
        found = list(tx.scan(prefix, keys.following(prefix), limit=limit))
        for entry, _ in found:
            tx.delete(entry)
        if len(found) < limit:
            tx.delete(key)
        return True
    return False


def table_names(
    view: Snapshot, account_id: str, region: str, after: str | None, limit: int
) -> list[str]:
    """Names of tables in order, after a given one."""
    start, end = prefix_range(("dynamodb", account_id, region, "table"))
    if after is not None:
        start = _table_key((account_id, region, after)) + b"\0"
    return [unpack(key)[4] for key, _ in view.scan(start, end, limit=limit)]


def all_tables(view: Snapshot) -> Iterator[Table]:
    """Every table of the environment, in all accounts and regions."""
    for account_id in _accounts(view):
        for key, raw in view.scan(*prefix_range(("dynamodb", account_id))):
            if unpack(key)[3] == "table":
                yield _decode_table(raw)


def all_backups(view: Snapshot) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    """Every backup of the environment, by name."""
    for account_id in _accounts(view):
        for name, document in scan_documents(view, account_id):
            if name[2] == "backup":
                yield name, document


def _accounts(view: Snapshot) -> Iterator[str]:
    """Account ids that have something here; they consist of digits, our own names do not."""
    start, end = pack(("dynamodb", "0")), pack(("dynamodb", ":"))
    while True:
        found = next(iter(view.scan(start, end, limit=1)), None)
        if found is None:
            return
        account_id = unpack(found[0])[1]
        yield account_id
        start = prefix_range(("dynamodb", account_id))[1]


def backup_name(backup: tuple[str, str, str, str]) -> tuple[str, ...]:
    """The name of a backup's document: of account, region, table and label."""
    account_id, region, table, label = backup
    return account_id, region, "backup", table, label


def next_number(tx: Transaction, *name: str) -> int:
    """The next of a sequence of numbers, from 1."""
    key = pack(("dynamodb", "counter", *name))
    number = int(tx.get(key) or b"0") + 1
    tx.put(key, b"%d" % number)
    return number


def get_raw(view: Snapshot, key: bytes) -> bytes | None:
    """The item or entry under a key, as stored."""
    return view.get(key)


def get(view: Snapshot, key: bytes) -> Record | None:
    """The item or entry under a key."""
    raw = view.get(key)
    return None if raw is None else record_of(key, raw)


def put(tx: Transaction, key: bytes, raw: bytes) -> None:
    """Write an item or entry."""
    tx.put(key, raw)


def delete(tx: Transaction, key: bytes) -> None:
    """Remove an item or entry."""
    tx.delete(key)


def scan_raw(
    view: Snapshot, start: bytes, end: bytes, *, reverse: bool = False
) -> Iterator[tuple[bytes, bytes]]:
    """Keys of a range, with items or entries as stored."""
    return view.scan(start, end, reverse=reverse)


def scan(
    view: Snapshot, start: bytes, end: bytes, *, reverse: bool = False, limit: int | None = None
) -> Iterator[Record]:
    """Items or entries of a range."""
    for key, raw in view.scan(start, end, reverse=reverse, limit=limit):
        yield record_of(key, raw)


def get_document(view: Snapshot, *name: Any) -> dict[str, Any] | None:
    """A small record of the service's own."""
    raw = view.get(pack(("dynamodb", *name)))
    return None if raw is None else msgspec.msgpack.decode(raw)


def put_document(tx: Transaction, document: dict[str, Any], *name: Any) -> None:
    """Write one."""
    tx.put(pack(("dynamodb", *name)), msgspec.msgpack.encode(document))


def delete_document(tx: Transaction, *name: Any) -> None:
    """Remove one."""
    tx.delete(pack(("dynamodb", *name)))


def scan_documents(
    view: Snapshot, *name: Any, limit: int | None = None
) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    """Records whose names begin so, with their whole names."""
    for key, raw in view.scan(*prefix_range(("dynamodb", *name)), limit=limit):
        yield unpack(key)[1:], msgspec.msgpack.decode(raw)
