"""The SAM transform in its worker process."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from airside.services.cloudformation import sam
from airside.services.cloudformation.template import Template, TemplateError, parse

FUNCTION = """
Transform: AWS::Serverless-2016-10-31
Parameters: {Memory: {Type: Number, Default: 128}}
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: a.b
      InlineCode: x
      MemorySize: !Ref Memory
      Policies: [AmazonS3ReadOnlyAccess, DynamoDBReadPolicy: {TableName: t}]
"""


@pytest.fixture
async def transform(desk: Any) -> AsyncIterator[sam.SamTransform]:
    component = desk.cloud.component(sam.SamTransform)
    yield component
    await component.stop()


async def test_functions_roles_and_policies(transform: sam.SamTransform) -> None:
    found = await transform.apply(parse(FUNCTION), {"AWS::Region": "eu-west-1"}, "eu-west-1")
    assert set(found.section("Resources")) == {"F", "FRole"}
    role = found.section("Resources")["FRole"]["Properties"]
    assert "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess" in role["ManagedPolicyArns"]
    assert "Transform" not in found.body
    again = await transform.apply(parse(FUNCTION), {}, "us-east-1")
    assert again.section("Resources").keys() == found.section("Resources").keys()


async def test_mistakes_name_resource_and_line(transform: sam.SamTransform) -> None:
    with pytest.raises(TemplateError) as caught:
        await transform.apply(parse(FUNCTION.replace("Handler: a.b", "Nope: 1")), {}, "us-east-1")
    assert caught.value.message.startswith(
        "Transform AWS::Serverless-2016-10-31 failed with: Invalid Serverless Application "
        "Specification document."
    )
    assert "Resource with id [F] is invalid." in caught.value.message
    assert caught.value.message.endswith("(line 5)")


async def test_applications_of_the_repository_are_refused(transform: sam.SamTransform) -> None:
    location = {"ApplicationId": "arn:aws:serverlessrepo:us-east-1:1:applications/a"}
    body = {
        "Resources": {
            "A": {"Type": "AWS::Serverless::Application", "Properties": {"Location": location}}
        }
    }
    with pytest.raises(TemplateError, match="Serverless Application Repository"):
        await transform.apply(Template(body), {}, "us-east-1")


async def test_an_idle_worker_leaves(
    transform: sam.SamTransform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sam, "IDLE_SECONDS", 0.05)
    await transform.apply(parse(FUNCTION), {}, "us-east-1")
    worker = transform._worker
    assert worker is not None
    assert worker.returncode is None
    assert await asyncio.wait_for(worker.wait(), 10) == 0
    found = await transform.apply(parse(FUNCTION), {}, "us-east-1")
    assert "F" in found.section("Resources")


async def test_a_cancelled_request_leaves_no_answer_behind(transform: sam.SamTransform) -> None:
    first = asyncio.ensure_future(transform.apply(parse(FUNCTION), {}, "us-east-1"))
    await asyncio.sleep(0.1)
    first.cancel()
    await asyncio.wait([first])
    other = parse(FUNCTION.replace("  F:", "  G:"))
    found = await transform.apply(other, {}, "us-east-1")
    assert set(found.section("Resources")) == {"G", "GRole"}
