"""TransactGetItems and TransactWriteItems: all or nothing, isolated, once per token."""

from hashlib import sha256
from typing import Any

import msgspec

from airside.kernel.context import Context
from airside.kernel.errors import ServiceError
from airside.kernel.operation import Request, Result, operation
from airside.kernel.store import Snapshot, Transaction
from airside.services.dynamodb import capacity, items, parameters, problems, store, validation
from airside.services.dynamodb.arns import account_arn
from airside.services.dynamodb.capacity import Cost
from airside.services.dynamodb.charging import charge
from airside.services.dynamodb.errors import (
    ConditionalCheckFailedException,
    DuplicateItemException,
    IdempotentParameterMismatchException,
    ProvisionedThroughputExceededException,
    TransactionCanceledException,
    TransactionConflictException,
    ValidationException,
)
from airside.services.dynamodb.expressions.placeholders import Placeholders
from airside.services.dynamodb.limits import TOKEN_SECONDS, TRANSACTION_BYTES_MAX
from airside.services.dynamodb.mutation import Mutation
from airside.services.dynamodb.store import Record, Tables
from airside.services.dynamodb.table import Table
from airside.services.dynamodb.throttling import THROTTLED
from airside.services.dynamodb.validation import CAPACITY, METRICS, Problems, enum, required
from airside.services.dynamodb.values import Item
from airside.services.dynamodb.writes import Change, Delete, Outcome, Put, Write

Token = tuple[str, str]
"""Whose token, and the token."""
TWICE = "Transaction request cannot include multiple operations on one item"


class ConditionCheck(Delete):
    """A condition on an item that the transaction leaves alone. It costs what reading would."""

    def apply(self, tx: Transaction, table: Table, key: bytes, old: Record | None) -> Outcome:
        """Nothing to do."""
        cost = Cost(capacity.write_units(old.size if old is not None else 0, 0))
        return Outcome(table, old, None, Mutation(cost, 0, 0))


_KINDS: dict[str, tuple[type[Write], str]] = {
    "ConditionCheck": (ConditionCheck, "Key"),
    "Put": (Put, "Item"),
    "Delete": (Delete, "Key"),
    "Update": (Change, "Key"),
}
_RULES = (
    validation.length("ClientRequestToken", 1, 36),
    enum("ReturnConsumedCapacity", CAPACITY),
    enum("ReturnItemCollectionMetrics", METRICS),
    required("TransactItems"),
    validation.length("TransactItems", 1, 100),
)


@operation("TransactWriteItems", resource=account_arn)
async def transact_write_items(ctx: Context, request: Request) -> Result:
    """Write up to 100 items in any tables, or none."""
    _check(request, _RULES, _KINDS)
    digest = _digest(request)
    writes = [_write_of(one) for one in request["TransactItems"]]
    _check_size(writes)
    done = await carry_out(ctx, writes, request.get("ClientRequestToken"), digest, "token")
    result: Result = {"ConsumedCapacity": done.consumed(request.get("ReturnConsumedCapacity"))}
    if request.get("ReturnItemCollectionMetrics") == "SIZE":
        result["ItemCollectionMetrics"] = _metrics(writes, done.outcomes)
    return result


async def carry_out(
    ctx: Context, writes: list[Write], token: str | None, digest: bytes, scope: str
) -> "Done":
    """Do all writes or none, once per token. Raises TransactionCanceledException.

    `scope` tells apart the tokens of operations that have their own.
    """
    tables = ctx.component(Tables)
    now = ctx.clock.now()
    attempted: list[tuple[str, float]] = []
    held: set[bytes] = set()

    def body(tx: Transaction) -> "Done":
        _let_go(tables, held)
        if token:
            known = _replay(tx, ctx, (scope, token), digest, now)
            if known is not None:
                return known
        targets = [tables.require(tx, ctx, write.request["TableName"]) for write in writes]
        _check_distinct(writes, targets)
        attempted.clear()
        done = Done.of(_run(tx, writes, targets, attempted))
        if tables.conflicts is not None:
            held.update(t.key_of(w.key) for w, t in zip(writes, targets, strict=True))
            tables.conflicts.hold(held)
        if token:
            done.remember(tx, ctx, (scope, token), digest, now)
        return done

    try:
        done = await ctx.store.transact(body)
    except TransactionCanceledException:
        for name, units in attempted:
            charge(ctx, "WriteRequestUnits", units, ctx.arn(f"table/{name}", "dynamodb"))
        raise
    finally:
        _let_go(tables, held)
    for name, cost in done.costs.items():
        usage = "ReadRequestUnits" if done.replayed else "WriteRequestUnits"
        charge(ctx, usage, cost, ctx.arn(f"table/{name}", "dynamodb"))
    return done


