"""Key conditions and start keys of a request, as positions in a table or an index.

AWS looks at the attributes of a key one by one, at each first in the start key, then in the
conditions. That order is walked only when something is wrong (`_walk`); what is right passes
through checks that are quicker.
"""

from collections.abc import Sequence

from airside.services.dynamodb.errors import ValidationException
from airside.services.dynamodb.expressions import key_condition
from airside.services.dynamodb.expressions.key_condition import KeyRange, KeyTerm
from airside.services.dynamodb.key_checks import MISMATCH
from airside.services.dynamodb.keys import Range
from airside.services.dynamodb.table import KeySchema, Layout, Table
from airside.services.dynamodb.values import Item, java

_START_KEY = "The provided starting key is invalid"


def bad_start(why: str) -> ValidationException:
    """An ExclusiveStartKey that cannot be one."""
    return ValidationException(f"{_START_KEY}: {why}")


def of_query(
    table: Table, layout: Layout | None, terms: Sequence[KeyTerm], start_key: Item | None
) -> tuple[KeyRange, bytes | None]:
    """The range that key terms mean, and the store key of the entry that a start key names.

    That entry need not exist.
    """
    schema = layout.index.schema if layout is not None else table.schema
    try:
        found = key_condition.resolve(terms, schema.partition, schema.sort, table.types)
        if start_key is None:
            return found, None
        _check_shape(table, layout, start_key)
    except ValidationException:
        _walk(table, schema, terms, start_key)
        raise
    if layout is None and not table.schema.sort:
        raise ValidationException(
            "The provided exclusive start key is invalid: ExclusiveStartKey: " + _shown(start_key)
        )
    _check_inside(schema, start_key, terms)
    return found, _position(table, layout, start_key)


def of_scan(
    table: Table, layout: Layout | None, start_key: Item, bounds: Range, segment: str
) -> bytes:
    """The store key of the entry that the start key of a scan names; it need not exist.

    `segment` is how to show the segment whose `bounds` the entry has to be in.
    """
    try:
        _check_shape(table, layout, start_key)
    except ValidationException:
        if layout is not None:
            _walk(table, layout.index.schema, None, start_key)
        raise
    found = _position(table, layout, start_key)
    if not bounds[0] <= found < bounds[1]:
        raise bad_start(
            "Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment."
            + segment
        )
    return found


def _position(table: Table, layout: Layout | None, start_key: Item) -> bytes:
    return table.key_of(start_key) if layout is None else layout.key_of(start_key)


def _names(table: Table, schema: KeySchema) -> dict[str, None]:
    return dict.fromkeys((*schema.names, *table.schema.names))


def _check_shape(table: Table, layout: Layout | None, start_key: Item) -> None:
    schema = table.schema if layout is None else layout.index.schema
    names = _names(table, schema)
    if start_key.keys() != names.keys():
        raise bad_start(MISMATCH)
    for name in names:
        value = start_key[name]
        if table.types[name] not in value:
            raise bad_start(MISMATCH)
        ((kind, content),) = value.items()
        if content == "" and kind in ("S", "B"):
            noun = "string" if kind == "S" else "binary"
            raise bad_start(
                "One or more parameter values were invalid: The AttributeValue for a key "
                f"attribute cannot contain an empty {noun} value. Key: {name}"
            )


def _walk(
    table: Table, schema: KeySchema, terms: Sequence[KeyTerm] | None, start_key: Item | None
) -> None:
    """Raise what AWS would come upon first, if that is not what was found."""
    if start_key is not None and len(start_key) != len(_names(table, schema)):
        raise ValidationException(_START_KEY)
    simple = terms is not None and len(schema.partition) == 1 and len(schema.sort) <= 1
    for name in schema.names:
        if start_key is not None:
            if name not in start_key:
                raise ValidationException(_START_KEY)
            if table.types[name] not in start_key[name]:
                raise ValidationException(MISMATCH)
        if simple and len(terms or ()) <= 2:
            key_condition.check_one(terms or (), name, schema.names, table.types)


def _shown(key: Item) -> str:
    return (
        "{"
        + ", ".join(f"{name}=AttributeValue: {java(value)}" for name, value in key.items())
        + "}"
    )


def _check_inside(schema: KeySchema, start_key: Item, terms: Sequence[KeyTerm]) -> None:
    outside = [
        term.attribute
        for term in terms
        if not key_condition.admits(term, start_key[term.attribute])
    ]
    if not outside:
        return
    if any(name in schema.sort for name in outside):
        raise ValidationException(
            "The provided starting key does not match the range key predicate"
        )
    raise ValidationException(
        "The query can return at most one row and cannot be restarted"
        if any(term.attribute in schema.sort for term in terms)
        else "The provided starting key is outside query boundaries based on provided conditions"
    )
