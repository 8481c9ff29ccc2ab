"""Extensions and telemetry: programs that run beside a function."""

import json
import sys
import time

import pytest
from tests.services.lambda_.conftest import eventually
from tests.services.lambda_.programs import archive

PROGRAM = f"""#!{sys.base_prefix}/bin/python3
import json, os, sys, threading, time, urllib.error, urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer

API = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"]

def ask(method, path, body=None, **headers):
    data = None if body is None else json.dumps(body).encode()
    headers = {{name.replace("_", "-"): value for name, value in headers.items()}}
    request = urllib.request.Request(API + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()

def register(*events, name="watcher", **more):
    status, headers, body = ask(
        "POST", "/2020-01-01/extension/register", {{"events": events}}, Lambda_Extension_Name=name, **more)
    return headers.get("Lambda-Extension-Identifier"), body

def following(me):
    return json.loads(ask("GET", "/2020-01-01/extension/event/next", Lambda_Extension_Identifier=me)[2])

def say(*parts):
    print("EXT", *parts, flush=True)
"""

WATCHER = (
    PROGRAM
    + """
me, body = register("INVOKE", "SHUTDOWN", Lambda_Extension_Accept_Feature="accountId")
say("registered", body.decode(), "_HANDLER" in os.environ)
while True:
    event = following(me)
    say(json.dumps(event))
    if event["eventType"] == "SHUTDOWN":
        say("flushed")
        break
"""
)

TELEMETRY = (
    PROGRAM
    + """
class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        events = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        for event in events:
            if event["type"] != "extension":
                say("GOT", json.dumps(event))
        self.send_response(200); self.end_headers()
    def log_message(self, *_): pass

server = HTTPServer(("sandbox.localdomain", 0), Receiver)
threading.Thread(target=server.serve_forever, daemon=True).start()
me, _ = register("INVOKE", "SHUTDOWN")
port = server.server_address[1]
answer = ask("PUT", "/2022-07-01/telemetry", {
    "schemaVersion": "2022-12-13", "types": ["platform", "function"],
    "buffering": {"maxItems": 1000, "maxBytes": 262144, "timeoutMs": 25},
    "destination": {"protocol": "HTTP", "URI": f"http://sandbox.localdomain:{port}/"},
}, Lambda_Extension_Identifier=me)
say("subscribed", answer[0], answer[2].decode())
while following(me)["eventType"] != "SHUTDOWN": pass
"""
)

HANDLER = """
import time
def handler(event, context):
    print('handling', event)
    if event == 'slow': time.sleep(60)
    if event == 'die': __import__('os')._exit(3)
    return event
"""


@pytest.fixture
def beside(function, client):
    """Make a function with an extension."""

    def make(program, **more):
        layer = client.publish_layer_version(
            LayerName="extension",
            Content={"ZipFile": archive(**{"extensions/watcher.py": program})},
        )["LayerVersionArn"]
        return function(HANDLER, Layers=[layer], **{"Timeout": 10, **more})

    return make


@pytest.fixture
def said(aws):
    """What extensions and the platform have said in the log, once `enough` holds of it."""

    def read(enough):
        def look():
            group = {"logGroupNamePrefix": "/aws/lambda/function"}
            if not aws("logs").describe_log_groups(**group)["logGroups"]:
                return None
            found = aws("logs").filter_log_events(logGroupName="/aws/lambda/function")["events"]
            lines = [event["message"].rstrip("\n") for event in found]
            return lines if enough(lines) else None

        return eventually(look)

    return read


def events_of(lines):
    return [json.loads(line[4:]) for line in lines if line.startswith('EXT {"eventType"')]


def test_an_external_extension_is_told_of_events_and_of_the_end(beside, said, client, account):
    f = beside(WATCHER.replace("watcher", "watcher.py"))
    first, second = f(1), f(2)
    assert (first.payload, second.payload) == (1, 2)
    client.update_function_configuration(FunctionName="function", Description="new")
    lines = said(lambda lines: "EXT flushed" in lines)
    registered = next(line for line in lines if line.startswith("EXT registered"))
    body, _, handler = registered.removeprefix("EXT registered ").rpartition(" ")
    assert json.loads(body) == {
        "functionName": "function", "functionVersion": "$LATEST", "handler": "app.handler",
        "accountId": account,
    }  # fmt: skip
    assert handler == "False"
    told = events_of(lines)
    ids = {answer.raw["ResponseMetadata"]["RequestId"] for answer in (first, second)}
    assert {event.get("requestId") for event in told} == {*ids, None}
    assert told[0]["invokedFunctionArn"] == f.arn
    assert told[0]["tracing"]["type"] == "X-Amzn-Trace-Id"
    assert told[0]["deadlineMs"] > 1_700_000_000_000
    (reason,) = {event["shutdownReason"] for event in told if event["eventType"] == "SHUTDOWN"}
    assert reason == "spindown"
    assert "EXTENSION\tName: watcher.py\tState: Ready\tEvents: [INVOKE, SHUTDOWN]" in lines


@pytest.mark.parametrize(
    ("event", "reason", "error"),
    [("slow", "timeout", "Sandbox.Timedout"), ("die", "failure", "Runtime.ExitError")],
)
def test_the_end_has_a_reason(beside, said, event, reason, error):
    f = beside(WATCHER.replace("watcher", "watcher.py"), Timeout=2)
    assert f(event).payload["errorType"] == error
    lines = said(lambda lines: "EXT flushed" in lines)
    assert events_of(lines)[-1]["shutdownReason"] == reason
    assert f(1).payload == 1