def _let_go(tables: Tables, held: set[bytes]) -> None:
    if tables.conflicts is not None:
        tables.conflicts.release(held)
        held.clear()


def _check(
    request: Request, rules: Any, kinds: dict[str, Any], member: str = "transactItems"
) -> None:
    problems = Problems()
    for rule in rules:
        rule(request, problems)
    for position, one in enumerate(request.get("TransactItems") or (), 1):
        for kind, given in one.items():
            if kind not in kinds or given is None:
                continue
            problems.path = f"{member}.{position}.member.{validation.camel(kind)}."
            validation.table_name(given, problems)
            required(kinds[kind][1])(given, problems)
            if kind == "ConditionCheck":
                required("ConditionExpression")(given, problems)
            if kind == "Update":
                required("UpdateExpression")(given, problems)
            enum("ReturnValuesOnConditionCheckFailure", ("ALL_OLD", "NONE"))(given, problems)
    problems.raise_all()


def _write_of(one: dict[str, Any]) -> Write:
    given = [(kind, part) for kind, part in one.items() if part is not None and kind in _KINDS]
    if len(given) != 1:
        raise ValidationException(
            "TransactItems can only contain one of Check, Put, Update or Delete"
        )
    kind, part = given[0]
    write = _KINDS[kind][0](part)
    try:
        write.prepare()
    except ValidationException as problem:
        raise problems.older(problem) from None
    if isinstance(write, Put):
        write.check_size()
    return write


def _check_size(writes: list[Write]) -> None:
    if sum(write.size for write in writes if isinstance(write, Put)) > TRANSACTION_BYTES_MAX:
        raise ValidationException("Transaction payload size cannot exceed 4 MB")


def _check_distinct(writes: list[Write], targets: list[Table]) -> None:
    seen: set[bytes] = set()
    for write, table in zip(writes, targets, strict=True):
        write.locate(table)
        if all(table.types[name] in write.key.get(name, ()) for name in table.schema.names):
            key = table.key_of(write.key)
            if key in seen:
                raise ValidationException(TWICE)
            seen.add(key)


def _run(
    tx: Transaction, writes: list[Write], targets: list[Table], attempted: list[tuple[str, float]]
) -> list[Outcome]:
    """Check all writes against their tables, then do them.

    The first that does not fit its table ends it; failed conditions are collected, so that every
    item has its reason. `attempted` gets the table and the units of each write: AWS bills what a
    cancelled transaction consumed, which here is the first of the two writes of every item.
    """
    for position, (write, table) in enumerate(zip(writes, targets, strict=True)):
        try:
            write.check(table)
        except ValidationException as problem:
            if "cannot contain an empty" in problem.message:
                raise
            reasons: list[dict[str, Any]] = [{"Code": "None"} for _ in writes]
            reasons[position] = {"Code": "ValidationError", "Message": problem.message}
            cancel_for(reasons)
    outcomes: list[Outcome] = []
    reasons = []
    for write, table in zip(writes, targets, strict=True):
        reason: dict[str, Any] = {"Code": "None"}
        try:
            outcome = write.run(tx, table)
            outcomes.append(outcome)
            attempted.append((table.name, outcome.mutation.cost.table))
        except ConditionalCheckFailedException as failure:
            attempted.append((table.name, float(write.failed_units)))
            reason = {"Code": "ConditionalCheckFailed", "Message": failure.message}
            reason.update(failure.members)
        except DuplicateItemException as failure:
            reason = {"Code": "DuplicateItem", "Message": failure.message}
        except ValidationException as problem:
            reason = {"Code": "ValidationError", "Message": problem.message}
        except THROTTLED as refusal:
            reason = throttled(refusal)
        except TransactionConflictException as conflict:
            reason = _conflicting(conflict)
        reasons.append(reason)
    cancel_for(reasons)
    return outcomes


