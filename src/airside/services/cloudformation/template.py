"""Templates as text: YAML or JSON in, plain values out, with the line of every member.

Short forms (`!Ref X`) come out as their long forms (`{"Ref": "X"}`), so that nothing after this
module knows which of the two a template was written in. Pure.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import yaml
from yaml.constructor import SafeConstructor
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from airside.protocol.documents import compose_yaml

Path: TypeAlias = tuple[str | int, ...]
"""Where a value stands: the keys and indexes that lead to it from the top."""

_TYPED = {
    "tag:yaml.org,2002:int": SafeConstructor.construct_yaml_int,
    "tag:yaml.org,2002:float": SafeConstructor.construct_yaml_float,
    "tag:yaml.org,2002:bool": SafeConstructor.construct_yaml_bool,
}
_FUNCTIONS = frozenset(
    {
        "And",
        "Base64",
        "Cidr",
        "Contains",
        "EachMemberEquals",
        "EachMemberIn",
        "Equals",
        "FindInMap",
        "ForEach",
        "GetAtt",
        "GetAZs",
        "GetStackOutput",
        "If",
        "ImportValue",
        "Join",
        "Length",
        "Not",
        "Or",
        "RefAll",
        "Select",
        "Split",
        "Sub",
        "ToJsonString",
        "Transform",
        "ValueOf",
        "ValueOfAll",
    }
)


class TemplateError(Exception):
    """A template that CloudFormation refuses, with the path of the offending member."""

    def __init__(self, message: str, path: Path = ()) -> None:
        super().__init__(message)
        self.message = message
        self.path = path


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed template."""

    body: dict[str, Any]
    lines: Mapping[Path, int] = field(default_factory=dict)
    """Lines (from 1) of mapping members and list items."""

    def section(self, name: str) -> dict[str, Any]:
        """A top-level section, empty when absent."""
        found = self.body.get(name)
        return found if isinstance(found, dict) else {}

    def line(self, path: Path) -> int | None:
        """The line of the member at `path`, or of the nearest one that encloses it."""
        while path:
            if path in self.lines:
                return self.lines[path]
            path = path[:-1]
        return None

    def explain(self, error: TemplateError) -> str:
        """The message of `error`, with its line where it is known."""
        line = self.line(error.path)
        return f"{error.message} (line {line})" if line else error.message


def parse(text: str) -> Template:
    """Raise TemplateError unless `text` is a well-formed JSON or YAML object."""
    document = _read_json(text) if text.lstrip().startswith("{") else None
    reader = _Reader()
    try:
        root = compose_yaml(text)
        body = reader.read(root, ()) if root is not None else None
    except ValueError as error:
        raise TemplateError(f"Template format error: {error}") from None
    except yaml.YAMLError as error:
        if document is None:
            raise TemplateError(_malformed(error)) from None
        body = document  # JSON that YAML refuses (tabs, surrogate pairs): its lines are not known
    if not isinstance(body, dict):
        raise TemplateError("Template format error: unsupported structure.")
    return Template(document or body, reader.lines)


def _malformed(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
    return f"Template format error: YAML not well-formed.{where}"


def _read_json(text: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(text)  # tells where the text is wrong
    except RecursionError:
        raise TemplateError("Template format error: JSON is nested too deeply") from None
    except json.JSONDecodeError as error:
        where = f"(line {error.lineno}, column {error.colno})"
        raise TemplateError(f"Template format error: JSON not well-formed. {where}") from None
    return found


class _Reader:
    """Turns composed YAML nodes into values and remembers their lines."""

    def __init__(self) -> None:
        self.lines: dict[Path, int] = {}
        self._seen: set[int] = set()
        self._scalars = SafeConstructor()

    def read(self, node: Node, path: Path) -> Any:
        if id(node) in self._seen:
            raise TemplateError(
                "Template format error: YAML aliases are not allowed in CloudFormation templates",
                path,
            )
        self._seen.add(id(node))
        self.lines.setdefault(path, node.start_mark.line + 1)
        value = self._plain(node, path)
        if node.tag.startswith("!") and node.tag != "!":
            return self._long_form(node.tag[1:], value, path)
        return value

    def _plain(self, node: Node, path: Path) -> Any:
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self.read(item, (*path, index)) for index, item in enumerate(node.value)]
        assert isinstance(node, ScalarNode)
        return self._scalar(node, path)

    def _mapping(self, node: MappingNode, path: Path) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, ScalarNode):
                raise TemplateError("Template format error: unsupported structure.", path)
            name = key.value
            self.lines[(*path, name)] = key.start_mark.line + 1
            result[name] = self.read(value, (*path, name))
        return result

    def _scalar(self, node: ScalarNode, path: Path) -> Any:
        if node.tag == "tag:yaml.org,2002:null":
            where = "/" + "/".join(map(str, path))
            raise TemplateError(
                f"Template format error: [{where}] 'null' values are not allowed in templates", path
            )
        convert = _TYPED.get(node.tag)
        if convert is None:  # text; dates too stay as they are written
            return node.value
        try:
            return convert(self._scalars, node)
        except ValueError:
            return node.value

    def _long_form(self, name: str, value: Any, path: Path) -> dict[str, Any]:
        if name in {"Ref", "Condition"}:
            return {name: value}
        if name not in _FUNCTIONS:
            raise TemplateError(f"Template format error: Unrecognized tag !{name}", path)
        if name == "GetAtt" and isinstance(value, str):
            resource, _, attribute = value.partition(".")
            value = [resource, attribute]
        return {f"Fn::{name}": value}
