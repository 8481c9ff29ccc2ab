"""Functions for Node, through our runtime client."""

import base64
import json
import re
import shutil

import pytest
from tests.services.lambda_.programs import archive

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="needs node")


@pytest.fixture
def node(function):
    """Make a function of one module, or of several files."""

    def make(source="", name="function", **more):
        files = more.pop("files", {"index_js": source})
        given = {"Runtime": "nodejs20.x", "Handler": "index.handler", "Timeout": 10, **more}
        return function("", name, Code={"ZipFile": archive(**files)}, **given)

    return make


def test_handlers_of_every_style(node):
    f = node("""
      exports.async = async (event) => ({ got: event });
      exports.callback = (event, context, callback) => setTimeout(() => callback(null, [event]), 20);
      exports.done = (event, context) => context.succeed('done');
      exports.plain = (event) => event;
      exports.nested = { deep: { handler: async () => 'deep' } };
      exports.handler = (event, context, callback) => exports[event](event, context, callback);
    """)
    assert f("async").payload == {"got": "async"}
    assert f("callback").payload == ["callback"]
    assert f("done").payload == "done"
    assert f("plain").payload is None
    assert node("exports.a = {b: async () => 'deep'}", "g", Handler="index.a.b")().payload == "deep"


def test_modules_of_either_kind(node):
    answer = node(files={"index_mjs": "export const handler = async () => import.meta.url;"})()
    assert answer.payload == "file:///var/task/index.mjs"
    esm = {
        "package_json": '{"type": "module"}',
        "index_js": "export const handler = async () => 1;",
    }
    assert node(name="b", files=esm)().payload == 1
    cjs = {"src/index.cjs": "module.exports.handler = async () => __filename;"}
    assert (
        node(name="c", files=cjs, Handler="src/index.handler")().payload
        == "/var/task/src/index.cjs"
    )
    dependent = {
        "index.js": "const { two } = require('dep'); exports.handler = async () => two;",
        "node_modules/dep/index.js": "exports.two = 2;",
    }
    assert node(name="d", files=dependent)().payload == 2


def test_the_context_says_who_is_called(node):
    f = node("""
      exports.handler = async (event, context) => ({
        ...context, left: context.getRemainingTimeInMillis(), trace: process.env._X_AMZN_TRACE_ID,
        folder: process.cwd(), api: process.env.AWS_LAMBDA_RUNTIME_API !== undefined,
      });
    """)
    given = base64.b64encode(json.dumps({"custom": {"k": "ü"}}).encode()).decode()
    answer = f(ClientContext=given)
    got = answer.payload
    assert got["awsRequestId"] == answer.raw["ResponseMetadata"]["RequestId"]
    assert got["functionName"] == "function"
    assert got["functionVersion"] == "$LATEST"
    assert got["invokedFunctionArn"] == f.arn
    assert got["memoryLimitInMB"] == "128"
    assert got["logGroupName"] == "/aws/lambda/function"
    assert got["callbackWaitsForEmptyEventLoop"] is True
    assert 8000 < got["left"] <= 10_000
    assert got["trace"].startswith("Root=1-")
    assert (got["folder"], got["api"]) == ("/var/task", True)


def test_an_exception_is_described(node):
    f = node("""
      class OutOfStock extends Error { constructor(m) { super(m); this.name = 'OutOfStock'; } }
      exports.handler = async () => { throw new OutOfStock('no more'); };
    """)
    answer = f()
    assert answer.error == "Unhandled"
    assert answer.payload["errorType"] == "OutOfStock"
    assert answer.payload["errorMessage"] == "no more"
    assert answer.payload["trace"][0] == "OutOfStock: no more"
    assert re.search(r"at exports.handler \(/var/task/index.js:3:\d+\)", answer.payload["trace"][1])
    request_id = answer.raw["ResponseMetadata"]["RequestId"]
    assert re.search(
        rf'Z\t{request_id}\tERROR\tInvoke Error \t{{"errorType":"OutOfStock"', answer.tail
    )
    assert f().error == "Unhandled"  # and the environment lives on
    assert "Init Duration" not in f().tail


@pytest.mark.parametrize(
    ("source", "kind", "message"),
    [
        ("setTimeout(() => { throw new RangeError('far') }, 5)", "RangeError", "far"),
        (
            "Promise.reject(new Error('nobody'))",
            "Runtime.UnhandledPromiseRejection",
            "Error: nobody",
        ),
    ],
)
def test_what_nobody_catches_ends_the_environment(node, source, kind, message):
    f = node(
        f"exports.handler = () => {{ {source}; return new Promise((done) => setTimeout(done, 200)); }};"
    )
    answer = f()
    assert answer.error == "Unhandled"
    assert answer.payload["errorType"] == kind
    assert answer.payload["errorMessage"] == message
    assert "Init Duration" in f().tail  # the next one is new


