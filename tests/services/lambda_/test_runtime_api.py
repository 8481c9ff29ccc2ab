"""Programs that speak the Runtime API over HTTP: `bootstrap`, AWS's own runtime client."""

import base64
import io
import json
import re
import shutil
import sys
import zipfile
from pathlib import Path

import pytest
from tests.services.lambda_.conftest import eventually
from tests.services.lambda_.programs import archive, bootstrap
from tests.services.lambda_.test_functions import refused

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")

ECHO = """
  echo "log of $id"
  curl -sS -o /dev/null "$api/invocation/$id/response" -d "{\\"got\\": $event}"
"""
DEADLINE = """
  field() { sed -n "s/^lambda-runtime-$1: *\\(.*\\)\\r/\\1/Ip" "$headers"; }
  curl -sS -o /dev/null "$api/invocation/$id/response" -d "[$(field deadline-ms), \\"$(field invoked-function-arn)\\", \\"$(field trace-id)\\", $(field client-context), \\"$(pwd)\\", \\"$_HANDLER\\", \\"$LAMBDA_TASK_ROOT\\"]"
"""


@pytest.fixture
def program(function):
    """Make a function of a zip."""

    def make(package, name="function", **more):
        given = {
            "Runtime": "provided.al2023", "Handler": "some.handler", "Timeout": 20, **more,
        }  # fmt: skip
        return function("", name, Code={"ZipFile": package}, **given)

    return make


def test_a_bootstrap_in_shell_serves_events(program):
    f = program(bootstrap(ECHO))
    answer = f({"a": "ü"})
    assert answer.error is None
    assert answer.payload == {"got": {"a": "ü"}}
    request_id = answer.raw["ResponseMetadata"]["RequestId"]
    start, line, end, report = answer.tail.splitlines()
    assert start == f"START RequestId: {request_id} Version: $LATEST"
    assert line == f"log of {request_id}"
    assert end == f"END RequestId: {request_id}"
    found = re.fullmatch(
        rf"REPORT RequestId: {request_id}\tDuration: \d+\.\d\d ms\tBilled Duration: \d+ ms\t"
        r"Memory Size: 128 MB\tMax Memory Used: (\d+) MB\tInit Duration: \d+\.\d\d ms\t",
        report,
    )
    assert int(found.group(1)) > 0
    assert "Init Duration" not in f(2).tail


def test_the_headers_and_variables_of_an_event(program):
    f = program(bootstrap(DEADLINE), Timeout=20)
    context = base64.b64encode(b'{"custom": {"a": 1}}').decode()
    deadline, arn, trace, client, folder, handler, root = f(ClientContext=context).payload
    assert deadline > 1_700_000_000_000
    assert arn == f.arn
    assert trace.startswith("Root=")
    assert client == {"custom": {"a": 1}}
    assert (folder, handler, root) == ("/var/task", "some.handler", "/var/task")


def test_a_bootstrap_may_be_in_a_layer(program, client):
    layer = client.publish_layer_version(LayerName="runtime", Content={"ZipFile": bootstrap(ECHO)})[
        "LayerVersionArn"
    ]
    assert program(archive(data_txt="x"), Layers=[layer])(1).payload == {"got": 1}


def test_a_program_reports_errors(program):
    error = (
        """'{"errorMessage": "no stock", "errorType": "Shop.OutOfStock", "stackTrace": ["here"]}'"""
    )
    f = program(bootstrap(
        f"  curl -sS -o /dev/null $api/invocation/$id/error -H 'Lambda-Runtime-Function-Error-Type: Shop.OutOfStock' -d {error}"
    ))  # fmt: skip
    answer = f()
    assert answer.error == "Unhandled"
    assert answer.payload == {
        "errorMessage": "no stock", "errorType": "Shop.OutOfStock", "stackTrace": ["here"],
    }  # fmt: skip
    assert f().payload["errorMessage"] == "no stock"


def test_a_program_reports_that_it_cannot_start(program):
    error = """'{"errorMessage": "no database", "errorType": "Init.Failed"}'"""
    f = program(bootstrap(ECHO, init=f"curl -sS $api/init/error -d {error}; exit 1"))
    answer = f()
    assert answer.error == "Unhandled"
    assert answer.payload["errorType"] == "Init.Failed"
    assert answer.payload["errorMessage"] == "no database"


def test_what_is_no_program_says_so(program):
    answer = program(archive(data_txt="x"))()
    assert answer.payload["errorType"] == "Runtime.InvalidEntrypoint"
    assert answer.payload["errorMessage"] == (
        f"RequestId: {answer.raw['ResponseMetadata']['RequestId']} Error: Couldn't find valid "
        "bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"
    )
    answer = program(archive(bootstrap="no program"), "second")()
    assert answer.payload["errorMessage"].endswith(
        "fork/exec /var/task/bootstrap: permission denied"
    )
    answer = program(archive(bootstrap="#!/no/such/shell\n"), "third")()
    assert answer.payload["errorMessage"].endswith(
        "fork/exec /var/task/bootstrap: no such file or directory"
    )


def test_a_program_that_ends_is_an_exit_error(program):
    f = program(bootstrap("  exit 7"))
    for _ in range(2):
        answer = f()
        assert answer.payload["errorType"] == "Runtime.ExitError"
        assert answer.payload["errorMessage"].endswith("Runtime exited with error: exit status 7")


def test_a_program_that_takes_too_long_is_killed(program):
    f = program(bootstrap('  if [ "$event" = 1 ]; then sleep 60; fi\n' + ECHO), Timeout=1)
    answer = f(1)
    assert answer.payload["errorType"] == "Sandbox.Timedout"
    assert answer.payload["errorMessage"].endswith("Task timed out after 1.00 seconds")
    assert "Status: timeout" in answer.tail
    assert f(2).payload == {"got": 2}


