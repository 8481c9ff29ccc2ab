"""The AWS::LanguageExtensions transform: loops are unrolled here. Pure.

Fn::Length, Fn::ToJsonString and the default of Fn::FindInMap are evaluated like other functions.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-aws-languageextensions.html
"""

import re
from collections.abc import Mapping
from typing import Any

from airside.services.cloudformation.intrinsics import Scope, evaluate, text_of
from airside.services.cloudformation.template import Path, Template, TemplateError

NAME = "AWS::LanguageExtensions"
_LOOP = "Fn::ForEach::"


def unroll(template: Template, parameters: Mapping[str, Any]) -> Template:
    """The template with every Fn::ForEach unrolled. Raises TemplateError."""
    scope = Scope(parameters, template.section("Mappings"), extended=True)
    return Template(_unrolled(template.body, scope, {}, ()), template.lines)


def _unrolled(value: Any, scope: Scope, bound: Mapping[str, str], path: Path) -> Any:
    if isinstance(value, list):
        return [_unrolled(item, scope, bound, (*path, at)) for at, item in enumerate(value)]
    if isinstance(value, str):
        return _filled(value, bound)
    if not isinstance(value, dict):
        return value
    if len(value) == 1 and value.get("Ref") in bound:
        return bound[value["Ref"]]
    result: dict[str, Any] = {}
    for key, item in value.items():
        if key.startswith(_LOOP):
            result |= _loop(item, scope, bound, (*path, key))
        else:
            result[_filled(key, bound)] = _unrolled(item, scope, bound, (*path, key))
    return result


def _loop(value: Any, scope: Scope, bound: Mapping[str, str], path: Path) -> dict[str, Any]:
    match value:
        case [str() as name, collection, dict() as body]:
            items = evaluate(_unrolled(collection, scope, bound, path), scope, path)
            if isinstance(items, list):
                result: dict[str, Any] = {}
                for item in items:
                    inner = {**bound, name: text_of(item)}
                    result |= _unrolled(body, scope, inner, (*path, 2))
                return result
    raise TemplateError(
        "Template error: every Fn::ForEach needs an identifier, a collection and an output", path
    )


def _filled(text: str, bound: Mapping[str, str]) -> str:
    """`${name}` and, without its non-alphanumeric characters, `&{name}`."""
    if "{" not in text:
        return text
    for name, value in bound.items():
        text = text.replace(f"${{{name}}}", value)
        text = text.replace(f"&{{{name}}}", re.sub(r"[^A-Za-z0-9]", "", value))
    return text
