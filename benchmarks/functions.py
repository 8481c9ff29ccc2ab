"""Functions and queues: cold, warm, by the thousand, at rest, and in a burst beside others.

python -m benchmarks.functions                            ours
python -m benchmarks.functions cold warm                  some of the measurements
python -m benchmarks.functions --peer ENDPOINT --pid PID  a peer's, then ours
"""

import asyncio
import contextlib
import io
import json
import statistics
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor

from benchmarks.command import add_names, parser
from benchmarks.harness import Target, cpu_seconds, family, load, memory_mib, say, server
from benchmarks.paced import paced
from benchmarks.taking import take

HELLO = "def handler(event, context):\n    return {'hello': event.get('name')}\n"
BOTO3 = "import boto3\nclient = boto3.client('dynamodb')\n" + HELLO
SLEEP = "import time\ndef handler(event, context):\n    time.sleep(1)\n    return 1\n"
SLOW_INIT = "import time\ntime.sleep(1)\n" + HELLO
ORDER = (
    "import boto3\ntable = boto3.resource('dynamodb').Table('orders')\n"
    "def handler(event, context):\n"
    "    for record in event['Records']:\n"
    "        table.update_item(Key={'id': record['body']}, UpdateExpression='ADD runs :one',\n"
    "                          ExpressionAttributeValues={':one': 1})\n"
)
TRUST = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",'
    '"Principal":{"Service":"lambda.amazonaws.com"}}]}'
)
EVERYTHING = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
ROUNDS = 20
IDLE_SECONDS = 4.0
ORDERS = 5000
CARTS_PER_SECOND = 200


def deploy(target: Target, name: str, code: str, **more) -> None:
    """Make a function."""
    iam, functions = target.client("iam"), target.client("lambda")
    with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(RoleName="bench", AssumeRolePolicyDocument=TRUST)
        iam.put_role_policy(RoleName="bench", PolicyName="all", PolicyDocument=EVERYTHING)
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("app.py", code)
    functions.create_function(
        FunctionName=name, Runtime="python3.12", Handler="app.handler",
        Role="arn:aws:iam::000000000000:role/bench", Code={"ZipFile": package.getvalue()}, **more,
    )  # fmt: skip
    functions.get_waiter("function_active_v2").wait(FunctionName=name)


def invoke_request(target: Target, name: str) -> bytes:
    """A signed Invoke."""
    path = f"/2015-03-31/functions/{name}/invocations"
    return target.signed("lambda", "POST", path, b'{"name": "you"}')


def cold(target: Target) -> None:
    """The first invoke of each of many functions; their template is the machine's, not theirs."""
    for what, code, more in (
        ("hello", HELLO, {}),
        ("boto3 and a client", BOTO3, {}),
    ):
        kind = f"cold-{what.partition(' ')[0]}"
        deploy(target, kind, code, **more)
        load(target, [invoke_request(target, kind)], 1, count=1)
        times = []
        for number in range(ROUNDS):
            deploy(target, f"{kind}-{number}", code, **more)
            request = invoke_request(target, f"{kind}-{number}")
            times.append(load(target, [request], 1, count=1).p50)
        times.sort()
        say(f"cold, {what}", f"p50 {statistics.median(times):.1f} ms, max {times[-1]:.1f} ms")


def snap_start(target: Target) -> None:
    """An environment of a function whose INIT takes a second."""
    functions, times = target.client("lambda"), []
    deploy(target, "snap", SLOW_INIT, SnapStart={"ApplyOn": "PublishedVersions"})
    for number in range(5):
        functions.update_function_configuration(FunctionName="snap", Description=str(number))
        version = functions.publish_version(FunctionName="snap")["Version"]
        functions.get_waiter("published_version_active").wait(
            FunctionName="snap", Qualifier=version
        )
        path = f"/2015-03-31/functions/snap/invocations?Qualifier={version}"
        request = target.signed("lambda", "POST", path, b"{}")
        times.append(load(target, [request], 1, count=1).p50)
    say("SnapStart, INIT of 1 s", f"p50 {statistics.median(times):.1f} ms")


def warm(target: Target) -> None:
    """One function, again and again."""
    deploy(target, "warm", HELLO)
    request = invoke_request(target, "warm")
    load(target, [request], 16, 0.5)
    for connections in (1, 16):
        figures = load(target, [request], connections)
        say(f"warm, {connections} connection(s)", figures)


def sleepers(target: Target) -> None:
    """Events that sleep a second, all at once, from cold."""
    for count in (50, 1000):
        deploy(target, f"sleep-{count}", SLEEP, Timeout=60)
        request = invoke_request(target, f"sleep-{count}")
        start = time.perf_counter()
        figures = load(target, [request], count, count=count)
        took = time.perf_counter() - start
        memory = f", {memory_mib(target.pid):,.0f} MiB PSS" if target.pid else ""
        say(f"{count} x sleep 1 s, from cold", f"{took:.1f} s, {figures.errors} failed{memory}")


