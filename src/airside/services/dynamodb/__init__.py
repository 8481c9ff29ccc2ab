"""DynamoDB: tables, items, indexes, expressions, transactions."""

from airside.kernel.service import Service
from airside.services.dynamodb import (
    account,
    backups,
    batches,
    errors,
    exports,
    imports,
    insights,
    items,
    lifetimes,
    policies,
    queries,
    recovery,
    table_updates,
    tables,
    tagging,
    transactions,
)
from airside.services.dynamodb.changes import Changes
from airside.services.dynamodb.conflicts import Conflicts
from airside.services.dynamodb.copying import Copying
from airside.services.dynamodb.exporting import Exporting
from airside.services.dynamodb.importing import Importing
from airside.services.dynamodb.partiql import batches as partiql_batches
from airside.services.dynamodb.partiql import statements
from airside.services.dynamodb.partiql import transactions as partiql_transactions
from airside.services.dynamodb.resources import GlobalTable, Table
from airside.services.dynamodb.retention import Retention
from airside.services.dynamodb.store import Tables
from airside.services.dynamodb.streaming import Announcer
from airside.services.dynamodb.sweeping import Sweeping
from airside.services.dynamodb.upkeep import Upkeep

SERVICE = Service(
    "dynamodb",
    modules=[
        account,
        insights,
        backups,
        recovery,
        exports,
        imports,
        policies,
        tables,
        table_updates,
        tagging,
        lifetimes,
        items,
        queries,
        batches,
        transactions,
        statements,
        partiql_batches,
        partiql_transactions,
    ],
    errors=errors,
    components=[
        Conflicts,
        Tables,
        Announcer,
        Upkeep,
        Changes,
        Copying,
        Exporting,
        Importing,
        Sweeping,
        Retention,
    ],
    resources=[Table, GlobalTable],
    policy=policies.policy_of,
)
