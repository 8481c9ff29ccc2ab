"""Creating, describing, listing and deleting tables."""

import msgspec

from airside.kernel.context import Context
from airside.kernel.operation import Request, Result, operation
from airside.kernel.store import Snapshot, Transaction
from airside.services.dynamodb import (
    backup,
    changes,
    definition,
    store,
    streaming,
    tagging,
    validation,
)
from airside.services.dynamodb.arns import account_arn, table_arn
from airside.services.dynamodb.changes import Changes
from airside.services.dynamodb.description import describe
from airside.services.dynamodb.errors import (
    ResourceInUseException,
    ResourceNotFoundException,
    ValidationException,
)
from airside.services.dynamodb.policy import check_policy
from airside.services.dynamodb.store import TableId, Tables, table_id
from airside.services.dynamodb.table import Table
from airside.services.dynamodb.upkeep import Upkeep
from airside.services.dynamodb.validation import Problems

_INVALID = "One or more parameter values were invalid: "
BILLING_MODES = ("PROVISIONED", "PAY_PER_REQUEST")
_NOT_OF_DELETED = (
    "AttributeDefinitions", "KeySchema", "CreationDateTime", "LocalSecondaryIndexes",
    "GlobalSecondaryIndexes",
)  # fmt: skip
TABLE_CLASSES = ("STANDARD", "STANDARD_INFREQUENT_ACCESS")

CREATE_RULES = (
    validation.name_of_length("TableName", 3),
    validation.required("AttributeDefinitions"),
    definition.attribute_definitions,
    validation.enum("BillingMode", BILLING_MODES),
    definition.throughput,
    definition.key_schema,
    definition.indexes("LocalSecondaryIndexes"),
    definition.indexes("GlobalSecondaryIndexes"),
    validation.enum("TableClass", TABLE_CLASSES),
)


@operation("CreateTable", resource=table_arn)
async def create_table(ctx: Context, request: Request) -> Result:
    """Create a table; it is usable at once, unless `changes` has it wait."""
    require_table_name(request)
    validation.check(request, CREATE_RULES)
    if request.get("ResourcePolicy") is not None:
        check_policy(request["ResourcePolicy"])
    where = table_id(ctx, request["TableName"])
    now = ctx.clock.now()
    made = new_table(ctx, request, now)

    def body(tx: Transaction) -> Table:
        table = msgspec.structs.replace(made, number=add_number(tx, where))
        streaming.configure(tx, table, request.get("StreamSpecification"), now)
        changes.begin(ctx, tx, table, "CREATING", now)
        store.save_table(tx, table)
        return table

    with ctx.component(Tables).changing(where):
        table = await ctx.store.transact(body)
    ctx.component(Changes).wake()
    description = describe(msgspec.structs.replace(table, status="CREATING"))
    for index in description["GlobalSecondaryIndexes"] or ():
        index["IndexStatus"] = "CREATING"
    return {"TableDescription": description}


def new_table(ctx: Context, request: Request, now: float) -> Table:
    """The table that a definition describes, without its number. Raises ValidationException."""
    throughput = definition.table_throughput(request)
    on_demand = request.get("BillingMode") == "PAY_PER_REQUEST"
    schema, types = definition.table_schema(request)
    indexes = definition.table_indexes(request, schema, types, on_demand=on_demand)
    streaming.check_specification(request.get("StreamSpecification"))
    tags = tagging.tags_of(request.get("Tags") or ())
    account_id, region, name = table_id(ctx, request["TableName"])
    return Table(
        name, account_id, region, 0, ctx.ids.uuid(), now,
        schema, types, indexes, len(indexes), on_demand, throughput,
        protected=bool(request.get("DeletionProtectionEnabled", False)),
        table_class=request.get("TableClass"),
        throughput_max=request.get("OnDemandThroughput"),
        warm=request.get("WarmThroughput"),
        billing_changed_at=now if on_demand else None,
        sse=encryption(ctx, request.get("SSESpecification")),
        policy=request.get("ResourcePolicy"),
        policy_revision=str(int(now * 1000)) if request.get("ResourcePolicy") else "",
        tags=tags,
    )  # fmt: skip


