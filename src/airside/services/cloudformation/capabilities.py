"""What a caller must acknowledge before a template is deployed. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from airside.services.cloudformation.template import Template

_NAMES: Mapping[str, str] = {
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
}
"""https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html"""
_UNNAMED = frozenset({"AWS::IAM::AccessKey", "AWS::IAM::Policy", "AWS::IAM::UserToGroupAddition"})


def needed(template: Template) -> tuple[str | None, list[str]]:
    """CAPABILITY_IAM, CAPABILITY_NAMED_IAM or None, and the resources that are the reason."""
    resources = template.section("Resources").values()
    kinds = [resource["Type"] for resource in resources if _is_identity(resource)]
    if any(_is_named(resource) for resource in resources):
        return "CAPABILITY_NAMED_IAM", kinds
    return ("CAPABILITY_IAM" if kinds else None), kinds


def _is_identity(resource: Any) -> bool:
    kind = resource.get("Type") if isinstance(resource, dict) else None
    return kind in _NAMES or kind in _UNNAMED


def _is_named(resource: Any) -> bool:
    return _is_identity(resource) and _NAMES.get(resource["Type"], "") in resource.get(
        "Properties", {}
    )


def missing(template: Template, given: Iterable[str]) -> str | None:
    """The capability that the template needs and the caller did not give."""
    wanted, _ = needed(template)
    held = set(given)
    if wanted is None or wanted in held or "CAPABILITY_NAMED_IAM" in held:
        return None
    return wanted


def reason(kinds: list[str]) -> str:
    """The sentence in GetTemplateSummary and ValidateTemplate."""
    return f"The following resource(s) require capabilities: [{', '.join(sorted(set(kinds)))}]"
