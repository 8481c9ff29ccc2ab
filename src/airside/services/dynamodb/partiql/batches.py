"""BatchExecuteStatement: up to 25 statements, each for itself."""

from typing import Any

from airside.kernel.context import Context
from airside.kernel.errors import ServiceError
from airside.kernel.operation import Request, Result, operation
from airside.kernel.store import Snapshot, Transaction
from airside.services.dynamodb import capacity, store, validation
from airside.services.dynamodb.arns import account_arn
from airside.services.dynamodb.capacity import Cost
from airside.services.dynamodb.charging import charge
from airside.services.dynamodb.errors import ResourceNotFoundException, ValidationException
from airside.services.dynamodb.partiql import targets, writing
from airside.services.dynamodb.partiql.parser import parse
from airside.services.dynamodb.partiql.selection import Reader
from airside.services.dynamodb.partiql.statements import STATEMENT, reader_of
from airside.services.dynamodb.partiql.syntax import Parsed, Select
from airside.services.dynamodb.store import Tables
from airside.services.dynamodb.table import Table
from airside.services.dynamodb.throttling import THROTTLED
from airside.services.dynamodb.validation import CAPACITY, Problems, enum, required
from airside.services.dynamodb.values import Item
from airside.services.dynamodb.writes import Put, Write

_RULES = (
    required("Statements"),
    validation.length("Statements", 1, 25),
    enum("ReturnConsumedCapacity", CAPACITY),
)
_CODES = {
    "ConditionalCheckFailedException": "ConditionalCheckFailed",
    "DuplicateItemException": "DuplicateItem",
    "ItemCollectionSizeLimitExceededException": "ItemCollectionSizeLimitExceeded",
    "ProvisionedThroughputExceededException": "ProvisionedThroughputExceeded",
    "ResourceNotFoundException": "ResourceNotFound",
    "ThrottlingException": "ThrottlingError",
    "TransactionConflictException": "TransactionConflict",
    "ValidationException": "ValidationError",
}


class _Member:
    """One statement of a batch: what it is, and what became of it."""

    def __init__(self, given: dict[str, Any]) -> None:
        self.given = given
        self.parsed: Parsed | None = None
        self.reader: Reader | None = None
        self.write: Write | None = None
        self.table: Table | None = None
        self.error: ServiceError | None = None
        self.item: Any = None
        self.cost: Cost | None = None
        self.attempt = 0.0
        """What a failed write is charged with, when others in the batch succeed."""
        try:
            self.parsed = parsed = parse(given["Statement"], given.get("Parameters"))
            if isinstance(parsed.statement, Select):
                self.reader = reader_of(parsed.statement, parsed)
            else:
                self.write = writing.of(parsed, given, transactional=False)
        except ValidationException as problem:
            self.error = problem

    @property
    def name(self) -> str:
        """The table as the statement names it."""
        assert self.parsed is not None
        return self.parsed.statement.source.table

    def target(self, table: Table) -> Item | None:
        """The key it is about, if it is about one."""
        if self.write is not None:
            self.write.locate(table)
            return self.write.key
        assert self.parsed is not None
        assert isinstance(self.parsed.statement, Select)
        return targets.pinned(table, self.parsed.statement.where, self.parsed.bindings)

    def response(self) -> dict[str, Any]:
        """A BatchStatementResponse."""
        found: dict[str, Any] = {}
        if self.error is not None:
            code = _CODES.get(self.error.name, self.error.name)
            found["Error"] = {"Code": code, "Message": self.error.message}
            if code == "ValidationError":
                return found
            item = self.error.members.get("Item")
            if item is not None:
                found["Error"]["Item"] = item
        if self.parsed is not None:
            found["TableName"] = self.table.name if self.table is not None else self.name
        if self.item is not None:
            found["Item"] = self.item
        return found


