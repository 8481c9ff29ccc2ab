"""One REST API: its resources and methods, stages and deployments. Pure.

Members are kept under their names in the model, so that what Get... answers is what is kept.
"""

from typing import Any

import msgspec

Members = dict[str, Any]


class Configuration(msgspec.Struct):
    """All that a deployment freezes: what the data plane needs besides the stage."""

    resources: dict[str, Members] = {}
    """By id; `resourceMethods` holds methods by their HTTP verb, integrations within."""
    authorizers: dict[str, Members] = {}
    models: dict[str, Members] = {}
    """By name."""
    validators: dict[str, Members] = {}
    responses: dict[str, Members] = {}
    """Gateway responses that were set, by type."""
    settings: Members = {}
    """The modelled members of the API itself."""


class RestApi(msgspec.Struct):
    """The control plane's view of an API."""

    id: str
    account_id: str
    region: str
    present: Configuration
    stages: dict[str, Members] = {}
    deployments: dict[str, Members] = {}
    stamp: str = ""
    """Changes with every change; caches compare it."""

    @property
    def settings(self) -> Members:
        """The modelled members of the API itself."""
        return self.present.settings

    @property
    def resources(self) -> dict[str, Members]:
        """Resources by id."""
        return self.present.resources

    @property
    def arn(self) -> str:
        """What tags are attached to."""
        return f"arn:aws:apigateway:{self.region}::/restapis/{self.id}"

    @property
    def domain_name(self) -> str:
        """The host name that AWS would give it."""
        return f"{self.id}.execute-api.{self.region}.amazonaws.com"

    def children(self, resource_id: str) -> list[Members]:
        """The resources right below one."""
        return [found for found in self.resources.values() if found.get("parentId") == resource_id]

    def method_naming(self, member: str, value: str) -> str | None:
        """The first method with this value of a member, as messages name it: `/pets/GET`."""
        for resource in self.resources.values():
            for verb, method in resource.get("resourceMethods", {}).items():
                if method.get(member) == value:
                    return f"{resource['path']}/{verb}"
        return None

    def live_deployments(self) -> set[str]:
        """The deployments that stages serve."""
        return {stage["deploymentId"] for stage in self.stages.values()}


def join(parent: str, part: str) -> str:
    """The path of a resource below `parent`."""
    return f"{parent.rstrip('/')}/{part}"
