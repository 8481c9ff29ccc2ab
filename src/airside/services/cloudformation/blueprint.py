"""A revision made ready: its template parsed, its conditions decided, its names bound. Pure."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from airside.services.cloudformation import parameters
from airside.services.cloudformation.conditions import evaluate_conditions
from airside.services.cloudformation.extensions import NAME as EXTENSIONS
from airside.services.cloudformation.graph import Graph, dependencies
from airside.services.cloudformation.intrinsics import (
    NO_VALUE,
    UNKNOWN,
    Scope,
    Values,
    evaluate,
    text_of,
)
from airside.services.cloudformation.pseudo import pseudo_parameters
from airside.services.cloudformation.rules import check_rules
from airside.services.cloudformation.stack import Incarnation, Output, Resource, Revision, Stack
from airside.services.cloudformation.template import Path, Template, TemplateError


@dataclass(slots=True)
class LiveValues(Values):
    """Ref and Fn::GetAtt over the resources that are there.

    `expected` names those that the deployment will make or remake: what they will answer is not
    known yet.
    """

    resources: Mapping[str, Resource]
    expected: set[str] = field(default_factory=set)

    def ref(self, logical_id: str) -> Any:
        """The physical id."""
        if logical_id in self.expected:
            return UNKNOWN
        return self._current(logical_id).physical_id

    def attribute(self, logical_id: str, name: str) -> Any:
        """An attribute; dots lead into nested ones."""
        if logical_id in self.expected:
            return UNKNOWN
        current = self._current(logical_id)
        if name in current.attributes:
            return current.attributes[name]
        found: Any = current.attributes
        for part in name.split("."):
            if not isinstance(found, Mapping) or part not in found:
                raise TemplateError(
                    f"Template error: resource {logical_id} does not support attribute type {name} "
                    "in Fn::GetAtt"
                )
            found = found[part]
        return found

    def _current(self, logical_id: str) -> Incarnation:
        current = self.resources[logical_id].current
        if current is None:
            raise KeyError(logical_id)
        return current


@dataclass(slots=True)
class Blueprint:
    """What one revision of one stack asks for."""

    template: Template
    revision: Revision
    scope: Scope
    graph: Graph
    imported: set[str]
    """Exports that evaluation has asked for so far."""

    @property
    def resources(self) -> Mapping[str, Any]:
        """The declarations of the resources whose condition holds."""
        declared = self.template.section("Resources")
        return {name: declared[name] for name in self.graph}

    def properties(self, logical_id: str) -> dict[str, Any]:
        """A resource's properties without functions. Raises TemplateError."""
        declared = self.template.section("Resources")[logical_id].get("Properties", {})
        path: Path = ("Resources", logical_id, "Properties")
        found: dict[str, Any] = evaluate(declared, self.scope, path)
        return found

    def policy(self, logical_id: str, name: str) -> str:
        """DeletionPolicy or UpdateReplacePolicy, `Delete` when not given."""
        value = self.template.section("Resources")[logical_id].get(name, "Delete")
        return text_of(evaluate(value, self.scope, ("Resources", logical_id, name)))

    def outputs(self) -> list[Output]:
        """The outputs whose condition holds. Raises TemplateError."""
        found = []
        for name, declared in self.template.section("Outputs").items():
            path: Path = ("Outputs", name)
            if not self.scope.conditions.get(declared.get("Condition", ""), True):
                continue
            value = evaluate(declared["Value"], self.scope, (*path, "Value"))
            if value is NO_VALUE:
                continue
            if isinstance(value, dict | list):
                raise TemplateError(
                    f"Template format error: The Value field of output {name} must evaluate to a "
                    "String.",
                    path,
                )
            found.append(
                Output(name, text_of(value), self._text(declared.get("Description"), path),
                       self._text(declared.get("Export", {}).get("Name"), path))
            )  # fmt: skip
        return found

    def _text(self, value: Any, path: Path) -> str | None:
        if value is None:
            return None
        found = evaluate(value, self.scope, path)
        return None if found is NO_VALUE else text_of(found)


def parse_processed(revision: Revision) -> Template:
    """The template of a revision as it is deployed."""
    return Template(json.loads(revision.processed))


def draw(
    stack: Stack,
    revision: Revision,
    values: Values,
    exports: Mapping[str, str],
) -> Blueprint:
    """The blueprint of a revision. Raises TemplateError."""
    template = parse_processed(revision)
    account_id, region, _ = stack.key
    imported: set[str] = set()
    names = {
        **pseudo_parameters(account_id, region, stack.name, stack.id, revision.notification_arns),
        **parameters.values(template, revision.parameters, revision.resolved),
    }
    scope = Scope(
        parameters=names,
        mappings=template.section("Mappings"),
        values=values,
        exports=_import_from(exports, imported),
        extended=EXTENSIONS in transforms(template),
    )
    check_rules(template, scope)
    scope.conditions = evaluate_conditions(template, scope)
    return Blueprint(template, revision, scope, dependencies(template, scope.conditions), imported)


def _import_from(exports: Mapping[str, str], imported: set[str]) -> Callable[[str], str]:
    def find(name: str) -> str:
        if name not in exports:
            raise TemplateError(f"No export named {name} found.")
        imported.add(name)
        return exports[name]

    return find


def transforms(template: Template) -> list[str]:
    """The names of the transforms that a template asks for at its top."""
    declared = template.body.get("Transform", [])
    listed = declared if isinstance(declared, list) else [declared]
    return [item["Name"] if isinstance(item, dict) else item for item in listed]
