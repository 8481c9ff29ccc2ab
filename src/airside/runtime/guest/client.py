"""The Python runtime client: what an execution environment runs. One event at a time.

Forked from a template, it takes its environment variables, imports the handler (INIT), then
answers the frames that come in on its socket until the socket closes.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any, NoReturn, Protocol

from airside.runtime.guest import extension, frames, logs, program, snapshot, warm
from airside.runtime.guest.connection import CONNECTION, LOG, Connection, placed
from airside.runtime.guest.context import Fault, LambdaContext, Surroundings
from airside.runtime.guest.tracing import TraceVariable

_SHOWN_AS = "/var/runtime/bootstrap.py"
_CALL = "response = request_handler(event, lambda_context)"
Handler = Callable[[Any, LambdaContext], Any]


class Server(Protocol):
    """The other side: a socket of frames, or the Runtime API."""

    def send(self, kind: int, *parts: bytes) -> None:
        """Send one frame."""
        ...

    def receive(self) -> tuple[list[str], bytes]:
        """Wait for an event: its head and its body."""
        ...


def describe(message: str, kind: str, trace: list[str], request_id: str = "") -> dict[str, Any]:
    """An error as callers see it."""
    return {
        "errorMessage": message,
        "errorType": kind,
        "requestId": request_id,
        "stackTrace": trace,
    }


def _stack(error: BaseException) -> list[str]:
    """The traceback below this file, as AWS formats it: without marks below the lines."""
    entries = _entries(error)
    first = next((at for at, entry in enumerate(entries) if entry[0] != _SHOWN_AS), 0)
    return traceback.format_list(entries[first:])


def _entries(error: BaseException) -> list[tuple[str, int, str, str | None]]:
    """Where an error came by; this file is where AWS's client is."""
    return [
        (_SHOWN_AS if each.filename == __file__ else each.filename, each.lineno or 0, each.name,
         _CALL if each.filename == __file__ and each.name == "handle" else each.line)
        for each in traceback.extract_tb(error.__traceback__)
    ]  # fmt: skip


def load(name: str) -> Handler:
    """Import the handler `module.function`. Raises Fault, or what the module itself raises."""
    module_name, dot, function_name = name.rpartition(".")
    if not dot:
        message = f"Bad handler '{name}': not enough values to unpack (expected 2, got 1)"
        raise Fault("Runtime.MalformedHandlerName", message)
    if module_name.split(".")[0] in sys.builtin_module_names:
        message = f"Cannot use built-in module {module_name} as a handler module"
        raise Fault("Runtime.BuiltInModuleConflict", message)
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        message = f"Unable to import module '{module_name}': {error}"
        raise Fault("Runtime.ImportModuleError", message) from None
    except SyntaxError as error:
        where = f'  File "{error.filename}" Line {error.lineno}\n    {error.text}'
        message = f"Syntax error in module '{module_name}': {error}"
        raise Fault("Runtime.UserCodeSyntaxError", message, [where]) from None
    try:
        handler: Handler = getattr(module, function_name)
    except AttributeError:
        message = f"Handler '{function_name}' missing on module '{module_name}'"
        raise Fault("Runtime.HandlerNotFound", message) from None
    return handler


class Marshaller:
    """Events and results to and from JSON, as the Python runtime does it."""

    def __init__(self, runtime: str) -> None:
        minor = runtime.rpartition("3.")[2]
        ascii_only = not (minor.isdigit() and int(minor) >= 12)
        self._encode = json.JSONEncoder(ensure_ascii=ascii_only, default=self._default).encode
        self._decode = json.JSONDecoder().decode
        self._decimals: list[str] = []

    def load(self, event: bytes) -> Any:
        """The handler's event."""
        try:
            return self._decode(event.decode("ascii"))
        except ValueError:  # it has other letters, or an error that is to be told as it is
            return self._load_any(event)

    @staticmethod
    def _load_any(event: bytes) -> Any:
        try:
            return json.loads(event)
        except ValueError as error:
            raise Fault("Runtime.UnmarshalError", f"Unable to unmarshal input: {error}") from None

    def dump(self, result: Any) -> bytes:
        """The payload. Decimals keep their digits, bytes go out as they are."""
        if isinstance(result, bytes):
            return result
        try:
            text = self._encode(result)
            if self._decimals:
                text = self._with_digits(text)
            return text.encode()
        except Exception as error:
            self._decimals = []
            raise Fault("Runtime.MarshalError", f"Unable to marshal response: {error}") from None

    def _default(self, value: Any) -> Any:
        decimal = sys.modules.get("decimal")
        if decimal is None or not isinstance(value, decimal.Decimal):
            raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")
        if value.is_nan():
            return float("nan")
        self._decimals.append(str(value))
        return f"\0decimal{len(self._decimals) - 1}\0"

    def _with_digits(self, text: str) -> str:
        decimals, self._decimals = self._decimals, []
        for at, digits in enumerate(decimals):
            text = text.replace(f'"\\u0000decimal{at}\\u0000"', digits, 1)
        return text


