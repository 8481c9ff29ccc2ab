"""Random sequences of operations: results, errors, capacity and stream as the naive model says."""

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.services.dynamodb.model.commands import COMMANDS
from tests.services.dynamodb.model.expressions import Names, Refused, condition_text, update_text
from tests.services.dynamodb.model.table import INDEXES, KEYS, Model
from tests.services.dynamodb.model.values import from_wire, item_from_wire, order

ACCOUNT = "700700700701"
UPDATE_PROBLEMS = {
    "The document path provided in the update expression is invalid for update",
    "The provided expression refers to an attribute that does not exist in the item",
    "An operand in the update expression has an incorrect data type",
}
"""An update may have several of them; which is found first is nowhere written."""
INDEX_SETTINGS = {
    name: {
        "IndexName": name,
        "KeySchema": [
            {"AttributeName": key, "KeyType": role}
            for key, role in zip(index["keys"], ("HASH", "RANGE"), strict=True)
        ],
        "Projection": (
            {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["a"]}
            if index["global"]
            else {"ProjectionType": "KEYS_ONLY"}
        ),
    }
    for name, index in INDEXES.items()
}


class Real:
    """The same commands, for the server."""

    count = 0

    def __init__(self, client, streams):
        Real.count += 1
        self.name = f"table-{Real.count}"
        self.client = client
        self.streams = streams
        made = self.client.create_table(
            TableName=self.name,
            KeySchema=[
                {"AttributeName": "p", "KeyType": "HASH"},
                {"AttributeName": "c", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": kind}
                for name, kind in {**KEYS, "g": "S", "h": "N", "b": "N"}.items()
            ],
            BillingMode="PAY_PER_REQUEST",
            GlobalSecondaryIndexes=[INDEX_SETTINGS["by-g"]],
            LocalSecondaryIndexes=[INDEX_SETTINGS["by-b"]],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )
        self.stream = made["TableDescription"]["LatestStreamArn"]
        self.client.get_waiter("table_exists").wait(
            TableName=self.name, WaiterConfig={"Delay": 0.05, "MaxAttempts": 400}
        )

    def _common(self):
        return {"TableName": self.name, "ReturnConsumedCapacity": "INDEXES"}

    def _write(self, names, condition, **more):
        if condition is not None:
            more["ConditionExpression"] = condition_text(condition, names)
        return {**self._common(), **more, **names.parameters()}

    def put(self, item, condition=None, returns="NONE"):
        request = self._write(Names(), condition, Item=item, ReturnValues=returns)
        return _attributes(self.client.put_item(**request))

    def delete(self, key, condition=None, returns="NONE"):
        request = self._write(Names(), condition, Key=key, ReturnValues=returns)
        return _attributes(self.client.delete_item(**request))

    def update(self, key, actions, condition=None, returns="NONE"):
        names = Names()
        text = update_text(actions, names)
        request = self._write(
            names, condition, Key=key, UpdateExpression=text, ReturnValues=returns
        )
        return _attributes(self.client.update_item(**request))

    def get(self, key, paths, consistent):
        names = Names()
        request = {**self._common(), "Key": key, "ConsistentRead": consistent}
        if paths is not None:
            request["ProjectionExpression"] = ", ".join(map(names.path, paths))
        result = self.client.get_item(**request, **names.parameters())
        item = item_from_wire(result["Item"]) if result.get("Item") else None
        return item, _units(result["ConsumedCapacity"])

    def scan(self, condition):
        names = Names()
        request = self._common()
        if condition is not None:
            request["FilterExpression"] = condition_text(condition, names)
        result = self.client.scan(**request, **names.parameters())
        items = [item_from_wire(item) for item in result["Items"]]
        return (items, result["ScannedCount"]), _units(result["ConsumedCapacity"])

    def query(self, partition, term, condition, index, reverse, limit):
        names = Names()
        hash_name, sort_name = KEYS if index is None else INDEXES[index]["keys"]
        text = condition_text(("=", (hash_name,), (partition,)), names)
        if term is not None:
            text += " AND " + condition_text((term[0], (sort_name,), *term[1:]), names)
        request = {**self._common(), "KeyConditionExpression": text}
        if condition is not None:
            request["FilterExpression"] = condition_text(condition, names)
        if index is not None:
            request["IndexName"] = index
        if limit is not None:
            request["Limit"] = limit
        request["ScanIndexForward"] = not reverse
        result = self.client.query(**request, **names.parameters())
        items = [item_from_wire(item) for item in result["Items"]]
        more = "LastEvaluatedKey" in result
        return (items, result["ScannedCount"], more), _units(result["ConsumedCapacity"])

    def batch(self, requests):
        result = self.client.batch_write_item(
            RequestItems={self.name: [
                {"PutRequest": {"Item": item}} if kind == "put" else {"DeleteRequest": {"Key": item}}
                for kind, item in requests
            ]},
            ReturnConsumedCapacity="INDEXES",
        )  # fmt: skip
        assert result["UnprocessedItems"] == {}
        return None, _units(*result["ConsumedCapacity"])

    def transact(self, requests):
        result = self.client.transact_write_items(
            TransactItems=[self._part(*request) for request in requests],
            ReturnConsumedCapacity="INDEXES",
        )
        return None, _units(*result["ConsumedCapacity"])

    def _part(self, kind, target, *rest):
        names = Names()
        part = {"TableName": self.name, "Item" if kind == "put" else "Key": target}
        if kind == "update":
            part["UpdateExpression"] = update_text(rest[0], names)
        if rest[-1] is not None:
            part["ConditionExpression"] = condition_text(rest[-1], names)
        word = {"check": "ConditionCheck"}.get(kind, kind.capitalize())
        return {word: {**part, **names.parameters()}}

    def records(self):
        client = self.streams
        (shard,) = client.describe_stream(StreamArn=self.stream)["StreamDescription"]["Shards"]
        iterator = client.get_shard_iterator(
            StreamArn=self.stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        found = []
        while page := client.get_records(ShardIterator=iterator):
            if not page["Records"]:
                return found
            found += [_record(record) for record in page["Records"]]
            iterator = page["NextShardIterator"]
        return found


def _record(record):
    change = record["dynamodb"]
    images = [
        item_from_wire(change[name]) if name in change else None
        for name in ("OldImage", "NewImage")
    ]
    return record["eventName"], *images


def _attributes(result):
    found = result.get("Attributes")
    return (item_from_wire(found) if found else None), _units(result["ConsumedCapacity"])


def _units(capacity):
    found = {"table": capacity["Table"]["CapacityUnits"]}
    for arm in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
        for name, units in capacity.get(arm, {}).items():
            found[name] = units["CapacityUnits"]
    assert capacity["CapacityUnits"] == sum(found.values())
    return {arm: units for arm, units in found.items() if units}


def for_model(command):
    """The command with tagged values instead of the wire's."""
    kind, *rest = command
    match kind:
        case "put" | "delete" | "update" | "check":
            return [item_from_wire(rest[0]), *rest[1:]], {}
        case "get":
            return [item_from_wire(rest[0]), rest[1]], {"consistent": rest[2]}
        case "query":
            partition, term, condition, index, reverse, limit = rest
            more = {"index": index, "reverse": reverse, "limit": limit}
            return [from_wire(partition), term, condition], more
        case "batch":
            return [[(word, item_from_wire(item)) for word, item in rest[0]]], {}
        case "transact":
            return [[(one[0], *for_model(one)[0]) for one in rest[0]]], {}
    return rest, {}


def outcome(call):
    """An answer, or an error as (code, message)."""
    try:
        return call()
    except Refused as problem:
        return problem.code, problem.message
    except ClientError as problem:
        error = problem.response["Error"]
        if error["Code"] == "TransactionCanceledException":
            return error["Code"], error["Message"].partition("[")[2].rstrip("]")
        return error["Code"], error["Message"]


def comparable(kind, command, result):
    """Without the order that nothing promises."""
    if isinstance(result[0], str):
        return result
    answer, units = result
    if kind == "scan":
        return sorted(map(repr, map(_sorted, answer[0]))), answer[1], units
    if kind == "query" and command[4] is not None:
        sort_name = list(INDEXES[command[4]]["keys"])[1]
        orders = [order(item[sort_name]) for item in answer[0]]
        return orders, sorted(map(repr, map(_sorted, answer[0]))), answer[1:], units
    return answer, units


def _sorted(value):
    """Values whose repr is equal when they are."""
    if isinstance(value, dict):
        return sorted((name, _sorted(member)) for name, member in value.items())
    if isinstance(value, frozenset):
        return sorted(map(repr, value))
    if isinstance(value, list | tuple):
        return [_sorted(member) for member in value]
    return value.normalize() if hasattr(value, "normalize") else value


@pytest.fixture(scope="module")
def clients(server):
    return server.client("dynamodb", key=ACCOUNT), server.client("dynamodbstreams", key=ACCOUNT)


@settings(
    max_examples=25, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture,
                           HealthCheck.data_too_large],
)  # fmt: skip
@given(commands=st.lists(COMMANDS, min_size=10, max_size=40))
def test_ours_does_what_the_model_does(clients, commands):
    model, real = Model(), Real(*clients)
    for command in commands:
        kind, *rest = command
        arguments, more = for_model(command)
        expected = outcome(lambda k=kind, a=arguments, m=more: getattr(model, k)(*a, **m))
        found = outcome(lambda k=kind, r=rest: getattr(real, k)(*r))
        if isinstance(expected[0], str) and expected[0] == "ValidationException":
            assert found[0] == expected[0], (command, found)
            if not {found[1], expected[1]} <= UPDATE_PROBLEMS:
                text = found[1].removeprefix("1 validation error detected: ")
                assert text.startswith(expected[1]), command
            continue
        assert comparable(kind, command, found) == comparable(kind, command, expected), command
    assert real.records() == model.records
