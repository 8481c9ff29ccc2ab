"""Stacks over a made-up resource type: order, failure, rollback, replacement."""

import asyncio
from typing import Any

import pytest

from airside.kernel import ServiceError


def things(**resources: Any) -> dict[str, Any]:
    """A template of made-up resources; `_` members are resource attributes."""
    declared = {}
    for name, properties in resources.items():
        attributes = {key[1:]: value for key, value in properties.items() if key[0] == "_"}
        plain = {key: value for key, value in properties.items() if key[0] != "_"}
        declared[name] = {"Type": "Fake::Thing", "Properties": plain, **attributes}
    return {"Resources": declared}


async def test_a_stack_is_created_along_its_dependencies(desk: Any) -> None:
    template = things(
        C={"Of": {"Fn::GetAtt": "B.Arn"}},
        B={"Of": {"Ref": "A"}},
        A={"Name": "a"},
        D={"_DependsOn": "C"},
    )
    template["Outputs"] = {"Deep": {"Value": {"Fn::GetAtt": ["A", "Nested.Deep"]}}}
    stack = await desk.create("app", template)
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert desk.world.log == ["create A", "create B", "create C", "create D"]
    assert stack["Outputs"][0]["OutputValue"] == "deep"
    held = (await desk.call("DescribeStackResources", StackName="app"))["StackResources"]
    physical = {item["LogicalResourceId"]: item["PhysicalResourceId"] for item in held}
    assert desk.world.things[physical["C"]]["Of"] == f"arn:thing:{physical['B']}"
    assert (await desk.statuses("app")) == [
        "app CREATE_IN_PROGRESS",
        *(f"{n} CREATE_{s}" for n in "ABCD" for s in ("IN_PROGRESS", "IN_PROGRESS", "COMPLETE")),
        "app CREATE_COMPLETE",
    ]


async def test_independent_resources_are_made_at_the_same_time(desk: Any) -> None:
    await desk.create("app", things(**{f"T{number}": {} for number in range(10)}))
    assert desk.world.busy_most == 10


async def test_a_failed_creation_rolls_back(desk: Any) -> None:
    desk.world.failing.add("create C")
    template = things(A={}, B={"Of": {"Ref": "A"}}, C={"Of": {"Ref": "B"}}, D={"Of": {"Ref": "C"}})
    stack = await desk.create("app", template)
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert desk.world.things == {}
    events = (await desk.call("DescribeStackEvents", StackName="app"))["StackEvents"]
    reasons = {
        (e["LogicalResourceId"], e["ResourceStatus"]): e["ResourceStatusReason"] for e in events
    }
    assert reasons["C", "CREATE_FAILED"] == "C is broken"
    assert reasons["app", "ROLLBACK_IN_PROGRESS"] == (
        "The following resource(s) failed to create: [C]. Rollback requested by user."
    )
    assert not any(name == "D" for name, _ in reasons)
    deleted = [line for line in desk.world.log if line.startswith("delete")]
    assert [line.split("-")[1] for line in deleted] == ["B", "A"]
    with pytest.raises(ServiceError, match="is in ROLLBACK_COMPLETE state and can not be updated"):
        await desk.update("app", template)


async def test_a_bug_in_a_resource_type_fails_the_stack_and_names_itself(desk: Any) -> None:
    desk.world.crashing.add("create A")
    stack = await desk.create("app", things(A={}))
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    events = (await desk.call("DescribeStackEvents", StackName="app"))["StackEvents"]
    failed = next(e for e in events if e["ResourceStatus"] == "CREATE_FAILED")
    assert failed["ResourceStatusReason"] == "Internal failure: KeyError: 'a bug'"


async def test_an_unknown_type_fails_the_stack_before_anything_is_made(desk: Any) -> None:
    template = things(A={})
    template["Resources"]["X"] = {"Type": "AWS::Foo::Bar"}
    stack = await desk.create("app", template)
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    events = (await desk.call("DescribeStackEvents", StackName="app"))["StackEvents"]
    failed = next(e for e in events if e["ResourceStatus"] == "CREATE_FAILED")
    assert failed["ResourceStatusReason"] == (
        "Resource type AWS::Foo::Bar is not supported by Airside (see docs/coverage)"
    )
    assert desk.world.log == []


@pytest.mark.parametrize(
    ("option", "status"), [("DO_NOTHING", "CREATE_FAILED"), ("DELETE", "DELETE_COMPLETE")]
)
async def test_on_failure_is_the_callers_choice(desk: Any, option: str, status: str) -> None:
    desk.world.failing.add("create B")
    template = things(A={}, B={"Of": {"Ref": "A"}})
    stack = await desk.create("app", template, OnFailure=option)
    assert stack["StackStatus"] == status
    assert bool(desk.world.things) == (option == "DO_NOTHING")