def test_wrong_requests_are_refused(program):
    f = program(bootstrap("""
  ask() { curl -sS -w '%{http_code}' "$@" | tr -d '\\n"'; }
  a=$(ask $api/invocation/nobody/response -d 1)
  b=$(ask $api/invocation/next)
  c=$(ask $api/init/error -d 1)
  d=$(ask $api/elsewhere)
  e=$(cat /tmp/last)
  ask $api/invocation/$id/response -d "[\\"$a\\", \\"$b\\", \\"$c\\", \\"$d\\", \\"$e\\"]"
  ask $api/invocation/$id/response -d 2 > /tmp/last
""", init="touch /tmp/last"))  # fmt: skip
    f()
    assert f().payload == [
        "{errorMessage: Invalid request ID, errorType: InvalidRequestID}400",
        "{errorMessage: State transition is not allowed, errorType: InvalidStateTransition}403",
        "{errorMessage: State transition is not allowed, errorType: InvalidStateTransition}403",
        "404 page not found404",
        "{errorMessage: State transition is not allowed, errorType: InvalidStateTransition}403",
    ]


def test_an_answer_may_not_be_too_large(program):
    f = program(bootstrap(
        "  head -c 7000000 /dev/zero | tr '\\0' 1 > /tmp/much\n"
        "  curl -sS $api/invocation/$id/response --data-binary @/tmp/much"
    ), Timeout=10)  # fmt: skip
    answer = f()
    assert answer.error == "Unhandled"
    assert answer.payload == {
        "errorType": "Function.ResponseSizeTooLarge",
        "errorMessage": "Response payload size exceeded maximum allowed payload size "
        "(6291556 bytes).",
    }  # fmt: skip
    assert "RequestEntityTooLarge" in answer.tail


RUNTIME_CLIENT = f"""#!/bin/sh
exec {sys.base_prefix}/bin/python3 -m awslambdaric $_HANDLER
"""


def with_runtime_client(**files):
    """A package that brings AWS's own client for Python, as one for `provided` would."""
    client = pytest.importorskip("awslambdaric")
    site = Path(client.__file__).parent.parent
    buffer = io.BytesIO(archive(bootstrap=RUNTIME_CLIENT, **files))
    with zipfile.ZipFile(buffer, "a") as package:
        for name in ("awslambdaric", "simplejson"):
            for path in sorted((site / name).rglob("*")):
                if path.suffix in {".py", ".so"}:
                    package.write(path, path.relative_to(site))
        for name in (
            "snapshot_restore_py.py",
            *(path.name for path in site.glob("runtime_client*")),
        ):
            package.write(site / name, name)
    return buffer.getvalue()


def test_the_runtime_client_of_aws_works(program):
    f = program(
        with_runtime_client(
            app_py="import logging\n"
            "def handler(event, context):\n"
            "    logging.getLogger().warning('two\\nlines')\n"
            "    if event == 'fail':\n        raise ValueError('no')\n"
            "    return [event, context.function_name, context.get_remaining_time_in_millis()]\n",
        ),
        Handler="app.handler", Timeout=10,
    )  # fmt: skip
    answer = f({"a": 1})
    assert answer.error is None, answer.tail
    assert answer.payload[:2] == [{"a": 1}, "function"]
    assert 0 < answer.payload[2] <= 10_000
    assert "[WARNING]" in answer.tail
    answer = f("fail")
    assert answer.payload["errorType"] == "ValueError"
    assert answer.payload["stackTrace"] == [
        "  File \"/var/task/app.py\", line 5, in handler\n    raise ValueError('no')\n"
    ]
    assert "[ERROR] ValueError: no\nTraceback (most recent call last):" in answer.tail


def test_another_function_reaches_neither_address_nor_events(program, function):
    victim = program(bootstrap(
        "  curl -sS -o /dev/null $api/invocation/$id/response -d \"\\\"$AWS_LAMBDA_RUNTIME_API\\\"\""
    ))  # fmt: skip
    address = victim().payload
    spy = function(
        "import socket\n"
        "def handler(address, context):\n"
        "    host, port = address.split(':')\n"
        "    with socket.create_connection((host, int(port)), 2) as s:\n"
        "        try:\n"
        "            s.sendall(b'GET /2018-06-01/runtime/invocation/next HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n')\n"
        "            return s.recv(100).decode()\n"
        "        except OSError:\n"
        "            return 'refused'",
        "spy",
    )
    assert spy(address).payload in {"", "refused"}
    assert victim().payload == address


def test_a_runtime_that_cannot_be_had_is_refused_at_create_time(client, role):
    refused(
        lambda: client.create_function(
            FunctionName="f", Runtime="java21", Handler="h", Role=role,
            Code={"ZipFile": archive(x="")},
        ),
        "NotImplementedException",
    )  # fmt: skip


def test_nothing_is_left_of_a_program_that_is_killed(program):
    f = program(bootstrap("  setsid sleep 61 & setsid sleep 60", ""), Timeout=1)
    assert f().payload["errorType"] == "Sandbox.Timedout"
    eventually(lambda: not _running("sleep 6[01]"))


def _running(pattern):
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if re.search(pattern, (process / "cmdline").read_text().replace("\0", " ")):
                found.append(process.name)
        except OSError:
            pass
    return found


def test_the_payload_of_an_event_may_be_large(program):
    f = program(bootstrap(
        "  curl -sS -o /dev/null $api/invocation/$id/response -d ${#event}"
    ))  # fmt: skip
    assert f("x" * 100_000).payload == len(json.dumps("x" * 100_000))
