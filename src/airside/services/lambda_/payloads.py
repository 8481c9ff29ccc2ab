"""What an event may be: JSON of a size, or else refused in the words of AWS's parser. Pure."""

import json

import msgspec

from airside.services.lambda_ import errors, limits

_VALID = msgspec.json.Decoder(msgspec.Raw)
_VALUE = "a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
_EXPECTED = {
    "Expecting property name enclosed in double quotes":
        "was expecting double-quote to start field name",
    "Expecting ':' delimiter": "was expecting a colon to separate field name and value",
    "Expecting ',' delimiter": "was expecting comma to separate entries",
}  # fmt: skip


def check(payload: bytes, kind: str) -> None:
    """Raises RequestTooLargeException, InvalidRequestContentException."""
    limit = limits.ASYNC_PAYLOAD_BYTES_MAX if kind == "Event" else limits.PAYLOAD_BYTES_MAX
    if len(payload) > limit:
        raise errors.RequestTooLargeException(
            f"Request must be smaller than {limit} bytes for the InvokeFunction operation",
            Type="User",
        )
    try:
        payload.decode()
        _VALID.decode(payload)
    except (UnicodeDecodeError, msgspec.DecodeError):
        complaint = _complaint(payload)
        if complaint:
            raise errors.InvalidRequestContentException(
                "Could not parse request body into json: Could not parse payload into json: "
                + complaint, Type="User",
            ) from None  # fmt: skip


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _complaint(payload: bytes) -> str:
    """What is wrong; nothing when all is well after all: halves of surrogate pairs may be."""
    text = ""
    try:
        text = payload.decode()
        json.loads(text, parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        if not payload[: error.start].strip():
            what, at = f"Unexpected character ((CTRL-CHAR, code {payload[error.start]}))", 1
            return f"{what}: expected {_VALUE}{_place(1, at)}"
        what = f"Invalid UTF-8 start byte 0x{payload[error.start]:02x}"
        return what + _place(1, error.start + 2)
    except json.JSONDecodeError as error:
        if error.pos >= len(text):
            return "Unexpected end-of-input" + _place(error.lineno, error.colno)
        return _of_character(text[error.pos :], error)
    except ValueError as error:  # NaN and the infinities
        return f"Non-standard token '{error}'{_place(1, 1)}"
    return ""


def _of_character(rest: str, error: json.JSONDecodeError) -> str:
    if error.msg == "Expecting value" and rest[0].isalpha():
        word = rest.split(maxsplit=1)[0]
        what = f"Unrecognized token '{word}': was expecting {_VALUE.removeprefix('a valid value ')}"
        return what + _place(error.lineno, error.colno + len(word))
    expected = _EXPECTED.get(error.msg, f"expected {_VALUE}")
    what = f"Unexpected character ('{rest[0]}' (code {ord(rest[0])})): {expected}"
    return what + _place(error.lineno, error.colno)


def _place(line: int, column: int) -> str:
    source = "REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled)"
    return f"\n at [Source: {source}; line: {line}, column: {column}]"
