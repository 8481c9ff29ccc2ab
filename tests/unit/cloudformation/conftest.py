"""A cloud with CloudFormation and one made-up service, without a server."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any, ClassVar

import pytest

from airside.kernel import (
    Cloud,
    Context,
    ManualClock,
    Principal,
    Request,
    Resource,
    ResourceRequest,
    ResourceType,
    Result,
    SeededIds,
    Service,
    ServiceError,
)
from airside.services.cloudformation import SERVICE, begin
from airside.services.cloudformation.deployments import Deployments
from airside.settings import Settings
from airside.storage.memory import MemoryBlobs, MemoryStore

ACCOUNT = "123456789012"
PRINCIPAL = Principal("root", f"arn:aws:iam::{ACCOUNT}:root", ACCOUNT, ACCOUNT)


class Broken(ServiceError):
    """The made-up resource does not want to."""


class World:
    """What the made-up resources have done."""

    def __init__(self) -> None:
        self.things: dict[str, dict[str, Any]] = {}
        self.log: list[str] = []
        self.failing: set[str] = set()
        self.crashing: set[str] = set()
        self.gates: dict[str, asyncio.Event] = {}
        self.gates_after: dict[str, asyncio.Event] = {}
        self.busy = 0
        self.busy_most = 0


class Thing(ResourceType):
    """Properties: Name (replaces), anything else (in place). GetAtt: Arn, Nested.Deep."""

    name = "Fake::Thing"
    replaced_by: ClassVar[frozenset[str]] = frozenset({"Name"})
    world: World

    async def _work(self, verb: str, logical_id: str) -> None:
        self.world.busy += 1
        self.world.busy_most = max(self.world.busy, self.world.busy_most)
        try:
            await asyncio.sleep(0)
            if logical_id in self.world.gates:
                await self.world.gates[logical_id].wait()
        finally:
            self.world.busy -= 1
        self.world.log.append(f"{verb} {logical_id}")
        if f"{verb} {logical_id}" in self.world.crashing:
            raise KeyError("a bug")
        if f"{verb} {logical_id}" in self.world.failing:
            raise Broken(f"{logical_id} is broken")

    async def create(self, ctx: Context, request: ResourceRequest) -> Resource:
        await self._work("create", request.logical_id)
        physical_id = request.properties.get("Name") or request.physical_name()
        if physical_id in self.world.things:
            raise Broken(f"{physical_id} already exists")
        self.world.things[physical_id] = dict(request.properties)
        if request.logical_id in self.world.gates_after:
            await self.world.gates_after[request.logical_id].wait()
        return self._described(physical_id)

    def _described(self, physical_id: str) -> Resource:
        return Resource(
            physical_id, {"Arn": f"arn:thing:{physical_id}", "Nested": {"Deep": "deep"}}
        )

    async def update(
        self, ctx: Context, physical_id: str, old: Any, request: ResourceRequest
    ) -> Resource:
        await self._work("update", request.logical_id)
        assert not old or self.world.things[physical_id] in (old, dict(request.properties))
        self.world.things[physical_id] = dict(request.properties)
        if request.logical_id in self.world.gates_after:
            await self.world.gates_after[request.logical_id].wait()
        return self._described(physical_id)

    async def delete(self, ctx: Context, physical_id: str, properties: Any) -> None:
        await self._work("delete", physical_id)
        self.world.things.pop(physical_id, None)


class NoMeter:
    def record(self, *_: Any) -> None:
        pass


class Desk:
    """Calls operations as a client would."""

    def __init__(self, cloud: Cloud, world: World) -> None:
        self.cloud = cloud
        self.world = world

    async def crash(self) -> None:
        """Lose everything but storage and the outside world, and start again."""
        await self.cloud.close()
        self.world.gates.clear()
        self.world.gates_after.clear()
        self.cloud = make_cloud(self.cloud.store, self.world)
        await self.cloud.open()

    async def until(self, line: str) -> None:
        """Wait for a line in the world's log."""
        async with asyncio.timeout(5):
            while line not in self.world.log:
                await asyncio.sleep(0)

    async def call(self, operation: str, **request: Any) -> Result:
        ctx = Context(self.cloud, PRINCIPAL, "us-east-1", "request", "cloudformation", operation)
        return await self.cloud.dispatch(ctx, request)

    async def settle(self, name: str) -> Result:
        """Wait until nothing runs for a stack, then describe it."""
        described = (await self.call("DescribeStacks", StackName=name))["Stacks"][0]
        account, region = ACCOUNT, "us-east-1"
        key = (account, region, described["StackId"].rpartition("/")[2])
        await self.cloud.component(Deployments).finished(key)
        return (await self.call("DescribeStacks", StackName=described["StackId"]))["Stacks"][0]

    async def create(self, name: str, template: Any, **request: Any) -> Result:
        made = await self.call(
            "CreateStack", StackName=name, TemplateBody=_text(template), **request
        )
        return await self.settle(made["StackId"])

    async def update(self, name: str, template: Any, **request: Any) -> Result:
        await self.call("UpdateStack", StackName=name, TemplateBody=_text(template), **request)
        return await self.settle(name)

    async def statuses(self, name: str) -> list[str]:
        """`LogicalId STATUS`, oldest first."""
        events = (await self.call("DescribeStackEvents", StackName=name))["StackEvents"]
        return [f"{e['LogicalResourceId']} {e['ResourceStatus']}" for e in reversed(events)]


def _text(template: Any) -> str:
    return template if isinstance(template, str) else json.dumps(template)


def make_cloud(store: MemoryStore, world: World, **more: Any) -> Cloud:
    kind = type("Thing", (Thing,), {"world": world})
    services = {
        "cloudformation": SERVICE,
        "fake": Service("fake", modules=[], resources=[kind]),
    }

    async def dispatch(ctx: Context, request: Request) -> Result:
        stub = more.get(f"{ctx.service}:{ctx.operation}")
        if stub is not None:
            return stub(request)
        return await services[ctx.service].operations[ctx.operation].function(ctx, request) or {}

    return Cloud(
        name="test", store=store, blobs=MemoryBlobs(), clock=ManualClock(), ids=SeededIds(7),
        meter=NoMeter(), settings=Settings(), services=services, resources={}, dispatch=dispatch,
        fetch=None,
    )  # fmt: skip


@pytest.fixture
async def desk(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    monkeypatch.setattr(begin, "PATIENCE_SECONDS", 0.0)
    world = World()
    cloud = make_cloud(MemoryStore(), world)
    await cloud.open()
    yield Desk(cloud, world)
    await cloud.close()
