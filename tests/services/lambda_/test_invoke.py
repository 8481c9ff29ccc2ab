"""Invoking: answers, errors, the context, the environment."""

import base64
import json
import re

import pytest
from tests.services.lambda_.conftest import eventually, package
from tests.services.lambda_.test_functions import refused


def test_an_answer_comes_back_as_it_was_returned(function):
    f = function("def handler(event, context):\n    return {'got': event, 'ü': 1.5}")
    answer = f({"a": [1, None, "ü"]})
    assert answer.payload == {"got": {"a": [1, None, "ü"]}, "ü": 1.5}
    assert answer.error is None
    assert answer.raw["StatusCode"] == 200
    assert answer.raw["ExecutedVersion"] == "$LATEST"


def test_an_environment_serves_one_event_after_another_and_keeps_its_state(function):
    f = function(
        "count = 0\ndef handler(e, c):\n    global count\n    count += 1\n    return count"
    )
    assert [f().payload for _ in range(3)] == [1, 2, 3]


def test_the_context_says_who_is_called(function, account):
    f = function(
        "def handler(e, c):\n"
        "    return {'name': c.function_name, 'version': c.function_version, 'id': c.aws_request_id,\n"
        "      'arn': c.invoked_function_arn, 'memory': c.memory_limit_in_mb,\n"
        "      'group': c.log_group_name, 'stream': c.log_stream_name,\n"
        "      'left': c.get_remaining_time_in_millis(), 'custom': c.client_context.custom,\n"
        "      'app': c.client_context.client.app_title}",
        Timeout=7,
    )
    given = json.dumps({"custom": {"k": "v"}, "client": {"app_title": "t"}}).encode()
    answer = f(ClientContext=base64.b64encode(given).decode())
    got = answer.payload
    assert got["name"] == "function"
    assert got["arn"] == f.arn
    assert got["memory"] == "128"
    assert got["group"] == "/aws/lambda/function"
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", got["stream"])
    assert 6000 < got["left"] <= 7000
    assert got["custom"] == {"k": "v"}
    assert got["app"] == "t"
    assert got["id"] == answer.raw["ResponseMetadata"]["RequestId"]


def test_every_documented_variable_is_there(function, server, account):
    f = function(
        "import os, boto3\n"
        "def handler(e, c):\n"
        "    return [dict(os.environ), os.getcwd(), boto3.client('sts').get_caller_identity()['Arn']]",
        Environment={"Variables": {"MINE": "1"}},
        MemorySize=512,
    )
    variables, folder, arn = f().payload
    expected = {
        "AWS_LAMBDA_FUNCTION_NAME": "function", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512", "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1", "AWS_EXECUTION_ENV": "AWS_Lambda_python3.11",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/function", "_HANDLER": "app.handler",
        "LAMBDA_TASK_ROOT": "/var/task", "LAMBDA_RUNTIME_DIR": "/var/runtime", "TZ": ":UTC",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand", "MINE": "1",
        "AWS_ENDPOINT_URL": server.endpoint,
    }  # fmt: skip
    assert {key: variables.get(key) for key in expected} == expected
    assert folder == "/var/task"
    assert arn == f"arn:aws:sts::{account}:assumed-role/function/function"
    assert "PYTHONSTARTUP" not in variables
    assert "HOME" not in variables
    assert re.fullmatch(r"127\.0\.0\.1:\d+", variables["AWS_LAMBDA_RUNTIME_API"])


def test_an_exception_is_described(function):
    f = function("def handler(e, c):\n    raise KeyError('it')")
    answer = f()
    assert answer.error == "Unhandled"
    assert answer.payload == {
        "errorMessage": "'it'", "errorType": "KeyError",
        "requestId": answer.raw["ResponseMetadata"]["RequestId"],
        "stackTrace": ["  File \"/var/task/app.py\", line 2, in handler\n    raise KeyError('it')\n"],
    }  # fmt: skip
    assert "[ERROR] KeyError: 'it'\nTraceback (most recent call last):\n" in answer.tail
    assert f().error == "Unhandled"  # and the environment lives on


