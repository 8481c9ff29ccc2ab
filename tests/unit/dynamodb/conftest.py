"""DynamoDB and its streams without a server, with a clock that the test moves."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest

from airside.kernel import Cloud, Context, ManualClock, Principal, Request, Result, SeededIds
from airside.services import dynamodb, dynamodbstreams
from airside.settings import Settings
from airside.storage.memory import MemoryBlobs, MemoryStore

ACCOUNT = "123456789012"
PRINCIPAL = Principal("root", f"arn:aws:iam::{ACCOUNT}:root", ACCOUNT, ACCOUNT)


class NoMeter:
    """Usage goes nowhere."""

    def record(self, ctx: Context, usage_type: str, quantity: float, resource: str) -> None:
        """Forget it."""

    def count(self, ctx: Context) -> None:
        """Forget it."""


class Desk:
    """Calls operations as a client would."""

    def __init__(self, cloud: Cloud, clock: ManualClock) -> None:
        self.cloud = cloud
        self.clock = clock

    async def __call__(self, operation: str, **request: Any) -> Result:
        service = "dynamodb"
        if operation in dynamodbstreams.SERVICE.operations:
            service = "dynamodbstreams"
        ctx = Context(self.cloud, PRINCIPAL, "us-east-1", "request", service, operation)
        return await self.cloud.dispatch(ctx, request)


@asynccontextmanager
async def open_desk() -> AsyncIterator[Desk]:
    services = {s.name: s for s in (dynamodb.SERVICE, dynamodbstreams.SERVICE)}

    async def dispatch(ctx: Context, request: Request) -> Result:
        return await services[ctx.service].operations[ctx.operation].function(ctx, request) or {}

    clock = ManualClock()
    cloud = Cloud(
        name="test", store=MemoryStore(), blobs=MemoryBlobs(), clock=clock, ids=SeededIds(7),
        meter=NoMeter(), settings=Settings(), services=services, resources={}, dispatch=dispatch,
        fetch=None,  # type: ignore[arg-type]
    )  # fmt: skip
    await cloud.open()
    yield Desk(cloud, clock)
    await cloud.close()


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with open_desk() as opened:
        yield opened


@pytest.fixture(scope="session")
def desks() -> Callable[[], AbstractAsyncContextManager[Desk]]:
    """`async with desks() as desk`, for property tests: a fresh one for every example."""
    return open_desk
