"""Cold and warm invokes through the signed Invoke API.

python -m benchmarks.invoke [ENDPOINT OF A PEER]
"""

import contextlib
import io
import statistics
import sys
import time
import zipfile

from benchmarks.harness import Target, load, say, server

HELLO = "def handler(event, context):\n    return {'hello': event.get('name')}\n"
BOTO3 = "import boto3\nclient = boto3.client('dynamodb')\n" + HELLO
ROUNDS = 20


def deploy(target: Target, name: str, code: str) -> None:
    """Make a function."""
    iam, functions = target.client("iam"), target.client("lambda")
    with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(RoleName="bench", AssumeRolePolicyDocument=TRUST)
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("app.py", code)
    functions.create_function(
        FunctionName=name, Runtime="python3.12", Handler="app.handler",
        Role="arn:aws:iam::000000000000:role/bench", Code={"ZipFile": package.getvalue()},
    )  # fmt: skip
    functions.get_waiter("function_active_v2").wait(FunctionName=name)


TRUST = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",'
    '"Principal":{"Service":"lambda.amazonaws.com"}}]}'
)


def cold(target: Target, code: str) -> list[float]:
    """Milliseconds of the first invoke of each of many functions."""
    functions, times = target.client("lambda"), []
    deploy(target, f"warmup-{len(code)}", code)  # the template process is per machine, not ours
    functions.invoke(FunctionName=f"warmup-{len(code)}", Payload=b"{}")
    for n in range(ROUNDS):
        name = f"cold-{len(code)}-{n}"
        deploy(target, name, code)
        start = time.perf_counter()
        answer = functions.invoke(FunctionName=name, Payload=b'{"name": "you"}')
        times.append((time.perf_counter() - start) * 1000)
        assert answer["Payload"].read() == b'{"hello": "you"}'
    return sorted(times)


def main() -> None:
    """Print the figures."""
    if len(sys.argv) > 1:
        measure(Target(sys.argv[1]))
        return
    with server() as target:
        measure(target)


def measure(target: Target) -> None:
    """Measure one server."""
    for what, code in (("hello", HELLO), ("boto3 and a client", BOTO3)):
        times = cold(target, code)
        say(
            f"cold invoke, {what}", f"p50 {statistics.median(times):.1f} ms, max {times[-1]:.1f} ms"
        )
    deploy(target, "warm", HELLO)
    request = target.signed(
        "lambda", "POST", "/2015-03-31/functions/warm/invocations", b'{"name": "you"}'
    )
    load(target, [request], 16, 0.5)
    for connections in (1, 16):
        figures = load(target, [request], connections)
        say(f"warm invoke, {connections} connection(s)", figures)


if __name__ == "__main__":
    main()
