"""Backups as operations show them."""

from typing import Any

from airside.kernel.context import Context
from airside.kernel.store import Transaction
from airside.services.dynamodb import store
from airside.services.dynamodb.description import describe
from airside.services.dynamodb.table import Table

DELETED_SECONDS = 35 * 86400.0
"""How long a backup of a table is kept that was made because the table was deleted."""

BackupId = tuple[str, str, str, str]
"""Account, region, table, label."""


def arn_of(backup: BackupId) -> str:
    """A backup's ARN."""
    account_id, region, table, label = backup
    return f"arn:aws:dynamodb:{region}:{account_id}:table/{table}/backup/{label}"


def id_of(arn: str) -> BackupId | None:
    """The backup that an ARN names, if it is one of a backup."""
    parts = arn.split(":", 5)
    path = parts[5].split("/") if len(parts) == 6 else []
    if len(path) != 4 or parts[2] != "dynamodb" or path[0] != "table" or path[2] != "backup":
        return None
    return parts[4], parts[3], path[1], path[3]


def label_of(ctx: Context, now: float) -> str:
    """A label for a new backup."""
    return f"{int(now * 1000):014d}-{ctx.ids.random_bytes(4).hex()}"


def keep_deleted(tx: Transaction, table: Table, label: str, now: float) -> None:
    """Turn the items of a table that is being deleted into a backup; AWS does so by itself."""
    document = {
        "name": f"{table.name}$DeletedTableBackup", "type": "SYSTEM", "status": "AVAILABLE",
        "created_at": now, "number": table.number, "items": 0, "bytes": 0,
        "expires_at": now + DELETED_SECONDS, "table": store.encode_table(table),
    }  # fmt: skip
    where = table.account_id, table.region, table.name, label
    store.put_document(tx, document, *store.backup_name(where))


def details(backup: BackupId, document: dict[str, Any]) -> dict[str, Any]:
    """BackupDetails."""
    return {
        "BackupArn": arn_of(backup),
        "BackupName": document["name"],
        "BackupSizeBytes": document["bytes"],
        "BackupStatus": document["status"],
        "BackupType": document["type"],
        "BackupCreationDateTime": document["created_at"],
        "BackupExpiryDateTime": document["expires_at"],
    }


def summary(backup: BackupId, document: dict[str, Any]) -> dict[str, Any]:
    """BackupSummary."""
    table = store.decode_table(document["table"])
    source = {"TableName": table.name, "TableId": table.id, "TableArn": table.arn}
    return {**source, **details(backup, document)}


def source_details(document: dict[str, Any]) -> dict[str, Any]:
    """SourceTableDetails and SourceTableFeatureDetails."""
    table = store.decode_table(document["table"])
    described = describe(table)
    return {
        "SourceTableDetails": {
            "TableName": table.name,
            "TableId": table.id,
            "TableArn": table.arn,
            "TableSizeBytes": document["bytes"],
            "KeySchema": described["KeySchema"],
            "TableCreationDateTime": table.created_at,
            "ProvisionedThroughput": _units(described["ProvisionedThroughput"]),
            "OnDemandThroughput": table.throughput_max,
            "ItemCount": document["items"],
            "BillingMode": "PAY_PER_REQUEST" if table.on_demand else "PROVISIONED",
        },
        "SourceTableFeatureDetails": _features(table, described),
    }


def _units(described: dict[str, Any]) -> dict[str, Any]:
    return {name: described[name] for name in ("ReadCapacityUnits", "WriteCapacityUnits")}


def _features(table: Table, described: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for kind in ("LocalSecondaryIndexes", "GlobalSecondaryIndexes"):
        found[kind] = [_index(index) for index in described[kind] or ()] or None
    found["StreamDescription"] = described.get("StreamSpecification")
    found["SSEDescription"] = described["SSEDescription"]
    if table.ttl is not None and table.ttl.enabled:
        found["TimeToLiveDescription"] = {
            "TimeToLiveStatus": "ENABLED",
            "AttributeName": table.ttl.attribute,
        }
    return found


def _index(described: dict[str, Any]) -> dict[str, Any]:
    found = {name: described[name] for name in ("IndexName", "KeySchema", "Projection")}
    if "ProvisionedThroughput" in described:
        found["ProvisionedThroughput"] = _units(described["ProvisionedThroughput"])
        found["OnDemandThroughput"] = described["OnDemandThroughput"]
    return found