def _conflicting(conflict: TransactionConflictException) -> dict[str, Any]:
    return {"Code": "TransactionConflict", "Message": conflict.message}


def throttled(refusal: ServiceError) -> dict[str, Any]:
    """The reason why throughput cancels a transaction."""
    provisioned = isinstance(refusal, ProvisionedThroughputExceededException)
    code = "ProvisionedThroughputExceeded" if provisioned else "ThrottlingError"
    return {"Code": code, "Message": refusal.message}


def cancel_for(reasons: list[dict[str, Any]]) -> None:
    """Raise TransactionCanceledException if any reason says so."""
    codes = [reason["Code"] for reason in reasons]
    if any(code != "None" for code in codes):
        raise TransactionCanceledException(
            "Transaction cancelled, please refer cancellation reasons for specific reasons "
            f"[{', '.join(codes)}]",
            CancellationReasons=reasons,
        )


def _digest(request: Request) -> bytes:
    return sha256(msgspec.json.encode(request["TransactItems"], order="deterministic")).digest()


class Done:
    """What a transaction cost; and what asking for it again costs."""

    def __init__(
        self,
        costs: dict[str, Cost],
        replay: dict[str, float],
        outcomes: list[Outcome],
        *,
        replayed: bool = False,
    ) -> None:
        self.costs = costs
        self.replay = replay
        self.outcomes = outcomes
        self.replayed = replayed

    @classmethod
    def of(cls, outcomes: list[Outcome]) -> "Done":
        """Transactions cost double on the table, not on its indexes."""
        costs: dict[str, Cost] = {}
        replay: dict[str, float] = {}
        for outcome in outcomes:
            name, mutation = outcome.table.name, outcome.mutation
            cost = costs.setdefault(name, Cost())
            cost.add(mutation.cost)
            cost.table += mutation.cost.table
            old = outcome.old.size if outcome.old is not None else 0
            size = max(old, old + mutation.size)
            replay[name] = replay.get(name, 0.0) + 2 * capacity.read_units(size, consistent=True)
        return cls(costs, replay, outcomes)

    def consumed(self, mode: str | None) -> list[dict[str, Any]] | None:
        """The ConsumedCapacity of the answer."""
        mirror = "ReadCapacityUnits" if self.replayed else "WriteCapacityUnits"
        return capacity.consumed_list(mode, self.costs.items(), mirror=mirror)

    def remember(
        self, tx: Transaction, ctx: Context, token: Token, digest: bytes, now: float
    ) -> None:
        """Note the token, so that the same request is not carried out twice."""
        store.put_document(
            tx, {"digest": digest, "at": now, "units": self.replay},
            ctx.account_id, ctx.region, *token,
        )  # fmt: skip


def _replay(tx: Transaction, ctx: Context, token: Token, digest: bytes, now: float) -> Done | None:
    known = store.get_document(tx, ctx.account_id, ctx.region, *token)
    if known is None or known["at"] + TOKEN_SECONDS < now:
        return None
    if known["digest"] != digest:
        raise IdempotentParameterMismatchException(
            "Idempotent parameter mismatch: the client token was used with other parameters"
        )
    costs = {name: Cost(units) for name, units in known["units"].items()}
    return Done(costs, {}, [], replayed=True)


