"""What the platform says of environments and events, as JSON logs and telemetry carry it. Pure.

https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
"""

from typing import Any, NamedTuple

from airside.runtime.spec import FunctionSpec, Outcome

LEVELS = {"TRACE": 1, "DEBUG": 2, "INFO": 3, "WARN": 4, "ERROR": 5, "FATAL": 6}


class PlatformEvent(NamedTuple):
    """One event, with the level that logs give it."""

    kind: str
    record: dict[str, Any]
    level: str


def _graded(kind: str, record: dict[str, Any], good: str) -> PlatformEvent:
    failed = record.get("status", "success") != "success"
    return PlatformEvent(kind, record, "WARN" if failed else good)


def init_start(spec: FunctionSpec, runtime_version: str) -> PlatformEvent:
    """INIT begins."""
    record: dict[str, Any] = {
        "initializationType": "on-demand", "phase": "init", "functionName": spec.name,
        "functionVersion": spec.version, "runtimeVersion": runtime_version,
    }  # fmt: skip
    return PlatformEvent("platform.initStart", record, "INFO")


def init_done(status: str, error_type: str = "") -> PlatformEvent:
    """The runtime has ended its INIT, well or not."""
    record = {"initializationType": "on-demand", "phase": "init", "status": status}
    if error_type:
        record["errorType"] = error_type
    return _graded("platform.initRuntimeDone", record, "DEBUG")


def init_report(status: str, duration_ms: float) -> PlatformEvent:
    """How long INIT took."""
    record = {
        "initializationType": "on-demand", "phase": "init", "status": status,
        "metrics": {"durationMs": round(duration_ms, 3)},
    }  # fmt: skip
    return _graded("platform.initReport", record, "DEBUG")


def restore_start(spec: FunctionSpec, runtime_version: str) -> PlatformEvent:
    """A snapshot is about to be copied."""
    record = {
        "functionName": spec.name, "functionVersion": spec.version,
        "runtimeVersion": runtime_version,
    }  # fmt: skip
    return PlatformEvent("platform.restoreStart", record, "INFO")


def restore_report(duration_ms: float) -> PlatformEvent:
    """How long copying took."""
    record = {"status": "success", "metrics": {"durationMs": round(duration_ms, 3)}}
    return PlatformEvent("platform.restoreReport", record, "INFO")


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
        record["errorType"] = outcome.error_type
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
        record["errorType"] = outcome.error_type
    return _graded("platform.report", record, "INFO")


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
        return "error" if outcome.error_type.startswith("Runtime.") else "failure"
    return outcome.status


def at_least(level: str, least: str) -> bool:
    """Whether something of `level` is logged when `least` is asked for."""
    return LEVELS[level] >= LEVELS.get(least.upper(), 0)
