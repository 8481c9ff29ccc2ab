"""The Extensions API of one environment: who has registered, and what they are told.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html
"""

import json
import os
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from airside.runtime import platform_events
from airside.runtime.event_log import EventLog
from airside.runtime.exchange import Exchange
from airside.runtime.spec import Event, FunctionSpec
from airside.runtime.telemetry import SubscriptionError, Telemetry

BASE = "/2020-01-01/extension"
TELEMETRY = ("/2022-07-01/telemetry", "/2020-08-15/logs")
EXTENSIONS_MAX = 10
EVENTS = ("INVOKE", "SHUTDOWN")
_INTERNAL_SHUTDOWN = "ShutdownEventNotSupportedForInternalExtension"
RETURN_SECONDS = 0.2
"""How long one whose request broke off has to come back, before it counts as crashed."""


def external_names(opt: Path | None) -> list[str]:
    """The programs that layers bring to run beside the function."""
    folder = opt / "extensions" if opt else None
    if folder is None or not folder.is_dir():
        return []
    return sorted(path.name for path in folder.iterdir() if path.is_file())


class Extension:
    """One that has registered."""

    def __init__(self, name: str, events: list[str], *, external: bool) -> None:
        self.id = str(uuid.UUID(bytes=os.urandom(16), version=4))
        self.name = name
        self.events = events
        self.external = external
        self.asking: Exchange | None = None
        """Its request for the next event, which waits for one."""
        self.undelivered: dict[str, Any] | None = None
        self.settled = False
        """Whether it has asked for an event since the last one."""


