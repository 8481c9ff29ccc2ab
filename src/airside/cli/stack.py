"""Deploying a project: a change set, made and executed, and its events as they come."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from airside.cli import artifacts
from airside.cli.connection import Connection
from airside.cli.errors import CommandError
from airside.cli.project import Project

CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
TEMPLATE_BODY_BYTES_MAX = 51_200
_POLL_SECONDS = 0.05
_NOTHING = ("didn't contain changes", "No updates are to be performed")

Watch = Callable[[dict[str, Any]], None]
"""Called with each new stack event."""


@dataclass(frozen=True)
class Deployed:
    """A stack as it stands after a deploy."""

    name: str
    changed: bool
    outputs: dict[str, str]
    resources: dict[str, tuple[str, str]]
    """Logical id -> (type, physical id)."""


def deploy(
    connection: Connection, project: Project, stack: str, parameters: dict[str, str], watch: Watch
) -> Deployed:
    """Create or update the stack. Raises CommandError with the template's line and the reason."""
    cloudformation = connection.client("cloudformation")
    existing = _describe(cloudformation, stack)
    kind = "CREATE" if existing is None or existing == "REVIEW_IN_PROGRESS" else "UPDATE"
    if existing in {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED"}:
        cloudformation.delete_stack(StackName=stack)
        _settle(cloudformation, stack, watch=None)
        kind = "CREATE"
    change_set = f"airside-{time.monotonic_ns()}"
    _create_change_set(connection, cloudformation, project, stack, kind, change_set, parameters)
    if _has_changes(cloudformation, project, stack, change_set):
        seen = _event_ids(cloudformation, stack)
        cloudformation.execute_change_set(StackName=stack, ChangeSetName=change_set)
        status = _settle(cloudformation, stack, watch, seen)
        if status not in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
            raise CommandError(_failure(cloudformation, project, stack, status, seen))
        changed = True
    else:
        cloudformation.delete_change_set(StackName=stack, ChangeSetName=change_set)
        changed = False
    return describe(connection, stack, changed=changed)


def describe(connection: Connection, stack: str, *, changed: bool = False) -> Deployed:
    """A stack's outputs and resources."""
    cloudformation = connection.client("cloudformation")
    found = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    outputs = {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", [])}
    resources: dict[str, tuple[str, str]] = {}
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
    for page in pages:
        for one in page["StackResourceSummaries"]:
            resources[one["LogicalResourceId"]] = (
                one["ResourceType"], one.get("PhysicalResourceId", "")
            )  # fmt: skip
    return Deployed(stack, changed, outputs, resources)


def _describe(cloudformation: Any, stack: str) -> str | None:
    try:
        status: str = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
    except cloudformation.exceptions.ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return status


def _create_change_set(
    connection: Connection,
    cloudformation: Any,
    project: Project,
    stack: str,
    kind: str,
    change_set: str,
    parameters: dict[str, str],
) -> None:
    artifacts.upload(connection, project)
    document = project.document()
    if len(document.encode()) > TEMPLATE_BODY_BYTES_MAX:
        source = {"TemplateURL": _upload_template(connection, stack, document)}
    else:
        source = {"TemplateBody": document}
    try:
        cloudformation.create_change_set(
            StackName=stack, ChangeSetName=change_set, ChangeSetType=kind,
            Capabilities=CAPABILITIES,
            Parameters=[{"ParameterKey": key, "ParameterValue": value}
                        for key, value in parameters.items()], **source,
        )  # fmt: skip
    except cloudformation.exceptions.ClientError as error:
        message = error.response["Error"]["Message"]
        raise CommandError(_with_line(project, message)) from None


def _upload_template(connection: Connection, stack: str, document: str) -> str:
    s3 = connection.client("s3")
    bucket = artifacts.bucket_of(connection)
    s3.put_object(Bucket=bucket, Key=f"{stack}.template", Body=document.encode())
    return f"{connection.endpoint}/{bucket}/{stack}.template"


def _has_changes(cloudformation: Any, project: Project, stack: str, change_set: str) -> bool:
    while True:
        found = cloudformation.describe_change_set(StackName=stack, ChangeSetName=change_set)
        status, reason = found["Status"], found.get("StatusReason", "")
        if status == "CREATE_COMPLETE":
            return True
        if status == "FAILED":
            if any(text in reason for text in _NOTHING):
                return False
            raise CommandError(_with_line(project, reason))
        time.sleep(_POLL_SECONDS)


def _event_ids(cloudformation: Any, stack: str) -> set[str]:
    found = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
    return {event["EventId"] for event in found}


def _settle(
    cloudformation: Any, stack: str, watch: Watch | None, seen: set[str] | None = None
) -> str:
    """Wait for the end of what goes on with a stack; its last status."""
    reported = set(seen or ())
    while True:
        status = _describe(cloudformation, stack)
        if status is None:
            return "DELETE_COMPLETE"
        if watch is not None:
            for event in reversed(_new_events(cloudformation, stack, reported)):
                reported.add(event["EventId"])
                watch(event)
        if not status.endswith("IN_PROGRESS") or status == "REVIEW_IN_PROGRESS":
            return status
        time.sleep(_POLL_SECONDS)


def _new_events(cloudformation: Any, stack: str, reported: set[str]) -> list[dict[str, Any]]:
    found = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
    return [event for event in found if event["EventId"] not in reported]


def _failure(cloudformation: Any, project: Project, stack: str, status: str, seen: set[str]) -> str:
    events = list(reversed(_new_events(cloudformation, stack, seen)))
    lines = [f"The stack '{stack}' ended as {status}:"]
    for event in events:
        reason = event.get("ResourceStatusReason", "")
        cancelled = "cancelled" in reason
        if event["ResourceStatus"].endswith("FAILED") and reason and not cancelled:
            logical_id = event["LogicalResourceId"]
            where = project.line(logical_id)
            lines.append(f"  {where}: {logical_id} ({event['ResourceType']}): {reason}")
    if len(lines) == 1:  # no resource failed: the stack itself says why, as it turns back
        reasons = (event.get("ResourceStatusReason", "") for event in events)
        lines.append(f"  {project.path}: {next(filter(_tells, reasons), 'no reason is given')}")
    return "\n".join(lines)


def _tells(reason: str) -> bool:
    return bool(reason) and reason not in {"User Initiated", "Resource creation Initiated"}


def _with_line(project: Project, message: str) -> str:
    """Name the line of the first resource that the message names."""
    for logical_id in project.template.section("Resources"):
        if f"[{logical_id}]" in message or f"'{logical_id}'" in message:
            return f"{project.line(logical_id)}: {message}"
    return f"{project.path}: {message}"
