"""What CloudFormation checks in a template before it looks at any resource. Pure."""

import re
from typing import Any

from airside.services.cloudformation.graph import cycle, references
from airside.services.cloudformation.intrinsics import UnresolvedReference
from airside.services.cloudformation.pseudo import PSEUDO_PARAMETERS
from airside.services.cloudformation.template import Path, Template, TemplateError

_SECTIONS = frozenset(
    {
        "AWSTemplateFormatVersion",
        "Description",
        "Metadata",
        "Parameters",
        "Rules",
        "Mappings",
        "Conditions",
        "Transform",
        "Resources",
        "Outputs",
        "Hooks",
        "Globals",
    }
)
_ATTRIBUTES = frozenset(
    {
        "Type",
        "Properties",
        "DependsOn",
        "Condition",
        "Metadata",
        "DeletionPolicy",
        "UpdateReplacePolicy",
        "UpdatePolicy",
        "CreationPolicy",
        "Version",
    }
)
_POLICIES = {
    "DeletionPolicy": ("Delete", "Retain", "RetainExceptOnCreate", "Snapshot"),
    "UpdateReplacePolicy": ("Delete", "Retain", "Snapshot"),
}
RESOURCES_MAX = 500
"""https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"""


def check_source(template: Template) -> None:
    """Check a template as its author wrote it, before transforms. Raises TemplateError."""
    unknown = [name for name in template.body if name not in _SECTIONS]
    if unknown:
        raise TemplateError(
            f"Invalid template property or properties [{', '.join(unknown)}]", (unknown[0],)
        )
    resources = template.body.get("Resources")
    if not isinstance(resources, dict) or not resources:
        raise TemplateError(
            "Template format error: At least one Resources member must be defined.", ("Resources",)
        )
    for name, declared in template.section("Parameters").items():
        _check_parameter(name, declared)


def _check_parameter(name: str, declared: Any) -> None:
    path: Path = ("Parameters", name)
    if not isinstance(declared, dict) or "Type" not in declared:
        raise TemplateError(
            "Template format error: Every Parameters object must contain a Type member.", path
        )
    if isinstance(declared.get("Default"), dict | list):
        raise TemplateError(
            "Template format error: Every Default member must be a string.", (*path, "Default")
        )


def check(template: Template) -> None:
    """Check a template as it will be deployed, after transforms. Raises TemplateError."""
    check_source(template)
    resources = template.section("Resources")
    if len(resources) > RESOURCES_MAX:
        raise TemplateError(
            f"Template format error: Number of resources, {len(resources)}, is greater than "
            f"maximum allowed, {RESOURCES_MAX}",
            ("Resources",),
        )
    for name, resource in resources.items():
        _check_resource(name, resource, ("Resources", name))
    for name, output in template.section("Outputs").items():
        if not isinstance(output, dict) or "Value" not in output:
            raise TemplateError(
                "Template format error: Every Outputs member must contain a Value object",
                ("Outputs", name),
            )
    _check_references(template)
    loop = cycle(template)
    if loop:
        raise TemplateError(
            f"Circular dependency between resources: [{', '.join(loop)}]", ("Resources", loop[0])
        )


def _check_resource(name: str, resource: Any, path: Path) -> None:
    if not re.fullmatch(r"[A-Za-z0-9]{1,255}", name):
        raise TemplateError(
            f"Template format error: Resource name {name} is non alphanumeric.", path
        )
    if not isinstance(resource, dict) or not isinstance(resource.get("Type"), str):
        raise TemplateError(
            f"Template format error: [/Resources/{name}] Every Resources object must contain a "
            "Type member.",
            path,
        )
    for attribute in resource:
        if attribute not in _ATTRIBUTES:
            raise TemplateError(
                f"Invalid template resource property '{attribute}'", (*path, attribute)
            )
    if not isinstance(resource.get("Properties", {}), dict):
        raise TemplateError(
            f"Template format error: [/Resources/{name}/Properties] Properties must be an object",
            (*path, "Properties"),
        )
    for attribute, allowed in _POLICIES.items():
        value = resource.get(attribute)
        if isinstance(value, str) and value not in allowed:
            raise TemplateError(
                f"Template format error: Unrecognized {attribute} {value} for resource {name}",
                (*path, attribute),
            )


def _check_references(template: Template) -> None:
    """Every Ref, Fn::GetAtt, Fn::Sub, DependsOn and Condition must name something that is there."""
    resources = template.section("Resources")
    known = {*template.section("Parameters"), *PSEUDO_PARAMETERS, *resources}
    conditions = template.section("Conditions")
    for block in ("Resources", "Outputs"):
        for name, member in template.section(block).items():
            for target, path in references(member, (block, name)):
                if target not in known:
                    raise UnresolvedReference(target, path)
            _check_condition_name(member.get("Condition"), conditions, (block, name, "Condition"))
    for name, resource in resources.items():
        for target in depends_on(resource):
            if target not in resources:
                raise UnresolvedReference(target, ("Resources", name, "DependsOn"))
    for name, expression in conditions.items():
        for target, path in references(expression, ("Conditions", name)):
            if target in resources or target not in known:
                raise TemplateError(
                    f"Template format error: Unresolved dependencies [{target}]. Cannot reference "
                    "resources in the Conditions block of the template",
                    path,
                )


def _check_condition_name(name: Any, conditions: dict[str, Any], path: Path) -> None:
    if isinstance(name, str) and name not in conditions:
        raise TemplateError(
            f"Template format error: Unresolved condition dependency {name} in the {path[0]} block "
            "of the template",
            path,
        )


def depends_on(resource: dict[str, Any]) -> list[str]:
    """DependsOn as a list."""
    found = resource.get("DependsOn", [])
    return [found] if isinstance(found, str) else list(found)
