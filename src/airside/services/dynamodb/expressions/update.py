"""Updates: actions bound to values, applied to an item without touching the original.

Every operand reads the item as it was before; then SET, ADD and DELETE are applied in the order
written, and REMOVE last, the highest list positions first, so that positions mean the original.
"""

from binascii import a2b_base64
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from airside.services.dynamodb import numbers
from airside.services.dynamodb.errors import ValidationException
from airside.services.dynamodb.expressions.condition import (
    require_arity,
    require_path,
    wrong_type,
)
from airside.services.dynamodb.expressions.lexer import ExpressionError
from airside.services.dynamodb.expressions.operands import Bound, attribute, constant
from airside.services.dynamodb.expressions.placeholders import Parts, Placeholders
from airside.services.dynamodb.expressions.projection import Projection, check_overlaps
from airside.services.dynamodb.expressions.syntax import (
    Action,
    Arithmetic,
    Assignment,
    Operand,
    Path,
    Reference,
    Removal,
)
from airside.services.dynamodb.values import Item, Value, kind_of, size, text_size

_SETS = ("SS", "NS", "BS")
_LONG_NAMES = {
    "S": "STRING", "N": "NUMBER", "B": "BINARY", "NULL": "NULL", "BOOL": "BOOLEAN", "L": "LIST",
    "M": "MAP", "SS": "STRING SET", "NS": "NUMBER SET", "BS": "BINARY SET",
}  # fmt: skip
_COST_OF_UPDATE = 3
_COST_OF_WRITING = 19
_COST_OF_CLEARING = 1
_COSTS_OF_FUNCTIONS = {"+": 34, "-": 37, "if_not_exists": 39, "list_append": 37}
_COST_OF_ANYTHING_MAX = 64
"""AWS holds UpdateItem to 400 KB not only by the item that results but also by what the statement
writes, with these amounts for its clauses. They were captured by others, byte by byte."""


_WRONG_OPERAND = "An operand in the update expression has an incorrect data type"


def wrong_operand() -> ValidationException:
    """A stored value of a type that the action cannot use."""
    return ValidationException(_WRONG_OPERAND)


def _invalid_path() -> ValidationException:
    return ValidationException(
        "The document path provided in the update expression is invalid for update"
    )


def _missing() -> ValidationException:
    return ValidationException(
        "The provided expression refers to an attribute that does not exist in the item"
    )


@dataclass
class Step:
    """One action, bound."""

    section: str
    parts: Parts
    kind: str | None
    """The type that the attribute will have, when it is known beforehand."""
    value: Callable[[Item], Value | None] | None
    cost: Callable[[], int]
    """What AWS measures of the action itself, in bytes."""
    content: Value | None = None
    """The value assigned, when it is known beforehand."""


class Update:
    """What an update does to an item."""

    __slots__ = ("_mismatch", "_steps", "paths")

    def __init__(self, steps: list[Step], mismatch: str = _WRONG_OPERAND) -> None:
        self._steps = steps
        self._mismatch = mismatch
        self.paths = [step.parts for step in steps]

    @classmethod
    def bind(cls, actions: Iterable[Action], given: Placeholders) -> "Update":
        """From a parsed expression. Raises ExpressionError."""
        steps = [_bind(action, given) for action in actions]
        check_overlaps([step.parts for step in steps])
        return cls(steps)

    @property
    def steps(self) -> list[Step]:
        """The actions, bound."""
        return self._steps

    @property
    def cost(self) -> int:
        """What AWS measures of the statement itself, in bytes."""
        return _COST_OF_UPDATE + sum(step.cost() for step in self._steps)

    @property
    def touched(self) -> Projection:
        """The paths it writes, for `UPDATED_OLD` and `UPDATED_NEW`."""
        return Projection(self.paths)

    @property
    def only_removes(self) -> bool:
        """Whether it leaves an item that does not exist alone."""
        return bool(self._steps) and all(s.section in ("REMOVE", "DELETE") for s in self._steps)

    def apply(self, item: Item) -> Item:
        """The item afterwards. Raises ValidationException when a path or a type does not fit."""
        draft = _Draft(item, self._mismatch)
        changes = [(step, step.value(item) if step.value else None) for step in self._steps]
        removals: list[Parts] = []
        for step, value in changes:
            if step.section == "REMOVE":
                removals.append(step.parts)
            elif step.section == "SET":
                if value is None:
                    raise _missing()
                draft.put(step.parts, value)
            elif step.section == "ADD":
                assert value is not None
                draft.add(step.parts, value)
            else:
                assert value is not None
                draft.subtract(step.parts, value)
        for parts in sorted(removals, key=_last_position, reverse=True):
            draft.remove(parts)
        draft.close_gaps()
        return draft.item


