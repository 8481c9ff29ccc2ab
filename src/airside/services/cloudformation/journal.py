"""Writing down what happens to a stack: its state and its history, in one transaction."""

import json
import logging
from collections.abc import Callable
from typing import Any

from airside.kernel import Context, Transaction
from airside.services.cloudformation import store
from airside.services.cloudformation.stack import Event, Incarnation, Resource, Stack, StackKey
from airside.services.cloudformation.store import changed

STACK_TYPE = "AWS::CloudFormation::Stack"
log = logging.getLogger("airside.cloudformation")


class Superseded(Exception):
    """Another operation has taken the stack over."""


class Journal:
    """The records of one stack while one deployment runs.

    `stack` and `resources` mirror what is stored; every change goes through here.
    """

    def __init__(self, ctx: Context, key: StackKey, stack: Stack, token: str) -> None:
        self.ctx = ctx
        self.key = key
        self.stack = stack
        self.token = token
        self.resources: dict[str, Resource] = {}

    async def load(self) -> None:
        """Read the resources."""
        self.resources = await self.ctx.store.read(lambda view: store.resources(view, self.key))

    async def write_stack(
        self,
        status: str,
        reason: str | None = None,
        *,
        also: Callable[[Transaction], None] | None = None,
        **members: Any,
    ) -> None:
        """Give the stack a state, with an event, and whatever else belongs to that moment."""
        now, event_id = self.ctx.clock.now(), self.ctx.ids.uuid()
        stack = changed(self.stack, status=status, status_reason=reason, **members)
        event = self._stack_event(event_id, status, reason, now)

        def body(tx: Transaction) -> None:
            self._claim(tx)
            store.save(tx, stack)
            store.add_event(tx, self.key, event)
            if also is not None:
                also(tx)

        await self.ctx.store.transact(body)
        self.stack = stack

    def _claim(self, tx: Transaction) -> None:
        held = store.load(tx, self.key)
        if held is None or held.deployment is None or held.deployment.token != self.token:
            raise Superseded

    def _stack_event(self, event_id: str, status: str, reason: str | None, now: float) -> Event:
        deployment = self.stack.deployment
        return Event(
            event_id, self.stack.name, self.stack.id, STACK_TYPE, status, now, reason,
            client_token=deployment.client_token if deployment else None,
        )  # fmt: skip

    async def write(
        self,
        resource: Resource,
        *reasons: tuple[str, str | None],
        shown: Incarnation | None = None,
        keep: bool = True,
    ) -> None:
        """Put a resource and an event for each `(status, reason)`; the last is its state now.

        `shown` is the incarnation the events speak of, when not the current one; with `keep` false
        the resource's own state stays as it is (a replaced incarnation goes away).
        """
        now = self.ctx.clock.now()
        incarnation = shown or resource.current
        events = [
            self._event(resource, incarnation, status, reason, now) for status, reason in reasons
        ]
        if keep and reasons:
            status, reason = reasons[-1]
            resource = changed(resource, status=status, status_reason=reason, updated_at=now)

        def body(tx: Transaction) -> None:
            store.save_resource(tx, self.key, resource)
            for event in events:
                store.add_event(tx, self.key, event)

        await self.ctx.store.transact(body)
        self.resources[resource.logical_id] = resource

    def _event(
        self,
        resource: Resource,
        incarnation: Incarnation | None,
        status: str,
        reason: str | None,
        now: float,
    ) -> Event:
        deployment = self.stack.deployment
        properties = incarnation.properties if incarnation else None
        return Event(
            id=f"{resource.logical_id}-{status}-{self.ctx.ids.uuid()}",
            logical_id=resource.logical_id,
            physical_id=incarnation.physical_id if incarnation else "",
            type=incarnation.type if incarnation else resource.type,
            status=status,
            at=now,
            reason=reason,
            properties=json.dumps(properties, default=str) if properties is not None else None,
            client_token=deployment.client_token if deployment else None,
        )

    async def pause(self, status: str, reason: str) -> None:
        """End the deployment where it stands: what it did stays known, so that it can go on."""
        await self.write_stack(status, reason, deployment=None)

    async def finish(self, status: str, reason: str | None = None, **members: Any) -> None:
        """End the deployment: the stack's last state, and no trace of the work in its resources."""
        resources = {}
        gone = []
        for name, resource in self.resources.items():
            if resource.is_gone and status != "DELETE_COMPLETE":
                gone.append(name)
            else:
                resources[name] = changed(resource, action="", other=None)
        deployment = self.stack.deployment
        number = deployment.revision_before if deployment else None

        def settle(tx: Transaction) -> None:
            for resource in resources.values():
                store.save_resource(tx, self.key, resource)
            for name in gone:
                store.delete_resource(tx, self.key, name)
            if number is not None and number != self.stack.revision:
                store.delete_revision(tx, self.key, number)

        await self.write_stack(status, reason, also=settle, deployment=None, **members)
        self.resources = resources
