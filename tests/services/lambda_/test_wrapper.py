"""AWS_LAMBDA_EXEC_WRAPPER: a program of the function's own starts the runtime."""

import shutil

import pytest
from tests.services.lambda_.programs import archive

NEEDS_NODE = pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
HANDLERS = {
    "python3.11": {
        "index_py": "import os, sys\n"
        "def handler(event, context):\n"
        "    if event == 'fail': raise ValueError('no')\n"
        "    print('seen')\n"
        "    return [os.environ.get('SET_BY_WRAPPER'), sys.orig_argv[1:], context.function_name]\n"
    },
    "nodejs20.x": {
        "index_js": "exports.handler = async (event, context) => {\n"
        "  if (event === 'fail') throw new RangeError('no');\n"
        "  console.log('seen');\n"
        "  return [process.env.SET_BY_WRAPPER, process.execArgv, context.functionName];\n};"
    },
}
WRAPPER = """#!/bin/bash
args=("$@")
export SET_BY_WRAPPER=yes
exec "${args[@]:0:$#-1}" $EXTRA "${args[@]: -1}"
"""
RUNTIMES = ["python3.11", pytest.param("nodejs20.x", marks=NEEDS_NODE)]


@pytest.fixture
def wrapped(function):
    """Make a function with a wrapper."""

    def make(runtime, wrapper=WRAPPER, path="/var/task/wrapper.sh", extra="", **more):
        files = {**HANDLERS[runtime], "wrapper.sh": wrapper}
        variables = {"AWS_LAMBDA_EXEC_WRAPPER": path, "EXTRA": extra}
        return function(
            "", Runtime=runtime, Handler="index.handler", Code={"ZipFile": archive(**files)},
            Timeout=10, Environment={"Variables": variables}, **more,
        )  # fmt: skip

    return make


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_the_wrapper_changes_variables_and_arguments(wrapped, runtime):
    extra = "-X dev" if runtime.startswith("python") else "--no-deprecation"
    f = wrapped(runtime, extra=extra)
    found, arguments, name = f().payload
    assert (found, name) == ("yes", "function")
    if runtime.startswith("python"):
        assert arguments == ["-X", "dev", "/var/runtime/bootstrap.py"]
    else:
        assert "--no-deprecation" in arguments
    answer = f()  # the same environment once more
    assert "seen" in answer.tail
    assert "Init Duration" not in answer.tail


def test_errors_and_logs_are_as_ever(wrapped):
    f = wrapped("python3.11")
    answer = f("fail")
    assert answer.error == "Unhandled"
    assert (answer.payload["errorType"], answer.payload["errorMessage"]) == ("ValueError", "no")
    assert answer.payload["stackTrace"] == [
        '  File "/var/task/index.py", line 3, in handler\n'
        "    if event == 'fail': raise ValueError('no')\n"
    ]
    assert "[ERROR] ValueError: no\nTraceback" in answer.tail


def test_layers_and_boto3_are_found(function, client):
    layer = client.publish_layer_version(
        LayerName="own",
        Content={
            "ZipFile": archive(**{
                "python/own.py": "from_layer = 1",
                "python/lib/python3.11/site-packages/deep.py": "from_layer = 2",
                "wrap": "#!/bin/sh\nexec \"$@\"\n",
            })
        },
    )["LayerVersionArn"]  # fmt: skip
    source = (
        "import boto3, deep, own\n"
        "def handler(e, c): return [own.from_layer, deep.from_layer, boto3.__file__[:12]]"
    )
    variables = {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/wrap"}
    f = function(source, Layers=[layer], Environment={"Variables": variables}, Timeout=10)
    assert f().payload == [1, 2, "/var/runtime"]


def test_an_init_that_fails_says_why(wrapped, function):
    files = {"index_py": "1/0", "wrapper.sh": WRAPPER}
    variables = {"AWS_LAMBDA_EXEC_WRAPPER": "/var/task/wrapper.sh"}
    f = function("", Code={"ZipFile": archive(**files)}, Handler="index.handler", Timeout=10,
                 Environment={"Variables": variables})  # fmt: skip
    assert f().payload["errorType"] == "ZeroDivisionError"


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_wrapper_that_is_not_there_ends_with_127(wrapped, runtime):
    answer = wrapped(runtime, path="/idonotexist")()
    assert answer.payload["errorType"] == "Runtime.ExitError"
    said = "Error: Runtime exited with error: exit status 127"
    assert answer.payload["errorMessage"].endswith(said)
    assert "/idonotexist: does not exist\n" in answer.tail


def test_a_wrapper_that_cannot_be_run_ends_with_126(wrapped):
    answer = wrapped("python3.11", wrapper='exec "$@"\n')()
    assert answer.payload["errorMessage"].endswith("exit status 126")


def test_a_wrapper_may_be_the_runtime_itself(function):
    own = """#!/bin/sh
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime"
while true; do
  id=$(curl -sS -D - -o /dev/null "$api/invocation/next" | sed -n 's/^lambda-runtime-aws-request-id: *//Ip' | tr -d '\\r')
  curl -sS "$api/invocation/$id/response" -d '"mine"'
done
"""
    variables = {"AWS_LAMBDA_EXEC_WRAPPER": "/var/task/own.sh"}
    f = function("", Code={"ZipFile": archive(**{"own.sh": own})}, Timeout=10,
                 Environment={"Variables": variables})  # fmt: skip
    assert f().payload == "mine"
