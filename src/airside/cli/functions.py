"""`airside invoke`, `airside logs` and `airside aws`."""

import base64
import heapq
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.text import Text

from airside.cli.connection import Connection
from airside.cli.display import err, out
from airside.cli.errors import CommandError
from airside.cli.events import KINDS, generate
from airside.cli.main import DATA_DIR, print_json

_GROUP = "/aws/lambda/"
_COLOURS = ("cyan", "magenta", "green", "yellow", "blue", "bright_cyan", "bright_magenta")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_FOLLOW_SECONDS = 0.4
_LATE_MS = 5000
"""How much later than its time a line may come."""
_LOOKED_BACK = 1000
_REQUEST = re.compile(r'RequestId: ([0-9a-f-]{36})|"requestId": ?"([0-9a-f-]{36})"')
_SHOWN_OF_REQUEST = 8


@dataclass(frozen=True)
class Invocation:
    """What to call, with what."""

    function: str
    event: str
    generate: str | None
    asynchronous: bool
    log: bool


def run_invoke(data_dir: Path, environment: str | None, asked: Invocation) -> int:
    """Call a function; 0, or 1 when the function failed."""
    payload_sent = _event(asked.event, asked.generate)
    connection = Connection.find(data_dir, environment)
    client = connection.client("lambda")
    name = resolve(connection, client, asked.function)
    if asked.asynchronous:
        answer = client.invoke(FunctionName=name, Payload=payload_sent, InvocationType="Event")
        err.print(Text(f"accepted as {answer['ResponseMetadata']['RequestId']}", style="dim"))
        return 0
    answer = client.invoke(FunctionName=name, Payload=payload_sent, LogType="Tail")
    payload = answer["Payload"].read().decode()
    if asked.log and answer.get("LogResult"):
        err.print(Text(base64.b64decode(answer["LogResult"]).decode().rstrip(), style="dim"))
    sys.stdout.write(_pretty(payload) + "\n")
    return 1 if answer.get("FunctionError") else 0


def _event(event: str, kind: str | None) -> bytes:
    """The payload that the words on the command line stand for."""
    if kind is not None and kind not in KINDS:
        raise CommandError(f"--generate takes one of {', '.join(KINDS)}, not '{kind}'.")
    text = _read(event)
    if kind is not None:
        return json.dumps(generate(kind, text, time.time())).encode()
    try:
        json.loads(text)
    except ValueError as error:
        raise CommandError(f"The event is not JSON: {error}") from None
    return text.encode()


def _read(event: str) -> str:
    """The text itself, or what is in the file of that name."""
    try:
        if event == "-":
            return sys.stdin.read()
        if event.startswith("@"):
            return Path(event[1:]).read_text()
        if event.endswith(".json") or (event[:1] not in "{[" and Path(event).is_file()):
            return Path(event).read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"The event cannot be read: {error}") from None
    return event


def _pretty(payload: str) -> str:
    if not sys.stdout.isatty():
        return payload
    try:
        return json.dumps(json.loads(payload), indent=2, ensure_ascii=False)
    except ValueError:
        return payload


def resolve(connection: Connection, client: Any, function: str) -> str:
    """A function by its name, its ARN, or its logical id in a stack. Raises CommandError."""
    pages = client.get_paginator("list_functions").paginate()
    names: list[str] = [one["FunctionName"] for page in pages
             for one in page["Functions"]]  # fmt: skip
    if function.startswith("arn:") or function.partition(":")[0] in names:
        return function
    logical = [name for name in names if re.search(rf"-{re.escape(function)}-[A-Za-z0-9]+$", name)]
    if len(logical) == 1:
        return logical[0]
    known = ", ".join(sorted(names)) or "none yet"
    problem = "more than one function is" if logical else "no function is"
    raise CommandError(f"'{function}': {problem} called that.", f"Functions: {known}")


@dataclass(frozen=True)
class LogOptions:
    """What to show."""

    function: str | None
    follow: bool
    since: str
    pattern: str
    request: str
    errors: bool
    as_json: bool

    @property
    def server_pattern(self) -> str:
        """What CloudWatch Logs can look for itself."""
        if self.pattern:
            return self.pattern
        return "?ERROR ?Error ?error ?Exception ?Task" if self.errors else ""


def run_logs(data_dir: Path, environment: str | None, options: LogOptions) -> None:
    """Print log events of one or all functions in the order of time."""
    connection = Connection.find(data_dir, environment)
    logs = connection.client("logs")
    group = None
    if options.function:
        name = resolve(connection, connection.client("lambda"), options.function)
        group = _GROUP + name.rpartition(":")[2].partition(":")[0]
    since = _since(options.since)
    seen: dict[str, int] = {}
    requests: dict[str, str] = {}
    shown = 0
    while True:
        for event in _events(logs, group, since, options.server_pattern):
            if event["eventId"] in seen:
                continue
            seen[event["eventId"]] = event["timestamp"]
            since = max(since, event["timestamp"] - _LATE_MS)
            if options.server_pattern and not _REQUEST.search(event["message"]):
                event["requestId"] = _look_back(logs, event)
            else:
                event["requestId"] = _request_of(event, requests)
            if options.request in event["requestId"] or options.request in event["message"]:
                _show(event, as_json=options.as_json)
                shown += 1
        sys.stdout.flush()
        if not options.follow:
            break
        seen = {name: at for name, at in seen.items() if at >= since}
        time.sleep(_FOLLOW_SECONDS)
    if not shown:
        err.print(f"Nothing in the last {options.since}. --since 1d looks further back.")