class Runtime:
    """INIT, then one event after another."""

    def __init__(self, connection: Server, sink: logs.Sink, runtime: str) -> None:
        self.connection = connection
        self.sink = sink
        self.marshaller = Marshaller(runtime)
        self.limited = False
        """Whether memory is limited by the size of the address space, not by control groups."""
        self.began_at = 0.0
        self.log_json = os.environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON"

    def initialise(self, handler: str) -> Handler:
        """Run INIT; when it fails, report how and end the process."""
        self.began_at = time.perf_counter()
        try:
            return load(handler)
        except Fault as fault:
            error = describe(fault.message, fault.kind, fault.trace or [])
        except Exception as caught:
            error = describe(str(caught), type(caught).__name__, _stack(caught))
        return self.fail(error)

    def end_for_memory(self) -> NoReturn:
        """End as the kernel ends what takes more memory than it may, where nobody else does."""
        said = "RequestId: {} Error: Runtime exited with error: signal: killed"
        error = {"errorType": "Runtime.OutOfMemory", "errorMessage": said}
        self.connection.send(frames.FAILED, json.dumps(error).encode())
        os.kill(os.getpid(), signal.SIGKILL)
        os._exit(137)

    def fail(self, error: dict[str, Any], status: int = 1) -> NoReturn:
        """Report that INIT has failed; end the process."""
        self.sink.write(logs.error_text(error, self.log_json))
        self.connection.send(frames.FAILED, json.dumps(error).encode())
        os._exit(status)

    def serve(self, handler: Handler) -> None:
        """Answer events until the server hangs up."""
        self.say_ready()
        self.answer_events(handler)

    def say_ready(self) -> None:
        """INIT is over."""
        took = int((time.perf_counter() - self.began_at) * 1e6)
        self.connection.send(frames.READY, frames.LENGTH.pack(min(took, 0xFFFFFFFF)))

    def answer_events(self, handler: Handler) -> None:
        """Answer events, one after another."""
        around, trace = Surroundings(), TraceVariable()
        while True:
            head, event = self.connection.receive()
            self.sink.request_id = head[0]
            trace.set(head[3])
            kind, payload = self.handle(handler, head, event, around)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            self.connection.send(kind, frames.LENGTH.pack(peak), payload)

    def handle(
        self, handler: Handler, head: list[str], event: bytes,
        around: Surroundings,
    ) -> tuple[int, bytes]:  # fmt: skip
        """Call the handler with one event; the frame that answers it."""
        try:
            context = LambdaContext(head, around)
            result = handler(self.marshaller.load(event), context)
            return frames.RESULT, self.marshaller.dump(result)
        except Fault as fault:
            error = describe(fault.message, fault.kind, fault.trace or [], head[0])
        except Exception as caught:
            if self.limited and isinstance(caught, MemoryError):
                self.end_for_memory()
            error = describe(str(caught), type(caught).__name__, _stack(caught), head[0])
        self.sink.write(logs.error_text(error, self.log_json))
        return frames.ERROR, json.dumps(error).encode()


def search_path(config: dict[str, Any], variables: dict[str, str]) -> None:
    """Where imports look, in AWS's order: the package, layers, PYTHONPATH, then our own."""
    opt = config["opt"]
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    first = [config["task"], f"{opt}/python/lib/{version}/site-packages", f"{opt}/python"]
    extra = [path for path in variables.get("PYTHONPATH", "").split(":") if path]
    sys.path[:0] = [*first, *(path for path in extra if path not in first)]


def _forget_ourselves() -> None:
    """Leave the name `airside` to the function's own modules."""
    for name in [name for name in sys.modules if name == "airside" or name.startswith("airside.")]:
        del sys.modules[name]
    sys.modules["__main__"].__dict__.clear()
    sys.modules["__main__"].__dict__["__name__"] = "__main__"


def begin(config: dict[str, Any]) -> None:
    """Become the execution environment that `config` describes. Never returns."""
    if config.get("programs"):
        program.begin(config)
    variables = placed(config)
    os.environ.clear()
    os.environ.update(variables)
    time.tzset()
    warm.take_over(variables)
    sink = logs.Sink(LOG)
    logs.set_up(sink)
    os.chdir(config["task"])
    search_path(config, variables)
    connection = Connection(CONNECTION)
    connection.send(frames.STARTED)
    extension.launch(connection, config, variables)
    runtime = Runtime(connection, sink, config["runtime"])
    runtime.limited = bool(config.get("memory_rlimit") or config.get("snapshot"))
    if config.get("snapshot"):
        copies = snapshot.Snapshot(config, connection)
        run(runtime, config["handler"], lambda handler: _copy(copies, runtime, handler))
    run(runtime, config["handler"], runtime.serve)


def _copy(copies: snapshot.Snapshot, runtime: Runtime, handler: Handler) -> None:
    try:
        snapshot.run_before_snapshot()
    except BaseException as caught:
        runtime.fail(describe(str(caught), type(caught).__name__, _stack(caught)), status=64)
    copies.serve(runtime.say_ready, lambda: runtime.answer_events(handler))


def run(runtime: Runtime, handler_name: str, serve: Callable[[Handler], None]) -> None:
    """Run INIT, then `serve`; end the process as AWS's runtime does. Never returns."""
    _forget_ourselves()
    try:
        serve(runtime.initialise(handler_name))
    except SystemExit as leaving:
        status = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
        if leaving.code is not None and not isinstance(leaving.code, int):
            print(leaving.code, file=sys.stderr)  # noqa: T201  as the interpreter does
    except BaseException as caught:
        lines = traceback.format_list(_entries(caught))
        lines += traceback.format_exception_only(type(caught), caught)
        print("Traceback (most recent call last):\n", *lines, sep="", end="", file=sys.stderr)  # noqa: T201
        status = 1
    else:
        status = 0
    os._exit(status & 0xFF)
