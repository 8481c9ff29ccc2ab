"""A table: its keys, its indexes and its settings, as stored and as worked with."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from airside.services.dynamodb import key_checks, keys
from airside.services.dynamodb.errors import ValidationException
from airside.services.dynamodb.key_checks import SURELY_SHORT, check_key_value
from airside.services.dynamodb.limits import PARTITION_KEY_BYTES_MAX, SORT_KEY_BYTES_MAX
from airside.services.dynamodb.values import Item, Value, kind_of, size
from airside.storage.keys import pack

if TYPE_CHECKING:
    from airside.services.dynamodb.conflicts import Conflicts
    from airside.services.dynamodb.journal import Journal
    from airside.services.dynamodb.throttling import Gate

Names = tuple[str, ...]


class Throughput(Struct, omit_defaults=True):
    """Provisioned units a second; zero when billed by request."""

    read: int = 0
    write: int = 0
    increased_at: float | None = None
    decreased_at: float | None = None
    decreases_today: int = 0


class KeySchema(Struct, frozen=True):
    """The names of the key attributes."""

    partition: Names
    sort: Names = ()

    @property
    def names(self) -> Names:
        """Partition attributes first."""
        return self.partition + self.sort


class Index(Struct, dict=True, omit_defaults=True):
    """A secondary index. Its entries lie under `(…, table number, index number)`."""

    name: str
    number: int
    is_global: bool
    schema: KeySchema
    projection: str
    """ALL, KEYS_ONLY or INCLUDE."""
    included: Names = ()
    """The non-key attributes of an INCLUDE projection."""
    throughput: Throughput = field(default_factory=Throughput)
    on_demand: dict[str, int] | None = None
    warm: dict[str, int] | None = None
    status: str = "ACTIVE"
    backfilling: bool = False

    @property
    def kind(self) -> str:
        """The member of ConsumedCapacity and TableDescription it belongs to."""
        return "GlobalSecondaryIndexes" if self.is_global else "LocalSecondaryIndexes"


class Stream(Struct, omit_defaults=True):
    """A stream of a table's changes: the newest one it had."""

    view: str
    label: str
    number: int
    enabled: bool = True
    created_at: float = 0.0
    disabled_at: float | None = None
    policy: str | None = None
    policy_revision: str = ""


class TimeToLive(Struct, omit_defaults=True):
    """Which attribute says when an item expires."""

    attribute: str
    enabled: bool
    changed_at: float
    arm: int = 0
    """Where the order of expiry is kept; see `expiry`."""


class Recovery(Struct, omit_defaults=True):
    """Point-in-time recovery."""

    enabled_at: float
    days: int = 35
    arm: int = 0
    """Where the history is kept; see `history`."""


class Table(Struct, dict=True, omit_defaults=True):
    """Everything about a table but its items. Items lie under `(…, number, 0)`."""

    name: str
    account_id: str
    region: str
    number: int
    id: str
    created_at: float
    schema: KeySchema
    types: dict[str, str]
    """Key attributes of the table and its indexes, to S, N or B."""
    indexes: list[Index] = field(default_factory=list)
    indexes_made: int = 0
    on_demand: bool = False
    throughput: Throughput = field(default_factory=Throughput)
    throughput_max: dict[str, int] | None = None
    warm: dict[str, int] | None = None
    billing_changed_at: float | None = None
    status: str = "ACTIVE"
    protected: bool = False
    table_class: str | None = None
    class_changed_at: float | None = None
    sse: dict[str, Any] | None = None
    ttl: TimeToLive | None = None
    stream: Stream | None = None
    recovery: Recovery | None = None
    restored: dict[str, Any] | None = None
    policy: str | None = None
    policy_revision: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    insights: dict[str, str] = field(default_factory=dict)
    arms_made: int = 0
    """Ranges of keys used beside the items and the indexes; their numbers are negative."""
    histories: list[int] = field(default_factory=list)
    """Arms that keep what writes replace: of recovery, and of backups that are being made."""

    @cached_property
    def journal(self) -> "Journal | None":
        """Who follows the table's changes; `Tables` sets it on the tables that it hands out."""
        return None

    @cached_property
    def gate(self) -> "Gate | None":
        """What limits its throughput; `Tables` sets it where that is enforced."""
        return None

    @cached_property
    def conflicts(self) -> "Conflicts | None":
        """What refuses who meets a transaction; `Tables` sets it where that is done."""
        return None

    @cached_property
    def arn(self) -> str:
        """The table's ARN."""
        return f"arn:aws:dynamodb:{self.region}:{self.account_id}:table/{self.name}"

    @cached_property
    def prefix(self) -> bytes:
        """What the keys of all items begin with."""
        return self.entries(0)

    def entries(self, index_number: int) -> bytes:
        """What the keys of an index's entries begin with."""
        return entries(self.number, index_number)

    def new_arm(self) -> int:
        """The number of a range of keys that the table has never used."""
        self.arms_made += 1
        return -self.arms_made

    @cached_property
    def by_name(self) -> dict[str, Index]:
        """Indexes by name."""
        return {index.name: index for index in self.indexes}

    @cached_property
    def local(self) -> list[Index]:
        """Local secondary indexes."""
        return [index for index in self.indexes if not index.is_global]

    @cached_property
    def layouts(self) -> "list[Layout]":
        """How each index lies in the store."""
        return [Layout(self, index) for index in self.indexes]

    @cached_property
    def index_attributes(self) -> list[tuple[str, str, str]]:
        """(attribute, type, index name) of each index key that is not a key of the table."""
        return [
            (name, self.types[name], index.name)
            for index in self.indexes
            for name in index.schema.names
            if name not in self.schema.names
        ]

    @cached_property
    def _key_types(self) -> list[tuple[str, str]]:
        return [(name, self.types[name]) for name in self.schema.names]

    @cached_property
    def key_of(self) -> Callable[[Item], bytes]:
        """Makes the store key of a checked item."""
        return keys.placing(self.prefix, self._key_types)

    def suffix_of(self, item: Item) -> bytes:
        """The store key without the table's prefix."""
        return self.key_of(item)[len(self.prefix) :]

    @cached_property
    def check_key(self) -> Callable[[Mapping[str, Value]], None]:
        """Checks the key of a request (its values are checked already)."""
        return key_checks.checking(self._key_types)

    def check_item(self, item: Item) -> None:
        """Check that an item about to be put has its keys, of the right types and sizes."""
        partition = True
        for name, kind in self._key_types:
            value = item.get(name)
            if value is None:
                raise ValidationException(
                    f"One or more parameter values were invalid: Missing the key {name} in the item"
                )
            if kind not in value:
                raise ValidationException(
                    "One or more parameter values were invalid: "
                    f"Type mismatch for key {name} expected: {kind} actual: {kind_of(value)}"
                )
            if not 0 < len(value[kind]) <= SURELY_SHORT:
                check_key_value(name, value, partition=partition)
            partition = False
        if self.indexes:
            self.check_index_keys(item)

    def check_scalars(self, nested: frozenset[str]) -> None:
        """Refuse expressions that look into keys, of the table or of an index."""
        for name in self.schema.names:
            if name in nested:
                raise nested_key("Key", name)
        for name, _, _ in self.index_attributes:
            if name in nested:
                raise nested_key("IndexKey", name)

    def check_index_keys(
        self, item: Item, old: Item | None = None, *, update: bool = False
    ) -> None:
        """Check the attributes that indexes use; those that an update leaves alone pass."""
        for name, kind, index in self.index_attributes:
            value = item.get(name)
            if value is None or (old is not None and old.get(name) == value):
                continue
            if kind not in value:
                raise ValidationException(
                    "One or more parameter values were invalid: Type mismatch for Index Key "
                    f"{name} Expected: {kind} Actual: {kind_of(value)} IndexName: {index}"
                )
            if value[kind] == "":
                raise _empty_index_key(name, kind, index, update=update)
            limit = SORT_KEY_BYTES_MAX
            if name in self.by_name[index].schema.partition:
                limit = PARTITION_KEY_BYTES_MAX
            if size(value) > limit:
                raise _large_index_key(index, sort=limit == SORT_KEY_BYTES_MAX)


