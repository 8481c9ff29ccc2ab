"""Checks that need nothing but the request: what the model constrains, in AWS's order and words.

DynamoDB reports broken constraints of all members in one message, in an order of its own, so it
checks them itself instead of leaving that to the codec. Rules run in the order given.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from airside.services.dynamodb.errors import ValidationException
from airside.services.dynamodb.problems import InvalidValue

Request = Mapping[str, Any]


class Rule(NamedTuple):
    """What one member has to be like."""

    member: str
    applies_always: bool
    """Whether it also has something to say about a member that is not there."""
    note: "Callable[[Request, Problems], None]"
    """Notes what is wrong."""
    passes: Callable[[Any], bool] | None = None
    """Tells at once that there is nothing to say about the member's value."""

    def __call__(self, request: Request, problems: "Problems") -> None:
        """Note what is wrong."""
        self.note(request, problems)


_NAME = re.compile(r"[a-zA-Z0-9_.-]+", re.ASCII)
_PROBLEMS_MAX = 10

CAPACITY = ("INDEXES", "TOTAL", "NONE")
METRICS = ("SIZE", "NONE")
RETURN_VALUES = ("ALL_NEW", "UPDATED_OLD", "ALL_OLD", "NONE", "UPDATED_NEW")
SELECT = ("SPECIFIC_ATTRIBUTES", "COUNT", "ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES")
CONDITIONAL = ("OR", "AND")
COMPARISON = (
    "IN", "NULL", "BETWEEN", "LT", "NOT_CONTAINS", "EQ", "GT", "NOT_NULL", "NE", "LE",
    "BEGINS_WITH", "GE", "CONTAINS",
)  # fmt: skip


class Problems:
    """Broken constraints, reported together."""

    def __init__(self, path: str = "") -> None:
        self.path = path
        self.found: list[str] = []

    def add(self, member: str, value: Any, constraint: str) -> None:
        """Note one; `member` is the path in lower camel case."""
        if len(self.found) < _PROBLEMS_MAX:
            shown = "null" if value is None else f"'{java(value)}'"
            self.found.append(
                f"Value {shown} at '{self.path}{member}' failed to satisfy constraint: {constraint}"
            )

    def raise_all(self) -> None:
        """Report what there is."""
        if self.found:
            count = len(self.found)
            raise ValidationException(
                f"{count} validation error{'s' if count > 1 else ''} detected: "
                + "; ".join(self.found)
            )


