"""A server that dies in the middle of a deployment and comes back."""

import asyncio
import json
from typing import Any

import pytest


def things(**resources: Any) -> str:
    return json.dumps(
        {
            "Resources": {
                name: {"Type": "Fake::Thing", "Properties": properties}
                for name, properties in resources.items()
            }
        }
    )


TEMPLATE = things(A={}, B={"Of": {"Ref": "A"}}, C={"Name": "c", "Of": {"Ref": "B"}})


@pytest.mark.parametrize("where", ["A", "B", "C"])
@pytest.mark.parametrize("when", ["gates", "gates_after"])
async def test_a_creation_goes_on(desk: Any, where: str, when: str) -> None:
    """Before the resource was made, and after it was made but not yet written down."""
    getattr(desk.world, when)[where] = asyncio.Event()
    await desk.call("CreateStack", StackName="app", TemplateBody=TEMPLATE)
    if when == "gates_after":
        await desk.until(f"create {where}")
    await asyncio.sleep(0.01)
    await desk.crash()
    stack = await desk.settle("app")
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert len(desk.world.things) == 3
    assert desk.world.things["c"]["Of"].startswith("app-B-")
    statuses = await desk.statuses("app")
    assert statuses.count("A CREATE_COMPLETE") == 1
    await desk.call("DeleteStack", StackName="app")
    await desk.settle(stack["StackId"])
    assert desk.world.things == {}


@pytest.mark.parametrize("when", ["gates", "gates_after"])
@pytest.mark.parametrize("where", ["A", "B", "C", "D"])
async def test_an_update_goes_on(desk: Any, where: str, when: str) -> None:
    """D is new, C is replaced, A changes in place, B follows A and E goes."""
    first = things(A={"Size": 1}, B={"Name": "b", "Of": 1}, C={"Name": "c"}, E={"Name": "e"})
    await desk.create("app", first)
    desk.world.log.clear()
    getattr(desk.world, when)[where] = asyncio.Event()
    second = things(A={"Size": 2}, B={"Name": "b", "Of": 2}, C={"Name": "c2"}, D={"Name": "d"})
    await desk.call("UpdateStack", StackName="app", TemplateBody=second)
    await asyncio.sleep(0.02)
    await desk.crash()
    stack = await desk.settle("app")
    assert stack["StackStatus"] == "UPDATE_COMPLETE"
    named = {name: thing for name, thing in desk.world.things.items() if len(name) <= 2}
    assert named == {
        "b": {"Name": "b", "Of": 2}, "c2": {"Name": "c2"}, "d": {"Name": "d"},
    }  # fmt: skip
    assert len(desk.world.things) == 4


async def test_a_rollback_goes_on(desk: Any) -> None:
    first = things(A={"Name": "a", "Size": 1}, B={"Name": "b", "Size": 1})
    await desk.create("app", first)
    before = json.dumps(desk.world.things, sort_keys=True)
    desk.world.failing.add("create N")
    second = {
        "Resources": json.loads(things(A={"Name": "a", "Size": 2}, B={"Name": "b2"}))["Resources"]
        | {"N": {"Type": "Fake::Thing", "DependsOn": ["A", "B"]}}
    }
    await desk.call("UpdateStack", StackName="app", TemplateBody=json.dumps(second))
    await desk.until("create N")
    desk.world.gates["A"] = asyncio.Event()
    await asyncio.sleep(0.02)
    statuses = await desk.statuses("app")
    assert "app UPDATE_ROLLBACK_IN_PROGRESS" in statuses
    assert "app UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS" not in statuses
    await desk.crash()
    stack = await desk.settle("app")
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert json.dumps(desk.world.things, sort_keys=True) == before


async def test_a_deletion_goes_on(desk: Any) -> None:
    await desk.create("app", TEMPLATE)
    stack_id = (await desk.call("DescribeStacks", StackName="app"))["Stacks"][0]["StackId"]
    b = next(name for name in desk.world.things if name.startswith("app-B"))
    desk.world.gates[b] = asyncio.Event()
    await desk.call("DeleteStack", StackName="app")
    await desk.until("delete c")
    await asyncio.sleep(0.01)
    await desk.crash()
    assert (await desk.settle(stack_id))["StackStatus"] == "DELETE_COMPLETE"
    assert desk.world.things == {}