def add_number(tx: Transaction, where: TableId) -> int:
    """The number of a new table. Raises ResourceInUseException when the name is taken."""
    if store.load_table(tx, where) is not None:
        raise ResourceInUseException(f"Table already exists: {where[2]}")
    return store.next_number(tx, "table")


def require_table_name(request: Request) -> None:
    """The control plane has words of its own for a missing name."""
    if request.get("TableName") is None:
        raise ValidationException(
            "The parameter 'TableName' is required but was not present in the request"
        )


def encryption(ctx: Context, given: Request | None) -> dict[str, str] | None:
    """SSESpecification to SSEDescription. Everything lies on one disk; the key is a name only."""
    if not given or not given.get("Enabled"):
        return None
    key = given.get("KMSMasterKeyId") or "alias/aws/dynamodb"
    arn = key if key.startswith("arn:") else ctx.arn(f"key/{key}", "kms")
    return {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": arn}


@operation("DescribeTable", resource=table_arn)
async def describe_table(ctx: Context, request: Request) -> Result:
    """A table's definition, state and size."""
    table = await find_table(ctx, request)
    return {"Table": await described(ctx, table)}


async def described(ctx: Context, table: Table) -> dict[str, object]:
    """A table's description with the number and the size of its items."""
    upkeep = ctx.component(Upkeep)
    items, size = await upkeep.count(table, 0)
    description = describe(table, items=items, size=size)
    for kind in ("LocalSecondaryIndexes", "GlobalSecondaryIndexes"):
        for index in description[kind] or ():
            number = table.by_name[index["IndexName"]].number
            index["ItemCount"], index["IndexSizeBytes"] = await upkeep.count(table, number)
    return description


async def find_table(ctx: Context, request: Request) -> Table:
    """The table that a control operation names. Raises ResourceNotFoundException."""
    require_table_name(request)
    validation.check(request, (validation.name_of_length("TableName", 1),))
    where = table_id(ctx, request["TableName"])
    tables = ctx.component(Tables)

    def body(view: Snapshot) -> Table | None:
        return tables.find(view, where)

    table = await ctx.store.read(body)
    if table is None:
        raise not_found(where[2])
    return table


def not_found(name: str) -> ResourceNotFoundException:
    """The control plane names what is missing."""
    return ResourceNotFoundException(f"Requested resource not found: Table: {name} not found")


@operation("ListTables", resource=account_arn)
async def list_tables(ctx: Context, request: Request) -> Result:
    """Names of tables, in order."""
    problems = Problems()
    validation.at_least("Limit", 1)(request, problems)
    validation.at_most("Limit", 100)(request, problems)
    start = request.get("ExclusiveStartTableName")
    if start is not None:
        validation.check_name(problems, "exclusiveStartTableName", start, 3)
    problems.raise_all()
    limit = request.get("Limit", 100)
    names = await ctx.store.read(
        lambda view: store.table_names(view, ctx.account_id, ctx.region, start, limit + 1)
    )
    result: Result = {"TableNames": names[:limit]}
    if len(names) > limit:
        result["LastEvaluatedTableName"] = names[limit - 1]
    return result


@operation("DeleteTable", resource=table_arn)
async def delete_table(ctx: Context, request: Request) -> Result:
    """Delete a table with its items.

    The name is free at once, unless `changes` has it wait; space is given back later.
    """
    require_table_name(request)
    validation.check(request, (validation.name_of_length("TableName", 1),))
    where = table_id(ctx, request["TableName"])
    now = ctx.clock.now()
    label = backup.label_of(ctx, now)

    def body(tx: Transaction) -> Table:
        table = store.load_table(tx, where)
        if table is None:
            raise not_found(where[2])
        if table.protected:
            raise ValidationException(
                "Resource cannot be deleted as it is currently protected against deletion. "
                "Disable deletion protection first."
            )
        changes.check_changeable(table)
        if changes.begin(ctx, tx, table, "DELETING", now):
            store.save_table(tx, table)
        else:
            changes.drop(tx, table, label, now)
        return table

    with ctx.component(Tables).changing(where):
        table = await ctx.store.transact(body)
    ctx.component(Upkeep).wake()
    ctx.component(Changes).wake()
    table.status = "DELETING"
    description = describe(table)
    for member in _NOT_OF_DELETED:
        del description[member]
    return {"TableDescription": description}
