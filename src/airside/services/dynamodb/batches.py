"""BatchGetItem and BatchWriteItem."""

import itertools
from collections.abc import Callable
from typing import Any

import msgspec

from airside.kernel.context import Context
from airside.kernel.errors import ServiceError
from airside.kernel.operation import Request, Result, operation
from airside.kernel.store import Snapshot, Transaction
from airside.services.dynamodb import (
    capacity,
    items,
    mutation,
    parameters,
    problems,
    store,
    validation,
    values,
)
from airside.services.dynamodb.arns import account_arn
from airside.services.dynamodb.capacity import Cost
from airside.services.dynamodb.charging import charge
from airside.services.dynamodb.errors import TransactionConflictException, ValidationException
from airside.services.dynamodb.expressions.placeholders import Placeholders
from airside.services.dynamodb.expressions.projection import Projection
from airside.services.dynamodb.limits import (
    BATCH_GET_BYTES_MAX,
    BATCH_GET_KEYS_MAX,
    BATCH_WRITE_REQUESTS_MAX,
    ITEM_BYTES_MAX,
)
from airside.services.dynamodb.mutation import Mutation
from airside.services.dynamodb.store import Record, Tables
from airside.services.dynamodb.table import Table
from airside.services.dynamodb.throttling import THROTTLED
from airside.services.dynamodb.validation import CAPACITY, METRICS, Problems, enum
from airside.services.dynamodb.values import Item

_encode_sorted = msgspec.json.Encoder(order="deterministic").encode
_DUPLICATES = "Provided list of item keys contains duplicates"


class _Wanted:
    """The part of a BatchGetItem that is about one table."""

    def __init__(self, name: str, given: dict[str, Any]) -> None:
        validation.check_mixing(given, ("ProjectionExpression",), ("AttributesToGet",))
        placeholders = Placeholders.of(given)
        self.name = name
        self.given = given
        self.keys: list[Item] = given["Keys"]
        self.projection: Projection | None = parameters.projection_of(given, placeholders)
        placeholders.check_all_used()
        for key in self.keys:
            parameters.check_key(key)
        _check_distinct(self.keys)
        self.consistent = bool(given.get("ConsistentRead", False))


def _check_distinct(keys: list[Item]) -> None:
    if len({_encode_sorted(key) for key in keys}) != len(keys):
        raise ValidationException(_DUPLICATES)


class _Found:
    """What a BatchGetItem has read so far."""

    def __init__(self) -> None:
        self.responses: dict[str, list[Any]] = {}
        self.unprocessed: dict[str, Any] = {}
        self.costs: dict[str, Cost] = {}
        self.arns: dict[str, str] = {}
        self.size = 0

    def take(self, wanted: _Wanted, table: Table, record: Record | None) -> None:
        """Add one item, or the knowledge that there is none."""
        size = record.size if record is not None else 0
        self.size += size
        units = capacity.read_units(size, consistent=wanted.consistent)
        self.costs[table.name].table += units
        if record is not None:
            shown = (
                record.json if wanted.projection is None else wanted.projection.apply(record.item)
            )
            self.responses[wanted.name].append(shown)

    def leave(self, wanted: _Wanted, keys: list[Item]) -> None:
        """No room for these."""
        self.unprocessed[wanted.name] = {**wanted.given, "Keys": keys}


@operation("BatchGetItem", resource=account_arn)
async def batch_get_item(ctx: Context, request: Request) -> Result:
    """Read up to 100 items by their keys, in no order."""
    given = request.get("RequestItems")
    if not given:
        raise ValidationException("The requestItems parameter is required for BatchGetItem")
    _check_get(request, given)
    _check_mixing(given)
    wanted = [_Wanted(name, part) for name, part in given.items()]
    if sum(len(part.keys) for part in wanted) > BATCH_GET_KEYS_MAX:
        raise ValidationException("Too many items requested for the BatchGetItem call")
    tables = ctx.component(Tables)

    def body(view: Snapshot) -> _Found:
        found = _Found()
        targets = [tables.require(view, ctx, part.name) for part in wanted]
        for part, table in zip(wanted, targets, strict=True):
            for key in part.keys:
                table.check_key(key)
        refused: list[ServiceError] = []
        for part, table in zip(wanted, targets, strict=True):
            try:
                if table.gate is not None:
                    table.gate.read()
            except THROTTLED as error:
                refused.append(error)
                found.leave(part, part.keys)
                continue
            _read(view, part, table, found)
        if len(refused) == len(wanted):
            raise refused[0]
        return found

    found = await ctx.store.read(body)
    for name, cost in found.costs.items():
        charge(ctx, "ReadRequestUnits", cost, found.arns[name])
    mode = request.get("ReturnConsumedCapacity")
    return {
        "Responses": found.responses,
        "UnprocessedKeys": found.unprocessed,
        "ConsumedCapacity": capacity.consumed_list(mode, found.costs.items()),
    }


