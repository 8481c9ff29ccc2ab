"""What is kept of a stack: records and their states. Pure."""

from typing import Any, Literal

import msgspec

from airside.kernel import Principal

UPDATABLE = frozenset(
    {
        "CREATE_COMPLETE",
        "UPDATE_COMPLETE",
        "UPDATE_ROLLBACK_COMPLETE",
        "UPDATE_FAILED",
        "CREATE_FAILED",
    }
)
"""States from which UpdateStack and change sets may start."""

StackKey = tuple[str, str, str]
"""Account, region and the UUID at the end of the stack's id: where a stack lies in storage."""


class Output(msgspec.Struct, frozen=True):
    """One output of a deployed stack."""

    key: str
    value: str
    description: str | None = None
    export_name: str | None = None


class Revision(msgspec.Struct, frozen=True):
    """Everything a stack is told to be: what CreateStack, UpdateStack and change sets carry."""

    source: str
    """The template as it was given."""
    processed: str
    """The template after transforms, as JSON."""
    parameters: dict[str, str] = {}
    resolved: dict[str, str] = {}
    """Values of SSM parameters, by template parameter."""
    tags: dict[str, str] = {}
    capabilities: list[str] = []
    notification_arns: list[str] = []
    role_arn: str = ""
    description: str | None = None


Kind = Literal["create", "update", "delete"]
Phase = Literal["forward", "cleanup", "rollback", "rollback-cleanup"]


class Deployment(msgspec.Struct, frozen=True):
    """One operation on a stack while it runs; what a restarted server needs to go on."""

    token: str
    kind: Kind
    principal: Principal
    phase: Phase = "forward"
    revision_before: int | None = None
    disable_rollback: bool = False
    on_failure: str = "ROLLBACK"
    """ROLLBACK, DELETE or DO_NOTHING: what becomes of a stack that cannot be created."""
    retain: list[str] = []
    skip: list[str] = []
    """Resources that a continued rollback leaves as they are."""
    client_token: str | None = None


class Stack(msgspec.Struct, frozen=True):
    """One stack. `id` is its ARN."""

    id: str
    name: str
    status: str
    created_at: float
    revision: int = 0
    """The number of the current revision; 0 before the first."""
    status_reason: str | None = None
    updated_at: float | None = None
    deleted_at: float | None = None
    outputs: list[Output] = []
    disable_rollback: bool = False
    termination_protection: bool = False
    timeout_minutes: int | None = None
    parent_id: str | None = None
    root_id: str | None = None
    change_set_id: str | None = None
    deployment: Deployment | None = None
    policy: str | None = None

    @property
    def key(self) -> StackKey:
        """Where it lies."""
        _, _, _, region, account, resource = self.id.split(":", 5)
        return account, region, resource.rpartition("/")[2]

    @property
    def is_gone(self) -> bool:
        """Whether only its history is left."""
        return self.status == "DELETE_COMPLETE"

    @property
    def is_busy(self) -> bool:
        """Whether an operation runs."""
        return self.status.endswith("_IN_PROGRESS") and self.status != "REVIEW_IN_PROGRESS"


class Incarnation(msgspec.Struct, frozen=True):
    """One physical resource that bears, or bore, a logical name."""

    type: str
    physical_id: str
    properties: dict[str, Any]
    attributes: dict[str, Any] = {}
    suffix: str = ""
    deletion_policy: str = "Delete"
    replace_policy: str = "Delete"


Action = Literal["", "create", "update", "replace", "swapped", "remove"]


class Resource(msgspec.Struct, frozen=True):
    """One logical resource of a stack.

    `action` says what the running deployment did to it. `other` is its other incarnation then:
    the one before an update or replacement; the new one once a replacement was rolled back.
    """

    logical_id: str
    type: str
    status: str
    updated_at: float
    suffix: str = ""
    current: Incarnation | None = None
    status_reason: str | None = None
    needs: list[str] = []
    action: Action = ""
    other: Incarnation | None = None

    @property
    def physical_id(self) -> str:
        """Of the current incarnation; empty when there is none."""
        return self.current.physical_id if self.current else ""

    @property
    def is_gone(self) -> bool:
        """Whether only its history is left."""
        return self.status in {"DELETE_COMPLETE", "DELETE_SKIPPED"}


class Event(msgspec.Struct, frozen=True):
    """One line of a stack's history."""

    id: str
    logical_id: str
    physical_id: str
    type: str
    status: str
    at: float
    reason: str | None = None
    properties: str | None = None
    client_token: str | None = None


class ChangeSet(msgspec.Struct, frozen=True):
    """A proposed revision of a stack."""

    id: str
    name: str
    stack_id: str
    stack_name: str
    kind: str
    """CREATE or UPDATE."""
    status: str
    execution_status: str
    created_at: float
    revision: Revision
    status_reason: str | None = None
    description: str | None = None
    changes: list[dict[str, Any]] = []
    on_failure: str | None = None
    client_token: str | None = None
    include_nested: bool = False
