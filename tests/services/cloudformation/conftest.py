"""What tests of stacks share."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

DONE = ("_COMPLETE", "_FAILED")


class Stacks:
    """Stacks of one account, waited for."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def settle(self, name: str) -> dict[str, Any]:
        """The stack once it is at rest."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            stack = self.client.describe_stacks(StackName=name)["Stacks"][0]
            status = stack["StackStatus"]
            if status.endswith(DONE) and "CLEANUP" not in status:
                return dict(stack)
            time.sleep(0.02)
        raise AssertionError(f"{name} does not settle: {status}")

    def create(self, name: str, template: Any, **more: Any) -> dict[str, Any]:
        made = self.client.create_stack(StackName=name, TemplateBody=text(template), **more)
        return self.settle(made["StackId"])

    def update(self, name: str, template: Any, **more: Any) -> dict[str, Any]:
        self.client.update_stack(StackName=name, TemplateBody=text(template), **more)
        return self.settle(name)

    def delete(self, name: str) -> dict[str, Any]:
        stack_id = self.client.describe_stacks(StackName=name)["Stacks"][0]["StackId"]
        self.client.delete_stack(StackName=name)
        return self.settle(stack_id)

    def reasons(self, name: str) -> dict[tuple[str, str], str]:
        """Status reasons by logical id and status."""
        events = self.client.describe_stack_events(StackName=name)["StackEvents"]
        return {
            (event["LogicalResourceId"], event["ResourceStatus"]): event.get(
                "ResourceStatusReason", ""
            )
            for event in events
        }


def text(template: Any) -> str:
    return template if isinstance(template, str) else json.dumps(template)


@pytest.fixture
def cloudformation(aws: Callable[..., Any]) -> Any:
    return aws("cloudformation")


@pytest.fixture
def stacks(cloudformation: Any) -> Stacks:
    return Stacks(cloudformation)