def _check_mixing(given: dict[str, Any]) -> None:
    """Old and new projections may not stand side by side, not even for different tables."""
    merged: dict[str, Any] = {}
    for part in given.values():
        for name in ("AttributesToGet", "ProjectionExpression"):
            if part.get(name) is not None:
                merged[name] = part[name]
    if len(merged) > 1:
        validation.check_mixing(merged, ("ProjectionExpression",), ("AttributesToGet",))


def _check_get(request: Request, given: dict[str, Any]) -> None:
    found = Problems()
    enum("ReturnConsumedCapacity", CAPACITY)(request, found)
    _check_names(given, lambda batch: msgspec.json.encode(batch).decode(), found)
    for name, part in given.items():
        if part.get("Keys") is None:
            found.add(f"requestItems.{name}.member.keys", None, "Member must not be null")
        elif not 1 <= len(part["Keys"]) <= BATCH_GET_KEYS_MAX:
            bound = "less than or equal to 100" if part["Keys"] else "greater than or equal to 1"
            raise ValidationException(
                f"1 validation error detected: Value at 'RequestItems.{name}.member.Keys' failed "
                f"to satisfy constraint: Member must have length {bound}"
            )
    found.raise_all()


def _check_names(given: dict[str, Any], show: Callable[[Any], str], found: Problems) -> None:
    """The tables of a batch are the keys of a map, and reported with all of it."""
    if not all(name.startswith("arn:") or validation.is_name(name, 3) for name in given):
        found.add(
            "requestItems",
            show(given),
            "Map keys must satisfy constraint: "
            "[Member must have length less than or equal to 255, "
            "Member must have length greater than or equal to 3, "
            "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+]",
        )


def _read(view: Snapshot, part: _Wanted, table: Table, found: _Found) -> None:
    found.responses[part.name] = []
    found.costs.setdefault(table.name, Cost())
    found.arns[table.name] = table.arn
    for position, key in enumerate(part.keys):
        if found.size >= BATCH_GET_BYTES_MAX:
            found.leave(part, part.keys[position:])
            return
        record = store.get(view, table.key_of(key))
        if found.size and record is not None and found.size + record.size > BATCH_GET_BYTES_MAX:
            found.leave(part, part.keys[position:])
            return
        found.take(part, table, record)


class _Written:
    """One put or delete of a BatchWriteItem."""

    __slots__ = ("item", "key", "place", "size")

    def __init__(self, given: dict[str, Any]) -> None:
        put, delete = given.get("PutRequest"), given.get("DeleteRequest")
        if (put is None) == (delete is None):
            raise ValidationException(
                "Supplied AttributeValue has more than one datatypes set, "
                "must contain exactly one of the supported datatypes"
            )
        self.item: Item | None = None
        self.size = 0
        try:
            if put is not None:
                self.item = self.key = put["Item"]
                self.size = values.check_item(self.key)
            else:
                assert delete is not None
                self.key = delete["Key"]
                parameters.check_key(self.key)
        except ValidationException as problem:
            raise problems.older(problem) from None
        if self.size > ITEM_BYTES_MAX:
            raise ValidationException("Item size has exceeded the maximum allowed size")

    def locate(self, table: Table) -> bytes:
        """Check the keys; a batch says less about what is wrong than PutItem does."""
        if self.item is None:
            table.check_key(self.key)
        else:
            for name in table.schema.names:
                if table.types[name] not in self.item.get(name, ()):
                    raise ValidationException("The provided key element does not match the schema")
            table.check_item(self.item)
        self.place = table.key_of(self.key)
        return self.place

    def run(self, tx: Transaction, table: Table) -> Mutation:
        """Write or delete."""
        if table.conflicts is not None:
            table.conflicts.check(self.place)
        old = store.get(tx, self.place)
        if self.item is None:
            return mutation.remove(tx, table, self.place, old)
        return mutation.write(tx, table, self.place, old, self.item, self.size)


