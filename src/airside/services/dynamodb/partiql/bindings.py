"""The constants of one statement."""

from airside.services.dynamodb.expressions.placeholders import Parts, Placeholders
from airside.services.dynamodb.expressions.syntax import Path, Reference
from airside.services.dynamodb.values import Value


class Bindings(Placeholders):
    """The constants of one statement, under made-up names; paths stand for themselves."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(None, None)
        self._values = {}

    def add(self, value: Value) -> Reference:
        """Name a checked value."""
        name = f":{len(self._values)}"
        self._values[name] = value
        return Reference(name)

    def parts(self, path: Path) -> Parts:
        """The path itself: PartiQL quotes names instead of replacing them."""
        return path.parts