@pytest.mark.parametrize(
    ("files", "handler", "kind", "message"),
    [
        ({"app": "import nothing_like_it"}, "app.handler", "Runtime.ImportModuleError",
         "Unable to import module 'app': No module named 'nothing_like_it'"),
        ({"app": "x = 1"}, "app.handler", "Runtime.HandlerNotFound",
         "Handler 'handler' missing on module 'app'"),
        ({"app": "def handler(:\n  pass"}, "app.handler", "Runtime.UserCodeSyntaxError",
         "Syntax error in module 'app': invalid syntax (app.py, line 1)"),
        ({"app": "1/0"}, "app.handler", "ZeroDivisionError", "division by zero"),
        ({"app": "x = 1"}, "handler", "Runtime.MalformedHandlerName",
         "Bad handler 'handler': not enough values to unpack (expected 2, got 1)"),
    ],
)  # fmt: skip
def test_what_cannot_be_initialised_says_why(function, files, handler, kind, message):
    f = function("", Code={"ZipFile": package(**files)}, Handler=handler)
    for _ in range(2):
        answer = f()
        assert answer.error == "Unhandled"
        assert answer.payload["errorType"] == kind
        assert answer.payload["errorMessage"] == message


@pytest.mark.parametrize(
    ("result", "text"),
    [("float('nan')", "NaN"), ("b'raw'", "raw"), ("__import__('decimal').Decimal('1.10')", "1.10")],
)
def test_odd_results_go_out_as_the_runtime_of_aws_sends_them(function, client, result, text):
    function(f"def handler(e, c):\n    return {result}")
    assert client.invoke(FunctionName="function")["Payload"].read().decode() == text


def test_what_is_no_json_is_a_marshalling_error(function):
    answer = function("def handler(e, c):\n    return object()")()
    assert answer.payload["errorType"] == "Runtime.MarshalError"
    assert answer.payload["errorMessage"] == (
        "Unable to marshal response: Object of type object is not JSON serializable"
    )


def test_a_timeout_ends_the_event_and_the_environment(function):
    f = function(
        "import os, time\ndef handler(e, c):\n    time.sleep(e)\n    return os.getpid()", Timeout=1
    )
    answer = f(5)
    assert answer.error == "Unhandled"
    request_id = answer.raw["ResponseMetadata"]["RequestId"]
    assert answer.payload == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: {request_id} Error: Task timed out after 1.00 seconds",
    }
    assert "Status: timeout" in answer.tail
    assert f"{request_id} Task timed out after 1.00 seconds" in answer.tail
    assert f(0).error is None


def test_the_log_tail_is_what_aws_prints(function):
    f = function(
        "import logging, sys\nlogging.getLogger().setLevel('INFO')\n"
        "def handler(e, c):\n"
        "    print('out')\n    print('err', file=sys.stderr)\n    logging.info('two\\nlines')"
    )
    answer = f()
    request_id = answer.raw["ResponseMetadata"]["RequestId"]
    start, out, err, info, more, end, report = answer.tail.splitlines()
    assert start == f"START RequestId: {request_id} Version: $LATEST"
    assert (out, err, more) == ("out", "err", "lines")
    assert re.fullmatch(rf"\[INFO\]\t[\d-]{{10}}T[\d:]{{8}}\.\d{{3}}Z\t{request_id}\ttwo", info)
    assert end == f"END RequestId: {request_id}"
    assert re.fullmatch(
        rf"REPORT RequestId: {request_id}\tDuration: \d+\.\d\d ms\tBilled Duration: \d+ ms\t"
        r"Memory Size: 128 MB\tMax Memory Used: \d+ MB\tInit Duration: \d+\.\d\d ms\t",
        report,
    )
    assert "Init Duration" not in f().tail


def test_the_log_arrives_in_cloudwatch_logs(function, aws):
    f = function("def handler(e, c):\n    print('line', e)")
    first, second = f(1), f(2)
    logs = aws("logs")

    def lines():
        try:
            found = logs.filter_log_events(logGroupName="/aws/lambda/function")["events"]
        except logs.exceptions.ResourceNotFoundException:
            return None
        texts = [event["message"].rstrip("\n") for event in found]
        return texts if len(texts) == 9 else None

    texts = eventually(lines)
    assert [text for text in texts if text.startswith("line")] == ["line 1", "line 2"]
    for answer in (first, second):
        request_id = answer.raw["ResponseMetadata"]["RequestId"]
        assert f"START RequestId: {request_id} Version: $LATEST" in texts


def test_json_logs(function):
    f = function(
        "import logging\ndef handler(e, c):\n    logging.getLogger('shop').error('no %s', 'stock')",
        LoggingConfig={"LogFormat": "JSON"},
    )
    answer = f()
    (line,) = [each for each in answer.tail.splitlines() if "stock" in each]
    found = json.loads(line)
    assert found["level"] == "ERROR"
    assert found["message"] == "no stock"
    assert found["logger"] == "shop"
    assert found["requestId"] == answer.raw["ResponseMetadata"]["RequestId"]


