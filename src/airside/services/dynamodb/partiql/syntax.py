"""The statements, and what they bind: literals and parameters."""

from typing import TypeAlias

from msgspec import Struct

from airside.services.dynamodb.expressions.syntax import Action, Condition, Path
from airside.services.dynamodb.partiql.bindings import Bindings
from airside.services.dynamodb.values import Item


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


class Parsed(Struct):
    """A statement with its constants."""

    statement: Statement
    bindings: Bindings

    @property
    def reads(self) -> bool:
        """Whether it is a SELECT."""
        return isinstance(self.statement, Select)