def fleet(target: Target) -> None:
    """Fifty functions, called once each."""
    before = memory_mib(target.pid)
    for number in range(50):
        deploy(target, f"fleet-{number}", HELLO)
        load(target, [invoke_request(target, f"fleet-{number}")], 1, count=1)
    if not target.pid:
        return
    each = (memory_mib(target.pid) - before) / 50
    say("50 functions called once", f"{each:.2f} MiB PSS per environment")
    time.sleep(IDLE_SECONDS + 3)
    used = cpu_seconds(target.pid)
    time.sleep(2)
    used = cpu_seconds(target.pid) - used
    say("after the idle time", f"{len(family(target.pid))} processes, {used * 500:.1f} ms CPU/s")


def queue(target: Target) -> None:
    """Sending and taking messages."""
    url = target.client("sqs").create_queue(QueueName="bench")["QueueUrl"]

    def call(operation: str, **members) -> bytes:
        body = json.dumps({"QueueUrl": url, **members}).encode()
        return target.signed(
            "sqs", "POST", "/", body, Content_Type="application/x-amz-json-1.0",
            X_Amz_Target=f"AmazonSQS.{operation}",
        )  # fmt: skip

    send = call("SendMessage", MessageBody="x" * 200)
    load(target, [send], 16, 0.3)
    sent = load(target, [send], 16)
    say("SQS send, 16 connections", sent)
    load(target, [send], 16, count=min(8000, int(sent.rate * 4)))
    say("SQS receive + delete, 16 connections", asyncio.run(take(target, url, 16)))


def burst(target: Target) -> None:
    """Orders by the thousand through a queue while carts are served: who waits for whom."""
    sqs, functions = target.client("sqs"), target.client("lambda")
    url = sqs.create_queue(QueueName="orders", Attributes={"VisibilityTimeout": "120"})["QueueUrl"]
    target.client("dynamodb").create_table(
        TableName="orders", BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )  # fmt: skip
    deploy(target, "cart", HELLO)
    deploy(target, "order", ORDER, Timeout=30)
    functions.create_event_source_mapping(
        EventSourceArn="arn:aws:sqs:us-east-1:000000000000:orders", FunctionName="order"
    )
    cart = invoke_request(target, "cart")
    asyncio.run(paced(target, cart, CARTS_PER_SECOND, seconds=2))
    alone = asyncio.run(paced(target, cart, CARTS_PER_SECOND, seconds=5))
    say("200 carts/s alone", alone)

    def send(first: int) -> None:
        entries = [{"Id": str(n), "MessageBody": f"order-{n}"} for n in range(first, first + 10)]
        sqs.send_message_batch(QueueUrl=url, Entries=entries)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(send, range(0, ORDERS, 10)))
    start = time.perf_counter()
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]

    def drained() -> bool:
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return all(value == "0" for value in found.values())

    during = asyncio.run(paced(target, cart, CARTS_PER_SECOND, until=drained))
    say("200 carts/s while 5,000 orders run", during)
    say("cart p99, during to alone", f"{during.p99 / alone.p99:.1f} times")
    say("5,000 orders", f"{time.perf_counter() - start:.1f} s")
    pages = target.client("dynamodb").get_paginator("scan").paginate(TableName="orders")
    runs = [int(item["runs"]["N"]) for page in pages for item in page["Items"]]
    say("orders processed; more than once", f"{len(runs)}; {sum(run > 1 for run in runs)}")


MEASUREMENTS = {
    "fleet": fleet, "cold": cold, "snap_start": snap_start, "warm": warm, "queue": queue,
    "burst": burst, "sleepers": sleepers,
}  # fmt: skip


def measure(target: Target, names: list[str]) -> None:
    """Measure one server."""
    for name in names:
        try:
            MEASUREMENTS[name](target)
        except Exception as error:  # noqa: BLE001  a peer may lack what is measured
            say(name, f"not measured: {type(error).__name__}: {error}")


def main() -> None:
    """Print the figures."""
    command = parser("benchmarks.functions", __doc__)
    add_names(command, MEASUREMENTS)
    command.add_argument("--peer", metavar="ENDPOINT", help="another server to measure first")
    command.add_argument("--pid", type=int, default=0, help="its process, for memory and CPU")
    command.add_argument("--alone", action="store_true", help="measure the peer only")
    asked = command.parse_args()
    names = asked.names or list(MEASUREMENTS)
    if asked.peer:
        print(f"--- {asked.peer}")
        measure(Target(asked.peer, asked.pid), names)
        if asked.alone:
            return
        print("--- airside")
    with server(function_idle_seconds=IDLE_SECONDS) as target:
        measure(target, names)


if __name__ == "__main__":
    main()