def _metrics(writes: list[Write], outcomes: list[Outcome]) -> dict[str, list[Any]] | None:
    found: dict[str, list[Any]] = {}
    for write, outcome in zip(writes, outcomes, strict=False):
        metrics = items.collection_metrics(outcome.table, write.key)
        if metrics is not None and metrics not in found.setdefault(outcome.table.name, []):
            found[outcome.table.name].append(metrics)
    return found or None


_GET_RULES = (
    enum("ReturnConsumedCapacity", CAPACITY),
    required("TransactItems"),
    validation.length("TransactItems", 1, 100),
)


@operation("TransactGetItems", resource=account_arn)
async def transact_get_items(ctx: Context, request: Request) -> Result:
    """Read up to 100 items as of one moment."""
    _check(request, _GET_RULES, {"Get": (None, "Key")})
    gets = [_Get(one.get("Get") or {}) for one in request["TransactItems"]]
    tables = ctx.component(Tables)

    def body(view: Snapshot) -> list[tuple[Table, Record | None]]:
        targets = [tables.require(view, ctx, get.name) for get in gets]
        keys = _checked_keys(gets, targets)
        check_reads(targets, keys)
        return [(table, store.get(view, key)) for table, key in zip(targets, keys, strict=True)]

    found = await ctx.store.read(body)
    costs: dict[str, Cost] = {}
    responses: list[dict[str, Any]] = []
    for get, (table, record) in zip(gets, found, strict=True):
        size = record.size if record is not None else 0
        units = 2 * capacity.read_units(size, consistent=True)
        costs.setdefault(table.name, Cost()).table += units
        charge(ctx, "ReadRequestUnits", units, table.arn)
        responses.append(get.response(record))
    mode = request.get("ReturnConsumedCapacity")
    return {
        "Responses": responses,
        "ConsumedCapacity": capacity.consumed_list(mode, costs.items(), mirror="ReadCapacityUnits"),
    }


class _Get:
    """One item of a TransactGetItems."""

    def __init__(self, given: dict[str, Any]) -> None:
        if not given:
            raise ValidationException("TransactItems can only contain Get")
        validation.check_mixing(given, ("ProjectionExpression",), ())
        placeholders = Placeholders.of(given)
        self.name: str = given["TableName"]
        self.key: Item = given["Key"]
        try:
            parameters.check_key(self.key)
        except ValidationException as problem:
            raise problems.older(problem) from None
        self.projection = parameters.projection_of(given, placeholders)
        placeholders.check_all_used()

    def response(self, record: Record | None) -> dict[str, Any]:
        """An ItemResponse."""
        if record is None:
            return {}
        if self.projection is None:
            return {"Item": record.json}
        item = self.projection.apply(record.item)
        return {"Item": item} if item else {}


def check_reads(targets: list[Table], keys: list[bytes]) -> None:
    """Whether throughput lasts for reading these items, and no transaction is at work on them."""
    if all(table.gate is None and table.conflicts is None for table in targets):
        return
    reasons: list[dict[str, Any]] = []
    for table, key in zip(targets, keys, strict=True):
        reason: dict[str, Any] = {"Code": "None"}
        try:
            if table.conflicts is not None:
                table.conflicts.check(key)
            if table.gate is not None:
                table.gate.read()
        except THROTTLED as refusal:
            reason = throttled(refusal)
        except TransactionConflictException as conflict:
            reason = _conflicting(conflict)
        reasons.append(reason)
    cancel_for(reasons)


def _checked_keys(gets: list[_Get], targets: list[Table]) -> list[bytes]:
    keys: list[bytes] = []
    reasons: list[dict[str, Any]] = []
    for get, table in zip(gets, targets, strict=True):
        try:
            table.check_key(get.key)
            keys.append(table.key_of(get.key))
            reasons.append({"Code": "None"})
        except ValidationException as problem:
            if "cannot contain an empty" in problem.message:
                raise
            reasons.append({"Code": "ValidationError", "Message": problem.message})
    cancel_for(reasons)
    if len(set(keys)) != len(keys):
        raise ValidationException(TWICE)
    return keys