def _last_position(parts: Parts) -> int:
    last = parts[-1]
    return last if isinstance(last, int) else -1


def _bind(action: Action, given: Placeholders) -> Step:
    # Not a `match`: its class patterns take several times as long, and this runs per request.
    parts = given.parts(action.path)
    cost = partial(_cost, action, parts, given)
    if isinstance(action, Assignment):
        bound = operand(action.operand, given)
        return Step("SET", parts, bound.kind, bound.get, cost, bound.constant)
    if isinstance(action, Removal):
        return Step("REMOVE", parts, None, None, cost)
    section, value = action.section, given.value(action.value.name)
    _check_combination(section, kind_of(value))
    bound = constant(value)
    return Step(section, parts, bound.kind, bound.get, cost, value)


def cost_at_most(text: str, given: Placeholders) -> int:
    """More than any update can cost that an expression of this length and these values make."""
    return len(text) * (_COST_OF_ANYTHING_MAX + given.size)


def _cost(action: Action, parts: Parts, given: Placeholders) -> int:
    cost = _target_cost(parts)
    if isinstance(action, Assignment):
        return cost + _COST_OF_WRITING + _operand_cost(action.operand, given)
    if isinstance(action, Removal) or action.section != "ADD":
        return cost + _COST_OF_CLEARING
    return cost + _COST_OF_WRITING + size(given.value(action.value.name))


def _element_cost(part: str | int) -> int:
    return len(str(part)) if isinstance(part, int) else text_size(part)


def _target_cost(parts: Parts) -> int:
    if len(parts) == 1:
        return _element_cost(parts[0])
    return _element_cost(parts[0]) + sum(4 + _element_cost(part) for part in parts[1:])


def _operand_cost(tree: Operand, given: Placeholders) -> int:
    if isinstance(tree, Reference):
        return size(given.value(tree.name))
    if isinstance(tree, Path):
        parts = given.parts(tree)
        return 1 + 14 * len(parts) + sum(map(_element_cost, parts))
    if isinstance(tree, Arithmetic):
        below = _operand_cost(tree.left, given) + _operand_cost(tree.right, given)
        return _COSTS_OF_FUNCTIONS[tree.operator] + below
    return _COSTS_OF_FUNCTIONS[tree.name] + sum(_operand_cost(o, given) for o in tree.arguments)


def _check_combination(section: str, kind: str) -> None:
    if kind in _SETS or (section == "ADD" and kind == "N"):
        return
    raise ExpressionError(
        "Incorrect operand type for operator or function; "
        f"operator: {section}, operand type: {_LONG_NAMES[kind]}"
    )


def operand(tree: Operand, given: Placeholders) -> Bound:
    """The right side of a SET."""
    if isinstance(tree, Reference):
        return constant(given.value(tree.name))
    if isinstance(tree, Path):
        return attribute(given.parts(tree))
    if isinstance(tree, Arithmetic):
        return _arithmetic(tree.operator, operand(tree.left, given), operand(tree.right, given))
    bound = [operand(part, given) for part in tree.arguments]
    require_arity(tree.name, 2, bound)
    return _if_not_exists(bound) if tree.name == "if_not_exists" else _list_append(bound)


def _arithmetic(operator: str, left: Bound, right: Bound) -> Bound:
    for side in (left, right):
        if side.kind not in (None, "N"):
            raise wrong_type(operator, str(side.kind))
    combine = numbers.add if operator == "+" else numbers.subtract
    get_left, get_right = left.get, right.get

    def value(item: Item) -> Value | None:
        a, b = get_left(item), get_right(item)
        if a is None or b is None:
            raise _missing()
        if "N" not in a or "N" not in b:
            raise wrong_operand()
        return {"N": combine(a["N"], b["N"])}

    return Bound(value, "N")


def _if_not_exists(arguments: list[Bound]) -> Bound:
    path, default = arguments
    require_path("if_not_exists", path)
    get, get_default = path.get, default.get

    def value(item: Item) -> Value | None:
        found = get(item)
        return get_default(item) if found is None else found

    return Bound(value)


