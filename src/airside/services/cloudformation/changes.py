"""What a new revision would change: the content of a change set. Pure."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from airside.services.cloudformation.blueprint import Blueprint, LiveValues
from airside.services.cloudformation.graph import order, references
from airside.services.cloudformation.intrinsics import holds_unknown
from airside.services.cloudformation.stack import Resource

Replacers = Callable[[str], frozenset[str]]
"""From a resource type to the properties whose change replaces the resource."""

_ATTRIBUTES = ("DeletionPolicy", "UpdateReplacePolicy", "Metadata")


def changes(
    wanted: Blueprint, values: LiveValues, current: Blueprint | None, replacers: Replacers
) -> list[dict[str, Any]]:
    """Changes as DescribeChangeSet lists them; nothing when the revisions come to the same.

    `values` are those that `wanted` was drawn with: resources that will be made anew are marked as
    expected there while the changes are found, in the order in which they will be deployed.
    """
    found = []
    for name in order(wanted.graph):
        change = _change(name, wanted, values, current, replacers)
        if change is not None:
            found.append(_wrapped(change))
    for name, resource in values.resources.items():
        if name not in wanted.graph and not resource.is_gone:
            found.append(_wrapped(_removal(resource)))
    return found


def _wrapped(change: dict[str, Any]) -> dict[str, Any]:
    return {"Type": "Resource", "ResourceChange": change}


def _change(
    name: str,
    wanted: Blueprint,
    values: LiveValues,
    current: Blueprint | None,
    replacers: Replacers,
) -> dict[str, Any] | None:
    declared = wanted.resources[name]
    resource = values.resources.get(name)
    properties = wanted.properties(name)
    if resource is None or resource.current is None:
        values.expected.add(name)
        return {
            "Action": "Add",
            "LogicalResourceId": name,
            "ResourceType": declared["Type"],
            "Scope": [],
            "Details": [],
            "AfterContext": _context(properties),
        }
    if resource.type != declared["Type"]:
        details = [_detail("Properties", None, "Always", "Static", "DirectModification", None)]
        replacement = "True"
    else:
        details = _details(name, wanted, resource, replacers(resource.type))
        details += _attribute_details(name, declared, current)
        replacement = _replacement(details)
    if not details:
        return None
    if replacement != "False":
        values.expected.add(name)
    return {
        "Action": "Modify",
        "LogicalResourceId": name,
        "PhysicalResourceId": resource.physical_id,
        "ResourceType": declared["Type"],
        "Replacement": replacement,
        "PolicyAction": "ReplaceAndDelete" if replacement == "True" else None,
        "Scope": sorted({detail["Target"]["Attribute"] for detail in details}),
        "Details": details,
        "BeforeContext": _context(resource.current.properties),
        "AfterContext": _context(properties),
    }


def _removal(resource: Resource) -> dict[str, Any]:
    retained = resource.current is not None and resource.current.deletion_policy == "Retain"
    return {
        "Action": "Remove",
        "PolicyAction": "Retain" if retained else "Delete",
        "LogicalResourceId": resource.logical_id,
        "PhysicalResourceId": resource.physical_id or None,
        "ResourceType": resource.type,
        "Scope": [],
        "Details": [],
    }


def _context(properties: Mapping[str, Any]) -> str:
    return json.dumps({"Properties": properties}, separators=(",", ":"), default=str)


def _details(
    name: str, wanted: Blueprint, resource: Resource, replacing: frozenset[str]
) -> list[dict[str, Any]]:
    assert resource.current is not None
    before, after = resource.current.properties, wanted.properties(name)
    declared = wanted.resources[name].get("Properties", {})
    found = []
    for key in sorted(before.keys() | after.keys()):
        if before.get(key) == after.get(key) and (key in before) == (key in after):
            continue
        unsure = holds_unknown(after.get(key))
        recreates = "Never" if key not in replacing else "Conditionally" if unsure else "Always"
        source, entity = _cause(declared.get(key), wanted)
        found.append(
            _detail("Properties", key, recreates, "Dynamic" if unsure else "Static", source, entity)
        )
    return found


def _cause(declared: Any, wanted: Blueprint) -> tuple[str, str | None]:
    for target, path in references(declared, ()):
        if target in wanted.template.section("Parameters"):
            return "ParameterReference", target
        if target in wanted.graph:
            is_attribute = path[-1] == "Fn::GetAtt"
            return ("ResourceAttribute" if is_attribute else "ResourceReference"), target
    return "DirectModification", None


def _attribute_details(
    name: str, declared: Mapping[str, Any], current: Blueprint | None
) -> list[dict[str, Any]]:
    before = current.template.section("Resources").get(name, {}) if current else {}
    return [
        _detail(attribute, None, "Never", "Static", "DirectModification", None)
        for attribute in _ATTRIBUTES
        if before.get(attribute) != declared.get(attribute)
    ]


def _detail(
    attribute: str,
    name: str | None,
    recreates: str,
    evaluation: str,
    source: str,
    entity: str | None,
) -> dict[str, Any]:
    return {
        "Target": {"Attribute": attribute, "Name": name, "RequiresRecreation": recreates},
        "Evaluation": evaluation,
        "ChangeSource": source,
        "CausingEntity": entity,
    }


def _replacement(details: list[dict[str, Any]]) -> str:
    needed = {detail["Target"]["RequiresRecreation"] for detail in details}
    return "True" if "Always" in needed else "Conditional" if "Conditionally" in needed else "False"