@pytest.mark.parametrize(
    ("source", "handler", "kind", "message"),
    [
        ("require('nothing-like-it')", "index.handler", "Runtime.ImportModuleError",
         "Error: Cannot find module 'nothing-like-it'"),
        ("exports.other = 1", "index.handler", "Runtime.HandlerNotFound",
         "index.handler is undefined or not exported"),
        ("exports.handler = async ( => 1", "index.handler", "Runtime.UserCodeSyntaxError",
         "SyntaxError: Unexpected token '=>'"),
        ("throw new TypeError('at the start')", "index.handler", "TypeError", "at the start"),
        ("", "handler", "Runtime.MalformedHandlerName", "Bad handler"),
    ],
)  # fmt: skip
def test_what_cannot_be_initialised_says_why(node, source, handler, kind, message):
    f = node(source, Handler=handler)
    answer = f()
    assert answer.error == "Unhandled"
    assert answer.payload["errorType"] == kind
    assert answer.payload["errorMessage"].startswith(message)


def test_the_log_is_what_aws_prints(node):
    f = node("""
      exports.handler = async () => {
        console.log('hello', { a: 1 }); console.error('two\\nlines'); console.debug('%d items', 3);
        process.stdout.write('bare\\n');
      };
    """)
    answer = f()
    request_id = answer.raw["ResponseMetadata"]["RequestId"]
    stamp = r"\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3}Z"
    lines = answer.tail.splitlines()
    assert re.fullmatch(rf"{stamp}\t{request_id}\tINFO\thello {{ a: 1 }}", lines[1])
    assert re.fullmatch(rf"{stamp}\t{request_id}\tERROR\ttwo", lines[2])
    assert lines[3] == "lines"
    assert re.fullmatch(rf"{stamp}\t{request_id}\tDEBUG\t3 items", lines[4])
    assert lines[5] == "bare"


def test_json_logs_with_levels(node):
    f = node(
        "exports.handler = async () => { console.info('no'); console.warn('low', 2); "
        "console.error(new Error('x')); console.error('it', new RangeError('y')); };",
        LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "WARN"},
    )
    answer = f()
    records = [json.loads(line) for line in answer.tail.splitlines() if '"level"' in line]
    warned, failed, formatted = records
    assert (warned["level"], warned["message"]) == ("WARN", "low 2")
    assert warned["requestId"] == answer.raw["ResponseMetadata"]["RequestId"]
    told = failed["message"]
    assert (told["errorType"], told["errorMessage"]) == ("Error", "x")
    assert told["stackTrace"][0] == "Error: x"
    assert formatted["message"].startswith("it RangeError: y")
    assert (formatted["errorType"], formatted["errorMessage"]) == ("RangeError", "y")


def test_the_trace_of_each_event_is_in_its_environment(node):
    f = node("""
      const { execFileSync } = require('child_process');
      exports.handler = async () => {
        const { _X_AMZN_TRACE_ID: trace } = process.env;
        process.env.MINE = 'x';
        return [trace, execFileSync('printenv', ['_X_AMZN_TRACE_ID']).toString().trim(),
                Object.keys(process.env).includes('_X_AMZN_TRACE_ID'), { ...process.env }.MINE];
      };
    """)
    first, second = f().payload, f().payload
    assert first[0] == first[1] != second[0] == second[1]
    assert first[2:] == second[2:] == [True, "x"]


def test_what_is_thrown_and_no_error_is_logged_as_one(node):
    answer = node("exports.handler = async () => { throw 'words'; };")()
    assert answer.payload == {"errorType": "string", "errorMessage": "words", "trace": []}
    assert '"errorType":"Error","errorMessage":"words","stack":["Error: words"' in answer.tail


def test_a_timeout_ends_the_environment(node):
    f = node("exports.handler = (e) => new Promise((done) => setTimeout(done, e));", Timeout=1)
    answer = f(30_000)
    assert answer.payload["errorType"] == "Sandbox.Timedout"
    assert "Status: timeout" in answer.tail
    assert f(1).error is None


def test_streaming_handlers_answer_invoke_whole(node):
    f = node("""
      exports.handler = awslambda.streamifyResponse(async (event, stream, context) => {
        if (event === 'early') throw new Error('early');
        stream.setContentType('application/json');
        stream.write('["a",'); await new Promise((done) => setTimeout(done, 10));
        if (event === 'late') throw new Error('late');
        stream.write('"b"]'); stream.end();
      });
    """)
    assert f(1).payload == ["a", "b"]
    assert f("early").payload["errorMessage"] == "early"
    assert f("late").payload["errorMessage"] == "late"
    assert f(2).payload == ["a", "b"]


def test_an_environment_keeps_its_state(node):
    f = node("let count = 0; exports.handler = async () => ++count;")
    assert [f().payload for _ in range(3)] == [1, 2, 3]


def test_what_cannot_be_written_as_json_is_an_error(node):
    answer = node("exports.handler = async () => 10n;")()
    assert (answer.payload["errorType"], answer.payload["errorMessage"]) == (
        "Error", "Unable to stringify response body"
    )  # fmt: skip
