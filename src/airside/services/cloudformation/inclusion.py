"""The AWS::Include transform: snippets that lie in buckets, put where they are named."""

from collections.abc import Awaitable, Callable
from typing import Any

from airside.services.cloudformation.template import Path, Template, TemplateError, parse

NAME = "AWS::Include"
Fetch = Callable[[str], Awaitable[str]]
"""From a location (`s3://bucket/key` or a URL) to the text that lies there."""


async def include(template: Template, fetch: Fetch) -> Template:
    """The template with every inclusion done. Raises TemplateError, and what `fetch` raises."""
    body = await _included(template.body, fetch, ())
    declared = body.get("Transform", [])
    listed = declared if isinstance(declared, list) else [declared]
    kept = []
    for transform in listed:
        if isinstance(transform, dict) and transform.get("Name") == NAME:
            snippet = await _snippet(transform.get("Parameters"), fetch, ("Transform",))
            body = {**snippet, **body}
        else:
            kept.append(transform)
    if len(kept) != len(listed):
        body["Transform"] = kept
    return Template(body, template.lines)


async def _included(value: Any, fetch: Fetch, path: Path) -> Any:
    if isinstance(value, list):
        return [await _included(item, fetch, (*path, at)) for at, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    result: dict[str, Any] = {}
    for key, item in value.items():
        if key == "Fn::Transform" and isinstance(item, dict) and item.get("Name") == NAME:
            result |= await _snippet(item.get("Parameters"), fetch, (*path, key))
        else:
            result[key] = await _included(item, fetch, (*path, key))
    return result


async def _snippet(parameters: Any, fetch: Fetch, path: Path) -> dict[str, Any]:
    location = parameters.get("Location") if isinstance(parameters, dict) else None
    if not isinstance(location, str):
        raise TemplateError(f"Transform {NAME} failed with: Location must be a String.", path)
    try:
        return parse(await fetch(location)).body
    except TemplateError as error:
        raise TemplateError(f"Transform {NAME} failed with: {error.message}", path) from None
