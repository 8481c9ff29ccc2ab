"""DynamoDB and SQS as far as the shop uses them, in memory, for its tests only.

Every call is checked against botocore's model of the service, so that a parameter AWS would refuse
is refused here, and is written down, so that a test can compare what a function does with what its
role allows.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable
from typing import Any

import botocore.session
from botocore.exceptions import ClientError
from botocore.validate import validate_parameters
from expressions import apply_update, holds, matches_key

Item = dict[str, Any]

_SESSION = botocore.session.get_session()
_MODELS = {name: _SESSION.get_service_model(name) for name in ("dynamodb", "sqs")}


def check(service: str, operation: str, parameters: dict[str, Any]) -> None:
    """Refuse parameters that the service's model does not have."""
    validate_parameters(parameters, _MODELS[service].operation_model(operation).input_shape)


def refusal(code: str, operation: str, **members: Any) -> ClientError:
    """An error as botocore raises it."""
    return ClientError({"Error": {"Code": code, "Message": code}, **members}, operation)


class FakeDynamo:
    """Tables of one partition key, with the expressions the shop uses."""

    def __init__(
        self, keys: dict[str, str], indexes: dict[tuple[str, str], tuple[str, str]]
    ) -> None:
        self.tables: dict[str, dict[str, Item]] = {table: {} for table in keys}
        self.keys = keys
        self.indexes = indexes
        self.calls: list[tuple[str, str]] = []  # (IAM action, table)
        self.before_write: list[Callable[[], None]] = []  # each is run once, before the next write
        self.lock = threading.RLock()

    # Reading

    def get_item(self, **parameters: Any) -> dict[str, Any]:
        check("dynamodb", "GetItem", parameters)
        self._note("GetItem", parameters)
        with self.lock:
            item = self._find(parameters)
        return {"Item": copy.deepcopy(item)} if item else {}

    def batch_get_item(self, **parameters: Any) -> dict[str, Any]:
        check("dynamodb", "BatchGetItem", parameters)
        ((table, request),) = parameters["RequestItems"].items()
        self.calls.append(("BatchGetItem", table))
        with self.lock:
            found = [self._find({"TableName": table, "Key": key}) for key in request["Keys"]]
        return {"Responses": {table: [copy.deepcopy(item) for item in found if item]}}

    def query(self, **parameters: Any) -> dict[str, Any]:
        check("dynamodb", "Query", parameters)
        self._note("Query", parameters)
        _, sort_key = self.indexes[parameters["TableName"], parameters["IndexName"]]
        with self.lock:
            found = [
                item
                for item in self.tables[parameters["TableName"]].values()
                if matches_key(item, parameters)
            ]
        found.sort(key=lambda item: str(item[sort_key]), reverse=not parameters["ScanIndexForward"])
        return {"Items": copy.deepcopy(found[: parameters["Limit"]])}

    def get_paginator(self, name: str) -> FakeDynamo:
        assert name == "scan"
        return self

    def paginate(self, **parameters: Any) -> list[dict[str, Any]]:
        """A scan in pages of five."""
        check("dynamodb", "Scan", parameters)
        self._note("Scan", parameters)
        with self.lock:
            items = copy.deepcopy(list(self.tables[parameters["TableName"]].values()))
        return [{"Items": items[start : start + 5]} for start in range(0, len(items) or 1, 5)]

    # Writing

    def put_item(self, **parameters: Any) -> dict[str, Any]:
        return self._write("PutItem", parameters)

    def update_item(self, **parameters: Any) -> dict[str, Any]:
        return self._write("UpdateItem", parameters)

    def delete_item(self, **parameters: Any) -> dict[str, Any]:
        return self._write("DeleteItem", parameters)

    def transact_write_items(self, **parameters: Any) -> dict[str, Any]:
        check("dynamodb", "TransactWriteItems", parameters)
        actions = [
            (f"{kind}Item", action)
            for entry in parameters["TransactItems"]
            for kind, action in entry.items()
        ]
        for operation, action in actions:
            self._note(operation, action)
        targets = [(action["TableName"], self._key_of(action)) for _, action in actions]
        assert len(set(targets)) == len(targets), "a transaction may touch an item only once"
        self._interrupt()
        with self.lock:
            held = [self._holds(action) for _, action in actions]
            if not all(held):
                reasons = [{"Code": "None" if ok else "ConditionalCheckFailed"} for ok in held]
                raise refusal(
                    "TransactionCanceledException",
                    "TransactWriteItems",
                    CancellationReasons=reasons,
                )
            for operation, action in actions:
                self._apply(operation, action)
        return {}

    def _write(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        check("dynamodb", operation, parameters)
        self._note(operation, parameters)
        self._interrupt()
        with self.lock:
            if not self._holds(parameters):
                raise refusal("ConditionalCheckFailedException", operation)
            item = self._apply(operation, parameters)
        if parameters.get("ReturnValues") == "ALL_NEW":
            return {"Attributes": copy.deepcopy(item)}
        return {}

    def _interrupt(self) -> None:
        if self.before_write:
            self.before_write.pop(0)()

    def _holds(self, parameters: dict[str, Any]) -> bool:
        return holds(self._find(parameters) or {}, parameters)

    def _apply(self, operation: str, parameters: dict[str, Any]) -> Item | None:
        table = self.tables[parameters["TableName"]]
        key = self._key_of(parameters)
        if operation == "DeleteItem":
            return table.pop(key, None)
        if operation == "PutItem":
            table[key] = copy.deepcopy(parameters["Item"])
        else:
            item = copy.deepcopy(table.get(key) or parameters["Key"])
            table[key] = apply_update(item, parameters)
        return table[key]

    def _find(self, parameters: dict[str, Any]) -> Item | None:
        return self.tables[parameters["TableName"]].get(self._key_of(parameters))

    def _key_of(self, parameters: dict[str, Any]) -> str:
        name = self.keys[parameters["TableName"]]
        key = parameters.get("Key") or {name: parameters["Item"][name]}
        if list(key) != [name] or not key[name].get("S"):
            raise refusal("ValidationException", "key")
        return str(key[name]["S"])

    def _note(self, operation: str, parameters: dict[str, Any]) -> None:
        self.calls.append((operation, parameters["TableName"]))


class FakeQueue:
    """A queue whose messages a test delivers when it likes, as often as it likes."""

    def __init__(self) -> None:
        self.bodies: list[str] = []
        self.is_down = False

    def send_message(self, **parameters: Any) -> dict[str, Any]:
        check("sqs", "SendMessage", parameters)
        if self.is_down:
            raise refusal("ServiceUnavailable", "SendMessage")
        self.bodies.append(parameters["MessageBody"])
        return {}

    def take(self) -> list[str]:
        """The waiting messages, which wait no more."""
        taken, self.bodies = self.bodies, []
        return taken
