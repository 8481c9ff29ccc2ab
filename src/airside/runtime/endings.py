"""How events end that did not end well, in AWS's words. Pure, but for a look into /proc."""

import json
import re
from pathlib import Path
from typing import Any

from airside.runtime.spec import RESPONSE_BYTES_MAX, Outcome
from airside.runtime.template import Ending, describe_exit


def peak_mb(pid: int) -> int:
    """The peak of a living process's memory, in MiB."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    found = re.search(r"^VmHWM:\s+(\d+)", status, re.MULTILINE)
    return max(1, int(found.group(1)) // 1024) if found else 0


def too_large(peak_mb: int) -> Outcome:
    """What becomes of an answer that is larger than an answer may be."""
    message = (
        f"Response payload size exceeded maximum allowed payload size ({RESPONSE_BYTES_MAX} bytes)."
    )
    kind = "Function.ResponseSizeTooLarge"
    payload = json.dumps({"errorType": kind, "errorMessage": message}).encode()
    return Outcome(payload, "error", kind, peak_mb=peak_mb)


def for_event(error: dict[str, Any], request_id: str) -> Outcome:
    """An error of INIT, as the caller of an event sees it."""
    message = str(error.get("errorMessage", ""))
    told = {**error, "errorMessage": message.replace("RequestId: {}", f"RequestId: {request_id}")}
    kind = error.get("errorType", "Runtime.Unknown")
    return Outcome(json.dumps(told).encode(), "error", kind, in_init=True)


def exit_error(ending: Ending) -> tuple[str, str]:
    """The type and the wording of a process's end."""
    if ending.out_of_memory:
        return "Runtime.OutOfMemory", "Runtime exited with error: signal: killed"
    return "Runtime.ExitError", describe_exit(ending.status)


def of_init(error: dict[str, Any] | None, ending: Ending) -> Outcome:
    """What became of an INIT that reported `error`, or just ended; `{}` stands for a request."""
    if error is None:
        kind, said = exit_error(ending)
        error = {"errorType": kind, "errorMessage": f"RequestId: {{}} Error: {said}"}
        lost = ending.status is None
    else:
        kind, lost = error.get("errorType", "Runtime.Unknown"), False
    return Outcome(json.dumps(error).encode(), "error", kind, lost=lost, in_init=True)


def failed(kind: str, request_id: str, said: str, status: str = "error") -> Outcome:
    """An outcome that the platform gives, not the function."""
    message = f"RequestId: {request_id} Error: {said}"
    payload = json.dumps({"errorType": kind, "errorMessage": message}).encode()
    return Outcome(payload, "timeout" if status == "timeout" else "error", kind)