async def test_an_update_changes_in_place_replaces_and_removes(desk: Any) -> None:
    first = things(
        A={"Name": "a", "Size": 1}, B={"Name": "b", "Of": {"Ref": "A"}}, Old={"Name": "old"}
    )
    await desk.create("app", first)
    desk.world.log.clear()
    second = things(
        A={"Name": "a2", "Size": 1}, B={"Name": "b", "Of": {"Ref": "A"}}, New={"Name": "new"}
    )
    stack = await desk.update("app", second)
    assert stack["StackStatus"] == "UPDATE_COMPLETE"
    assert sorted(desk.world.things) == ["a2", "b", "new"]
    assert desk.world.things["b"]["Of"] == "a2"
    assert desk.world.log.index("create A") < desk.world.log.index("update B")
    assert desk.world.log.index("update B") < desk.world.log.index("delete a")
    statuses = await desk.statuses("app")
    assert "app UPDATE_COMPLETE_CLEANUP_IN_PROGRESS" in statuses
    listed = (await desk.call("ListStackResources", StackName="app"))["StackResourceSummaries"]
    assert {item["LogicalResourceId"] for item in listed} == {"A", "B", "New"}


async def test_a_failed_update_puts_everything_back(desk: Any) -> None:
    first = things(
        A={"Name": "a"}, B={"Name": "b", "Of": {"Ref": "A"}, "Size": 1}, C={"Name": "c", "Z": 1}
    )
    await desk.create("app", first)
    before = {name: dict(thing) for name, thing in desk.world.things.items()}
    desk.world.failing.add("update C")
    second = things(
        A={"Name": "a2"},
        B={"Name": "b", "Of": {"Ref": "A"}, "Size": 2},
        N={"Name": "n"},
        C={"Name": "c", "Z": 2, "_DependsOn": ["B", "N"]},
    )
    await desk.call("UpdateStack", StackName="app", TemplateBody=_json(second))
    async with asyncio.timeout(5):
        while not any(line == "update C" for line in desk.world.log):
            await asyncio.sleep(0)
    desk.world.failing.clear()
    stack = await desk.settle("app")
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert desk.world.things == before
    statuses = await desk.statuses("app")
    assert [s for s in statuses if s.startswith("app UPDATE")] == [
        "app UPDATE_IN_PROGRESS",
        "app UPDATE_ROLLBACK_IN_PROGRESS",
        "app UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
        "app UPDATE_ROLLBACK_COMPLETE",
    ]
    original = await desk.call("GetTemplate", StackName="app", TemplateStage="Original")
    assert original["TemplateBody"] == _json(first)
    third = await desk.update("app", second)
    assert third["StackStatus"] == "UPDATE_COMPLETE"
    assert sorted(desk.world.things) == ["a2", "b", "c", "n"]


def _json(template: Any) -> str:
    import json

    return json.dumps(template)


async def test_nothing_to_update_says_so(desk: Any) -> None:
    await desk.create("app", things(A={"Name": "a"}))
    with pytest.raises(ServiceError, match=r"^No updates are to be performed\.$"):
        await desk.update("app", things(A={"Name": "a"}))
    stack = await desk.update("app", things(A={"Name": "a"}), Tags=[{"Key": "k", "Value": "v"}])
    assert stack["StackStatus"] == "UPDATE_COMPLETE"


async def test_deletion_goes_backwards_and_keeps_what_is_retained(desk: Any) -> None:
    await desk.create(
        "app",
        things(A={"Name": "a", "_DeletionPolicy": "Retain"}, B={"Name": "b", "Of": {"Ref": "A"}},
               C={"Name": "c", "Of": {"Ref": "B"}}),
    )  # fmt: skip
    stack_id = (await desk.call("DescribeStacks", StackName="app"))["Stacks"][0]["StackId"]
    await desk.call("DeleteStack", StackName="app")
    stack = await desk.settle(stack_id)
    assert stack["StackStatus"] == "DELETE_COMPLETE"
    assert list(desk.world.things) == ["a"]
    assert [line for line in desk.world.log if line.startswith("delete")] == [
        "delete c",
        "delete b",
    ]
    assert "A DELETE_SKIPPED" in await desk.statuses(stack_id)
    with pytest.raises(ServiceError, match=r"^Stack with id app does not exist$"):
        await desk.call("DescribeStacks", StackName="app")


async def test_a_resource_that_cannot_be_deleted_can_be_retained(desk: Any) -> None:
    await desk.create("app", things(A={"Name": "a"}, B={"Name": "b", "Of": {"Ref": "A"}}))
    desk.world.failing.add("delete a")
    await desk.call("DeleteStack", StackName="app")
    stack = await desk.settle("app")
    assert stack["StackStatus"] == "DELETE_FAILED"
    assert stack["StackStatusReason"] == "The following resource(s) failed to delete: [A]. "
    await desk.call("DeleteStack", StackName="app", RetainResources=["A"])
    stack = await desk.settle(stack["StackId"])
    assert stack["StackStatus"] == "DELETE_COMPLETE"
    assert list(desk.world.things) == ["a"]


