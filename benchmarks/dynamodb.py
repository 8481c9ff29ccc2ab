"""DynamoDB side by side with dynalite and MiniStack, the same signed requests in the same run.

python -m benchmarks.dynamodb                  items of 400 bytes, 16 connections; ours durable
python -m benchmarks.dynamodb GetItem PutItem  some of it
python -m benchmarks.dynamodb growth           the same reads on 1,000 and on 1,000,000 items

`dynalite` (npm) and `ministack` (PyPI) take part when they are on the PATH. Rounds are short and
interleaved, so that a busy machine is busy for all of them; a figure is the median of its rounds.
"""

import json
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.command import chosen
from benchmarks.harness import Figures, Target, load, memory_mib, say, server

CONNECTIONS = 16
ROUNDS = 5
SECONDS = 1.0
PARTITIONS = 100
ITEMS_PER_PARTITION = 10
REQUESTS = 500
TABLE = "bench"
GROWN = 1_000_000
BATCH = 25


def main() -> None:
    """Print the figures asked for."""
    names = chosen("benchmarks.dynamodb", __doc__, [*WORKLOADS, "growth"], unless_named=["growth"])
    if "growth" in names:
        growth()
        names.remove("growth")
    if names:
        side_by_side(names)


def side_by_side(workloads: list[str]) -> None:
    """Each workload, on us and on whatever peer is there."""
    with ExitStack() as stack:
        targets = {"airside": stack.enter_context(server())}
        for name, start in PEERS.items():
            found = stack.enter_context(start())
            if found is None:
                say(name, "is not on the PATH, left out")
            else:
                targets[name] = found
        for target in targets.values():
            create_table(target)
            fill(target, PARTITIONS * ITEMS_PER_PARTITION)
        for workload in workloads:
            make, left_out = WORKLOADS[workload]
            chosen = {n: t for n, t in targets.items() if n.partition(",")[0] not in left_out}
            compare(workload, chosen, make)


def compare(workload: str, targets: dict[str, Target], make: Callable[[Target], list[bytes]]):
    """Rounds of one workload, one target after the other in each."""
    requests = {name: make(target) for name, target in targets.items()}
    rounds: dict[str, list[Figures]] = {name: [] for name in targets}
    for _ in range(ROUNDS):
        for name, target in targets.items():
            rounds[name].append(load(target, requests[name], CONNECTIONS, SECONDS))
    medians = {name: median(found) for name, found in rounds.items()}
    ours = medians["airside"].rate
    for name, figures in medians.items():
        ratio = "" if name == "airside" else f"; airside has {ours / figures.rate:.2f} times that"
        say(f"{workload}: {name}", f"{figures}{ratio}")


def median(rounds: list[Figures]) -> Figures:
    """Of each figure by itself."""
    return Figures(
        statistics.median(one.rate for one in rounds),
        statistics.median(one.p50 for one in rounds),
        statistics.median(one.p99 for one in rounds),
        statistics.median(one.cpu for one in rounds),
        sum(one.errors for one in rounds),
    )


def item(partition: str, sort: str) -> dict:
    """400 bytes as DynamoDB counts them."""
    return {
        "pk": {"S": partition}, "sk": {"S": sort}, "name": {"S": "n" * 60}, "n": {"N": "1"},
        "tags": {"L": [{"S": "alpha"}, {"S": "beta"}, {"BOOL": True}]},
        "place": {"M": {"street": {"S": "1 Long Street"}, "city": {"S": "Town"}}},
        "note": {"S": "x" * 225},
    }  # fmt: skip


def key(n: int) -> dict:
    """The key of the nth item that is there."""
    partition, sort = divmod(n, ITEMS_PER_PARTITION)
    return {"pk": {"S": f"p{partition:07d}"}, "sk": {"S": f"s{sort}"}}


def put(n: int) -> dict:
    """The nth item that is there, in a batch."""
    names = key(n)
    return {"PutRequest": {"Item": item(names["pk"]["S"], names["sk"]["S"])}}


def request(target: Target, operation: str, **body) -> bytes:
    """A signed request for the table."""
    if operation not in ("TransactWriteItems", "BatchWriteItem"):
        body["TableName"] = TABLE
    return target.signed(
        "dynamodb", "POST", "/", json.dumps(body).encode(),
        X_Amz_Target=f"DynamoDB_20120810.{operation}", Content_Type="application/x-amz-json-1.0",
    )  # fmt: skip


def gets(target: Target, total: int = PARTITIONS * ITEMS_PER_PARTITION) -> list[bytes]:
    """Reads of items all over the table."""
    return [request(target, "GetItem", Key=key(n * 7919 % total)) for n in range(REQUESTS)]


def queries(target: Target, total: int = PARTITIONS * ITEMS_PER_PARTITION) -> list[bytes]:
    """Reads of whole partitions of ten items."""
    return [
        request(
            target, "Query", KeyConditionExpression="pk = :p",
            ExpressionAttributeValues={":p": key(n * 7919 % total)["pk"]},
        )
        for n in range(REQUESTS)
    ]  # fmt: skip


def puts(target: Target) -> list[bytes]:
    """Items that replace one another after a while."""
    return [request(target, "PutItem", Item=item(f"w{n}", "s")) for n in range(REQUESTS)]


def updates(target: Target) -> list[bytes]:
    """A counter that must exist and must not be negative."""
    return [
        request(
            target, "UpdateItem", Key=key(n), UpdateExpression="SET n = n + :one, upd = :u",
            ConditionExpression="attribute_exists(pk) AND n >= :zero",
            ExpressionAttributeValues={
                ":one": {"N": "1"}, ":zero": {"N": "0"}, ":u": {"S": f"u{n}"},
            },
        )
        for n in range(REQUESTS)
    ]  # fmt: skip


