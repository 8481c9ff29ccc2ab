"""The statements, and what they bind: literals and parameters."""

from typing import TypeAlias

from msgspec import Struct

from airside.services.dynamodb.expressions.placeholders import Parts, Placeholders
from airside.services.dynamodb.expressions.syntax import Action, Condition, Path, Reference
from airside.services.dynamodb.values import Item, Value


class Source(Struct, frozen=True):
    """`"table"` or `"table"."index"`."""

    table: str
    index: str | None = None


class Ordering(Struct, frozen=True):
    """One key of `ORDER BY`."""

    name: str
    descending: bool


class Select(Struct):
    """`SELECT paths FROM source WHERE where ORDER BY order`; no paths mean `*`."""

    paths: tuple[Path, ...] | None
    source: Source
    where: Condition | None
    order: tuple[Ordering, ...] = ()


class Exists(Struct):
    """`EXISTS(SELECT …)`, a condition of a transaction."""

    select: Select
    source: Source


class Insert(Struct):
    """`INSERT INTO source VALUE item`."""

    source: Source
    item: Item


class Returning(Struct, frozen=True):
    """`RETURNING ALL|MODIFIED OLD|NEW *`."""

    scope: str
    image: str


class Update(Struct):
    """`UPDATE source SET … REMOVE … WHERE where`."""

    source: Source
    actions: tuple[Action, ...]
    where: Condition
    returning: Returning | None


class Delete(Struct):
    """`DELETE FROM source WHERE where`."""

    source: Source
    where: Condition
    returning: Returning | None


Statement: TypeAlias = Select | Exists | Insert | Update | Delete


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


class Parsed(Struct):
    """A statement with its constants."""

    statement: Statement
    bindings: Bindings

    @property
    def reads(self) -> bool:
        """Whether it is a SELECT."""
        return isinstance(self.statement, Select)
