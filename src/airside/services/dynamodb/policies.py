"""Resource policies of tables and streams."""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from airside.kernel.context import Context
from airside.kernel.operation import Request, Result, operation
from airside.kernel.store import Snapshot, Transaction
from airside.services.dynamodb import store, validation
from airside.services.dynamodb.errors import PolicyNotFoundException, ValidationException
from airside.services.dynamodb.policy import check_policy
from airside.services.dynamodb.store import TableId, Tables, table_id
from airside.services.dynamodb.table import Stream, Table
from airside.services.dynamodb.tables import not_found

_NO_POLICY = "NO_POLICY"


class _Target(NamedTuple):
    """What a policy is attached to."""

    arn: str
    table: TableId
    stream: str
    """The label of a stream; empty for the table itself."""


def _resource_arn(ctx: Context, request: Request) -> str:
    return str(request.get("ResourceArn") or "*")


def _target(ctx: Context, request: Request) -> _Target:
    arn: str = request["ResourceArn"]
    path = arn.split(":", 5)[-1].split("/")
    if not arn.startswith("arn:") or path[0] != "table" or len(path) not in (2, 4):
        raise ValidationException(f"Invalid ResourceArn: {arn}")
    if len(path) == 4 and path[2] != "stream":
        raise ValidationException(
            "One or more parameter values were invalid: Invalid resource arn provided, "
            f"only table or stream is accepted. Provided resource arn: {arn}"
        )
    return _Target(arn, table_id(ctx, arn), path[3] if len(path) == 4 else "")


def _holder(table: Table | None, target: _Target) -> Table | Stream:
    """Where the policy is kept. Raises ResourceNotFoundException."""
    if table is None:
        raise not_found(target.table[2])
    if not target.stream:
        return table
    if table.stream is None or table.stream.label != target.stream:
        raise not_found(target.table[2])
    return table.stream


def _missing(target: _Target) -> PolicyNotFoundException:
    return PolicyNotFoundException(
        f"Resource-based policy not found for the provided ResourceArn: {target.arn}"
    )


def _check_revision(target: _Target, holder: Table | Stream, expected: str | None) -> None:
    if expected is None:
        return
    there = holder.policy_revision if holder.policy else _NO_POLICY
    if expected == there:
        return
    if there == _NO_POLICY:
        raise _missing(target)
    name = target.table[2]
    found = (
        f"Requested policy update expecting none to be present for table {name}, but a policy "
        f"exists with revision id {there}."
        if expected == _NO_POLICY
        else f"Requested update for policy with revision id {expected}, but the policy associated "
        f"to target table {name} has revision id {there}."
    )
    raise PolicyNotFoundException(
        f"Resource-based policy not found for the provided ResourceArn: {found}"
    )


@operation("PutResourcePolicy", resource=_resource_arn)
async def put_resource_policy(ctx: Context, request: Request) -> Result:
    """Attach a policy to a table or its stream, or replace the one that is there."""
    validation.check(request, (validation.required("ResourceArn"), validation.required("Policy")))
    target, text = _target(ctx, request), request["Policy"]
    check_policy(text)
    now = ctx.clock.now()

    def body(tx: Transaction) -> str:
        table = store.load_table(tx, target.table)
        holder = _holder(table, target)
        _check_revision(target, holder, request.get("ExpectedRevisionId"))
        assert table is not None
        if holder.policy != text:
            holder.policy = text
            last = int(holder.policy_revision or 0)
            holder.policy_revision = str(max(int(now * 1000), last + 1))
            store.save_table(tx, table)
        return holder.policy_revision

    with ctx.component(Tables).changing(target.table):
        return {"RevisionId": await ctx.store.transact(body)}


@operation("GetResourcePolicy", resource=_resource_arn)
async def get_resource_policy(ctx: Context, request: Request) -> Result:
    """The policy of a table or of its stream."""
    validation.check(request, (validation.required("ResourceArn"),))
    target = _target(ctx, request)
    tables = ctx.component(Tables)

    def body(view: Snapshot) -> Table | Stream:
        return _holder(tables.find(view, target.table), target)

    holder = await ctx.store.read(body)
    if not holder.policy:
        raise _missing(target)
    return {"Policy": holder.policy, "RevisionId": holder.policy_revision}


@operation("DeleteResourcePolicy", resource=_resource_arn)
async def delete_resource_policy(ctx: Context, request: Request) -> Result:
    """Remove the policy, if there is one."""
    validation.check(request, (validation.required("ResourceArn"),))
    target = _target(ctx, request)

    def body(tx: Transaction) -> str | None:
        table = store.load_table(tx, target.table)
        holder = _holder(table, target)
        _check_revision(target, holder, request.get("ExpectedRevisionId"))
        assert table is not None
        if not holder.policy:
            return None
        holder.policy = None
        store.save_table(tx, table)
        return holder.policy_revision

    with ctx.component(Tables).changing(target.table):
        return {"RevisionId": await ctx.store.transact(body)}


async def policy_of(ctx: Context, arn: str) -> Mapping[str, object] | None:
    """The policy that decides about an ARN: a table's also decides about its indexes."""
    path = arn.split(":", 5)[-1].split("/")
    if path[0] != "table" or len(path) < 2:
        return None
    where = table_id(ctx, arn)
    table = await ctx.store.read(lambda view: ctx.component(Tables).find(view, where))
    if table is None or not table.policy:
        return None
    return msgspec.json.decode(table.policy, type=dict[str, object])
