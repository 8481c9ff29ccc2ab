"""What a SELECT shows of an item: one member per path, named after its last part."""

from collections.abc import Sequence

from airside.services.dynamodb.expressions.operands import at
from airside.services.dynamodb.expressions.projection import Projection
from airside.services.dynamodb.expressions.syntax import Path
from airside.services.dynamodb.values import Item


class Columns(Projection):
    """A SELECT list. `a.b` is shown as `b`; an element of a list has no name but its number."""

    __slots__ = ("_columns",)

    def __init__(self, paths: Sequence[Path]) -> None:
        super().__init__([])
        self._columns = [
            (str(path.parts[-1]) if isinstance(path.parts[-1], str) else f"_{number}", path.parts)
            for number, path in enumerate(paths, 1)
        ]
        self.heads = frozenset(str(path.parts[0]) for path in paths)

    def apply(self, item: Item) -> Item:
        """The members that the item has."""
        found = ((name, at(item, parts)) for name, parts in self._columns)
        return {name: value for name, value in found if value is not None}
