"""PutItem and GetItem of 400-byte items, signed, over HTTP; every write fsynced in its group.

python -m benchmarks.items [ENDPOINT OF A PEER]
"""

import json
import sys

from benchmarks.harness import Target, load, say, server

COUNT = 500
PADDING = "x" * 330


def main() -> None:
    """Print the figures."""
    if len(sys.argv) > 1:
        measure(Target(sys.argv[1]))
        return
    with server() as target:
        measure(target)


def measure(target: Target) -> None:
    """Measure one server."""
    target.client("dynamodb").create_table(
        TableName="bench", BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )  # fmt: skip
    puts = [
        request(target, "PutItem", {"TableName": "bench", "Item": item(n)}) for n in range(COUNT)
    ]
    gets = [
        request(target, "GetItem", {"TableName": "bench", "Key": {"id": {"S": f"item-{n}"}}})
        for n in range(COUNT)
    ]
    for name, requests in (("PutItem", puts), ("GetItem", gets)):
        for connections in (1, 16):
            figures = load(target, requests, connections)
            say(f"{name}, {connections} connection(s)", figures)


def item(n: int) -> dict:
    """About 400 bytes."""
    return {"id": {"S": f"item-{n}"}, "count": {"N": str(n)}, "text": {"S": PADDING}}


def request(target: Target, operation: str, body: dict) -> bytes:
    """A signed request."""
    return target.signed(
        "dynamodb", "POST", "/", json.dumps(body).encode(),
        X_Amz_Target=f"DynamoDB_20120810.{operation}", Content_Type="application/x-amz-json-1.0",
    )  # fmt: skip


if __name__ == "__main__":
    main()
