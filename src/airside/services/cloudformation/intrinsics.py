"""Intrinsic functions, as pure evaluation over a scope."""

import base64
import ipaddress
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from airside.services.cloudformation.template import Path, TemplateError

UNKNOWN: Final = "{{changeSet:KNOWN_AFTER_APPLY}}"
"""Stands in change sets for what only the deployment will tell. AWS writes it so, too."""

_VARIABLE = re.compile(r"\$\{(!?)([^{}]*)\}")
_CONDITIONAL = frozenset(
    {"Fn::Equals", "Fn::And", "Fn::Or", "Fn::Not", "Condition", "Fn::Contains"}
)


class NoValue:
    """What `AWS::NoValue` refers to: the member that holds it vanishes."""


NO_VALUE: Final = NoValue()


class UnresolvedReference(TemplateError):
    """A name that neither a parameter nor a resource bears."""

    def __init__(self, name: str, path: Path) -> None:
        block = path[0] if path else "Resources"
        super().__init__(
            f"Template format error: Unresolved resource dependencies [{name}] in the {block} "
            "block of the template",
            path,
        )
        self.name = name


class Values:
    """What resources answer to Ref and Fn::GetAtt. The base knows none."""

    def ref(self, logical_id: str) -> Any:
        """The physical id. Raise KeyError when there is no such resource."""
        raise KeyError(logical_id)

    def attribute(self, logical_id: str, name: str) -> Any:
        """An attribute. Raise KeyError when there is no such resource; TemplateError for others."""
        raise KeyError(logical_id)


def no_exports(name: str) -> str:
    """Where nothing is exported."""
    raise TemplateError(f"No export named {name} found.")


@dataclass(slots=True)
class Scope:
    """What names mean."""

    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Parameters and pseudo parameters."""
    mappings: Mapping[str, Any] = field(default_factory=dict)
    conditions: Mapping[str, bool] = field(default_factory=dict)
    values: Values = field(default_factory=Values)
    exports: Callable[[str], str] = no_exports
    zones: Callable[[str], Sequence[str]] = lambda region: [f"{region}{zone}" for zone in "abc"]
    extended: bool = False
    """Whether the template uses the AWS::LanguageExtensions transform."""


def evaluate(value: Any, scope: Scope, path: Path = ()) -> Any:
    """`value` with every function replaced by its result.

    Members whose value is AWS::NoValue are left out; the result is NO_VALUE when all of it is.
    Raises TemplateError.
    """
    if isinstance(value, dict):
        name = function_name(value)
        if name is not None:
            return _call(name, value[name], scope, (*path, name))
        members = ((key, evaluate(item, scope, (*path, key))) for key, item in value.items())
        return {key: item for key, item in members if item is not NO_VALUE}
    if isinstance(value, list):
        items = (evaluate(item, scope, (*path, index)) for index, item in enumerate(value))
        return [item for item in items if item is not NO_VALUE]
    return value


def function_name(value: Mapping[str, Any]) -> str | None:
    """The function that `value` calls, if it is a call."""
    if len(value) != 1:
        return None
    name = next(iter(value))
    return name if name == "Ref" or name.startswith("Fn::") else None


def text_of(value: Any) -> str:
    """A scalar as CloudFormation writes it into strings."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def holds_unknown(value: Any) -> bool:
    """Whether something in `value` is only known after the deployment."""
    if isinstance(value, str):
        return UNKNOWN in value
    if isinstance(value, dict):
        return any(map(holds_unknown, value.values()))
    return isinstance(value, list) and any(map(holds_unknown, value))


def _call(name: str, argument: Any, scope: Scope, path: Path) -> Any:
    function = _FUNCTIONS.get(name)
    if function is None or (name in _EXTENSIONS and not scope.extended):
        known = ", ".join(key for key in _FUNCTIONS if key not in _EXTENSIONS)
        raise TemplateError(
            f"Template error: Encountered unsupported function: {name} "
            f"Supported functions are: [{known}]",
            path,
        )
    return function(argument, scope, path)


def lookup(name: str, scope: Scope, path: Path) -> Any:
    """What `Ref` gives."""
    if name == "AWS::NoValue":
        return NO_VALUE
    if name in scope.parameters:
        return scope.parameters[name]
    try:
        return scope.values.ref(name)
    except KeyError:
        raise UnresolvedReference(name, path) from None


def _ref(argument: Any, scope: Scope, path: Path) -> Any:
    name = evaluate(argument, scope, path) if scope.extended else argument
    if not isinstance(name, str):
        raise TemplateError(
            "Template error: every Ref object must have a single String value.", path
        )
    return lookup(name, scope, path)


