"""Many orders at once, crashes in the middle, and what is left afterwards."""

import os
import subprocess
import sys
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.scenarios.conftest import SHOP, airside, eventually

from airside.metering.pricebook import price_book

ORDERS = 500
AT_ONCE = 20


def plentiful(shop):
    return max(shop.products().values(), key=lambda product: product["stock"])


def finished(shop, orders) -> bool:
    table = shop.outputs["OrdersTableName"]
    pages = shop.client("dynamodb").get_paginator("scan").paginate(TableName=table)
    states = {item["order_id"]["S"]: item["status"]["S"]
              for page in pages for item in page["Items"] if "order_id" in item}  # fmt: skip
    return all(states.get(order) == "confirmed" for order in orders)


def function_processes(server_pid: int) -> list[int]:
    """Processes below the server, besides its agent."""
    listed = subprocess.run(
        ["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True
    ).stdout
    children: dict[int, list[int]] = {}
    for line in listed.splitlines():
        pid, parent = map(int, line.split())
        children.setdefault(parent, []).append(pid)
    found, waiting = [], [server_pid]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    agent = children.get(server_pid, [])
    return [pid for pid in found if pid not in agent]


def test_500_orders_are_500_runs_and_then_nothing_is_left(new_shop):
    shop = new_shop(AIRSIDE_FUNCTION_IDLE_SECONDS="3")
    product = plentiful(shop)
    tokens = [shop.sign_up(f"{n}-{uuid.uuid4()}@example.com") for n in range(AT_ONCE)]

    def customer(token: str) -> list[str]:
        return [shop.order(token, product["id"], f"order-{n}") for n in range(ORDERS // AT_ONCE)]

    with ThreadPoolExecutor(AT_ONCE) as pool:
        orders = [order for made in pool.map(customer, tokens) for order in made]
    assert len(set(orders)) == ORDERS
    eventually(lambda: finished(shop, orders), 60)
    assert shop.products()[product["id"]]["stock"] == product["stock"] - ORDERS
    sqs = shop.client("sqs")
    for name in (shop.outputs["OrdersQueueName"], shop.outputs["OrdersDeadLetterQueueName"]):
        attributes = sqs.get_queue_attributes(
            QueueUrl=sqs.get_queue_url(QueueName=name)["QueueUrl"], AttributeNames=["All"]
        )["Attributes"]
        assert attributes["ApproximateNumberOfMessages"] == "0", name
        assert attributes["ApproximateNumberOfMessagesNotVisible"] == "0", name
    eventually(lambda: function_processes(shop.state["pid"]) == [], 30)


def test_kill_9_in_the_middle_of_orders_loses_nothing(new_shop):
    shop = new_shop()
    product = plentiful(shop)
    tokens = [shop.sign_up(f"{n}-{uuid.uuid4()}@example.com") for n in range(8)]
    acknowledged: list[str] = []
    carts: dict[str, int] = {}
    stop = threading.Event()

    def customer(token: str) -> None:
        n = 0
        while not stop.is_set():
            try:
                acknowledged.append(shop.order(token, product["id"], f"order-{n}"))
            except (OSError, ValueError, AssertionError):
                return  # the server is gone
            n += 1

    threads = [threading.Thread(target=customer, args=(token,)) for token in tokens]
    carrier = shop.sign_up(f"cart-{uuid.uuid4()}@example.com")
    status, cart = shop.call(
        "POST", "/api/cart", {"product_id": product["id"], "quantity": 3}, carrier
    )
    assert status in {200, 201}
    carts[carrier] = cart["total_cents"]
    for thread in threads:
        thread.start()
    eventually(lambda: len(acknowledged) > 40)
    shop.kill()
    stop.set()
    for thread in threads:
        thread.join()
    shop.up()
    assert shop.call("GET", "/api/cart", None, carrier)[1]["total_cents"] == carts[carrier]
    eventually(lambda: finished(shop, acknowledged), 90)
    table = shop.outputs["OrdersTableName"]
    pages = shop.client("dynamodb").get_paginator("scan").paginate(TableName=table)
    confirmed = sum(
        item.get("status", {}).get("S") == "confirmed" for page in pages for item in page["Items"]
    )

    def agrees() -> bool:
        sold = product["stock"] - shop.products()[product["id"]]["stock"]
        return sold >= len(acknowledged) and sold >= confirmed

    eventually(agrees)


def test_costs_agree_with_a_hand_count(new_shop):
    shop = new_shop()
    sqs, dynamodb = shop.client("sqs"), shop.client("dynamodb")
    queue = sqs.create_queue(QueueName="counted")["QueueUrl"]
    for n in range(7):
        sqs.send_message(QueueUrl=queue, MessageBody=str(n))
    dynamodb.create_table(
        TableName="counted", BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )  # fmt: skip
    for n in range(5):  # 1.5 KB: two write units each
        dynamodb.put_item(TableName="counted", Item={"id": {"S": str(n)}, "x": {"S": "x" * 1500}})
    dynamodb.get_item(TableName="counted", Key={"id": {"S": "1"}})
    dynamodb.get_item(TableName="counted", Key={"id": {"S": "1"}}, ConsistentRead=True)
    functions = shop.client("lambda").list_functions()["Functions"]
    name = next(one["FunctionName"] for one in functions if "-ListProducts-" in one["FunctionName"])
    for _ in range(4):
        shop.products()
    import json

    bill = json.loads(shop.run("costs", "--json").stdout)

    def quantity(service: str, usage: str, group: str) -> float:
        return sum(line["quantity"] for line in bill["lines"] if line["service"] == service
                   and line["usage_type"] == usage and line["group"].endswith(group))  # fmt: skip

    counted = {(call["service"], call["operation"]): call["count"] for call in bill["calls"]}
    assert counted["sqs", "SendMessage"] == 7
    assert counted["dynamodb", "CreateTable"] >= 6
    assert quantity("sqs", "Requests", "counted") == 8  # CreateQueue, too
    assert quantity("dynamodb", "WriteRequestUnits", "table/counted") == 10
    assert quantity("dynamodb", "ReadRequestUnits", "table/counted") == 1.5
    assert quantity("lambda", "Request", name) == 4
    assert quantity("lambda", "Lambda-GB-Second", name) > 0
    assert quantity("apigatewayv2", "ApiGatewayHttpRequest", "") == 4
    price = price_book().find("dynamodb", "WriteRequestUnits")
    assert price is not None
    line = next(one for one in bill["lines"] if one["usage_type"] == "WriteRequestUnits"
                and one["group"].endswith("table/counted"))  # fmt: skip
    assert line["cost"] == pytest.approx(10 * 0.625e-6)
    assert bill["total"] == pytest.approx(sum(one["cost"] for one in bill["lines"]))


@pytest.mark.skipif(
    os.geteuid() != 0 or sys.platform != "linux",
    reason="taking the network away needs a network namespace, so root on Linux",
)
def test_everything_works_with_the_network_taken_away(tmp_path: Path):
    script = Path(__file__).parent / "offline.py"
    done = subprocess.run(
        ["unshare", "-n", "sh", "-c", f"ip link set lo up && exec {sys.executable} {script}"],
        capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": f"{SHOP.parent.parent}"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip().endswith("confirmed")


def test_a_template_that_cannot_be_deployed_says_where(tmp_path: Path):
    (tmp_path / "template.yaml").write_text(
        "Resources:\n  Queue:\n    Type: AWS::SQS::Queue\n"
        "  Ship:\n    Type: AWS::Sea::Ship\n    DependsOn: Queue\n"
    )
    done = airside(
        "up", str(tmp_path), "--detach", "--json", "--port", "0", "--site-port", "0",
        "--data-dir", str(tmp_path / "data"), home=tmp_path, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "template.yaml:4" in done.stderr
    assert "AWS::Sea::Ship" in done.stderr
    assert "Traceback" not in done.stderr