def test_an_extension_that_ends_takes_the_environment_along(beside):
    program = (
        PROGRAM + "me, _ = register('INVOKE', name='watcher.py')\nfollowing(me)\nsys.exit(1)\n"
    )
    f = beside(program)
    f(1)  # the answer was there before the extension ended
    assert eventually(lambda: f(2).payload == 2)


def test_an_extension_that_cannot_start_says_so(beside):
    program = (
        PROGRAM
        + """
me, _ = register('INVOKE', name='watcher.py')
ask('POST', '/2020-01-01/extension/init/error', {}, Lambda_Extension_Identifier=me,
    Lambda_Extension_Function_Error_Type='Extension.NoConfig')
"""
    )
    answer = beside(program)(1)
    assert answer.payload["errorType"] == "Extension.InitError"
    answer = beside("no program", FunctionName="second")(1)
    assert answer.payload["errorType"] in {"Extension.LaunchError", "Extension.InitError"}


def test_internal_extensions_register_from_the_handler(function):
    source = """
import json, os, threading, urllib.request, urllib.error
API = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2020-01-01/extension"
def ask(path, body=None, **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    data = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(API + path, data, headers)) as answer:
            return answer.status, answer.headers.get("Lambda-Extension-Identifier"), json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, None, json.loads(error.read())
refused = [
    ask("/register", {"events": ["SHUTDOWN"]}, Lambda_Extension_Name="inside")[::2],
    ask("/register", {"events": ["NOTHING"]}, Lambda_Extension_Name="inside")[::2],
    ask("/register", {"events": []})[::2],
    ask("/event/next")[::2],
    ask("/event/next", Lambda_Extension_Identifier="x")[::2],
    ask("/event/next", Lambda_Extension_Identifier="01234567-0123-0123-0123-012345678901")[::2],
]
status, me, _ = ask("/register", {"events": ["INVOKE"]}, Lambda_Extension_Name="inside")
seen = []
def follow():
    while True: seen.append(ask("/event/next", Lambda_Extension_Identifier=me)[2]["requestId"])
threading.Thread(target=follow, daemon=True).start()
def handler(event, context):
    late = ask("/register", {"events": []}, Lambda_Extension_Name="late")[::2]
    return [status, refused, late, seen[:]]
"""
    f = function(source, Timeout=10)
    first, second = f(), f()
    status, refused, late, _ = first.payload
    assert status == 200
    assert [(code, error["errorType"]) for code, error in refused] == [
        (403, "Extension.InvalidEventType"), (403, "Extension.InvalidEventType"),
        (403, "Extension.InvalidExtensionName"), (403, "Extension.MissingExtensionIdentifier"),
        (403, "Extension.InvalidExtensionIdentifier"),
        (403, "Extension.UnknownExtensionIdentifier"),
    ]  # fmt: skip
    assert (late[0], late[1]["errorType"]) == (403, "Extension.RegistrationClosed")
    assert first.raw["ResponseMetadata"]["RequestId"] in second.payload[3]


def test_telemetry_is_sent_to_subscribers(beside, said, client):
    f = beside(TELEMETRY.replace('"watcher"', '"watcher.py"'))
    answer = f("hello")
    lines = said(lambda lines: any("platform.report" in line for line in lines))
    assert "EXT subscribed 200 OK" in lines
    got = [
        json.loads(line.removeprefix("EXT GOT ")) for line in lines if line.startswith("EXT GOT")
    ]
    kinds = [event["type"] for event in got]
    request_id = answer.raw["ResponseMetadata"]["RequestId"]
    assert kinds[:2] == ["platform.initStart", "platform.telemetrySubscription"]
    assert [kind for kind in kinds if kind not in kinds[:2]] == [
        "platform.extension", "platform.initRuntimeDone", "platform.initReport", "platform.start",
        "function", "platform.runtimeDone", "platform.report",
    ]  # fmt: skip
    records = {event["type"]: event["record"] for event in got}
    assert records["function"] == "handling hello"
    assert records["platform.start"]["requestId"] == request_id
    assert records["platform.runtimeDone"]["status"] == "success"
    metrics = records["platform.report"]["metrics"]
    assert metrics["memorySizeMB"] == 128
    assert metrics["billedDurationMs"] >= metrics["durationMs"]
    assert metrics["initDurationMs"] > 0
    assert all(event["time"].endswith("Z") for event in got)


TICKER = (
    PROGRAM
    + """
ticks = 0
def tick():
    global ticks
    while True:
        time.sleep(0.01)
        ticks += 1
threading.Thread(target=tick, daemon=True).start()
me, _ = register("INVOKE", name="watcher.py")
while True:
    following(me)
    say("ticks", ticks)
"""
)


def test_extensions_are_frozen_between_events(beside, said):
    f = beside(TICKER)
    f(1)
    time.sleep(1)
    f(2)

    def ticks(lines):
        return [int(line.split()[-1]) for line in lines if line.startswith("EXT ticks")]

    lines = said(lambda lines: len(ticks(lines)) == 2)
    before, after = ticks(lines)
    assert after - before < 30