async def test_deleting_while_creating_waits_and_then_removes_everything(desk: Any) -> None:
    desk.world.gates["A"] = asyncio.Event()
    await desk.call(
        "CreateStack", StackName="app", TemplateBody=_json(things(A={}, B={"Of": {"Ref": "A"}}))
    )
    await asyncio.sleep(0.01)
    stack_id = (await desk.call("DescribeStacks", StackName="app"))["Stacks"][0]["StackId"]
    await desk.call("DeleteStack", StackName="app")
    desk.world.gates["A"].set()
    stack = await desk.settle(stack_id)
    assert stack["StackStatus"] == "DELETE_COMPLETE"
    assert desk.world.things == {}
    assert "create B" not in desk.world.log


async def test_exports_are_imported_and_protected(desk: Any) -> None:
    maker = things(A={"Name": "a"})
    maker["Outputs"] = {"A": {"Value": {"Ref": "A"}, "Export": {"Name": "shared-a"}}}
    await desk.create("maker", maker)
    await desk.create("user", things(B={"Of": {"Fn::ImportValue": "shared-a"}}))
    assert any(thing.get("Of") == "a" for thing in desk.world.things.values())
    imports = await desk.call("ListImports", ExportName="shared-a")
    assert imports["Imports"] == ["user"]
    await desk.call("DeleteStack", StackName="maker")
    stack = await desk.settle("maker")
    assert stack["StackStatus"] == "DELETE_FAILED"
    assert stack["StackStatusReason"] == (
        "Export shared-a cannot be deleted as it is in use by user"
    )
    other = await desk.create(
        "other", maker | things(A={"Name": "a3"}) | {"Outputs": maker["Outputs"]}
    )
    assert other["StackStatus"] == "ROLLBACK_COMPLETE"


@pytest.mark.parametrize("skip", [False, True])
async def test_a_rollback_that_failed_can_be_continued(desk: Any, skip: bool) -> None:
    first = things(A={"Name": "a", "Size": 1}, R={"Name": "r"})
    await desk.create("app", first)
    desk.world.failing |= {"create N"}
    second = things(A={"Name": "a", "Size": 2}, R={"Name": "r2"}, N={"_DependsOn": ["A", "R"]})
    desk.world.gates["N"] = asyncio.Event()
    await desk.call("UpdateStack", StackName="app", TemplateBody=_json(second))
    await desk.until("update A")
    desk.world.failing.add("update A")
    await asyncio.sleep(0.01)
    desk.world.gates["N"].set()
    stack = await desk.settle("app")
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_FAILED"
    with pytest.raises(ServiceError, match="can not be updated"):
        await desk.update("app", first)
    if not skip:
        desk.world.failing.remove("update A")
    await desk.call(
        "ContinueUpdateRollback", StackName="app", ResourcesToSkip=["A"] if skip else []
    )
    stack = await desk.settle("app")
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert sorted(desk.world.things) == ["a", "r"]
    assert desk.world.things["a"]["Size"] == (2 if skip else 1)


async def test_an_update_can_be_cancelled(desk: Any) -> None:
    await desk.create("app", things(A={"Name": "a", "Size": 1}))
    desk.world.gates["A"] = asyncio.Event()
    second = things(A={"Name": "a", "Size": 2}, B={"_DependsOn": "A"})
    await desk.call("UpdateStack", StackName="app", TemplateBody=_json(second))
    await asyncio.sleep(0.01)
    await desk.call("CancelUpdateStack", StackName="app")
    desk.world.gates["A"].set()
    stack = await desk.settle("app")
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert desk.world.things == {"a": {"Name": "a", "Size": 1}}
    with pytest.raises(ServiceError, match="CancelUpdateStack cannot be called from current stack"):
        await desk.call("CancelUpdateStack", StackName="app")


async def test_a_failed_update_may_keep_what_worked(desk: Any) -> None:
    await desk.create("app", things(A={"Name": "a", "Size": 1}, R={"Name": "r"}))
    desk.world.failing.add("create N")
    second = things(A={"Name": "a", "Size": 2}, R={"Name": "r2"}, N={"_DependsOn": ["A", "R"]})
    stack = await desk.update("app", second, DisableRollback=True)
    assert stack["StackStatus"] == "UPDATE_FAILED"
    assert desk.world.things["a"]["Size"] == 2
    assert sorted(desk.world.things) == ["a", "r2"]
    desk.world.failing.clear()
    stack = await desk.update("app", second)
    assert stack["StackStatus"] == "UPDATE_COMPLETE"
    assert len(desk.world.things) == 3
