"""The constraints of the models, compiled to checks, in AWS's words.

A check takes a parsed request and collects every violation, as AWS does:
`2 validation errors detected: Value '' at 'tableName' failed to satisfy constraint: ...; ...`.
Shapes with nothing to check below them compile to nothing.
"""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from airside.kernel import ServiceError
from airside.protocol import patterns
from airside.protocol.errors import InvalidArgument, MalformedXML, Rejected
from airside.protocol.models import OperationModel, ServiceModel
from airside.protocol.schema import ValidationEntry
from airside.protocol.shapes import FLOATS, INTEGERS, STRINGS, Member, Shape
from airside.protocol.soundness import SoundnessCompiler
from airside.protocol.xml_tree import MALFORMED


class Violation(NamedTuple):
    """One constraint that one value does not satisfy."""

    path: tuple[str, ...]
    """Members, `3.member` for list elements and keys for map values, outermost first."""
    value: Any
    constraint: str
    """`Member must ...`."""
    member: Member | None
    """The member of the request's outermost structure below which it happened."""
    shape: Shape
    missing: bool = False


Check = Callable[[Any, tuple[str, ...], list[Violation]], None]
Rule = tuple[Callable[[Any], bool], str]
"""Whether a value satisfies it, and AWS's words for it."""


def validate(model: ServiceModel, operation: OperationModel, request: dict[str, Any]) -> None:
    """Raise the service's error for the first (S3) or all (elsewhere) constraints not satisfied."""
    program = operation.programs.get("validation")
    if program is None:
        program = operation.programs["validation"] = _Program(model, operation)
    if program.is_sound is not None and not program.is_sound(request):
        assert program.check is not None
        violations: list[Violation] = []
        program.check(request, (), violations)
        if violations:
            raise program.error(violations)


class _Program:
    """What was compiled for one operation."""

    def __init__(self, model: ServiceModel, operation: OperationModel) -> None:
        self.entry = model.overlay.validation or _default(model)
        self.check: Check | None = None
        self.is_sound: Callable[[dict[str, Any]], bool] | None = None
        skip = frozenset(self.entry.skip)
        if operation.input and not skip & {"*", operation.name, operation.input.name}:
            not_null = self.entry.not_null_elements
            self.check = _Compiler(skip, not_null=not_null).shape(operation.input)
            quick = SoundnessCompiler(skip, _rules, not_null=not_null)
            self.is_sound = quick.shape(operation.input)
        self.operation = operation

    def error(self, violations: list[Violation]) -> ServiceError:
        entry = self.entry
        if entry.names_input:
            violations = [self._named(violation) for violation in violations]
        special = _enum_error(entry, violations)
        if special is not None:
            return special
        if entry.style == "s3":
            return _s3_error(self.operation, violations[0])
        missing = next((violation for violation in violations if violation.missing), None)
        if entry.required_error is not None and missing is not None:
            wording = entry.required_message or "The request must contain the parameter {member}."
            return Rejected(entry.required_error, wording.replace("{member}", missing.path[-1]))
        describe = _smithy if entry.style == "smithy" else _coral
        count = len(violations)
        noun = "error" if count == 1 else "errors"
        text = "; ".join(describe(violation) for violation in violations)
        return Rejected(entry.error, f"{count} validation {noun} detected: {text}")

    def _named(self, violation: Violation) -> Violation:
        """A violation below a member of the body, its path starting with the input."""
        if violation.member is None or violation.member.location is not None:
            return violation
        return violation._replace(path=(f"{self.operation.name}Input", *violation.path))


def _default(model: ServiceModel) -> ValidationEntry:
    if model.family == "query":
        return ValidationEntry(error="ValidationError")
    return ValidationEntry()