@operation("BatchWriteItem", resource=account_arn)
async def batch_write_item(ctx: Context, request: Request) -> Result:
    """Put and delete up to 25 items; each is atomic, and here all of them together are."""
    given = request.get("RequestItems")
    if not given:
        raise ValidationException("The requestItems parameter is required for BatchWriteItem")
    _check_write(request, given)
    parts = {name: [_Written(one) for one in requests] for name, requests in given.items()}
    if sum(map(len, parts.values())) > BATCH_WRITE_REQUESTS_MAX:
        raise ValidationException("Too many items requested for the BatchWriteItem call")
    tables = ctx.component(Tables)

    def body(tx: Transaction) -> list[tuple[Table, list[Mutation | None]]]:
        targets = [(tables.require(tx, ctx, name), writes) for name, writes in parts.items()]
        for table, writes in targets:
            places = [write.locate(table) for write in writes]
            if len(set(places)) != len(places):
                raise ValidationException(_DUPLICATES)
        if all(table.gate is None and table.conflicts is None for table, _ in targets):
            return [
                (table, [write.run(tx, table) for write in writes]) for table, writes in targets
            ]
        return _run_some(tx, targets)

    done = await ctx.store.transact(body)
    costs: dict[str, Cost] = {}
    left: dict[str, list[Any]] = {}
    for (table, mutations), (name, requests) in zip(done, given.items(), strict=True):
        cost = costs.setdefault(table.name, Cost())
        for made, one in zip(mutations, requests, strict=True):
            if made is None:
                left.setdefault(name, []).append(one)
            else:
                cost.add(made.cost)
        charge(ctx, "WriteRequestUnits", cost, table.arn)
    result: Result = {
        "UnprocessedItems": left,
        "ConsumedCapacity": capacity.consumed_list(
            request.get("ReturnConsumedCapacity"), costs.items()
        ),
    }
    if request.get("ReturnItemCollectionMetrics") == "SIZE":
        result["ItemCollectionMetrics"] = _metrics(done, parts)
    return result


def _run_some(
    tx: Transaction, targets: list[tuple[Table, list[_Written]]]
) -> list[tuple[Table, list[Mutation | None]]]:
    """Do what throughput lasts for and no transaction is at work on; None stands for the rest."""
    refusal: ServiceError | None = None
    done: list[tuple[Table, list[Mutation | None]]] = []
    for table, writes in targets:
        mutations: list[Mutation | None] = []
        for write in writes:
            try:
                mutations.append(write.run(tx, table))
            except THROTTLED as error:
                refusal = refusal or error
                mutations.append(None)
            except TransactionConflictException:
                mutations.append(None)
        done.append((table, mutations))
    if refusal is not None and not any(any(mutations) for _, mutations in done):
        raise refusal
    return done


def _check_write(request: Request, given: dict[str, Any]) -> None:
    found = Problems()
    enum("ReturnConsumedCapacity", CAPACITY)(request, found)
    enum("ReturnItemCollectionMetrics", METRICS)(request, found)
    _check_names(given, validation.java, found)
    if any(not 1 <= len(requests) <= BATCH_WRITE_REQUESTS_MAX for requests in given.values()):
        found.add(
            "requestItems",
            given,
            "Map value must satisfy constraint: "
            "[Member must have length less than or equal to 25, "
            "Member must have length greater than or equal to 1]",
        )
    for name, requests in given.items():
        for position, one in enumerate(requests, 1):
            for kind, member in (("PutRequest", "Item"), ("DeleteRequest", "Key")):
                if one.get(kind) is not None and one[kind].get(member) is None:
                    place = f"requestItems.{name}.member.{position}.member"
                    found.add(
                        f"{place}.{validation.camel(kind)}.{validation.camel(member)}",
                        None,
                        "Member must not be null",
                    )
    found.raise_all()


def _metrics(
    done: list[tuple[Table, list[Mutation | None]]], parts: dict[str, list[_Written]]
) -> dict[str, list[dict[str, Any]]] | None:
    found: dict[str, list[dict[str, Any]]] = {}
    for (table, mutations), writes in zip(done, parts.values(), strict=True):
        for write in itertools.compress(writes, mutations):
            metrics = items.collection_metrics(table, write.key)
            if metrics is not None and metrics not in found.setdefault(table.name, []):
                found[table.name].append(metrics)
    return found or None
