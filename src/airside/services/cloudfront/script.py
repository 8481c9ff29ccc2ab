"""Running a CloudFront function: JavaScript in an engine embedded in this process.

Every call gets a context of its own, because nothing may stay behind for the next viewer. QuickJS
has no files, no sockets and no timers; what the platform offers besides is written in `script.js`.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-javascript-runtime-features.html
"""

import json
import re
import time
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, Final, NamedTuple

_CPU_SECONDS_MAX: Final = 0.1
"""Far more than AWS allows: this machine is busy with other things, and clocks are coarse."""
_CPU_SECONDS_ALLOWED: Final = 0.01
"""What ComputeUtilization calls 100."""
_MEMORY_BYTES_MAX: Final = 8 << 20
_STACK_BYTES_MAX: Final = 256 << 10
_TOO_SLOW: Final = "The function exceeded the compute time that it is allowed."

_IMPORT = re.compile(
    r"""^[ \t]*import\s+(?P<what>[\w$]+|\*\s+as\s+[\w$]+|\{[^}]*\})\s+from\s+"""
    r"""(?P<quote>['"])(?P<module>[\w:]+)(?P=quote)[ \t]*;?""",
    re.MULTILINE,
)


class Run(NamedTuple):
    """What came of one call."""

    output: str
    """What the handler returned, as JSON; empty when it failed."""
    error: str
    logs: list[str]
    utilization: int
    """0 to 100, of the time that a function may take."""
    origin: str = ""
    """The origin that the function chose by itself, as JSON."""


class KeyValues(NamedTuple):
    """What is in a key value store, in one version."""

    version: str
    facts: dict[str, Any]
    """`id`, `creationDateTime`, `lastUpdatedDateTime`, `keyCount`."""
    content: Mapping[str, str]


@cache
def _prelude() -> str:
    """The platform around a function, as one expression."""
    folder = resources.files("airside.services.cloudfront")
    modules: dict[str, str] = {}
    text = folder.joinpath("script_modules.js").read_text()
    for part in text.split("// module ")[1:]:
        name, _, source = part.partition("\n")
        modules[name.strip()] = source.strip()
    platform = folder.joinpath("script.js").read_text()
    begin = platform.index("(function")
    return f"{platform[begin:].strip()}(globalThis, {json.dumps(modules)})"


def _without_imports(code: str) -> str:
    """`import x from 'y'` as `const x = require('y')`: functions are scripts to the engine."""

    def replaced(match: "re.Match[str]") -> str:
        what = match["what"].removeprefix("*").strip().removeprefix("as ").strip()
        what = re.sub(r"\bas\b", ":", what) if what.startswith("{") else what
        return f"const {what} = require('{match['module']}');"

    return _IMPORT.sub(replaced, code)


class Script:
    """One version of a function's code."""

    def __init__(self, code: bytes, runtime: str, store: str = "") -> None:
        self._code = _without_imports(code.decode(errors="replace"))
        self._runtime = runtime
        self.store = store
        """The id of the key value store that it may read."""

    def run(self, event: dict[str, Any], values: KeyValues | None = None) -> Run:
        """Run it on an event. A function that fails, loops or grows is told in `error`."""
        import quickjs  # 2 MB that most servers never need

        context = quickjs.Context()
        context.set_memory_limit(_MEMORY_BYTES_MAX)
        context.set_max_stack_size(_STACK_BYTES_MAX)
        context.eval(_prelude())
        begun = time.thread_time()
        context.set_time_limit(_CPU_SECONDS_MAX)
        state: dict[str, Any] = {}
        error = ""
        try:
            if values is not None:
                context.get("__store")(json.dumps(values.facts))
            context.eval(self._code)
            context.get("__run")(json.dumps(event))
            while not error and (context.execute_pending_job() or _answered(context, values)):
                if time.thread_time() - begun > _CPU_SECONDS_MAX:
                    error = _TOO_SLOW
            state = json.loads(context.eval("__state()"))
        except quickjs.JSException as failure:
            error = _told(str(failure))
        spent = time.thread_time() - begun
        if not error:
            error = state.get("error", "")
            if not error and not state.get("done"):
                error = "Error: The function returned a promise that never settles"
        return Run(
            "" if error else state.get("output", "null"),
            error,
            self._logs(context, quickjs.JSException),
            min(100, round(spent / _CPU_SECONDS_ALLOWED * 100)),
            "" if error else state.get("origin", ""),
        )

    def _logs(self, context: Any, failure: type[Exception]) -> list[str]:
        context.set_time_limit(_CPU_SECONDS_MAX)
        try:
            found: list[str] = json.loads(context.eval("__logs()"))
        except failure:
            return []
        return found


def _answered(context: Any, values: KeyValues | None) -> bool:
    """Look up the keys that the function waits for; whether there were any."""
    if values is None:
        return False
    asked = json.loads(context.eval("__asked()"))
    for number, key in asked:
        context.get("__answer")(number, json.dumps(values.content.get(key)))
    return bool(asked)


def _told(failure: str) -> str:
    """The engine's words in the platform's."""
    if "interrupted" in failure:
        return _TOO_SLOW
    if "out of memory" in failure:
        return "The function exceeded the memory that it is allowed."
    return failure.strip()
