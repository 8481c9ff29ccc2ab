"""ExecuteStatement, and what all PartiQL operations check."""

from typing import Any

from airside.kernel.context import Context
from airside.kernel.operation import Request, Result, operation
from airside.kernel.store import Snapshot, Transaction
from airside.services.dynamodb import capacity, validation
from airside.services.dynamodb.arns import account_arn, table_arn
from airside.services.dynamodb.charging import charge
from airside.services.dynamodb.errors import (
    ConditionalCheckFailedException,
    ValidationException,
)
from airside.services.dynamodb.expressions.lexer import ExpressionError
from airside.services.dynamodb.partiql import selection, writing
from airside.services.dynamodb.partiql.parser import parse
from airside.services.dynamodb.partiql.selection import Reader, Selection
from airside.services.dynamodb.partiql.syntax import Parsed, Select
from airside.services.dynamodb.store import Tables
from airside.services.dynamodb.table import Table
from airside.services.dynamodb.validation import CAPACITY, enum, required
from airside.services.dynamodb.writes import Outcome

STATEMENT = (
    required("Statement"),
    validation.length("Statement", 1, 8192),
    validation.length("Parameters", 1),
    enum("ReturnValuesOnConditionCheckFailure", ("ALL_OLD", "NONE")),
)
_RULES = (
    *STATEMENT,
    validation.length("NextToken", 1, 32768),
    enum("ReturnConsumedCapacity", CAPACITY),
    validation.at_least("Limit", 1),
)


@operation("ExecuteStatement", resource=account_arn)
async def execute_statement(ctx: Context, request: Request) -> Result:
    """Run one PartiQL statement."""
    validation.check(request, _RULES)
    parsed = parse(request["Statement"], request.get("Parameters"))
    if isinstance(parsed.statement, Select):
        return await _select(ctx, request, parsed.statement, parsed)
    if "NextToken" in request:
        raise ValidationException("NextToken is only valid on a SELECT statement")
    return await _write(ctx, request, parsed)


def reader_of(select: Select, parsed: Parsed) -> Reader:
    """A SELECT ready to read. Raises ValidationException."""
    try:
        return Reader(select, parsed.bindings)
    except ExpressionError as problem:
        raise ValidationException(problem.message) from None


async def _select(ctx: Context, request: Request, select: Select, parsed: Parsed) -> Result:
    reader = reader_of(select, parsed)
    digest = selection.digest_of(request["Statement"], request.get("Parameters"))
    token = selection.unpack(request.get("NextToken"), digest)
    tables = ctx.component(Tables)

    def body(view: Snapshot) -> tuple[Table, Selection]:
        table = tables.require(view, ctx, select.source.table)
        try:
            page = reader.read(
                view, table, consistent=bool(request.get("ConsistentRead", False)),
                limit=request.get("Limit"), token=token,
            )  # fmt: skip
        except ExpressionError as problem:
            raise ValidationException(problem.message) from None
        return table, page

    table, page = await ctx.store.read(body)
    charge(ctx, "ReadRequestUnits", page.cost, table.arn)
    result: Result = {"Items": page.items}
    if page.token is not None:
        result["NextToken"] = selection.pack(page.token, digest)
    if page.last is not None:
        result["LastEvaluatedKey"] = page.last
    mode = request.get("ReturnConsumedCapacity")
    if mode is not None:
        result["ConsumedCapacity"] = capacity.consumed(mode, table.name, page.cost)
    return result


async def _write(ctx: Context, request: Request, parsed: Parsed) -> Result:
    write = writing.of(parsed, request, transactional=False)
    tables = ctx.component(Tables)

    def body(tx: Transaction) -> Outcome:
        return write.run(tx, tables.require(tx, ctx, write.request["TableName"]))

    try:
        outcome = await ctx.store.transact(body)
    except ConditionalCheckFailedException:
        arn = table_arn(ctx, {"TableName": write.request["TableName"]})
        charge(ctx, "WriteRequestUnits", write.failed_units, arn)
        raise
    cost = outcome.mutation.cost
    charge(ctx, "WriteRequestUnits", cost, outcome.table.arn)
    shown: Any = writing.returned(write, outcome)
    result: Result = {"Items": [] if shown is None else [shown]}
    mode = request.get("ReturnConsumedCapacity")
    if mode is not None:
        result["ConsumedCapacity"] = capacity.consumed(mode, outcome.table.name, cost)
    return result
