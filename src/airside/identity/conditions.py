"""The Condition element of policies: every operator, `IfExists`, `ForAllValues`, `ForAnyValue`.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

import base64
import binascii
import ipaddress
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from operator import eq, ge, gt, le, lt
from typing import Any, Literal

from airside.identity.patterns import arn_matches, matches, plain, substitute

Keys = Mapping[str, Sequence[str]]
"""Condition keys in lower case and their values."""
Variables = Keys | None
"""What `${...}` stands for; None where the language has no variables."""
Test = Callable[[str, str], bool]
"""(value in the policy, value in the request) -> whether they agree."""
Quantifier = Literal["", "forallvalues", "foranyvalue"]


def _compare(convert: Callable[[str], Any], relation: Callable[[Any, Any], bool]) -> Test:
    def test(wanted: str, found: str) -> bool:
        try:
            return relation(convert(found), convert(wanted))
        except (ValueError, InvalidOperation, OverflowError):
            return False

    return test


def _instant(text: str) -> float:
    """Epoch seconds, or a date of the W3C profile of ISO 8601."""
    try:
        return float(text)
    except ValueError:
        moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _address_in(wanted: str, found: str) -> bool:
    try:
        return ipaddress.ip_address(found) in ipaddress.ip_network(wanted, strict=False)
    except ValueError:
        return False


def _same_bytes(wanted: str, found: str) -> bool:
    try:
        return base64.b64decode(wanted, validate=True) == base64.b64decode(found, validate=True)
    except binascii.Error:
        return False


def _arn_like(wanted: str, found: str) -> bool:
    return wanted.startswith("arn:") and arn_matches(wanted, found)


_WITH_WILDCARDS = frozenset({"stringlike", "arnlike", "arnequals"})
_POSITIVE: dict[str, Test] = {
    "stringequals": eq,
    "stringequalsignorecase": lambda wanted, found: wanted.casefold() == found.casefold(),
    "stringlike": matches,
    "arnequals": _arn_like,
    "arnlike": _arn_like,
    "numericequals": _compare(Decimal, eq),
    "numericlessthan": _compare(Decimal, lt),
    "numericlessthanequals": _compare(Decimal, le),
    "numericgreaterthan": _compare(Decimal, gt),
    "numericgreaterthanequals": _compare(Decimal, ge),
    "dateequals": _compare(_instant, eq),
    "datelessthan": _compare(_instant, lt),
    "datelessthanequals": _compare(_instant, le),
    "dategreaterthan": _compare(_instant, gt),
    "dategreaterthanequals": _compare(_instant, ge),
    "bool": lambda wanted, found: wanted.lower() == found.lower(),
    "binaryequals": _same_bytes,
    "ipaddress": _address_in,
}
_NEGATIVE: dict[str, str] = {
    "stringnotequals": "stringequals",
    "stringnotequalsignorecase": "stringequalsignorecase",
    "stringnotlike": "stringlike",
    "arnnotequals": "arnequals",
    "arnnotlike": "arnlike",
    "numericnotequals": "numericequals",
    "datenotequals": "dateequals",
    "notipaddress": "ipaddress",
}


@dataclass(frozen=True, slots=True)
class Condition:
    """One operator, one key and its values."""

    operator: str
    """The positive operator, in lower case, or `null`."""
    negated: bool
    if_exists: bool
    quantifier: Quantifier
    key: str
    values: tuple[str, ...]

    def holds(self, keys: Keys, variables: Variables) -> bool:
        """Whether the request agrees."""
        found = keys.get(self.key)
        if self.operator == "null":
            return any((value.lower() == "true") == (found is None) for value in self.values)
        if found is None:
            return self.if_exists or self.quantifier == "forallvalues" or self._absent_holds()
        if self.quantifier == "forallvalues":
            return all(self._agrees(value, variables) for value in found)
        return any(self._agrees(value, variables) for value in found)

    def _absent_holds(self) -> bool:
        return self.negated and self.quantifier != "foranyvalue"

    def _agrees(self, found: str, variables: Variables) -> bool:
        test = _POSITIVE[self.operator]
        for value in self.values:
            wanted = value if variables is None else substitute(value, variables)
            if wanted is None:
                continue
            if self.operator not in _WITH_WILDCARDS:
                wanted = plain(wanted)
            if test(wanted, found):
                return not self.negated
        return self.negated


def compile_conditions(block: Any) -> tuple[Condition, ...]:
    """Compile the conditions of a statement, all of which must hold. Raises ValueError."""
    block = _mapping(block)
    found: list[Condition] = []
    for written, tests in block.items():
        operator, negated, if_exists, quantifier = _operator(written)
        found.extend(
            Condition(operator, negated, if_exists, quantifier, key.lower(), _texts(values))
            for key, values in _mapping(tests).items()
        )
    return tuple(found)


def _mapping(value: Any) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return value
    raise ValueError("Syntax errors in policy.")


def _operator(written: str) -> tuple[str, bool, bool, Quantifier]:
    name = written.lower()
    quantifier: Quantifier = ""
    if name.startswith("forallvalues:"):
        quantifier, name = "forallvalues", name[len("forallvalues:") :]
    elif name.startswith("foranyvalue:"):
        quantifier, name = "foranyvalue", name[len("foranyvalue:") :]
    if_exists = name.endswith("ifexists")
    name = name.removesuffix("ifexists")
    if name == "null":
        return name, False, False, quantifier
    if name in _NEGATIVE:
        return _NEGATIVE[name], True, if_exists, quantifier
    if name in _POSITIVE:
        return name, False, if_exists, quantifier
    raise ValueError(f"Invalid Condition type : {written}.")


def _texts(values: Any) -> tuple[str, ...]:
    listed = values if isinstance(values, list | tuple) else [values]
    return tuple(_text(value) for value in listed)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise ValueError("Syntax errors in policy.")
