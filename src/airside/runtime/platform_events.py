"""What the platform says of environments and events, as JSON logs and telemetry carry it. Pure.

https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
"""

import re
from typing import Any, NamedTuple

from airside.runtime.spec import FunctionSpec, Outcome

_PLATFORM_ERROR = re.compile(r"(Runtime|Sandbox|Extension|Function)\.[A-Z][A-Za-z]*")
LEVELS = {"TRACE": 1, "DEBUG": 2, "INFO": 3, "WARN": 4, "ERROR": 5, "FATAL": 6}


class PlatformEvent(NamedTuple):
    """One event, with the level that logs give it."""

    kind: str
    record: dict[str, Any]
    level: str


def _graded(kind: str, record: dict[str, Any], good: str) -> PlatformEvent:
    failed = record.get("status", "success") != "success"
    return PlatformEvent(kind, record, "WARN" if failed else good)


class Init(NamedTuple):
    """Which INIT it is that is told of."""

    kind: str = "on-demand"
    """Or `provisioned-concurrency`, `snap-start`."""
    phase: str = "init"
    """`invoke` when an event waits for it, because it was tried before."""


def error_type_of(kind: str) -> str:
    """The error type that platform lines give: the function's own are unknown to the platform."""
    return kind if _PLATFORM_ERROR.fullmatch(kind) else "Runtime.Unknown"


def _runtime(spec: FunctionSpec, instance: str) -> dict[str, Any]:
    return {
        "runtimeVersion": spec.runtime_version, "runtimeVersionArn": spec.runtime_version_arn,
        "functionName": spec.name, "functionVersion": spec.version, "instanceId": instance,
        "instanceMaxMemory": spec.memory_mb << 20,
    }  # fmt: skip


def init_start(spec: FunctionSpec, init: Init, instance: str) -> PlatformEvent:
    """INIT begins."""
    record = {"initializationType": init.kind, "phase": init.phase, **_runtime(spec, instance)}
    return PlatformEvent("platform.initStart", record, "INFO")


def init_done(init: Init, status: str, error_type: str = "") -> PlatformEvent:
    """The runtime has ended its INIT, well or not."""
    record = {"initializationType": init.kind, "phase": init.phase, "status": status}
    if error_type:
        record["errorType"] = error_type_of(error_type)
    return _graded("platform.initRuntimeDone", record, "DEBUG")


def init_report(init: Init, status: str, duration_ms: float, error_type: str = "") -> PlatformEvent:
    """How long INIT took."""
    record: dict[str, Any] = {
        "initializationType": init.kind, "phase": init.phase, "status": status,
        "metrics": {"durationMs": round(duration_ms, 3)},
    }  # fmt: skip
    if error_type:
        record["errorType"] = error_type_of(error_type)
    return _graded("platform.initReport", record, "DEBUG")


def restore_start(spec: FunctionSpec, instance: str) -> PlatformEvent:
    """A snapshot is about to be copied."""
    return PlatformEvent("platform.restoreStart", _runtime(spec, instance), "INFO")


def restore_done(status: str, error_type: str = "") -> PlatformEvent:
    """The runtime has run its hooks, well or not."""
    record: dict[str, Any] = {"status": status}
    if error_type:
        record["errorType"] = error_type_of(error_type)
    return _graded("platform.restoreRuntimeDone", record, "DEBUG")


def restore_report(duration_ms: float, status: str, error_type: str = "") -> PlatformEvent:
    """How long copying took."""
    record: dict[str, Any] = {
        "status": status, "metrics": {"durationMs": round(duration_ms, 3)},
    }  # fmt: skip
    if error_type:
        record["errorType"] = error_type_of(error_type)
    return _graded("platform.restoreReport", record, "INFO")


def start(request_id: str, version: str, trace_id: str) -> PlatformEvent:
    """An event begins."""
    record: dict[str, Any] = {"requestId": request_id, "version": version}
    if trace_id:
        record["tracing"] = {"type": "X-Amzn-Trace-Id", "value": trace_id}
    return PlatformEvent("platform.start", record, "INFO")


def runtime_done(request_id: str, outcome: Outcome) -> PlatformEvent:
    """The runtime has ended an event, well or not."""
    record: dict[str, Any] = {
        "requestId": request_id, "status": outcome_status(outcome),
        "metrics": {
            "durationMs": round(outcome.duration_ms, 3), "producedBytes": len(outcome.payload),
        },
    }  # fmt: skip
    if outcome.error_type:
        record["errorType"] = _error_type(outcome)
    return _graded("platform.runtimeDone", record, "DEBUG")


def report(request_id: str, outcome: Outcome, memory_mb: int) -> PlatformEvent:
    """What an event took."""
    metrics: dict[str, Any] = {
        "durationMs": round(outcome.duration_ms, 3), "billedDurationMs": outcome.billed_ms,
        "memorySizeMB": memory_mb, "maxMemoryUsedMB": outcome.peak_mb,
    }  # fmt: skip
    if outcome.init_ms is not None:
        member = "restoreDurationMs" if outcome.restored else "initDurationMs"
        metrics[member] = round(outcome.init_ms, 3)
    record = {"requestId": request_id, "metrics": metrics, "status": outcome_status(outcome)}
    if outcome.error_type and record["status"] != "success":
        record["errorType"] = _error_type(outcome)
    return _graded("platform.report", record, "INFO")


def _error_type(outcome: Outcome) -> str:
    own = outcome_status(outcome) == "failure"
    return outcome.error_type if own else error_type_of(outcome.error_type)


def extension(name: str, events: list[str], error_type: str = "") -> PlatformEvent:
    """An extension has registered, or failed."""
    record: dict[str, Any] = {
        "name": name, "state": (error_type and "RegisterError") or "Ready", "events": events,
    }  # fmt: skip
    if error_type:
        record["errorType"] = error_type
    return PlatformEvent("platform.extension", record, "WARN" if error_type else "INFO")


def subscription(name: str, types: list[str]) -> PlatformEvent:
    """An extension has asked for telemetry."""
    record = {"name": name, "state": "Subscribed", "types": types}
    return PlatformEvent("platform.telemetrySubscription", record, "INFO")


def outcome_status(outcome: Outcome) -> str:
    """`success`, `timeout`, `error` for an end of the process, `failure` for what it reported."""
    if outcome.status == "error":
        by_platform = outcome.error_type.startswith(("Runtime.", "Extension.", "Sandbox."))
        return "error" if by_platform or outcome.in_init else "failure"
    return outcome.status


def at_least(level: str, least: str) -> bool:
    """Whether something of `level` is logged when `least` is asked for."""
    return LEVELS[level] >= LEVELS.get(least.upper(), 0)