class Extensions:
    """All extensions of one environment. `on_change` is called when one has done something."""

    def __init__(self, spec: FunctionSpec, log: EventLog, external: list[str],
                 on_change: Callable[[], None]) -> None:  # fmt: skip
        self._spec = spec
        self._log = log
        self._expected = set(external)
        self._on_change = on_change
        self._by_id: dict[str, Extension] = {}
        self._open = True
        self._shutting_down = False
        self.failure: tuple[str, str] | None = None
        """Type and message of what has gone wrong in one of them."""

    @property
    def all_registered(self) -> bool:
        """Whether every program of the layers has registered."""
        return self._expected <= {each.name for each in self._by_id.values()}

    @property
    def settled(self) -> bool:
        """Whether all wait for their next event."""
        return self.all_registered and all(each.settled for each in self._by_id.values())

    @property
    def want_shutdown(self) -> bool:
        """Whether any wants to know of the end."""
        return any("SHUTDOWN" in each.events for each in self._by_id.values())

    def init_over(self) -> None:
        """INIT is over: nobody may register any more."""
        if self._open:
            self._open = False
            for each in self._by_id.values():
                events = ", ".join(each.events)
                text = f"EXTENSION\tName: {each.name}\tState: Ready\tEvents: [{events}]\n"
                self._log.emit(platform_events.extension(each.name, each.events), text)

    def invoke(self, event: Event, deadline_ms: int) -> None:
        """Tell those who want to know that an event begins."""
        if not self._by_id:
            return
        message: dict[str, Any] = {
            "eventType": "INVOKE", "deadlineMs": deadline_ms, "requestId": event.request_id,
            "invokedFunctionArn": event.arn,
            "tracing": {"type": "X-Amzn-Trace-Id", "value": event.trace_id},
        }  # fmt: skip
        self._tell("INVOKE", message)

    def shut_down(self, reason: str, deadline_ms: int) -> None:
        """Tell those who want to know that this is the end."""
        self._shutting_down = True
        self._tell("SHUTDOWN", {
            "eventType": "SHUTDOWN", "shutdownReason": reason, "deadlineMs": deadline_ms,
        })  # fmt: skip

    def _tell(self, kind: str, message: dict[str, Any]) -> None:
        for each in self._by_id.values():
            if kind in each.events:
                each.settled = False
                each.undelivered = message
                self._deliver(each)

    @staticmethod
    def _deliver(extension: Extension) -> None:
        message, asking = extension.undelivered, extension.asking
        if message is None or asking is None or asking.gone:
            return
        extension.asking = extension.undelivered = None
        extension.settled = False
        identifier = str(uuid.UUID(bytes=os.urandom(16), version=4))
        asking.answer_json(200, message, {"Lambda-Extension-Event-Identifier": identifier})

    # The API.

    def handle(self, exchange: Exchange) -> bool:
        """Serve a request; False when it is not for extensions."""
        request = (exchange.method, exchange.path)
        if request == ("POST", f"{BASE}/register"):
            self._register(exchange)
        elif request == ("GET", f"{BASE}/event/next"):
            self._with(exchange, self._next)
        elif request in {("POST", f"{BASE}/init/error"), ("POST", f"{BASE}/exit/error")}:
            self._with(exchange, self._fail)
        elif exchange.method == "PUT" and exchange.path in TELEMETRY:
            self._with(exchange, self._subscribe)
        else:
            return False
        return True

    def _register(self, exchange: Exchange) -> None:
        name = exchange.headers.get("lambda-extension-name", "")
        if not name:
            _refuse(exchange, "Extension.InvalidExtensionName", "Empty extension name")
            return
        try:
            events = json.loads(exchange.body or b"{}").get("events") or []
        except (ValueError, AttributeError) as error:
            _refuse(exchange, "InvalidRequestFormat", str(error))
            return
        external = name in self._expected
        allowed = EVENTS if external else ("INVOKE",)
        for event in events:
            if event not in allowed:
                known = event in EVENTS
                why = (
                    "ShutdownEventNotSupportedForInternalExtension" if known else "InvalidEventType"
                )
                _refuse(exchange, "Extension.InvalidEventType", f"{event}: {why}")
                return
        if not self._open:
            said = "Extension registration closed already"
            _refuse(exchange, "Extension.RegistrationClosed", said)
        elif any(each.name == name for each in self._by_id.values()):
            said = "Extension with this name already registered"
            _refuse(exchange, "Extension.InvalidExtensionState", said)
        elif len(self._by_id) >= EXTENSIONS_MAX:
            said = f"Extension limit ({EXTENSIONS_MAX}) reached"
            _refuse(exchange, "Extension.TooManyExtensions", said)
        else:
            self._accept(exchange, Extension(name, events, external=external))

    def _accept(self, exchange: Exchange, extension: Extension) -> None:
        self._by_id[extension.id] = extension
        answer = {
            "functionName": self._spec.name, "functionVersion": self._spec.version,
            "handler": self._spec.handler,
        }  # fmt: skip
        features = exchange.headers.get("lambda-extension-accept-feature", "")
        if "accountId" in [feature.strip() for feature in features.split(",")]:
            answer["accountId"] = self._spec.arn.split(":")[4]
        exchange.answer_json(200, answer, {"Lambda-Extension-Identifier": extension.id})
        self._on_change()

    def _with(self, exchange: Exchange, serve: Callable[[Exchange, Extension], None]) -> None:
        given = exchange.headers.get("lambda-extension-identifier")
        if given is None:
            said = "Missing Lambda-Extension-Identifier header"
            _refuse(exchange, "Extension.MissingExtensionIdentifier", said)
            return
        try:
            found = self._by_id.get(str(uuid.UUID(given)))
        except ValueError:
            said = "Invalid Lambda-Extension-Identifier"
            _refuse(exchange, "Extension.InvalidExtensionIdentifier", said)
            return
        if found is None:
            said = "Unknown Lambda-Extension-Identifier"
            _refuse(exchange, "Extension.UnknownExtensionIdentifier", said)
            return
        serve(exchange, found)

    def _next(self, exchange: Exchange, extension: Extension) -> None:
        extension.asking = exchange
        extension.settled = True
        exchange.on_gone = lambda: self._on_gone(exchange, extension)
        self._deliver(extension)
        self._on_change()

    def _on_gone(self, exchange: Exchange, extension: Extension) -> None:
        if extension.asking is not exchange:
            return
        extension.asking = None
        if self._shutting_down:
            self._on_change()
        else:
            exchange.later(RETURN_SECONDS, lambda: self._crash(extension))

    def _crash(self, extension: Extension) -> None:
        if extension.asking is None and not self._shutting_down:
            self.failure = ("Extension.Crash", "exit status 1")
            self._on_change()

    def _fail(self, exchange: Exchange, extension: Extension) -> None:
        kind = exchange.headers.get("lambda-extension-function-error-type")
        if kind is None:
            said = "Lambda-Extension-Function-Error-Type not found"
            _refuse(exchange, "Extension.MissingHeader", said)
            return
        exchange.answer_json(202, {"status": "OK"})
        init = exchange.path.endswith("/init/error")
        self.failure = (f"Extension.{'Init' if init else 'Exit'}Error", f"exit code 0 ({kind})")
        self._log.emit(platform_events.extension(extension.name, extension.events, kind))
        self._on_change()

    def _subscribe(self, exchange: Exchange, extension: Extension) -> None:
        telemetry: Telemetry | None = self._log.telemetry
        if not self._open or telemetry is None:
            said = "Telemetry API subscription is closed already"
            _refuse(exchange, "Telemetry.SubscriptionClosed", said)
            return
        try:
            made = telemetry.subscribe(extension.id, json.loads(exchange.body))
        except (ValueError, SubscriptionError) as error:
            told = {"errorMessage": str(error), "errorType": "ValidationError"}
            exchange.answer_json(400, told)
            return
        types = ", ".join(made.types)
        text = f"TELEMETRY\tName: {extension.name}\tState: Subscribed\tTypes: [{types}]\n"
        self._log.emit(platform_events.subscription(extension.name, made.types), text)
        exchange.answer(200, b"OK", content_type="text/plain")


def _refuse(exchange: Exchange, kind: str, message: str) -> None:
    exchange.answer_json(403, {"errorMessage": message, "errorType": kind})
