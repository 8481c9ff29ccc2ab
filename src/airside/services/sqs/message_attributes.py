"""Message attributes: what they may be, how long they are, and their checksum. Pure.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html
"""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from hashlib import md5
from typing import Any

from airside.services.sqs.errors import InvalidParameterValueException, UnsupportedOperation
from airside.services.sqs.limits import MESSAGE_ATTRIBUTES_MAX

Attributes = Mapping[str, Mapping[str, Any]]
"""Name -> `{"DataType": ..., "StringValue": ...}` or `{"DataType": ..., "BinaryValue": ...}`."""

_NAME = re.compile(r"[\w-]+(\.[\w-]+)*")
_RESERVED = ("aws.", "amazon.")
_FIELDS = {"String": "StringValue", "Number": "StringValue", "Binary": "BinaryValue"}
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What neither bodies nor attributes may hold."""
INVALID_CHARACTERS = (
    "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | "
    "#xE000 to #xFFFD | #x10000 to #x10FFFF"
)
_LISTS = ("StringListValues", "BinaryListValues")


def check_attributes(attributes: Attributes) -> None:
    """Raise InvalidParameterValueException unless all attributes are well formed."""
    if len(attributes) > MESSAGE_ATTRIBUTES_MAX:
        raise InvalidParameterValueException(
            f"Number of message attributes [{len(attributes)}] exceeds the allowed maximum "
            f"[{MESSAGE_ATTRIBUTES_MAX}]."
        )
    for name, attribute in attributes.items():
        _check_name(name)
        _check_value(name, attribute)


def _check_name(name: str) -> None:
    if not name or len(name) > 256:
        raise InvalidParameterValueException(
            "Message (user) attribute names must be between 1 and 256 characters long."
        )
    if name.lower().startswith(_RESERVED):
        raise InvalidParameterValueException(
            "You can't use message attribute names beginning with 'AWS.' or 'Amazon.'. "
            "These strings are reserved for internal use."
        )
    if not _NAME.fullmatch(name):
        raise InvalidParameterValueException(
            f"The message attribute name '{name}' is invalid. Attribute name can contain "
            "A-Z, a-z, 0-9, underscore (_), hyphen (-), and period (.) characters."
        )


def _check_value(name: str, attribute: Mapping[str, Any]) -> None:
    data_type = attribute.get("DataType", "")
    kind = data_type.partition(".")[0]
    if not data_type:
        raise InvalidParameterValueException(
            f"The message attribute '{name}' must contain a non-empty message attribute type."
        )
    if kind not in _FIELDS:
        raise InvalidParameterValueException(
            f"The message attribute '{name}' has an invalid message attribute type, the set of "
            "supported type prefixes is Binary, Number, and String."
        )
    if any(attribute.get(member) for member in _LISTS):
        raise UnsupportedOperation("Message attribute list values in SendMessage operation are not"
                                   " supported.")  # fmt: skip
    value = attribute.get(_FIELDS[kind])
    if not value:
        raise InvalidParameterValueException(
            f"Message (user) attribute '{name}' must contain a non-empty value of type "
            f"'{data_type}'."
        )
    if kind != "Binary" and FORBIDDEN.search(value):
        raise InvalidParameterValueException(INVALID_CHARACTERS)
    if kind == "Number":
        _check_number(name, value)


def _check_number(name: str, value: str) -> None:
    try:
        finite = Decimal(value).is_finite()
    except InvalidOperation:
        finite = False
    if not finite:
        raise InvalidParameterValueException(
            f"Can't cast the value of message (user) attribute '{name}' to a number."
        )


def _raw(attribute: Mapping[str, Any]) -> bytes:
    if "BinaryValue" in attribute:
        value: bytes = attribute["BinaryValue"]
        return value
    text: str = attribute["StringValue"]
    return text.encode()


def byte_length(attributes: Attributes) -> int:
    """What attributes add to a message's length: names, types and values."""
    return sum(
        len(name.encode()) + len(attribute["DataType"].encode()) + len(_raw(attribute))
        for name, attribute in attributes.items()
    )


def checksum(attributes: Attributes) -> str | None:
    """The MD5 of attributes as SDKs verify it; None when there are none."""
    if not attributes:
        return None
    digest = md5(usedforsecurity=False)
    for name in sorted(attributes):
        attribute = attributes[name]
        for part in (name.encode(), attribute["DataType"].encode()):
            digest.update(len(part).to_bytes(4, "big") + part)
        raw = _raw(attribute)
        transport = b"\x02" if "BinaryValue" in attribute else b"\x01"
        digest.update(transport + len(raw).to_bytes(4, "big") + raw)
    return digest.hexdigest()


def select(attributes: Attributes, names: Iterable[str]) -> Attributes:
    """The attributes that a receiver asks for: by name, `prefix.*`, `All`, `*` or `.*`."""
    wanted = list(names)
    if not wanted or not attributes:
        return {}
    if not {"All", ".*", "*"}.isdisjoint(wanted):
        return attributes
    prefixes = tuple(name[:-2] for name in wanted if name.endswith(".*"))
    return {
        name: attribute
        for name, attribute in attributes.items()
        if name in wanted or (prefixes and name.startswith(prefixes))
    }