def _enum_error(entry: ValidationEntry, violations: list[Violation]) -> ServiceError | None:
    """The error of its own that the overlay gives to values outside of some enums."""
    for violation in violations:
        found = entry.enum_errors.get(violation.shape.name)
        if found is not None and not violation.missing:
            name, wording = found
            message = (
                wording.replace("{value}", _text(violation.value))
                .replace("{path}", _path(violation))
                .replace("{enum}", ", ".join(violation.shape.enum))
            )
            if entry.style != "s3" or name != "InvalidArgument":
                return Rejected(name, message)
            member = violation.member
            wire = member.wire if member is not None else ""
            return InvalidArgument(message, ArgumentName=wire, ArgumentValue=_text(violation.value))
    return None


def _s3_error(operation: OperationModel, violation: Violation) -> ServiceError:
    member = violation.member
    payload = operation.input.payload if operation.input is not None else None
    if violation.missing and violation.path == (payload,):
        return Rejected("MissingRequestBodyError", "Request Body is empty")
    if member is None or member.location is None:
        return MalformedXML(MALFORMED)
    value = "" if violation.value is None else str(violation.value)
    return InvalidArgument("Invalid Argument", ArgumentName=member.wire, ArgumentValue=value)


def _coral(violation: Violation) -> str:
    if violation.shape.sensitive:
        value = "Value"
    elif violation.missing:
        value = "Value null"
    else:
        value = f"Value '{_text(violation.value)}'"
    return f"{value} at '{_path(violation)}' failed to satisfy constraint: {violation.constraint}"


def _path(violation: Violation) -> str:
    return ".".join(part[:1].lower() + part[1:] for part in violation.path)


def _smithy(violation: Violation) -> str:
    path = "/".join(
        str(int(part[:-7]) - 1) if part.endswith(".member") else part for part in violation.path
    )
    constraint = violation.constraint
    return f"Value at '/{path}' failed to satisfy constraint: {constraint}"


