"""What the platform writes into a function's log around INIT, word for word."""

import json
import re

import pytest
from tests.services.lambda_.conftest import eventually

ARN = r"arn:aws:lambda:us-east-1::runtime:[0-9a-f]{64}"


@pytest.fixture
def lines(aws):
    """The log of a function once it has so many lines that begin with REPORT."""
    logs = aws("logs")

    def read(name="function", reports=1):
        group = f"/aws/lambda/{name}"

        def texts():
            if not logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
                return None
            events = logs.filter_log_events(logGroupName=group)["events"]
            found = [event["message"] for event in events]
            ends = sum(text.startswith("REPORT") or '"platform.report"' in text for text in found)
            return found if ends >= reports else None

        return eventually(texts)

    return read


def shape(texts):
    """The first words of each line."""
    return [re.split(r"[ \n]", text, maxsplit=1)[0] for text in texts]


@pytest.mark.parametrize(
    ("runtime", "version"),
    [("python3.11", "python:3.11.v1"), ("python3.13", "python:3.13.v1")],
)
def test_an_environment_begins_with_the_version_of_its_runtime(function, client, lines, runtime,
                                                               version):  # fmt: skip
    f = function("def handler(e, c): pass", Runtime=runtime)
    f()
    f()
    texts = lines(reports=2)
    assert shape(texts) == ["INIT_START", *["START", "END", "REPORT"] * 2]
    assert re.fullmatch(
        rf"INIT_START Runtime Version: {re.escape(version)}\tRuntime Version ARN: {ARN}\n", texts[0]
    )
    told = client.get_function_configuration(FunctionName="function")["RuntimeVersionConfig"]
    assert texts[0].rstrip("\n").endswith(told["RuntimeVersionArn"])


def test_the_tail_has_what_init_printed_and_no_version(function):
    tail = function("print('loading')\ndef handler(e, c): print('running')")().tail
    assert shape(tail.splitlines()) == ["loading", "START", "running", "END", "REPORT"]


def test_an_init_that_fails_twice_is_reported_before_the_event(function, lines):
    answer = function("import nothing_of_that_name")()
    assert answer.payload["errorType"] == "Runtime.ImportModuleError"
    texts = lines()
    assert shape(texts) == [
        "INIT_START", "[ERROR]", "INIT_REPORT", "[ERROR]", "INIT_REPORT", "START", "END", "REPORT"
    ]  # fmt: skip
    kind = "Status: error\tError Type: Runtime.ImportModuleError"
    assert re.fullmatch(rf"INIT_REPORT Init Duration: [\d.]+ ms\tPhase: init\t{kind}\n", texts[2])
    assert re.fullmatch(rf"INIT_REPORT Init Duration: [\d.]+ ms\tPhase: invoke\t{kind}\n", texts[4])
    assert f"\t{kind}\t\n" in texts[-1]
    assert answer.tail == "".join(texts[1:])


def test_an_error_of_the_functions_own_init_is_unknown_to_the_platform(function, lines):
    answer = function("{}['missing']")()
    assert (answer.payload["errorType"], answer.payload["errorMessage"]) == (
        "KeyError", "'missing'"
    )  # fmt: skip
    assert "\tStatus: error\tError Type: Runtime.Unknown\t\n" in lines()[-1]


def test_an_init_that_exits_says_how(function, lines):
    answer = function("import os\nos._exit(7)")()
    said = "Error: Runtime exited with error: exit status 7"
    assert answer.payload == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {answer.raw['ResponseMetadata']['RequestId']} {said}",
    }
    texts = lines()
    assert shape(texts)[:4] == ["INIT_START", "INIT_REPORT", "INIT_REPORT", "START"]
    assert texts[4].endswith(f"{said}\nRuntime.ExitError\n")


def test_an_init_that_takes_all_the_time_of_the_event(function, lines, client):
    source = (
        "import os, time\n"
        "if os.path.exists('/tmp/tried'): time.sleep(60)\n"
        "open('/tmp/tried', 'w').close()\n"
        "def handler(e, c): time.sleep(60)"
    )
    f = function(source, Timeout=1)
    assert f().payload["errorType"] == "Sandbox.Timedout"
    assert "Duration: 1000.00 ms" in lines()[-1]


def test_json_logs_tell_of_init(function, lines):
    settings = {"LogFormat": "JSON", "SystemLogLevel": "DEBUG"}
    function("def handler(e, c): pass", LoggingConfig=settings, MemorySize=256)()
    events = [json.loads(line) for line in lines()]
    assert [event["type"] for event in events] == [
        "platform.initStart", "platform.initRuntimeDone", "platform.initReport", "platform.start",
        "platform.runtimeDone", "platform.report",
    ]  # fmt: skip
    begin = events[0]["record"]
    assert re.fullmatch(ARN, begin.pop("runtimeVersionArn"))
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", begin.pop("instanceId"))
    assert begin == {
        "initializationType": "on-demand", "phase": "init", "runtimeVersion": "python:3.11.v1",
        "functionName": "function", "functionVersion": "$LATEST", "instanceMaxMemory": 256 << 20,
    }  # fmt: skip
    assert events[2]["record"]["status"] == "success"
    assert events[2]["record"]["metrics"]["durationMs"] > 0
