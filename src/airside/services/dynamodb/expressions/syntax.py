"""The nodes of parsed expressions."""

from typing import TypeAlias

from msgspec import Struct


class Path(Struct, frozen=True):
    """A document path; parts are names, `#placeholders` and list positions."""

    parts: tuple[str | int, ...]


class Reference(Struct, frozen=True):
    """A `:value`."""

    name: str


class Call(Struct, frozen=True):
    """A function of operands: `size(a)`, `list_append(a, :b)`, and conditions like `contains`."""

    name: str
    arguments: "tuple[Operand, ...]"


class Arithmetic(Struct, frozen=True):
    """`left + right` or `left - right`."""

    operator: str
    left: "Operand"
    right: "Operand"


Operand: TypeAlias = Path | Reference | Call | Arithmetic


class Comparison(Struct, frozen=True):
    """`left < right` and its like."""

    operator: str
    left: Operand
    right: Operand


class Between(Struct, frozen=True):
    """`operand BETWEEN low AND high`."""

    operand: Operand
    low: Operand
    high: Operand


class Membership(Struct, frozen=True):
    """`operand IN (options)`."""

    operand: Operand
    options: tuple[Operand, ...]


class Junction(Struct, frozen=True):
    """Conditions joined by `AND` or by `OR`."""

    operator: str
    conditions: "tuple[Condition, ...]"


class Negation(Struct, frozen=True):
    """`NOT condition`."""

    condition: "Condition"


Condition: TypeAlias = Comparison | Between | Membership | Call | Junction | Negation


class Assignment(Struct, frozen=True):
    """`SET path = operand`."""

    path: Path
    operand: Operand


class Removal(Struct, frozen=True):
    """`REMOVE path`."""

    path: Path


class Combination(Struct, frozen=True):
    """`ADD path :value` or `DELETE path :value`."""

    section: str
    path: Path
    value: Reference


Action: TypeAlias = Assignment | Removal | Combination