def _request_of(event: dict[str, Any], requests: dict[str, str]) -> str:
    """The request that a line belongs to: an environment serves one at a time."""
    stream = f"{event['group']} {event['logStreamName']}"
    found = _REQUEST.search(event["message"])
    if found:
        requests[stream] = found[1] or found[2]
    return requests.get(stream, "")


def _look_back(logs: Any, event: dict[str, Any]) -> str:
    """The same for one line of many that were not asked for."""
    before = logs.get_log_events(
        logGroupName=event["group"], logStreamName=event["logStreamName"], limit=_LOOKED_BACK,
        endTime=event["timestamp"] + 1, startFromHead=False,
    )["events"]  # fmt: skip
    last = ""
    for each in before:
        if each["timestamp"] == event["timestamp"] and each["message"] == event["message"] and last:
            break
        found = _REQUEST.search(each["message"])
        last = (found[1] or found[2]) if found else last
    return last


def _since(text: str) -> int:
    found = re.fullmatch(r"(\d+)([smhd])", text)
    if found is None:
        raise CommandError(f"--since takes 90s, 10m, 2h or 1d, not '{text}'.")
    now = time.time()
    return int((now - int(found[1]) * _UNITS[found[2]]) * 1000)


def _events(logs: Any, group: str | None, since: int, pattern: str) -> Iterator[dict[str, Any]]:
    groups = [group] if group else [
        one["logGroupName"]
        for page in logs.get_paginator("describe_log_groups").paginate()
        for one in page["logGroups"]
    ]  # fmt: skip
    streams = [_of_group(logs, name, since, pattern) for name in groups]
    return heapq.merge(*streams, key=lambda event: event["timestamp"])


def _of_group(logs: Any, group: str, since: int, pattern: str) -> Iterator[dict[str, Any]]:
    asked: dict[str, Any] = {"logGroupName": group, "startTime": since}
    if pattern:
        asked["filterPattern"] = pattern
    try:
        for page in logs.get_paginator("filter_log_events").paginate(**asked):
            for event in page["events"]:
                yield {**event, "group": group}
    except logs.exceptions.ResourceNotFoundException:
        return


def _show(event: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(event)
        return
    name = event["group"].removeprefix(_GROUP)
    at = datetime.fromtimestamp(event["timestamp"] / 1000, UTC).astimezone()
    message = event["message"].rstrip("\n")
    request = event["requestId"]
    if not out.is_terminal:
        sys.stdout.write(f"{at:%H:%M:%S.%f} {name} {message}\n")
        return
    colour = _COLOURS[sum(name.encode()) % len(_COLOURS)]
    short = re.sub(r"-[A-Za-z0-9]{12}$", "", name)
    style = "dim" if message.startswith(("START ", "END ", "REPORT ", "INIT_START")) else ""
    style = "red" if "[ERROR]" in message or "Task timed out" in message else style
    out.print(
        Text.assemble(f"{at:%H:%M:%S}.{at.microsecond // 1000:03d} ", (f"{short} ", colour),
                      (f"{request[:_SHOWN_OF_REQUEST]:8} ", _COLOURS[sum(request.encode()) % 7]),
                      (message, style))
    )  # fmt: skip


def run_aws(arguments: list[str]) -> None:
    """Become the AWS CLI, with this server's address and keys."""
    found = shutil.which("aws", path=f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}")
    if found is None:
        raise CommandError("The AWS CLI is not installed.", "pip install awscli")
    data_dir = Path(os.environ.get("AIRSIDE_DATA_DIR", DATA_DIR))
    connection = Connection.find(data_dir, os.environ.get("AIRSIDE_ENV"))
    environment = {**os.environ, "AWS_ENDPOINT_URL": connection.endpoint,
                   "AWS_ACCESS_KEY_ID": connection.access_key_id,
                   "AWS_SECRET_ACCESS_KEY": connection.secret_access_key,
                   "AWS_DEFAULT_REGION": connection.region}  # fmt: skip
    environment.pop("AWS_PROFILE", None)
    environment.pop("AWS_SESSION_TOKEN", None)
    # The CLI's version 1 ignores AWS_ENDPOINT_URL for SQS in some regions; the option it heeds.
    more = [] if "--endpoint-url" in arguments else ["--endpoint-url", connection.endpoint]
    status = subprocess.run([found, *more, *arguments], env=environment, check=False).returncode
    if status:
        raise SystemExit(status)
