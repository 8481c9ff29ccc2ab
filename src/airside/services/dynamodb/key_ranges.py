"""Key conditions and start keys of a request, as positions in a table or an index."""

from collections.abc import Sequence

from airside.services.dynamodb.errors import ValidationException
from airside.services.dynamodb.expressions import key_condition
from airside.services.dynamodb.expressions.key_condition import KeyRange, KeyTerm
from airside.services.dynamodb.keys import Range
from airside.services.dynamodb.table import KeySchema, Layout, Table
from airside.services.dynamodb.values import Item, java

_START_KEY = "The provided starting key is invalid"


def of(table: Table, schema: KeySchema, terms: Sequence[KeyTerm]) -> KeyRange:
    """The range that key terms mean for this table or index."""
    return key_condition.resolve(terms, schema.partition, schema.sort, table.types)


def position(
    table: Table,
    layout: Layout | None,
    start_key: Item,
    terms: Sequence[KeyTerm] | None,
    bounds: Range,
) -> bytes:
    """The store key of the entry that an ExclusiveStartKey names; it need not exist."""
    if terms is not None and layout is None and not table.schema.sort:
        raise ValidationException(
            "The provided exclusive start key is invalid: ExclusiveStartKey: " + _shown(start_key)
        )
    names = table.schema.names
    if layout is not None:
        names = tuple(dict.fromkeys((*layout.index.schema.names, *names)))
    if set(start_key) != set(names) or any(
        table.types[name] not in start_key[name] for name in names
    ):
        if terms is None or layout is None or len(start_key) != len(names):
            raise ValidationException(
                f"{_START_KEY}: The provided key element does not match the schema"
            )
        raise ValidationException(_START_KEY)
    for name in names:
        ((kind, content),) = start_key[name].items()
        if content == "" and kind in ("S", "B"):
            raise ValidationException(
                f"{_START_KEY}: One or more parameter values were invalid: The AttributeValue for "
                f"a key attribute cannot contain an empty "
                f"{'string' if kind == 'S' else 'binary'} value. Key: {name}"
            )
    found = table.key_of(start_key) if layout is None else layout.key_of(start_key)
    if terms is not None:
        _check_inside(layout.index.schema if layout else table.schema, start_key, terms)
    elif not bounds[0] <= found < bounds[1]:
        raise ValidationException(
            f"{_START_KEY}: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with "
            "correct Segment."
        )
    return found


def _shown(key: Item) -> str:
    return (
        "{"
        + ", ".join(f"{name}=AttributeValue: {java(value)}" for name, value in key.items())
        + "}"
    )


def _check_inside(schema: KeySchema, start_key: Item, terms: Sequence[KeyTerm]) -> None:
    for term in terms:
        if term.attribute in schema.names and not key_condition.admits(
            term, start_key[term.attribute]
        ):
            raise ValidationException(
                "The provided starting key does not match the range key predicate"
                if term.attribute in schema.sort
                else "The provided starting key is outside query boundaries based on provided "
                "conditions"
            )