def nested_key(noun: str, name: str) -> ValidationException:
    """A path that looks into a key; `noun` is Key or IndexKey."""
    return ValidationException(
        "Key attributes must be scalars; list random access '[]' and map lookup '.' are not "
        f"allowed: {noun}: {name}"
    )


def _empty_index_key(name: str, kind: str, index: str, *, update: bool) -> ValidationException:
    noun = "string" if kind == "S" else "binary"
    if update:
        return ValidationException(
            "The update expression attempted to update a secondary index key to a value that is "
            "not supported. The AttributeValue for a key attribute cannot contain an empty "
            f"{noun} value."
        )
    return ValidationException(
        "One or more parameter values are not valid. A value specified for a secondary index key "
        "is not supported. The AttributeValue for a key attribute cannot contain an empty "
        f"{noun} value. IndexName: {index}, IndexKey: {name}"
    )


def _large_index_key(index: str, *, sort: bool) -> ValidationException:
    noun, limit = ("range", 1024) if sort else ("hash", 2048)
    return ValidationException(
        "One or more parameter values were invalid: "
        f"Size of {noun}key has exceeded the maximum size limit of {limit} bytes. "
        f"IndexName: {index}"
    )


def entries(number: int, index_number: int) -> bytes:
    """What the keys of the entries of an index of the table with this number begin with."""
    return pack(("dynamodb", "items", number, index_number))


class Layout:
    """An index with what is needed to find and to make its entries."""

    __slots__ = (
        "_all",
        "_attributes",
        "_partition",
        "_sort",
        "_table",
        "_typed",
        "index",
        "prefix",
    )

    def __init__(self, table: Table, index: Index) -> None:
        self.index = index
        self.prefix = table.entries(index.number)
        self._table = table
        self._partition = index.schema.partition
        self._sort = index.schema.sort
        self._typed = [
            (name, table.types[name], PARTITION_KEY_BYTES_MAX) for name in self._partition
        ] + [(name, table.types[name], SORT_KEY_BYTES_MAX) for name in self._sort]
        self._all = index.projection == "ALL"
        self._attributes = tuple(
            dict.fromkeys((*table.schema.names, *index.schema.names, *index.included))
        )

    def holds(self, item: Item) -> bool:
        """Whether the item is in the index: it has all its keys, of the right types and sizes."""
        for name, kind, limit in self._typed:
            value = item.get(name)
            if value is None:
                return False
            content = value.get(kind)
            if not content or (len(content) > 256 and size(value) > limit):
                return False
        return True

    def key_of(self, item: Item) -> bytes:
        """The store key of the entry of an item that the index holds."""
        return self.prefix + self.position_of(item) + self._table.suffix_of(item)

    def position_of(self, item: Mapping[str, Value]) -> bytes:
        """The part of the key that the index's own key makes."""
        head = keys.partition([item[name] for name in self._partition])
        for name in self._sort:
            head += keys.encode(item[name])
        return head

    def project(self, item: Item) -> Item:
        """The attributes that the index carries."""
        if self._all:
            return item
        return {name: item[name] for name in self._attributes if name in item}

    def carries(self, names: Sequence[str] | frozenset[str]) -> bool:
        """Whether all these top-level attributes are in its entries."""
        return self._all or set(names) <= set(self._attributes)