def _get_att(argument: Any, scope: Scope, path: Path) -> Any:
    if isinstance(argument, str):
        resource, _, attribute = argument.partition(".")
        argument = [resource, attribute]
    if not isinstance(argument, list) or len(argument) < 2:
        raise TemplateError(
            "Template error: every Fn::GetAtt object requires two non-empty parameters, the "
            "resource name and the resource attribute",
            path,
        )
    resource, *rest = (evaluate(part, scope, path) for part in argument)
    try:
        return scope.values.attribute(resource, ".".join(map(text_of, rest)))
    except KeyError:
        raise UnresolvedReference(resource, path) from None


def _sub(argument: Any, scope: Scope, path: Path) -> Any:
    template, variables = (argument, {}) if isinstance(argument, str) else _sub_pair(argument, path)
    local = {key: evaluate(item, scope, path) for key, item in variables.items()}

    def replace(match: re.Match[str]) -> str:
        literal, name = match.groups()
        if literal:
            return f"${{{name}}}"
        return text_of(_variable(name.strip(), local, scope, path))

    return _VARIABLE.sub(replace, template)


def _sub_pair(argument: Any, path: Path) -> tuple[str, Mapping[str, Any]]:
    match argument:
        case [str() as template, dict() as variables]:
            return template, variables
    raise TemplateError(
        "Template error: One or more Fn::Sub intrinsic functions don't specify expected arguments. "
        "Specify a string as first argument, and an optional second argument to specify a mapping "
        "of values to replace in the string",
        path,
    )


def _variable(name: str, local: Mapping[str, Any], scope: Scope, path: Path) -> Any:
    if name in local:
        return local[name]
    if not re.fullmatch(r"[A-Za-z0-9_.:]+", name):
        raise TemplateError(
            "Template error: variable names in Fn::Sub syntax must contain only alphanumeric "
            "characters, underscores, periods, and colons",
            path,
        )
    if "." in name and name not in scope.parameters:
        return _get_att(name, scope, path)
    return lookup(name, scope, path)


def _join(argument: Any, scope: Scope, path: Path) -> Any:
    match argument:
        case [str() as delimiter, items]:
            values = evaluate(items, scope, path)
            if values == UNKNOWN:
                return UNKNOWN
            if isinstance(values, list) and not any(isinstance(v, dict | list) for v in values):
                return delimiter.join(map(text_of, values))
    raise TemplateError(
        "Template error: every Fn::Join object requires two parameters, (1) a string delimiter and "
        "(2) a list of strings to be joined or a function that returns a list of strings (such as "
        "Fn::GetAZs) to be joined.",
        path,
    )


def _split(argument: Any, scope: Scope, path: Path) -> Any:
    match argument:
        case [str() as delimiter, source] if delimiter:
            text = evaluate(source, scope, path)
            if isinstance(text, str):
                return text if text == UNKNOWN else text.split(delimiter)
    raise TemplateError(
        "Template error: every Fn::Split object requires two parameters, (1) a string delimiter "
        "and (2) a string to be split or a function that returns a string to be split.",
        path,
    )


def _select(argument: Any, scope: Scope, path: Path) -> Any:
    if isinstance(argument, list) and len(argument) == 2:
        index = evaluate(argument[0], scope, path)
        items = evaluate(argument[1], scope, path)
        if holds_unknown(items):
            return UNKNOWN
        if isinstance(items, list) and str(index).isdigit():
            if int(index) < len(items):
                return items[int(index)]
            raise TemplateError(
                f"Template error: Fn::Select cannot select nonexistent value at index {index}", path
            )
    raise TemplateError(
        "Template error: Fn::Select requires a list argument with two elements: an integer index "
        "and a list",
        path,
    )


def _find_in_map(argument: Any, scope: Scope, path: Path) -> Any:
    if not isinstance(argument, list) or len(argument) not in {3, 4}:
        raise TemplateError(
            "Template error: every Fn::FindInMap object requires three parameters, the map name, "
            "map key and the attribute for return value",
            path,
        )
    names = [text_of(evaluate(part, scope, path)) for part in argument[:3]]
    found: Any = scope.mappings
    for name in names:
        if not isinstance(found, dict) or name not in found:
            if len(argument) == 4 and scope.extended:
                return evaluate(argument[3]["DefaultValue"], scope, path)
            raise TemplateError(
                f"Template error: Unable to get mapping for {'::'.join(names)}", path
            )
        found = found[name]
    return evaluate(found, scope, path) if scope.extended else found


def _base64(argument: Any, scope: Scope, path: Path) -> Any:
    text = evaluate(argument, scope, path)
    if not isinstance(text, str):
        raise TemplateError(
            "Template error: every Fn::Base64 object must have a String-typed value.", path
        )
    return text if UNKNOWN in text else base64.b64encode(text.encode()).decode()


def _get_azs(argument: Any, scope: Scope, path: Path) -> Any:
    region = evaluate(argument, scope, path) or scope.parameters.get("AWS::Region", "us-east-1")
    return list(scope.zones(region))


