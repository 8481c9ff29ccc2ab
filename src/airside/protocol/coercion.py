"""Values of a template as the types of a model: there `1`, `"1"` and `true` stand for each other.

CloudFormation converts what a property's type allows before it calls the service:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html
"""

from collections.abc import Mapping
from typing import Any

from airside.protocol.errors import Rejected
from airside.protocol.shapes import FLOATS, INTEGERS, STRINGS, Shape

_TRUTH = {"true": True, "false": False}


def as_modelled(shape: Shape, value: Any, path: str = "#") -> Any:
    """`value` with its scalars as `shape` has them; what fits no type is left for validation.

    Raises ValidationError, in CloudFormation's words, for a number or truth value that is none.
    """
    if shape.opaque or value is None:
        return value
    if shape.type == "structure":
        return _structure(shape, value, path)
    if shape.type == "list" and isinstance(value, list):
        element = shape.element.shape
        return [as_modelled(element, item, f"{path}/{i}") for i, item in enumerate(value)]
    if shape.type == "map" and isinstance(value, Mapping):
        of_value = shape.value.shape
        return {k: as_modelled(of_value, item, f"{path}/{k}") for k, item in value.items()}
    return _scalar(shape, value, path)


def _structure(shape: Shape, value: Any, path: str) -> Any:
    if not isinstance(value, Mapping):
        return value
    members = shape.members
    return {
        name: as_modelled(members[name].shape, item, f"{path}/{name}") if name in members else item
        for name, item in value.items()
    }


def _scalar(shape: Shape, value: Any, path: str) -> Any:
    if shape.type in STRINGS and isinstance(value, bool | int | float):
        return str(value).lower() if isinstance(value, bool) else str(value)
    if isinstance(value, float) and shape.type in INTEGERS and value.is_integer():
        return int(value)
    if not isinstance(value, str):
        return value
    if shape.type == "boolean":
        return _converted(_TRUTH.__getitem__, value.lower(), path, "Boolean")
    if shape.type in INTEGERS:
        return _converted(int, value, path, "Integer")
    if shape.type in FLOATS:
        return _converted(float, value, path, "Number")
    return value


def _converted(convert: Any, value: str, path: str, kind: str) -> Any:
    try:
        return convert(value)
    except (KeyError, ValueError):
        raise Rejected(
            "ValidationError",
            f"Model validation failed ({path}: expected type: {kind}, found: String)",
        ) from None