@operation("BatchExecuteStatement", resource=account_arn)
async def batch_execute_statement(ctx: Context, request: Request) -> Result:
    """Run several statements that read, or several that write."""
    problems = Problems()
    for rule in _RULES:
        rule(request, problems)
    for position, one in enumerate(request.get("Statements") or (), 1):
        problems.path = f"statements.{position}.member."
        for rule in STATEMENT:
            rule(one, problems)
    problems.raise_all()
    members = [_Member(one) for one in request["Statements"]]
    if len({member.parsed.reads for member in members if member.parsed is not None}) > 1:
        raise ValidationException(
            "Read and write requests together in the same batch is not supported."
        )
    tables = ctx.component(Tables)
    if any(member.write is not None for member in members):
        await ctx.store.transact(lambda tx: _write_all(tx, ctx, tables, members))
    else:
        await ctx.store.read(lambda view: _read_all(view, ctx, tables, members))
    _charge(ctx, members)
    return {
        "Responses": [member.response() for member in members],
        "ConsumedCapacity": _consumed(request.get("ReturnConsumedCapacity"), members),
    }


def _resolve(view: Snapshot, ctx: Context, tables: Tables, members: list[_Member]) -> list[_Member]:
    """Find the tables; the members that can run. Raises for items named twice."""
    seen: set[bytes] = set()
    able: list[_Member] = []
    for member in members:
        if member.reader is None and member.write is None:
            continue
        member.error = member.item = member.cost = None
        member.attempt = 0.0
        try:
            member.table = table = tables.require(view, ctx, member.name)
        except ResourceNotFoundException as problem:
            member.error = problem
            continue
        able.append(member)
        key = member.target(table)
        if key and all(table.types[name] in key.get(name, ()) for name in table.schema.names):
            position = table.key_of(key)
            if position in seen:
                raise ValidationException("Provided list of item keys contains duplicates")
            seen.add(position)
    return able


def _write_all(tx: Transaction, ctx: Context, tables: Tables, members: list[_Member]) -> None:
    for member in _resolve(tx, ctx, tables, members):
        assert member.table is not None
        assert member.write is not None
        try:
            outcome = member.write.run(tx, member.table)
        except ServiceError as problem:
            member.error = problem
            member.attempt = _attempt(tx, member.write, member.table)
        else:
            member.cost = outcome.mutation.cost
            member.item = writing.returned(member.write, outcome)


def _attempt(tx: Transaction, write: Write, table: Table) -> float:
    """A failed write counts as the larger of what is there and what it would have written."""
    names = table.schema.names
    if not all(table.types[name] in write.key.get(name, ()) for name in names):
        return 1.0
    old = store.get(tx, table.key_of(write.key))
    new = write.size if isinstance(write, Put) else 0
    return float(capacity.write_units(old.size if old is not None else 0, new))


def _read_all(view: Snapshot, ctx: Context, tables: Tables, members: list[_Member]) -> None:
    for member in _resolve(view, ctx, tables, members):
        assert member.table is not None
        assert member.reader is not None
        table, reader = member.table, member.reader
        key = member.target(table)
        try:
            if reader.select.source.index is not None:
                key = None
            key = targets.require_key(table, key, "BatchExecuteStatement")
        except ValidationException as problem:
            member.error = problem
            continue
        try:
            if table.gate is not None:
                table.gate.read()
        except THROTTLED as refusal:
            member.error = refusal
            continue
        record = store.get(view, table.key_of(key))
        consistent = bool(member.given.get("ConsistentRead", False))
        size = record.size if record is not None else 0
        member.cost = Cost(capacity.read_units(size, consistent=consistent))
        member.item = reader.show(record)


def _charge(ctx: Context, members: list[_Member]) -> None:
    for member in members:
        if member.table is not None and member.cost is not None:
            usage = "ReadRequestUnits" if member.reader is not None else "WriteRequestUnits"
            charge(ctx, usage, member.cost, member.table.arn)
        elif member.table is not None and member.attempt:
            charge(ctx, "WriteRequestUnits", member.attempt, member.table.arn)


def _consumed(mode: str | None, members: list[_Member]) -> list[dict[str, Any]] | None:
    costs: dict[str, Cost] = {}
    failed: dict[str, float] = {}
    for member in members:
        if member.table is None:
            continue
        name = member.table.name
        if member.cost is not None:
            costs.setdefault(name, Cost()).add(member.cost)
        failed[name] = failed.get(name, 0.0) + member.attempt
    found = capacity.consumed_list(mode, costs.items())
    for entry in found or ():
        entry["CapacityUnits"] += failed[entry["TableName"]]
    return found or None
