"""ExecuteTransaction: up to 100 statements that read as of one moment, or write all or nothing."""

from hashlib import sha256
from typing import Any

import msgspec

from airside.kernel.context import Context
from airside.kernel.operation import Request, Result, operation
from airside.kernel.store import Snapshot
from airside.services.dynamodb import capacity, store, transactions, validation
from airside.services.dynamodb.arns import account_arn
from airside.services.dynamodb.capacity import Cost
from airside.services.dynamodb.charging import charge
from airside.services.dynamodb.errors import ValidationException
from airside.services.dynamodb.partiql import targets, writing
from airside.services.dynamodb.partiql.parser import parse
from airside.services.dynamodb.partiql.selection import Reader
from airside.services.dynamodb.partiql.statements import STATEMENT, reader_of
from airside.services.dynamodb.partiql.syntax import Delete, Parsed, Select, Update
from airside.services.dynamodb.store import Record, Tables
from airside.services.dynamodb.table import Table
from airside.services.dynamodb.validation import CAPACITY, Problems, enum, required

_RULES = (
    required("TransactStatements"),
    validation.length("TransactStatements", 1, 100),
    validation.length("ClientRequestToken", 1, 36),
    enum("ReturnConsumedCapacity", CAPACITY),
)


@operation("ExecuteTransaction", resource=account_arn)
async def execute_transaction(ctx: Context, request: Request) -> Result:
    """Run statements as one transaction."""
    problems = Problems()
    for rule in _RULES:
        rule(request, problems)
    for position, one in enumerate(request.get("TransactStatements") or (), 1):
        problems.path = f"transactStatements.{position}.member."
        for rule in STATEMENT:
            rule(one, problems)
    problems.raise_all()
    statements = request["TransactStatements"]
    parsed = [parse(one["Statement"], one.get("Parameters")) for one in statements]
    _check(parsed)
    if parsed[0].reads:
        return await _read(ctx, request, parsed)
    digest = sha256(msgspec.json.encode(statements, order="deterministic")).digest()
    writes = [writing.of(one, given) for one, given in zip(parsed, statements, strict=True)]
    token = request.get("ClientRequestToken")
    done = await transactions.carry_out(ctx, writes, token, digest, "statement-token")
    return {
        "Responses": [],
        "ConsumedCapacity": done.consumed(request.get("ReturnConsumedCapacity")),
    }


def _check(parsed: list[Parsed]) -> None:
    for index, one in enumerate(parsed):
        statement = one.statement
        where = f"Validation failed in TransactStatements[{index}]: "
        if isinstance(statement, Update | Delete) and statement.returning is not None:
            raise ValidationException(
                where + "RETURNING clause is not supported in ExecuteTransaction."
            )
        if isinstance(statement, Select) and statement.source.index is not None:
            raise ValidationException(
                where + "Reads on indices are not supported within transactions."
            )
    if len({one.reads for one in parsed}) > 1:
        raise ValidationException(
            "ExecuteTransaction API does not support both read and write operations in the same "
            "request."
        )


async def _read(ctx: Context, request: Request, parsed: list[Parsed]) -> Result:
    readers: list[Reader] = []
    for one in parsed:
        assert isinstance(one.statement, Select)
        readers.append(reader_of(one.statement, one))
    tables = ctx.component(Tables)

    def body(view: Snapshot) -> list[tuple[Table, Record | None]]:
        found = [tables.require(view, ctx, reader.select.source.table) for reader in readers]
        keys = _keys(readers, found)
        transactions.check_reads(found, keys)
        return [(table, store.get(view, key)) for table, key in zip(found, keys, strict=True)]

    rows = await ctx.store.read(body)
    costs: dict[str, Cost] = {}
    responses: list[dict[str, Any]] = []
    for reader, (table, record) in zip(readers, rows, strict=True):
        size = record.size if record is not None else 0
        units = 2 * capacity.read_units(size, consistent=True)
        costs.setdefault(table.name, Cost()).table += units
        charge(ctx, "ReadRequestUnits", units, table.arn)
        shown = reader.show(record)
        responses.append({} if shown is None else {"Item": shown})
    mode = request.get("ReturnConsumedCapacity")
    return {
        "Responses": responses,
        "ConsumedCapacity": capacity.consumed_list(mode, costs.items(), mirror="ReadCapacityUnits"),
    }


def _keys(readers: list[Reader], tables: list[Table]) -> list[bytes]:
    """Where the items lie. Raises what is wrong with the keys."""
    keys: list[bytes] = []
    reasons: list[dict[str, Any]] = []
    for reader, table in zip(readers, tables, strict=True):
        try:
            key = targets.pinned(table, reader.select.where, reader.bindings)
            key = targets.require_key(table, key, "ExecuteTransaction")
            keys.append(table.key_of(key))
            reasons.append({"Code": "None"})
        except ValidationException as problem:
            reasons.append({"Code": "ValidationError", "Message": problem.message})
    transactions.cancel_for(reasons)
    if len(set(keys)) != len(keys):
        raise ValidationException(transactions.TWICE)
    return keys
