"""Key attributes as bytes that sort as DynamoDB sorts.

An entry's key is: the prefix of its table or index, four bytes of a hash of the partition key
(which spreads partitions over the scan's segments and orders them as arbitrarily as AWS does), the
partition key, the sort key, and in an index the keys of the item it belongs to. Each attribute is
self-delimiting, so that no encoding is a prefix of another and plain byte order is right.
"""

from binascii import a2b_base64
from collections.abc import Callable, Sequence
from struct import Struct
from zlib import crc32

from airside.services.dynamodb import numbers
from airside.services.dynamodb.expressions.key_condition import KeyRange, KeyTerm
from airside.services.dynamodb.values import Item, Value

_HASH = Struct(">I").pack
Range = tuple[bytes, bytes]
"""`start <= key < end`."""


def encode(value: Value) -> bytes:
    """One S, N or B value. Text sorts by its UTF-8 bytes, as on AWS."""
    ((kind, content),) = value.items()
    if kind == "S":
        return _text(content)
    if kind == "N":
        return numbers.sort_key(content)
    return _escape(a2b_base64(content)) + b"\0\1"


def _text(content: str) -> bytes:
    try:
        raw = content.encode()
    except UnicodeEncodeError:
        raw = content.encode("utf-8", "surrogatepass")
    return raw + b"\0\1" if b"\0" not in raw else raw.replace(b"\0", b"\0\xff") + b"\0\1"


def placing(prefix: bytes, schema: Sequence[tuple[str, str]]) -> Callable[[Item], bytes]:
    """What makes the store keys of the checked items of a table, below its prefix.

    `schema` tells names and types of the partition key and of the sort key, if there is one.
    """
    name, kind = schema[0]
    encode_head = _text if kind == "S" else None
    if len(schema) == 1:

        def place_by_partition(item: Item) -> bytes:
            value = item[name]
            head = encode_head(value[kind]) if encode_head is not None else encode(value)
            return prefix + _HASH(crc32(head)) + head

        return place_by_partition
    sort_name, sort_kind = schema[1]
    encode_tail = _text if sort_kind == "S" else None

    def place(item: Item) -> bytes:
        value, sort = item[name], item[sort_name]
        head = encode_head(value[kind]) if encode_head is not None else encode(value)
        tail = encode_tail(sort[sort_kind]) if encode_tail is not None else encode(sort)
        return prefix + _HASH(crc32(head)) + head + tail

    return place


def _escape(raw: bytes) -> bytes:
    return raw.replace(b"\0", b"\0\xff") if b"\0" in raw else raw


def partition(values: Sequence[Value]) -> bytes:
    """The part of a key that all items of one partition share."""
    return hashed(encode(values[0]) if len(values) == 1 else b"".join(map(encode, values)))


def hashed(raw: bytes) -> bytes:
    """An encoded partition key behind its hash."""
    return _HASH(crc32(raw)) + raw


def following(prefix: bytes) -> bytes:
    """The smallest byte string greater than everything that starts with `prefix`."""
    kept = prefix if prefix[-1] != 0xFF else prefix.rstrip(b"\xff")
    return kept[:-1] + bytes((kept[-1] + 1,))


def of_range(prefix: bytes, wanted: KeyRange) -> Range:
    """The keys that a key condition means, below the prefix of a table or index."""
    base = prefix + partition(wanted.partition)
    for value in wanted.equal:
        base += encode(value)
    if wanted.term is None:
        return base, following(base)
    return _of_term(base, wanted.term)


def _of_term(base: bytes, term: KeyTerm) -> Range:
    value = term.operands[0]
    if term.operator == "begins_with":
        start = base + encode(value)[:-2]
        return start, following(start)
    exact = base + encode(value)
    match term.operator:
        case "<":
            return base, exact
        case "<=":
            return base, following(exact)
        case ">":
            return following(exact), following(base)
        case ">=":
            return exact, following(base)
        case "BETWEEN":
            return exact, following(base + encode(term.operands[1]))
    raise AssertionError(term.operator)


def segment(prefix: bytes, number: int, total: int) -> Range:
    """The keys of one segment of a parallel scan: an equal part of the hashes."""
    start = prefix + (number * (1 << 32) // total).to_bytes(4, "big")
    if number == total - 1:
        return start, following(prefix)
    return start, prefix + ((number + 1) * (1 << 32) // total).to_bytes(4, "big")
