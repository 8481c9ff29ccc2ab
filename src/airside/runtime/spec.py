"""What the runtime is told: which function, which event; and what it answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from airside.runtime.stream import ResponseStream

RESPONSE_BYTES_MAX = 6 * 1024 * 1024 + 100
"""Of an answer that is not streamed."""


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """One version of one function, as far as running it goes.

    Equal specs may share environments; whoever makes them puts everything that must retire an
    environment into `revision`.
    """

    arn: str
    """Unqualified."""
    name: str
    version: str
    revision: str
    handler: str
    runtime: str
    """E.g. `python3.12`."""
    memory_mb: int
    timeout_seconds: int
    task: Path
    """The folder that becomes /var/task."""
    role: str = ""
    opt: Path | None = None
    """The folder that becomes /opt: all layers, merged in order."""
    variables: Mapping[str, str] = field(default_factory=dict)
    own_boto3: bool = False
    """Whether the package or a layer brings a boto3 of its own."""
    uses_boto3: bool = True
    runtime_version_arn: str = ""
    log_group: str = ""
    log_format: Literal["Text", "JSON"] = "Text"
    log_level: str = ""
    system_log_level: str = "INFO"
    tmp_mb: int = 512
    arm: bool = False
    snap_start: bool = False

    @property
    def runtime_version(self) -> str:
        """As log lines name it, e.g. `python:3.12.v1`."""
        language = self.runtime.rstrip("0123456789.xal")
        if self.runtime.startswith("provided"):
            return f"provided:{self.runtime.removeprefix('provided.') or 'al'}.v1"
        return f"{language}:{self.runtime.removeprefix(language).removesuffix('.x')}.v1"


@dataclass(slots=True)
class Event:
    """One event for one function."""

    request_id: str
    payload: bytes
    arn: str
    """As invoked: with the qualifier the caller used."""
    trace_id: str = ""
    client_context: str = ""
    tail: bool = False
    """Whether the caller wants the end of the log."""
    background: bool = False
    """Whether nobody waits for the answer: its environment lets those of others go first."""
    identity: str = ""
    """Cognito's, as JSON."""
    stream: ResponseStream | None = None
    """Where a streamed answer goes; without one it is collected."""


Status = Literal["success", "error", "timeout"]


@dataclass(slots=True)
class Outcome:
    """What came of an event. Times in milliseconds."""

    payload: bytes
    status: Status = "success"
    error_type: str = ""
    duration_ms: float = 0.0
    init_ms: float | None = None
    """Set when this event had to wait for INIT."""
    restored: bool = False
    """Whether `init_ms` is not INIT's but the time it took to copy a snapshot."""
    billed_ms: int = 0
    peak_mb: int = 0
    tail: bytes = b""
    in_init: bool = False
    """Whether INIT failed, and not the handler."""
    lost: bool = False
    """Whether not the function failed but what carries it: the same event may well succeed."""

    @property
    def failed(self) -> bool:
        """Whether the caller sees X-Amz-Function-Error."""
        return self.status != "success"
