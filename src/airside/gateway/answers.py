"""What a function returned, as parts of a response. Pure.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

from typing import Any


class MalformedResponse(Exception):
    """A function's answer that has not the shape of a response."""

    status = 502


def status_of(value: Any) -> int:
    """A `statusCode`, a number or a text of digits. Raises MalformedResponse."""
    if isinstance(value, str) and value.isdigit():
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 100 <= value <= 599:
        raise MalformedResponse(f"statusCode {value!r}")
    return value


def mapping_of(value: dict[str, Any], member: str) -> dict[str, Any]:
    """A member that holds values by name, or nothing. Raises MalformedResponse."""
    held = value.get(member)
    if held is None:
        return {}
    if not isinstance(held, dict):
        raise MalformedResponse(member)
    return held


def header_value(value: Any) -> str:
    """The value of a header. Raises MalformedResponse."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str | int | float):
        raise MalformedResponse("header value")
    text = str(value)
    if "\r" in text or "\n" in text:
        raise MalformedResponse("header value")
    return text


def headers_of(value: dict[str, Any], member: str) -> dict[str, str]:
    """One value for each header, without those that are null. Raises MalformedResponse."""
    held = mapping_of(value, member)
    return {name: header_value(item) for name, item in held.items() if item is not None}


def multi_value_headers_of(value: dict[str, Any]) -> dict[str, list[str]]:
    """`multiValueHeaders`. Raises MalformedResponse."""
    found = {}
    for name, items in mapping_of(value, "multiValueHeaders").items():
        if not isinstance(items, list):
            raise MalformedResponse("multiValueHeaders")
        found[name] = [header_value(item) for item in items if item is not None]
    return found