def transactions(target: Target) -> list[bytes]:
    """Two puts that stand or fall together."""
    return [
        request(target, "TransactWriteItems", TransactItems=[
            {"Put": {"TableName": TABLE, "Item": item(f"t{n}", sort)}} for sort in "ab"
        ])
        for n in range(REQUESTS)
    ]  # fmt: skip


def batches(target: Target) -> list[bytes]:
    """Twenty-five puts each."""
    return [
        request(target, "BatchWriteItem", RequestItems={TABLE: [
            {"PutRequest": {"Item": item(f"b{n}", f"s{m}")}} for m in range(BATCH)
        ]})
        for n in range(REQUESTS // 5)
    ]  # fmt: skip


WORKLOADS: dict[str, tuple[Callable[[Target], list[bytes]], set[str]]] = {
    "GetItem": (gets, set()),
    "PutItem": (puts, set()),
    "Query of 10": (queries, set()),
    "conditional UpdateItem": (updates, set()),
    "TransactWriteItems of 2": (transactions, {"dynalite"}),
    "BatchWriteItem of 25": (batches, set()),
}
"""How requests are made, and who does not know the operation."""


def create_table(target: Target) -> None:
    """The table, ready."""
    client = target.client("dynamodb")
    client.create_table(
        TableName=TABLE, BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"},
                   {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"},
                              {"AttributeName": "sk", "AttributeType": "S"}],
    )  # fmt: skip
    client.get_waiter("table_exists").wait(TableName=TABLE, WaiterConfig={"Delay": 1})


def fill(target: Target, total: int, start: int = 0) -> None:
    """The items from `start` to `total`."""
    for begin in range(start, total, BATCH * 1000):
        end = min(total, begin + BATCH * 1000)
        requests = [
            request(target, "BatchWriteItem", RequestItems={
                TABLE: [put(n) for n in range(at, min(end, at + BATCH))]
            })
            for at in range(begin, end, BATCH)
        ]  # fmt: skip
        if load(target, requests, CONNECTIONS, count=len(requests)).errors:
            raise RuntimeError("the table could not be filled")


def growth() -> None:
    """What reads, memory and the start cost when the table has grown."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, server() as small:
        few = PARTITIONS * ITEMS_PER_PARTITION
        create_table(small)
        fill(small, few)
        with server(data_dir=folder) as target:
            create_table(target)
            began = time.perf_counter()
            fill(target, GROWN)
            rate = GROWN / (time.perf_counter() - began)
            say(f"filled to {GROWN:,} items", f"{rate:,.0f} items/s, signing included")
            say("memory after filling", f"{memory_mib(target.pid):.0f} MiB")
        for _ in range(ROUNDS):
            began = time.perf_counter()
            with server(data_dir=folder) as target:
                say(f"start with {GROWN:,} items", f"{time.perf_counter() - began:.2f} s")
        with server(data_dir=folder) as target:
            say("memory after the start", f"{memory_mib(target.pid):.0f} MiB")
            read_beside(small, few, target, GROWN)
            say("memory after reading", f"{memory_mib(target.pid):.0f} MiB")


def read_beside(small: Target, few: int, large: Target, many: int) -> None:
    """The same reads of two tables, in turn."""
    for name, make in (("GetItem", gets), ("Query of 10", queries)):
        requests = make(small, few), make(large, many)
        rounds: tuple[list[Figures], list[Figures]] = [], []
        for _ in range(ROUNDS):
            for target, wanted, found in zip((small, large), requests, rounds, strict=True):
                found.append(load(target, wanted, CONNECTIONS, SECONDS))
        cost = [median(found) for found in rounds]
        say(f"{name}, {few:,} items", cost[0])
        say(f"{name}, {many:,} items", f"{cost[1]}; {cost[1].cpu / cost[0].cpu:.2f} times the CPU")


@contextmanager
def dynalite(*, on_disk: bool) -> Iterator[Target | None]:
    """A peer in JavaScript over LevelDB, in memory or on disk; it never syncs."""
    command = shutil.which("dynalite")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        port = free_port()
        disk = ["--path", str(Path(folder) / "db")] if on_disk else []
        options = ["--host", "127.0.0.1", "--port", str(port), "--createTableMs", "0", *disk]
        with started(command and [command, *options], port) as target:
            yield target


@contextmanager
def ministack() -> Iterator[Target | None]:
    """A peer in Python that keeps everything in memory."""
    command = shutil.which("ministack")
    port = free_port()
    with started(command and ["env", f"GATEWAY_PORT={port}", command], port) as target:
        yield target


@contextmanager
def started(command: list[str] | None, port: int) -> Iterator[Target | None]:
    """A peer's process, once it answers."""
    if command is None:
        yield None
        return
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=tempfile.gettempdir()
    )
    try:
        wait_for(port)
        yield Target(f"http://127.0.0.1:{port}", process.pid)
    finally:
        process.terminate()
        process.wait(30)


def wait_for(port: int) -> None:
    """Return when something answers there. Raises TimeoutError."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=1).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(f"nothing answers on port {port}")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return bound.getsockname()[1]


PEERS: dict[str, Callable] = {
    "dynalite, memory": lambda: dynalite(on_disk=False),
    "dynalite, disk": lambda: dynalite(on_disk=True),
    "ministack": ministack,
}


if __name__ == "__main__":
    main()
