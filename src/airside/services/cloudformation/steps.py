"""Single steps of a deployment: make, change, put back and remove one resource."""

from collections.abc import Mapping
from typing import Any

from airside.kernel import Cloud, Context, ResourceRequest, ResourceType, ServiceError
from airside.kernel import Resource as Made
from airside.services.cloudformation.journal import Journal
from airside.services.cloudformation.recovery import make_again
from airside.services.cloudformation.stack import Incarnation, Resource
from airside.services.cloudformation.step_request import StepRequest
from airside.services.cloudformation.store import changed

CUSTOM = "AWS::CloudFormation::CustomResource"
_INITIATED = "Resource creation Initiated"
_REPLACING = (
    "Requested update requires the creation of a new physical resource; hence creating one."
)
_RETAINING = frozenset({"Retain", "RetainExceptOnCreate"})


def find_type(cloud: Cloud, name: str) -> ResourceType | None:
    """The implementation of a resource type, among those that all services bring."""
    wanted = CUSTOM if name.startswith("Custom::") else name
    for service in cloud.services.values():
        if wanted.startswith(service.resource_prefix) and wanted in service.resources:
            return service.resources[wanted]
    return None


class StackAware(ResourceType):
    """A resource type that must also know, when it is deleted, which resource it was."""

    async def remove(self, ctx: Context, physical_id: str, request: ResourceRequest) -> None:
        """Remove it. Succeeds when it is already gone."""
        raise NotImplementedError


