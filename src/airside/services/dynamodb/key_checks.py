"""What the key of an item has to be like. Its values are checked already."""

from collections.abc import Callable, Mapping, Sequence

from airside.services.dynamodb.errors import ValidationException
from airside.services.dynamodb.limits import PARTITION_KEY_BYTES_MAX, SORT_KEY_BYTES_MAX
from airside.services.dynamodb.values import Value, kind_of, size

SURELY_SHORT = SORT_KEY_BYTES_MAX // 4
"""Text of so many characters fits into any key."""
MISMATCH = "The provided key element does not match the schema"


def checking(schema: Sequence[tuple[str, str]]) -> Callable[[Mapping[str, Value]], None]:
    """What checks the keys in requests for a table.

    `schema` tells names and types of the partition key and of the sort key, if there is one. The
    check raises ValidationException.
    """
    types = tuple(schema)
    first = types[0][0]

    def check(key: Mapping[str, Value]) -> None:
        if len(key) != len(types):
            raise ValidationException(MISMATCH)
        for name, kind in types:
            value = key.get(name)
            if value is None or kind not in value:
                raise ValidationException(MISMATCH)
            if not 0 < len(value[kind]) <= SURELY_SHORT:
                check_key_value(name, value, partition=name == first)

    return check


def check_key_value(name: str, value: Value, *, partition: bool) -> None:
    """Refuse empty and overlong key values."""
    kind = kind_of(value)
    if value[kind] == "":
        noun = "string" if kind == "S" else "binary"
        raise ValidationException(
            "One or more parameter values are not valid. The AttributeValue for a key attribute "
            f"cannot contain an empty {noun} value. Key: {name}"
        )
    if len(value[kind]) <= SURELY_SHORT:
        return
    if partition:
        if size(value) > PARTITION_KEY_BYTES_MAX:
            raise ValidationException(
                "One or more parameter values were invalid: "
                "Size of hashkey has exceeded the maximum size limit of2048 bytes"
            )
    elif size(value) > SORT_KEY_BYTES_MAX:
        raise ValidationException(
            "One or more parameter values were invalid: "
            "Aggregated size of all range keys has exceeded the size limit of 1024 bytes"
        )