def java(value: Any) -> str:
    """A value as AWS's messages print it."""
    if isinstance(value, list):
        return "[" + ", ".join(map(java, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={java(member)}" for key, member in value.items()) + "}"
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else str(value)


def camel(member: str) -> str:
    """`TableName` to `tableName`."""
    return member[0].lower() + member[1:]


class Rules:
    """Rules for an operation that is called often: most requests are seen at once to be right."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = tuple(rules)
        self.optional = frozenset(rule.member for rule in self._rules if not rule.applies_always)
        self.always = [(rule.member, rule.passes) for rule in self._rules if rule.applies_always]

    def __iter__(self) -> Iterator[Rule]:
        return iter(self._rules)


def check(request: Request, rules: Iterable[Rule]) -> None:
    """Apply the rules and report what they find."""
    if isinstance(rules, Rules) and rules.optional.isdisjoint(request):
        for member, passes in rules.always:
            if passes is None or not passes(request.get(member)):
                break
        else:
            return
    problems: Problems | None = None
    for member, applies_always, note, _ in rules:
        if applies_always or member in request:
            if problems is None:
                problems = Problems()
            note(request, problems)
    if problems is not None and problems.found:
        problems.raise_all()


def rule(note: "Callable[[Request, Problems], None]") -> Rule:
    """Declare a function to be a rule that looks at the whole request."""
    return Rule("", True, note)


def when_given(member: str) -> "Callable[[Callable[[Request, Problems], None]], Rule]":
    """Declare a function to be the rule for a member, when that is given."""
    return lambda note: Rule(member, False, note)


def enum(member: str, allowed: Sequence[str]) -> Rule:
    """One of a few words, when given."""
    name = camel(member)

    def note(request: Request, problems: Problems) -> None:
        value = request.get(member)
        if value is not None and value not in allowed:
            problems.add(name, value, f"Member must satisfy enum value set: [{', '.join(allowed)}]")

    return Rule(member, False, note)


def required(member: str) -> Rule:
    """Must be there."""
    name = camel(member)

    def note(request: Request, problems: Problems) -> None:
        if request.get(member) is None:
            problems.add(name, None, "Member must not be null")

    return Rule(member, True, note, bool)


def name_of_length(member: str, low: int) -> Rule:
    """A table's name; the shortest that AWS accepts depends on the operation."""
    name = camel(member)

    def note(request: Request, problems: Problems) -> None:
        value = request.get(member)
        if value is None:
            problems.add(name, None, "Member must not be null")
        elif not value.startswith("arn:"):
            check_name(problems, name, value, low)

    return Rule(member, True, note, lambda value: value is not None and is_name(value, low))


table_name = name_of_length("TableName", 1)
"""The table of a data operation: a name or an ARN."""


@when_given("IndexName")
def index_name(request: Request, problems: Problems) -> None:
    """The optional index of a query or scan."""
    value = request.get("IndexName")
    if value is not None:
        check_name(problems, "indexName", value, 3)


@lru_cache(maxsize=1024)
def is_name(value: str, low: int) -> bool:
    """Whether it can be the name of a table or an index."""
    return low <= len(value) <= 255 and _NAME.fullmatch(value) is not None


def check_name(problems: Problems, member: str, value: str, low: int) -> None:
    """Note what is wrong with the name of a table or an index."""
    if (value or low > 1) and not _NAME.fullmatch(value):
        problems.add(
            member, value, "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"
        )
    if len(value) < low:
        problems.add(member, value, f"Member must have length greater than or equal to {low}")
    elif len(value) > 255:
        problems.add(member, value, "Member must have length less than or equal to 255")


def length(member: str, low: int, high: int | None = None) -> Rule:
    """The length of a list, when given."""
    name = camel(member)

    def note(request: Request, problems: Problems) -> None:
        value = request.get(member)
        if value is None:
            return
        if len(value) < low:
            problems.add(name, value, f"Member must have length greater than or equal to {low}")
        elif high is not None and len(value) > high:
            problems.add(name, value, f"Member must have length less than or equal to {high}")

    return Rule(member, False, note)


def at_least(member: str, low: int) -> Rule:
    """A number, when given."""
    name = camel(member)

    def note(request: Request, problems: Problems) -> None:
        value = request.get(member)
        if value is not None and value < low:
            problems.add(name, value, f"Member must have value greater than or equal to {low}")

    return Rule(member, False, note)


def at_most(member: str, high: int) -> Rule:
    """A number, when given."""
    name = camel(member)

    def note(request: Request, problems: Problems) -> None:
        value = request.get(member)
        if value is not None and value > high:
            problems.add(name, value, f"Member must have value less than or equal to {high}")

    return Rule(member, False, note)


def each_condition(member: str, *, operator_required: bool) -> Rule:
    """The comparison operators of a map of legacy conditions."""
    name = camel(member)

    def note(request: Request, problems: Problems) -> None:
        for key, condition in (request.get(member) or {}).items():
            operator = condition.get("ComparisonOperator")
            place = f"{name}.{key}.member.comparisonOperator"
            if operator is None:
                if operator_required:
                    problems.add(place, None, "Member must not be null")
            elif operator not in COMPARISON:
                problems.add(
                    place,
                    operator,
                    f"Member must satisfy enum value set: [{', '.join(COMPARISON)}]",
                )

    return Rule(member, False, note)


@lru_cache(maxsize=64)
def _telling(
    expressions: tuple[str, ...], legacy: tuple[str, ...]
) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """What decides whether anything can be wrong.

    Members of which one has to be there, the predecessors, and the expressions that have values.
    """
    placeholders = ("ExpressionAttributeNames", "ExpressionAttributeValues")
    with_values = frozenset(expressions) - {"ProjectionExpression"}
    return frozenset((*expressions, *placeholders)), frozenset(legacy), with_values


def check_mixing(request: Request, expressions: tuple[str, ...], legacy: tuple[str, ...]) -> None:
    """Refuse expressions beside their predecessors, and placeholders without expressions."""
    telling, predecessors, valued = _telling(expressions, legacy)
    if telling.isdisjoint(request) or (
        predecessors.isdisjoint(request) and not valued.isdisjoint(request)
    ):
        return
    used = [name for name in expressions if request.get(name) is not None]
    if used:
        old = [
            name
            for name in legacy
            if request.get(name) is not None
            and (name != "KeyConditions" or "KeyConditionExpression" in used)
        ]
        if old:
            raise ValidationException(
                "Can not use both expression and non-expression parameters in the same request: "
                f"Non-expression parameters: {{{', '.join(old)}}} "
                f"Expression parameters: {{{', '.join(used)}}}"
            )
    elif request.get("ExpressionAttributeNames") is not None:
        raise ValidationException(
            "ExpressionAttributeNames can only be specified when using expressions"
        )
    if request.get("ExpressionAttributeValues") is None:
        return
    with_values = [name for name in expressions if name != "ProjectionExpression"]
    if with_values and all(request.get(name) is None for name in with_values):
        verb = "are" if len(with_values) > 1 else "is"
        message = "ExpressionAttributeValues can only be specified when using expressions"
        raise InvalidValue(message, f"{message}: {' and '.join(with_values)} {verb} null")


def check_duplicates(names: Sequence[str]) -> None:
    """The attributes of an old-style projection are a set."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValidationException(
                "One or more parameter values were invalid: "
                f"Duplicate value in attribute name: {name}"
            )
        seen.add(name)