def test_json_logs_carry_the_events_of_the_platform(function):
    f = function(
        "def handler(e, c):\n    if e: raise SystemExit(3)", LoggingConfig={"LogFormat": "JSON"}
    )
    answer = f()
    request_id = answer.raw["ResponseMetadata"]["RequestId"]
    events = [json.loads(line) for line in answer.tail.splitlines()]
    assert [event["type"] for event in events] == ["platform.start", "platform.report"]
    start, report = (event["record"] for event in events)
    assert (start["requestId"], start["version"]) == (request_id, "$LATEST")
    assert (report["requestId"], report["status"]) == (request_id, "success")
    assert set(report["metrics"]) == {
        "durationMs", "billedDurationMs", "memorySizeMB", "maxMemoryUsedMB", "initDurationMs",
    }  # fmt: skip
    events = [json.loads(line) for line in f(1).tail.splitlines()]
    done = next(event for event in events if event["type"] == "platform.runtimeDone")
    assert (done["record"]["status"], done["record"]["errorType"]) == ("error", "Runtime.ExitError")


def test_a_failing_init_is_tried_again_within_the_event(function, aws):
    answer = function("1/0")()
    assert answer.payload["errorType"] == "ZeroDivisionError"
    assert "Init Duration:" not in answer.tail.splitlines()[-1]
    logs = aws("logs")

    def texts():
        if not logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/function")["logGroups"]:
            return None
        found = logs.filter_log_events(logGroupName="/aws/lambda/function")["events"]
        lines = [event["message"] for event in found]
        return lines if any(line.startswith("REPORT") for line in lines) else None

    lines = eventually(texts)
    reports = [line.rstrip("\n") for line in lines if line.startswith("INIT_REPORT")]
    phases = [line.split("\t")[1:] for line in reports]
    assert phases == [
        [f"Phase: {phase}", "Status: error", "Error Type: Runtime.Unknown"]
        for phase in ("init", "invoke")
    ]
    assert sum("ZeroDivisionError: division by zero" in line for line in lines) == 2


def test_a_dry_run_runs_nothing(function):
    f = function("def handler(e, c):\n    raise SystemExit")
    assert f(InvocationType="DryRun").raw["StatusCode"] == 204


def test_the_payload_must_be_json_and_of_a_size(function, client):
    function("def handler(e, c):\n    return len(e)")
    invoke = lambda payload: client.invoke(FunctionName="function", Payload=payload)  # noqa: E731
    refused(lambda: invoke(b"<xml/>"), "InvalidRequestContentException")
    assert json.loads(invoke(json.dumps("x" * 6_000_000))["Payload"].read()) == 6_000_000
    refused(lambda: invoke(json.dumps("x" * 6_300_000)), "RequestTooLargeException")


def test_concurrent_events_have_environments_of_their_own(function, client):
    from concurrent.futures import ThreadPoolExecutor

    f = function(
        "import time, os\ndef handler(e, c):\n    time.sleep(0.5)\n    return c.log_stream_name"
    )
    with ThreadPoolExecutor(8) as pool:
        streams = list(pool.map(lambda _: f().payload, range(8)))
    assert len(set(streams)) == 8


def test_a_stack_trace_has_no_marks_below_its_lines(function):
    answer = function("def handler(e, c):\n    return {}['a'] + 1")()
    assert answer.payload["stackTrace"] == [
        "  File \"/var/task/app.py\", line 2, in handler\n    return {}['a'] + 1\n"
    ]
    raised = function("def handler(e, c):\n    raise ValueError", "without")()
    assert "[ERROR] ValueError\nTraceback" in raised.tail


def test_leaving_with_a_message_prints_it(function):
    answer = function("import sys\ndef handler(e, c): sys.exit('no more orders')")()
    assert answer.payload["errorMessage"].endswith("Runtime exited with error: exit status 1")
    assert "no more orders\n" in answer.tail


def test_a_handler_that_cannot_be_called_has_the_trace_of_the_runtime(function):
    answer = function("def handler(): pass")()
    assert answer.payload["errorType"] == "TypeError"
    (place,) = answer.payload["stackTrace"]
    assert re.fullmatch(
        r'  File "/var/runtime/bootstrap\.py", line \d+, in handle\n'
        r"    response = request_handler\(event, lambda_context\)\n", place
    )  # fmt: skip
    interrupted = function("def handler(e, c): raise KeyboardInterrupt", "g")()
    assert interrupted.payload["errorMessage"].endswith("exit status 1")
    assert "KeyboardInterrupt\n" in interrupted.tail
    assert "/airside/" not in interrupted.tail


def test_an_error_of_init_has_no_request(function):
    answer = function("raise LookupError('no table')")()
    assert answer.payload["requestId"] == ""
    assert (answer.payload["errorType"], answer.payload["errorMessage"]) == (
        "LookupError", "no table"
    )  # fmt: skip
