"""Items as they are stored: the size that DynamoDB counts, then the JSON of the answer."""

from msgspec import Raw

SIZE_BYTES = 4
"""What precedes the JSON of an item: its size."""


def size_of(raw: bytes) -> int:
    """The size of a stored item, as DynamoDB counts."""
    return int.from_bytes(raw[:SIZE_BYTES], "big")


def json_of(raw: bytes) -> Raw:
    """A stored item, ready for a response."""
    return Raw(raw[SIZE_BYTES:])