def _cidr(argument: Any, scope: Scope, path: Path) -> Any:
    parts = evaluate(argument, scope, path)
    if holds_unknown(parts):
        return UNKNOWN
    try:
        block = ipaddress.ip_network(parts[0])
        count, bits = int(parts[1]), int(parts[2]) if len(parts) > 2 else 8
        subnets = block.subnets(new_prefix=block.max_prefixlen - bits)
        chosen = [str(subnet) for _, subnet in zip(range(count), subnets, strict=False)]
    except (ValueError, IndexError, TypeError):
        chosen, count = [], 1
    if len(chosen) < count:
        raise TemplateError(
            "Template error: every Fn::Cidr object requires two parameters, (1) a string ipBlock "
            "and (2) a number of subnets that the block has room for.",
            path,
        )
    return chosen


def _import_value(argument: Any, scope: Scope, path: Path) -> Any:
    return scope.exports(text_of(evaluate(argument, scope, path)))


def _if(argument: Any, scope: Scope, path: Path) -> Any:
    match argument:
        case [str() as name, when_true, when_false]:
            chosen = 1 if condition(name, scope, path) else 2
            return evaluate(when_true if chosen == 1 else when_false, scope, (*path, chosen))
    raise TemplateError("Template error: Fn::If requires a list argument with three elements", path)


def condition(name: str, scope: Scope, path: Path = ()) -> bool:
    """The value of a named condition."""
    if name not in scope.conditions:
        block = path[0] if path else "Resources"
        raise TemplateError(
            f"Template format error: Unresolved condition dependency {name} in the {block} block "
            "of the template",
            path,
        )
    return scope.conditions[name]


def _transform(argument: Any, scope: Scope, path: Path) -> Any:
    name = argument.get("Name") if isinstance(argument, dict) else argument
    raise TemplateError(f"Fn::Transform {name} is not supported by Airside at this place", path)


def _length(argument: Any, scope: Scope, path: Path) -> Any:
    items = evaluate(argument, scope, path)
    if not isinstance(items, list):
        raise TemplateError("Template error: Fn::Length must be called with a list", path)
    return len(items)


def _to_json(argument: Any, scope: Scope, path: Path) -> Any:
    return json.dumps(evaluate(argument, scope, path), separators=(",", ":"))


def holds(value: Any, scope: Scope, path: Path = ()) -> bool:
    """The value of a condition's expression. Raises TemplateError."""
    name, argument = next(iter(value.items())) if isinstance(value, dict) and value else ("", None)
    match name, argument:
        case "Condition", str():
            return condition(argument, scope, path)
        case "Fn::Equals", [left, right]:
            return _same(evaluate(left, scope, path), evaluate(right, scope, path))
        case "Fn::Not", [operand]:
            return not holds(operand, scope, path)
        case "Fn::And" | "Fn::Or", list() if 2 <= len(argument) <= 10:
            results = [holds(operand, scope, path) for operand in argument]
            return all(results) if name == "Fn::And" else any(results)
        case "Fn::Contains", [items, wanted]:
            among = evaluate(items, scope, path)
            return any(_same(item, evaluate(wanted, scope, path)) for item in among)
    if name in _CONDITIONAL:
        raise TemplateError(
            f"Template error: every {name} object requires "
            f"{_OPERANDS.get(name, 'a list of parameters')}.",
            path,
        )
    raise TemplateError(
        "Template format error: Every Condition member must be a boolean expression", path
    )


_OPERANDS = {
    "Fn::Equals": "a list of 2 string parameters",
    "Fn::Not": "a list of 1 boolean parameter",
    "Fn::And": "a list of at least 2 and at most 10 boolean parameters",
    "Fn::Or": "a list of at least 2 and at most 10 boolean parameters",
}


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, dict | list) or isinstance(right, dict | list):
        return bool(left == right)
    return text_of(left) == text_of(right)


_FUNCTIONS: Final[Mapping[str, Callable[[Any, Scope, Path], Any]]] = {
    "Ref": _ref,
    "Fn::GetAtt": _get_att,
    "Fn::Sub": _sub,
    "Fn::Join": _join,
    "Fn::Split": _split,
    "Fn::Select": _select,
    "Fn::FindInMap": _find_in_map,
    "Fn::Base64": _base64,
    "Fn::GetAZs": _get_azs,
    "Fn::Cidr": _cidr,
    "Fn::ImportValue": _import_value,
    "Fn::If": _if,
    "Fn::Equals": lambda a, s, p: holds({"Fn::Equals": a}, s, p),
    "Fn::And": lambda a, s, p: holds({"Fn::And": a}, s, p),
    "Fn::Or": lambda a, s, p: holds({"Fn::Or": a}, s, p),
    "Fn::Not": lambda a, s, p: holds({"Fn::Not": a}, s, p),
    "Fn::Transform": _transform,
    "Fn::Length": _length,
    "Fn::ToJsonString": _to_json,
}
_EXTENSIONS: Final = frozenset({"Fn::Length", "Fn::ToJsonString"})
