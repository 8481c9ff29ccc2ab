"""One deployment from its first resource to its last event, and the way back.

Every step is written down before and after it is taken, so that `run` may be called again after a
crash: it goes on where the records end.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from airside.kernel import Context
from airside.services.cloudformation import store
from airside.services.cloudformation.blueprint import Blueprint, LiveValues, draw
from airside.services.cloudformation.dynamic import resolve_dynamic
from airside.services.cloudformation.graph import Graph, reverse
from airside.services.cloudformation.journal import Journal, Superseded, log
from airside.services.cloudformation.stack import Deployment, Output, Stack, StackKey
from airside.services.cloudformation.steps import Steps, find_type, unsupported
from airside.services.cloudformation.store import Export, changed
from airside.services.cloudformation.template import TemplateError
from airside.services.cloudformation.walk import walk

_CANCELLED = "Resource creation cancelled"


class Deployer:
    """Carries one deployment of one stack out."""

    def __init__(self, ctx: Context, key: StackKey, stack: Stack, deployment: Deployment) -> None:
        self.ctx = ctx
        self.key = key
        self.deployment = deployment
        self.journal = Journal(ctx, key, stack, deployment.token)
        self.steps = Steps(self.journal)
        self.cancelled = False

    async def run(self) -> None:
        """Go through the phases that are left."""
        await self.journal.load()
        match self.deployment.kind, self.deployment.phase:
            case "delete", _:
                await self._delete()
            case _, "forward":
                await self._forward()
            case _, "cleanup":
                await self._clean_up()
            case "create", _:
                await self._roll_back_creation()
            case _, "rollback":
                await self._roll_back_update()
            case _:
                await self._clean_up_rollback()

    async def _enter(self, phase: str, status: str, reason: str | None = None, **also: Any) -> None:
        self.deployment = changed(self.deployment, phase=phase)
        await self.journal.write_stack(status, reason, deployment=self.deployment, **also)

    # Forward

    async def _forward(self) -> None:
        try:
            blueprint = await self._draw()
            failures = await self._reject_unsupported(blueprint)
            if not failures:
                failures = await self._make(blueprint)
            if failures:
                await self._fail(self._summary(failures))
                return
            outputs = blueprint.outputs()
        except TemplateError as error:
            await self._fail(error.message)
            return
        problem = await self._publish(blueprint, outputs)
        if problem is not None:
            await self._fail(problem)
        elif self.deployment.kind == "create":
            await self.journal.finish("CREATE_COMPLETE", outputs=outputs)
        else:
            await self._enter("cleanup", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", outputs=outputs)
            await self._clean_up()

    async def _draw(self) -> Blueprint:
        stack, key = self.journal.stack, self.key
        values = LiveValues(self.journal.resources)

        revision, exports = await self.ctx.store.read(
            lambda view: (
                store.load_revision(view, key, stack.revision),
                {found.name: found.value for found in store.exports(view, *key[:2])},
            )
        )
        assert revision is not None
        return draw(stack, revision, values, exports)

    async def _reject_unsupported(self, blueprint: Blueprint) -> Mapping[str, str]:
        """Fail before anything is made when some of it cannot be."""
        failures = {}
        for name, declared in blueprint.resources.items():
            if find_type(self.ctx.cloud, declared["Type"]) is None:
                failures[name] = unsupported(declared["Type"])
                await self._refuse(name, declared, failures[name])
        return failures

    async def _refuse(self, name: str, declared: Mapping[str, Any], reason: str) -> None:
        """Record that a resource could not even be begun."""
        held = self.journal.resources.get(name)
        status = "UPDATE_FAILED" if held and held.current else "CREATE_FAILED"
        resource = held or store.new_resource(name, declared["Type"])
        await self.journal.write(resource, (status, reason))

    async def _make(self, blueprint: Blueprint) -> Mapping[str, str]:
        async def visit(name: str) -> str | None:
            if self.cancelled:
                return _CANCELLED
            return await self._make_one(blueprint, name)

        failures = await walk(blueprint.graph, visit)
        await self._mark_crashed(failures)
        return failures

    async def _make_one(self, blueprint: Blueprint, name: str) -> str | None:
        declared = blueprint.resources[name]
        resource = self.journal.resources.get(name)
        if resource and resource.action and resource.current and _is_done(resource.status):
            return None  # a resumed deployment has been here
        try:
            properties = blueprint.properties(name)
            policies = {
                "deletion_policy": blueprint.policy(name, "DeletionPolicy"),
                "replace_policy": blueprint.policy(name, "UpdateReplacePolicy"),
            }
            properties = await resolve_dynamic(self.ctx, properties)
        except TemplateError as error:
            await self._refuse(name, declared, error.message)
            return error.message
        needs = sorted(blueprint.graph[name])
        exists = resource is not None and (resource.current or resource.action == "replace")
        step = self.steps.update if exists else self.steps.create
        return await step(name, declared["Type"], properties, policies, needs)

    async def _mark_crashed(self, failures: Mapping[str, str]) -> None:
        """A bug in a resource type leaves its resource in progress: say that it failed."""
        for name, reason in failures.items():
            resource = self.journal.resources.get(name)
            if resource is not None and resource.status.endswith("_IN_PROGRESS"):
                status = resource.status.replace("_IN_PROGRESS", "_FAILED")
                await self.journal.write(resource, (status, reason))

    def _summary(self, failures: Mapping[str, str]) -> str:
        made = [name for name in failures if self._status(name) != "UPDATE_FAILED"]
        kept = [name for name in failures if name not in made]
        said = [
            f"The following resource(s) failed to {verb}: [{', '.join(names)}]. "
            for verb, names in (("create", made), ("update", kept))
            if names
        ]
        return "".join(said)

    def _status(self, name: str) -> str:
        resource = self.journal.resources.get(name)
        return resource.status if resource else ""

    async def _publish(self, blueprint: Blueprint, outputs: list[Output]) -> str | None:
        """Put exports and imports in place. Returns why that is not possible."""
        stack = self.journal.stack
        wanted = [
            Export(output.export_name, output.value, stack.id)
            for output in outputs
            if output.export_name is not None
        ]
        key = self.key
        return await self.ctx.store.transact(
            lambda tx: store.publish(tx, key, stack, wanted, blueprint.imported)
        )

    # When it fails

    async def _fail(self, reason: str) -> None:
        deployment = self.deployment
        if deployment.kind == "update":
            if deployment.disable_rollback:
                await self._clean_up(failed=reason)
                return
            before, failed = deployment.revision_before, self.journal.stack.revision
            assert before is not None
            self.deployment = changed(deployment, revision_before=failed)  # finish() drops it
            await self._enter(
                "rollback", "UPDATE_ROLLBACK_IN_PROGRESS", reason.strip(), revision=before
            )
            await self._roll_back_update()
        elif deployment.disable_rollback or deployment.on_failure == "DO_NOTHING":
            await self.journal.finish("CREATE_FAILED", reason)
        elif deployment.on_failure == "DELETE":
            self.deployment = changed(deployment, kind="delete")
            await self._enter("forward", "DELETE_IN_PROGRESS", f"{reason}Delete requested by user.")
            await self._delete()
        else:
            await self._enter(
                "rollback", "ROLLBACK_IN_PROGRESS", f"{reason.strip()} Rollback requested by user."
            )
            await self._roll_back_creation()

    async def _roll_back_creation(self) -> None:
        failures = await self._remove(list(self.journal.resources), rolling_back=True)
        if failures:
            names = ", ".join(failures)
            await self.journal.finish(
                "ROLLBACK_FAILED", f"The following resource(s) failed to delete: [{names}]. "
            )
        else:
            await self.journal.finish("ROLLBACK_COMPLETE")

    async def _roll_back_update(self) -> None:
        for name in self.deployment.skip:
            await self._leave(name)
        graph = {
            name: frozenset(resource.needs)
            for name, resource in self.journal.resources.items()
            if resource.action in {"update", "replace"} and resource.other is not None
        }
        failures = await walk(graph, self.steps.put_back)
        await self._mark_crashed(failures)
        if failures:
            names = ", ".join(failures)
            await self.journal.pause(
                "UPDATE_ROLLBACK_FAILED", f"The following resource(s) failed to update: [{names}]. "
            )
            return
        await self._enter("rollback-cleanup", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
        await self._clean_up_rollback()

    async def _leave(self, name: str) -> None:
        """Take a resource that cannot be put back for put back."""
        resource = self.journal.resources[name]
        resource = changed(
            resource, action="", current=resource.current or resource.other, other=None
        )
        await self.journal.write(resource, ("UPDATE_COMPLETE", None))

    async def _clean_up_rollback(self) -> None:
        resources = self.journal.resources
        await self._remove_others("swapped")
        made = [
            name
            for name, resource in resources.items()
            if _was_made_now(resource.action, resource.current is None)
        ]
        await self._remove(made, rolling_back=True)
        await self._restore_publications()
        await self.journal.finish("UPDATE_ROLLBACK_COMPLETE")

    async def _restore_publications(self) -> None:
        """The exports that were there before the update are those of the recorded outputs."""
        stack, key = self.journal.stack, self.key
        wanted = [
            Export(output.export_name, output.value, stack.id)
            for output in stack.outputs
            if output.export_name is not None
        ]
        await self.ctx.store.transact(lambda tx: store.replace_exports(tx, key, stack.id, wanted))

    # Afterwards

    async def _clean_up(self, failed: str | None = None) -> None:
        """Remove what the new revision has no place for."""
        failures = await self._remove_others("replace")
        if failed is not None:
            for name, resource in self.journal.resources.items():
                if resource.current is None and resource.other is not None:
                    self.journal.resources[name] = changed(resource, current=resource.other)
            await self.journal.finish("UPDATE_FAILED", failed)
            return
        graph = (await self._draw()).graph
        failures |= await self._remove(
            [name for name in self.journal.resources if name not in graph]
        )
        reason = "One or more resources could not be deleted." if failures else None
        now = self.ctx.clock.now()
        await self.journal.finish("UPDATE_COMPLETE", reason, updated_at=now)

    async def _remove_others(self, action: str) -> dict[str, str]:
        """Delete the incarnations that replacements left over, users before used."""
        chosen = {
            name: frozenset(resource.needs)
            for name, resource in self.journal.resources.items()
            if resource.action == action and resource.other is not None
        }
        graph: Graph = {name: users for name, users in reverse(chosen).items() if name in chosen}
        return await walk(graph, self.steps.delete_other, go_on=True)

    async def _remove(self, names: list[str], *, rolling_back: bool = False) -> dict[str, str]:
        """Delete resources, users before used."""
        chosen = {
            name: frozenset(self.journal.resources[name].needs) & frozenset(names)
            for name in names
            if not self.journal.resources[name].is_gone
        }
        graph = {name: users for name, users in reverse(chosen).items() if name in chosen}

        async def visit(name: str) -> str | None:
            retain = name in self.deployment.retain
            return await self.steps.delete(name, rolling_back=rolling_back, retain=retain)

        failures = await walk(graph, visit, go_on=True)
        await self._mark_crashed(failures)
        return failures

    async def _delete(self) -> None:
        stack, key = self.journal.stack, self.key
        problem = await self.ctx.store.transact(lambda tx: store.publish(tx, key, stack, [], set()))
        if problem is not None:
            await self.journal.finish("DELETE_FAILED", problem)
            return
        for action in ("replace", "swapped"):  # left over where a rollback failed
            await self._remove_others(action)
        failures = await self._remove(list(self.journal.resources))
        if failures:
            names = ", ".join(failures)
            await self.journal.finish(
                "DELETE_FAILED", f"The following resource(s) failed to delete: [{names}]. "
            )
        else:
            await self.journal.finish("DELETE_COMPLETE", deleted_at=self.ctx.clock.now())


def _is_done(status: str) -> bool:
    return status in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}


def _was_made_now(action: str, is_unmade: bool) -> bool:
    return action == "create" or is_unmade


async def deploy(ctx: Context, key: StackKey, deployer: Deployer) -> None:
    """Run a deployment to its end, unless another one takes the stack over."""
    try:
        await deployer.run()
    except Superseded:
        log.info("%s: superseded", key)
    except asyncio.CancelledError:
        log.info("%s: interrupted, will be resumed", key)
        raise
