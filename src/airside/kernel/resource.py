"""What a CloudFormation resource type is. Each service declares its own in `resources.py`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from airside.kernel.context import Context

Properties = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ResourceRequest:
    """One resource of one stack, about to be made or changed."""

    properties: Properties
    """Resolved: no intrinsic function is left."""
    logical_id: str
    stack_name: str
    stack_id: str
    suffix: str
    """12 characters, stable for this incarnation of the resource, for generated names."""

    def physical_name(self, length_max: int = 64, *, lower: bool = False) -> str:
        """A name as CloudFormation generates them: `stack-Logical-SUFFIX`, cut to fit."""
        head = f"{self.stack_name}-{self.logical_id}"[: length_max - len(self.suffix) - 1]
        name = f"{head}-{self.suffix}"
        return name.lower() if lower else name


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource that exists: what `Ref` gives and what `Fn::GetAtt` can ask for."""

    physical_id: str
    attributes: Mapping[str, Any] = field(default_factory=dict)


class ResourceType:
    """How one resource type is created, updated and deleted, through operations of its service.

    Subclasses set `name` and call `ctx.call(...)`; every failure is a ServiceError, whose message
    becomes the resource's status reason.
    """

    name: ClassVar[str]
    """E.g. `AWS::SQS::Queue`."""
    replaced_by: ClassVar[frozenset[str]] = frozenset()
    """Properties whose change needs a new resource ("Update requires: Replacement")."""

    async def create(self, ctx: "Context", request: ResourceRequest) -> Resource:
        """Make it. Leaves nothing behind when it fails."""
        raise NotImplementedError

    async def find(self, ctx: "Context", request: ResourceRequest) -> str | None:
        """After a crash in the middle of `create`: the physical id of what it made, if it did.

        What is found is completed by `update` from no properties. Only types that get their ids
        from the service need this: what bears a generated name is found by that.
        """
        return None

    async def update(
        self, ctx: "Context", physical_id: str, old: Properties, request: ResourceRequest
    ) -> Resource:
        """Change it in place. Only called when no property in `replaced_by` changed."""
        raise NotImplementedError

    async def delete(self, ctx: "Context", physical_id: str, properties: Properties) -> None:
        """Remove it. Succeeds when it is already gone."""
        raise NotImplementedError
