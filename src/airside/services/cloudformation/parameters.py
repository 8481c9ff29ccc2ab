"""Template parameters: from what was given to the values that Ref answers. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from airside.kernel.regular_expressions import Effort, PatternError
from airside.services.cloudformation.intrinsics import text_of
from airside.services.cloudformation.template import Template, TemplateError

MASK = "****"
_SSM = re.compile(r"AWS::SSM::Parameter::Value<(.+)>")


@dataclass(frozen=True, slots=True)
class Given:
    """One parameter of a request."""

    value: str | None = None
    use_previous: bool = False


def choose(
    template: Template, given: Mapping[str, Given], previous: Mapping[str, str]
) -> dict[str, str]:
    """The text of every declared parameter, checked against its constraints.

    Raises TemplateError with AWS's sentence.
    """
    declared = template.section("Parameters")
    unknown = [name for name in given if name not in declared]
    if unknown:
        raise TemplateError(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    chosen: dict[str, str] = {}
    missing: list[str] = []
    for name, declaration in declared.items():
        text = _text(name, declaration, given.get(name), previous)
        if text is None:
            missing.append(name)
        else:
            chosen[name] = text
    if missing:
        raise TemplateError(
            f"Parameters: [{', '.join(missing)}] must have values", ("Parameters", missing[0])
        )
    for name, text in chosen.items():
        _check(name, declared[name], text)
    return chosen


def _text(
    name: str, declaration: Mapping[str, Any], given: Given | None, previous: Mapping[str, str]
) -> str | None:
    if given is not None and given.use_previous and name in previous:
        return previous[name]
    if given is not None and given.value is not None:
        return given.value
    return text_of(declaration["Default"]) if "Default" in declaration else None


def _check(name: str, declaration: Mapping[str, Any], text: str) -> None:
    if ssm_type(declaration["Type"]):
        return
    kind = declaration["Type"]
    items = split(text) if is_list(kind) else [text]
    for item in items:
        problem = _problem(declaration, item, numeric=kind in {"Number", "List<Number>"})
        if problem:
            explained = declaration.get("ConstraintDescription")
            raise TemplateError(
                f"Parameter {name} failed to satisfy constraint: {explained}"
                if explained
                else f"Parameter '{name}' {problem}",
                ("Parameters", name),
            )


def _problem(declaration: Mapping[str, Any], text: str, *, numeric: bool) -> str | None:
    allowed = declaration.get("AllowedValues")
    if allowed is not None and text not in [text_of(value) for value in allowed]:
        return "must be one of AllowedValues"
    if numeric:
        return _number_problem(declaration, text)
    pattern = declaration.get("AllowedPattern")
    if pattern is not None and not _fits(str(pattern), text):
        return f"must match pattern {pattern}"
    if len(text) < int(declaration.get("MinLength", 0)):
        return f"must contain at least {declaration['MinLength']} characters"
    if "MaxLength" in declaration and len(text) > int(declaration["MaxLength"]):
        return f"must contain at most {declaration['MaxLength']} characters"
    return None


def _fits(pattern: str, text: str) -> bool:
    try:
        return Effort().fullmatch(pattern, text)
    except PatternError:
        return False


def _number_problem(declaration: Mapping[str, Any], text: str) -> str | None:
    try:
        number = float(text)
    except ValueError:
        return "must be a number"
    if "MinValue" in declaration and number < float(declaration["MinValue"]):
        return f"must be a number not less than {declaration['MinValue']}"
    if "MaxValue" in declaration and number > float(declaration["MaxValue"]):
        return f"must be a number not greater than {declaration['MaxValue']}"
    return None


def is_list(kind: str) -> bool:
    """Whether Ref gives a list."""
    return kind == "CommaDelimitedList" or kind.startswith("List<")


def ssm_type(kind: str) -> str | None:
    """The inner type of AWS::SSM::Parameter::Value<...>."""
    match = _SSM.fullmatch(kind)
    return match[1] if match else None


def split(text: str) -> list[str]:
    """A comma-delimited list; spaces around items do not count."""
    return [item.strip() for item in text.split(",")] if text else []


def values(
    template: Template, texts: Mapping[str, str], resolved: Mapping[str, str]
) -> dict[str, Any]:
    """What Ref answers. `resolved` holds the values of SSM parameters, by template parameter.

    A whole Number comes as an int, because that is what most of its readers want; strings made
    from it read the same.
    """
    found: dict[str, Any] = {}
    for name, text in texts.items():
        kind = template.section("Parameters")[name]["Type"]
        inner = ssm_type(kind)
        value = resolved.get(name, text) if inner else text
        found[name] = _typed(inner or kind, value)
    return found


def _typed(kind: str, text: str) -> Any:
    if is_list(kind):
        return split(text)
    if kind == "Number" and re.fullmatch(r"-?(0|[1-9]\d{0,17})", text):
        return int(text)
    return text


def listing(
    template: Template, texts: Mapping[str, str], resolved: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Parameters as DescribeStacks shows them: NoEcho masked."""
    declared = template.section("Parameters")
    return [
        {
            "ParameterKey": name,
            "ParameterValue": MASK if _no_echo(declared.get(name, {})) else text,
            "ResolvedValue": resolved.get(name),
        }
        for name, text in texts.items()
    ]


def _no_echo(declaration: Mapping[str, Any]) -> bool:
    return text_of(declaration.get("NoEcho", "false")).lower() == "true"


def declarations(template: Template) -> Sequence[dict[str, Any]]:
    """Parameters as GetTemplateSummary shows them."""
    return [
        {
            "ParameterKey": name,
            "DefaultValue": text_of(declared["Default"]) if "Default" in declared else None,
            "ParameterType": declared["Type"],
            "NoEcho": _no_echo(declared),
            "Description": declared.get("Description"),
            "ParameterConstraints": {
                "AllowedValues": [text_of(value) for value in declared["AllowedValues"]]
            }
            if "AllowedValues" in declared
            else {},
        }
        for name, declared in template.section("Parameters").items()
    ]
