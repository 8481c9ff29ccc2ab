"""What AWS says about values of the wrong JSON type.

Most services say it in one way; DynamoDB, whose front end is another, in its own, which shows the
Java types behind its members.
"""

from typing import Any

from airside.protocol import scalars
from airside.protocol.errors import SerializationException
from airside.protocol.shapes import Shape

_KINDS = {
    str: "STRING_VALUE",
    int: "NUMBER_VALUE",
    float: "NUMBER_VALUE",
    bytes: "BINARY_VALUE",
    type(None): "NULL_VALUE",
}


class Words:
    """How most services word it."""

    def scalar(self, value: Any, expected: str) -> SerializationException:
        """Something else where a scalar belongs; `expected` as in `String`."""
        if isinstance(value, dict):
            return SerializationException("Start of structure or map found where not expected.")
        if isinstance(value, list):
            return SerializationException("Start of list found where not expected")
        kind = f"{value}".upper() + "_VALUE" if isinstance(value, bool) else _KINDS[type(value)]
        article = "an" if expected[0] in "AIO" else "a"
        return SerializationException(f"{kind} can not be converted to {article} {expected}")

    def blob(self, value: Any) -> bytes:
        """The bytes behind base64 text. Raises SerializationException."""
        if value.__class__ is not str:
            raise self.scalar(value, "Blob")
        try:
            return scalars.read_blob(value)
        except ValueError:
            raise SerializationException("Value is not valid base64") from None

    def boolean(self, value: Any) -> bool:
        """What else stands for a truth value. Raises SerializationException."""
        raise self.scalar(value, "Boolean")

    def collection(self, value: Any, shape: Shape, *, element: bool) -> SerializationException:
        """Something else where a structure, list or map belongs.

        `element` tells whether that place is in a list or map, not in a structure.
        """
        if shape.type == "list" and isinstance(value, dict):
            return SerializationException("Start of structure or map found where not expected.")
        if shape.type != "list" and isinstance(value, list):
            return SerializationException("Start of list found where not expected")
        return SerializationException("Unexpected field type")


_BOXES = {
    "string": "java.lang.String",
    "boolean": "java.lang.Boolean",
    "integer": "java.lang.Integer",
    "long": "java.lang.Long",
    "float": "java.lang.Float",
    "double": "java.lang.Double",
    "blob": "java.nio.ByteBuffer",
    "timestamp": "java.util.Date",
}
_TRUTHS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
_CAST = (
    "class sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl cannot be cast to class "
    "java.lang.Class (sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl and "
    "java.lang.Class are in module java.base of loader 'bootstrap')"
)


def truth_of(word: str) -> bool | None:
    """The truth value that DynamoDB takes a text for, if any."""
    return _TRUTHS.get(word.lower())


class JavaWords(Words):
    """How DynamoDB words it; `package` is where its structures live."""

    def __init__(self, package: str) -> None:
        self._package = package

    def scalar(self, value: Any, expected: str) -> SerializationException:
        """Something else where a scalar belongs."""
        if isinstance(value, dict):
            return SerializationException("Start of structure or map found where not expected")
        if isinstance(value, list):
            box = "java.util.Date" if expected == "Timestamp" else f"java.lang.{expected}"
            return SerializationException(f"Unrecognized collection type class {box}")
        if isinstance(value, bool):
            kind = f"{value}".upper() + "_VALUE"
        else:
            kind = "DECIMAL_VALUE" if isinstance(value, float) else _KINDS[type(value)]
        return SerializationException(f"{kind} cannot be converted to {expected}")

    def boolean(self, value: Any) -> bool:
        """Some words will do."""
        if not isinstance(value, str):
            raise self.scalar(value, "Boolean")
        found = truth_of(value)
        if found is None:
            raise SerializationException("Unexpected token received from parser")
        return found

    def blob(self, value: Any) -> bytes:
        """Only canonical base64 will do."""
        if isinstance(value, bool | int | float):
            raise SerializationException("only base-64-encoded strings are convertible to bytes")
        if isinstance(value, list):
            raise SerializationException("Unrecognized collection type class java.nio.ByteBuffer")
        if isinstance(value, dict):
            raise self.scalar(value, "Blob")
        if len(value) % 4:
            raise SerializationException(
                f"Base64 encoded length is expected a multiple of 4 bytes but found: {len(value)}"
            )
        try:
            found = scalars.read_blob(value)
        except ValueError:
            found = None
        if found is None or scalars.write_blob(found) != value:
            raise SerializationException("Invalid last non-pad Base64 character dectected")
        return found

    def collection(self, value: Any, shape: Shape, *, element: bool) -> SerializationException:
        """Something else where a structure, list or map belongs."""
        if isinstance(value, dict):
            return SerializationException("Start of structure or map found where not expected")
        if isinstance(value, list):
            noun = "class " if shape.type == "structure" else ""
            return SerializationException(f"Unrecognized collection type {noun}{self._type(shape)}")
        if not element:
            return SerializationException("Unexpected field type")
        if shape.type == "structure":
            return SerializationException("Unexpected value type in payload")
        return SerializationException(_CAST)

    def _type(self, shape: Shape) -> str:
        if shape.type == "list":
            return f"java.util.List<{self._type(shape.element.shape)}>"
        if shape.type == "map":
            return f"java.util.Map<java.lang.String, {self._type(shape.value.shape)}>"
        return _BOXES.get(shape.type) or f"{self._package}.{shape.name}"


WORDS = Words()