class Steps:
    """The steps of one deployment. Each returns None, or why it failed, and leaves a record."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.ctx = journal.ctx

    async def create(
        self, name: str, kind: str, properties: dict[str, Any], policies: Mapping[str, str],
        needs: list[str],
    ) -> str | None:  # fmt: skip
        """Make a resource that is not there."""
        known = self.journal.resources.get(name)
        resumed = known is not None and known.action == "create" and known.current is None
        suffix = known.suffix if known and resumed else self.ctx.ids.upper(12)
        resource = Resource(
            name, kind, "CREATE_IN_PROGRESS", 0.0, suffix, needs=needs, action="create"
        )
        planned = Incarnation(kind, "", properties, {}, suffix, **policies)
        if not resumed:
            await self.journal.write(resource, ("CREATE_IN_PROGRESS", None), shown=planned)
        made = await self._make(planned, name, resumed=resumed)
        if isinstance(made, str):
            await self.journal.write(resource, ("CREATE_FAILED", made), shown=planned)
            return made
        await self.journal.write(
            changed(resource, current=made),
            ("CREATE_IN_PROGRESS", _INITIATED),
            ("CREATE_COMPLETE", None),
        )
        return None

    async def _make(self, planned: Incarnation, name: str, *, resumed: bool) -> Incarnation | str:
        implementation = find_type(self.ctx.cloud, planned.type)
        if implementation is None:
            return unsupported(planned.type)
        request = self.request(planned, name)
        try:
            if resumed:
                made = await make_again(self.ctx, implementation, request)
            else:
                made = await implementation.create(self.ctx, request)
        except ServiceError as error:
            return _reason(error)
        return _born(planned, made)

    def request(self, incarnation: Incarnation, name: str) -> StepRequest:
        """What a resource type is told about one incarnation."""
        stack = self.journal.stack
        return StepRequest(
            incarnation.properties, name, stack.name, stack.id, incarnation.suffix, incarnation.type
        )

    async def update(
        self, name: str, kind: str, properties: dict[str, Any], policies: Mapping[str, str],
        needs: list[str],
    ) -> str | None:  # fmt: skip
        """Bring a resource that is there to new properties, in place or by replacing it."""
        resource = self.journal.resources[name]
        old = resource.other if resource.action in {"update", "replace"} else resource.current
        assert old is not None
        wanted = Incarnation(
            kind, old.physical_id, properties, old.attributes, old.suffix, **policies
        )
        if old.type == kind and old.properties == properties:
            if old != wanted or resource.needs != needs:
                await self.journal.write(changed(resource, current=wanted, needs=needs))
            return None
        differing = {
            key
            for key in old.properties.keys() | properties.keys()
            if old.properties.get(key) != properties.get(key)
        }
        implementation = find_type(self.ctx.cloud, kind)
        if old.type != kind or (implementation and differing & implementation.replaced_by):
            return await self._replace(changed(resource, needs=needs), old, wanted)
        return await self._change(changed(resource, needs=needs), old, wanted)

    async def _replace(
        self, resource: Resource, old: Incarnation, wanted: Incarnation
    ) -> str | None:
        resumed = resource.action == "replace" and resource.current is None
        suffix = resource.suffix if resumed else self.ctx.ids.upper(12)
        planned = changed(wanted, physical_id="", attributes={}, suffix=suffix)
        resource = changed(
            resource, type=wanted.type, suffix=suffix, action="replace", other=old, current=None
        )
        if not resumed:
            await self.journal.write(
                resource,
                ("UPDATE_IN_PROGRESS", _REPLACING),
                shown=changed(old, properties=wanted.properties),
            )
        made = await self._make(planned, resource.logical_id, resumed=resumed)
        if isinstance(made, str):
            await self.journal.write(resource, ("UPDATE_FAILED", made), shown=old)
            return made
        await self.journal.write(
            changed(resource, current=made),
            ("UPDATE_IN_PROGRESS", _INITIATED),
            ("UPDATE_COMPLETE", None),
        )
        return None

    async def _change(
        self, resource: Resource, old: Incarnation, wanted: Incarnation
    ) -> str | None:
        resource = changed(resource, action="update", other=old)
        await self.journal.write(resource, ("UPDATE_IN_PROGRESS", None), shown=wanted)
        changed_to = await self._alter(resource.logical_id, old, wanted)
        if isinstance(changed_to, str):
            await self.journal.write(resource, ("UPDATE_FAILED", changed_to), shown=wanted)
            return changed_to
        if changed_to.physical_id != old.physical_id:
            resource = changed(resource, action="replace")
        await self.journal.write(changed(resource, current=changed_to), ("UPDATE_COMPLETE", None))
        return None

    async def _alter(self, name: str, old: Incarnation, wanted: Incarnation) -> Incarnation | str:
        implementation = find_type(self.ctx.cloud, wanted.type)
        if implementation is None:
            return unsupported(wanted.type)
        try:
            made = await implementation.update(
                self.ctx, old.physical_id, old.properties, self.request(wanted, name)
            )
        except ServiceError as error:
            return _reason(error)
        return _born(wanted, made)

    async def put_back(self, name: str) -> str | None:
        """Undo what the deployment did to a resource that was there before it."""
        resource = self.journal.resources[name]
        before = resource.other
        if resource.action not in {"update", "replace"} or before is None:
            return None
        if resource.action == "replace":
            await self.journal.write(
                changed(
                    resource, type=before.type, suffix=before.suffix, current=before,
                    action="swapped", other=resource.current,
                ),
                ("UPDATE_COMPLETE", None),
            )  # fmt: skip
            return None
        now = resource.current or before
        await self.journal.write(resource, ("UPDATE_IN_PROGRESS", None), shown=before)
        restored = await self._alter(name, changed(now, physical_id=before.physical_id), before)
        if isinstance(restored, str):
            await self.journal.write(resource, ("UPDATE_FAILED", restored), shown=before)
            return restored
        await self.journal.write(
            changed(resource, current=restored, action="", other=None), ("UPDATE_COMPLETE", None)
        )
        return None

    async def delete(
        self, name: str, *, rolling_back: bool = False, retain: bool = False
    ) -> str | None:
        """Remove a resource for good, or leave it where its policy says so."""
        resource = self.journal.resources[name]
        current = resource.current
        if current is None:
            if not resource.is_gone:
                await self.journal.write(resource, ("DELETE_COMPLETE", None))
            return None
        if retain or self._is_retained(current, rolling_back=rolling_back):
            await self.journal.write(resource, ("DELETE_SKIPPED", None))
            return None
        resource = changed(resource, action="remove")
        await self.journal.write(resource, ("DELETE_IN_PROGRESS", None))
        reason = await self._unmake(name, current)
        if reason is not None:
            await self.journal.write(resource, ("DELETE_FAILED", reason))
            return reason
        await self.journal.write(resource, ("DELETE_COMPLETE", None))
        resource = changed(self.journal.resources[name], current=None)
        self.journal.resources[name] = resource
        return None

    def _is_retained(self, incarnation: Incarnation, *, rolling_back: bool) -> bool:
        policy = incarnation.deletion_policy
        return policy == "Retain" or (policy == "RetainExceptOnCreate" and not rolling_back)

    async def delete_other(self, name: str) -> str | None:
        """Remove the incarnation that a replacement, or its rollback, left over."""
        resource = self.journal.resources[name]
        other = resource.other
        if other is None:
            return None
        replaced = resource.action == "replace"
        if replaced and other.replace_policy in _RETAINING:
            await self.journal.write(
                changed(resource, other=None), ("DELETE_SKIPPED", None), shown=other, keep=False
            )
            return None
        await self.journal.write(resource, ("DELETE_IN_PROGRESS", None), shown=other, keep=False)
        reason = await self._unmake(name, other)
        if reason is not None:
            await self.journal.write(resource, ("DELETE_FAILED", reason), shown=other, keep=False)
            return reason
        await self.journal.write(
            changed(resource, other=None), ("DELETE_COMPLETE", None), shown=other, keep=False
        )
        return None

    async def _unmake(self, name: str, incarnation: Incarnation) -> str | None:
        implementation = find_type(self.ctx.cloud, incarnation.type)
        if implementation is None:
            return unsupported(incarnation.type)
        try:
            if isinstance(implementation, StackAware):
                request = self.request(incarnation, name)
                await implementation.remove(self.ctx, incarnation.physical_id, request)
            else:
                await implementation.delete(
                    self.ctx, incarnation.physical_id, incarnation.properties
                )
        except ServiceError as error:
            return _reason(error)
        return None


def unsupported(kind: str) -> str:
    """Why a resource of an unknown type fails."""
    return f"Resource type {kind} is not supported by Airside (see docs/coverage)"


def _reason(error: ServiceError) -> str:
    return error.message or error.name


def _born(planned: Incarnation, made: Made) -> Incarnation:
    born: Incarnation = changed(
        planned, physical_id=made.physical_id, attributes=dict(made.attributes)
    )
    return born