def _text(value: Any) -> str:
    """A value as Java prints it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={_text(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_text(item) for item in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return f"java.nio.HeapByteBuffer[pos=0 lim={len(value)} cap={len(value)}]"
    return str(value)


def _matches(pattern: re.Pattern[str]) -> Callable[[Any], bool]:
    match = pattern.fullmatch
    return lambda value: match(value) is not None


def _rules(shape: Shape) -> list[Rule]:
    """What a shape asks of its values, in the order in which AWS lists it."""
    rules: list[Rule] = []
    least, most = shape.min, shape.max
    if shape.type in INTEGERS or shape.type in FLOATS:
        show = _number if shape.type in INTEGERS else float
        if most is not None:
            text = f"Member must have value less than or equal to {show(most)}"
            rules.append((lambda value: value <= most, text))
        if least is not None:
            text = f"Member must have value greater than or equal to {show(least)}"
            rules.append((lambda value: value >= least, text))
    elif shape.type != "structure":
        if most is not None:
            text = f"Member must have length less than or equal to {_number(most)}"
            rules.append((lambda value: len(value) <= most, text))
        if least is not None:
            text = f"Member must have length greater than or equal to {_number(least)}"
            rules.append((lambda value: len(value) >= least, text))
    if shape.type in STRINGS:
        rules.extend(_string_rules(shape))
    return rules


def _string_rules(shape: Shape) -> list[Rule]:
    rules: list[Rule] = []
    if shape.pattern is not None:
        pattern = patterns.compiled(shape.pattern)
        if pattern is not None:
            text = f"Member must satisfy regular expression pattern: {shape.pattern}"
            rules.append((_matches(pattern), text))
    if shape.enum:
        values = frozenset(shape.enum)
        text = f"Member must satisfy enum value set: [{', '.join(shape.enum)}]"
        rules.append((lambda value: value in values, text))
    return rules


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else str(value)


_NOT_NULL: Rule = (lambda value: value is not None, "Member must not be null")


class _Compiler:
    """Compiles checks for the shapes below one request."""

    def __init__(self, skip: frozenset[str], *, not_null: bool) -> None:
        self._skip = skip
        self._more = [_NOT_NULL] if not_null else []
        self._made: dict[str, Check | None] = {}
        self._open: set[str] = set()

    def shape(self, shape: Shape) -> Check | None:
        if shape.opaque or shape.name in self._skip or shape.streaming or shape.event_stream:
            return None
        if shape.name in self._made:
            return self._made[shape.name]
        if shape.name in self._open:  # recursive: decided only when called
            return lambda value, path, found: self._again(shape.name, value, path, found)
        self._open.add(shape.name)
        made = self._made[shape.name] = self._compile(shape)
        self._open.discard(shape.name)
        return made

    def _again(self, name: str, value: Any, path: tuple[str, ...], found: list[Violation]) -> None:
        check = self._made[name]
        if check is not None:
            check(value, path, found)

    def _compile(self, shape: Shape) -> Check | None:
        if shape.type == "structure":
            return self._structure(shape)
        own = _own(shape)
        if shape.type == "list":
            return _both(own, self._elements(shape))
        if shape.type == "map":
            return _both(own, self._entries(shape))
        return own

    def _structure(self, shape: Shape) -> Check | None:
        checks = {}
        for member in shape.members.values():
            check = self.shape(member.shape)
            if check is not None:
                checks[member.name] = check
        required = [(name, shape.members[name]) for name in shape.required]
        if not checks and not required and not shape.union:
            return None
        find = checks.get
        members = shape.members

        def check_structure(value: Any, path: tuple[str, ...], found: list[Violation]) -> None:
            for name, member in required:
                if name not in value and not member.idempotency_token:
                    found.append(Violation(
                        (*path, name), None, "Member must not be null", member, member.shape, True
                    ))  # fmt: skip
            for name, item in value.items():
                below = find(name)
                if below is not None:
                    before = len(found)
                    below(item, (*path, name), found)
                    if not path and len(found) > before:
                        found[before:] = [v._replace(member=members[name]) for v in found[before:]]
            if shape.union and len(value) != 1:
                found.append(Violation(
                    path, value, "Member must have exactly one of its members set", None, shape
                ))  # fmt: skip

        return check_structure

    def _elements(self, shape: Shape) -> Check | None:
        element = shape.element.shape
        if element.type not in {"structure", "list", "map"}:
            rules = _rules(element)
            return _inline(shape, rules + self._more if rules else rules, "Member", list)
        check = self.shape(element)
        if check is None:
            return None

        def check_elements(value: Any, path: tuple[str, ...], found: list[Violation]) -> None:
            for number, item in enumerate(value, 1):
                check(item, (*path, f"{number}.member"), found)

        return check_elements

    def _entries(self, shape: Shape) -> Check | None:
        rules = _rules(shape.key.shape)
        keys = _inline(shape, rules, "Map keys", list)
        target = shape.value.shape
        if target.type not in {"structure", "list", "map"}:
            rules = _rules(target)
            more = rules + self._more if rules else rules
            inline = _inline(shape, more, "Map value", lambda value: value.values())
            return _both(keys, inline)
        check = self.shape(target)
        if check is None:
            return keys

        def check_values(value: Any, path: tuple[str, ...], found: list[Violation]) -> None:
            for key, item in value.items():
                check(item, (*path, f"{key}.member"), found)

        return _both(keys, check_values)


def _own(shape: Shape) -> Check | None:
    rules = _rules(shape)
    if not rules:
        return None

    def check(value: Any, path: tuple[str, ...], found: list[Violation]) -> None:
        for holds, text in rules:
            if not holds(value):
                found.append(Violation(path, value, text, None, shape))

    return check


def _inline(shape: Shape, rules: list[Rule], what: str, pick: Callable[[Any], Any]) -> Check | None:
    """Scalars inside a list or map are reported with the whole of it, and with all their rules."""
    if not rules:
        return None
    text = f"{what} must satisfy constraint: [{', '.join(rule[1] for rule in rules)}]"

    def check(value: Any, path: tuple[str, ...], found: list[Violation]) -> None:
        for item in pick(value):
            if not all(holds(item) for holds, _ in rules):
                found.append(Violation(path, value, text, None, shape))
                return

    return check


def _both(first: Check | None, second: Check | None) -> Check | None:
    if first is None or second is None:
        return first or second

    def check(value: Any, path: tuple[str, ...], found: list[Violation]) -> None:
        first(value, path, found)
        second(value, path, found)

    return check