def _list_append(arguments: list[Bound]) -> Bound:
    for argument in arguments:
        if argument.kind not in (None, "L"):
            raise wrong_type("list_append", str(argument.kind))
    get_first, get_second = (argument.get for argument in arguments)

    def value(item: Item) -> Value | None:
        first, second = get_first(item), get_second(item)
        if first is None or second is None:
            raise _missing()
        if "L" not in first or "L" not in second:
            raise wrong_operand()
        return {"L": first["L"] + second["L"]}

    return Bound(value, "L")


class _Draft:
    """An item being changed. Containers on changed paths are copied once, the rest is shared."""

    def __init__(self, item: Item, mismatch: str) -> None:
        self.item = dict(item)
        self._mismatch = mismatch
        self._mine: dict[int, Value] = {}
        self._appended: dict[int, tuple[list[Any], dict[int, Value]]] = {}

    def put(self, parts: Parts, value: Value) -> None:
        if len(parts) == 1:
            self.item[str(parts[0])] = value
            return
        content, last = self._container(parts), parts[-1]
        if isinstance(last, str) or last < len(content):
            content[last] = value
        else:
            self._appended.setdefault(id(content), (content, {}))[1][last] = value

    def remove(self, parts: Parts) -> None:
        if len(parts) == 1:
            self.item.pop(str(parts[0]), None)
            return
        content, last = self._container(parts), parts[-1]
        if isinstance(last, str):
            content.pop(last, None)
        elif last < len(content):
            del content[last]

    def close_gaps(self) -> None:
        """Positions past the end of a list mean its end, in the order of the positions."""
        for content, added in self._appended.values():
            content.extend(added[position] for position in sorted(added))

    def add(self, parts: Parts, value: Value) -> None:
        found = self._find(parts)
        kind = kind_of(value)
        if found is None:
            self.put(parts, value)
        elif kind not in found:
            raise ValidationException(self._mismatch)
        elif kind == "N":
            self.put(parts, {"N": numbers.add(found["N"], value["N"])})
        elif kind == "L":
            self.put(parts, {"L": found["L"] + value["L"]})
        else:
            self.put(parts, {kind: sorted_set(kind, {*found[kind], *value[kind]})})

    def subtract(self, parts: Parts, value: Value) -> None:
        found = self._find(parts)
        kind = kind_of(value)
        if found is None:
            return
        if kind not in found:
            raise ValidationException(self._mismatch)
        gone = set(value[kind])
        left = [member for member in found[kind] if member not in gone]
        if left:
            self.put(parts, {kind: left})
        else:
            self.remove(parts)

    def _find(self, parts: Parts) -> Value | None:
        if len(parts) == 1:
            return self.item.get(str(parts[0]))
        content, last = self._container(parts), parts[-1]
        if isinstance(last, str):
            return content.get(last)  # type: ignore[no-any-return]
        return content[last] if last < len(content) else None

    def _container(self, parts: Parts) -> Any:
        """The contents of the map or list that holds the last part, ours to change."""
        name = str(parts[0])
        value = self.item.get(name)
        if value is None:
            raise _invalid_path()
        value = self.item[name] = self._own(value)
        for part, following in zip(parts[1:], [*parts[2:], None], strict=True):
            content = value.get("L" if isinstance(part, int) else "M")
            if content is None:
                raise _invalid_path()
            if following is None:
                return content
            value = self._descend(content, part)
        raise AssertionError("a path of one part has no container")

    def _descend(self, content: Any, part: str | int) -> Value:
        if isinstance(part, int):
            if part >= len(content):
                raise _invalid_path()
        elif part not in content:
            raise _invalid_path()
        value = content[part] = self._own(content[part])
        return value

    def _own(self, value: Value) -> Value:
        if id(value) in self._mine:
            return value
        kind, content = next(iter(value.items()))
        if kind not in ("M", "L"):
            return value
        copy: Value = {kind: content.copy()}
        self._mine[id(copy)] = copy
        return copy


def sorted_set(kind: str, members: Iterable[str]) -> list[str]:
    """The members of a set in canonical order."""
    if kind == "NS":
        return sorted(members, key=Decimal)
    return sorted(members, key=a2b_base64) if kind == "BS" else sorted(members)
