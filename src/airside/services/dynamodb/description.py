"""Tables as DescribeTable and its relatives show them."""

from typing import Any

from airside.services.dynamodb.table import Index, KeySchema, Stream, Table, Throughput


def describe(table: Table, *, items: int = 0, size: int = 0) -> dict[str, Any]:
    """A TableDescription."""
    result: dict[str, Any] = {
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": kind} for name, kind in table.types.items()
        ],
        "TableName": table.name,
        "KeySchema": _key_schema(table.schema),
        "TableStatus": table.status,
        "CreationDateTime": table.created_at,
        "ProvisionedThroughput": _throughput(table.throughput),
        "TableSizeBytes": size,
        "ItemCount": items,
        "TableArn": table.arn,
        "TableId": table.id,
        "DeletionProtectionEnabled": table.protected,
        "WarmThroughput": _warm(table, table),
        "LocalSecondaryIndexes": [_index(table, index) for index in table.local] or None,
        "GlobalSecondaryIndexes": [
            _index(table, index) for index in table.indexes if index.is_global
        ] or None,
        "SSEDescription": table.sse,
        "OnDemandThroughput": table.throughput_max,
        "RestoreSummary": table.restored,
    }  # fmt: skip
    if table.on_demand or table.billing_changed_at is not None:
        mode = "PAY_PER_REQUEST" if table.on_demand else "PROVISIONED"
        changed = table.billing_changed_at if table.status != "CREATING" else None
        result["BillingModeSummary"] = {
            "BillingMode": mode,
            "LastUpdateToPayPerRequestDateTime": changed,
        }
    if table.table_class is not None:
        result["TableClassSummary"] = {
            "TableClass": table.table_class,
            "LastUpdateDateTime": table.class_changed_at,
        }
    if table.stream is not None:
        result["LatestStreamLabel"] = table.stream.label
        result["LatestStreamArn"] = stream_arn(table, table.stream)
        if table.stream.enabled:
            result["StreamSpecification"] = {
                "StreamEnabled": True,
                "StreamViewType": table.stream.view,
            }
    return result


def stream_arn(table: Table, stream: Stream) -> str:
    """A stream's ARN."""
    return f"{table.arn}/stream/{stream.label}"


def _key_schema(schema: KeySchema) -> list[dict[str, str]]:
    return [{"AttributeName": name, "KeyType": "HASH"} for name in schema.partition] + [
        {"AttributeName": name, "KeyType": "RANGE"} for name in schema.sort
    ]


def _throughput(units: Throughput) -> dict[str, Any]:
    return {
        "LastIncreaseDateTime": units.increased_at,
        "LastDecreaseDateTime": units.decreased_at,
        "NumberOfDecreasesToday": units.decreases_today,
        "ReadCapacityUnits": units.read,
        "WriteCapacityUnits": units.write,
    }


def _warm(table: Table, owner: Table | Index) -> dict[str, Any] | None:
    """What a table or an index can take at once; a table that is being made is not warm yet."""
    if table.status == "CREATING":
        return None if owner.warm is None else {**owner.warm, "Status": "UPDATING"}
    if owner.warm is not None:
        return {**owner.warm, "Status": "ACTIVE"}
    units, on_demand = owner.throughput, table.on_demand
    return {
        "ReadUnitsPerSecond": 12000 if on_demand else units.read,
        "WriteUnitsPerSecond": 4000 if on_demand else units.write,
        "Status": "ACTIVE",
    }


def _index(table: Table, index: Index) -> dict[str, Any]:
    projection: dict[str, Any] = {"ProjectionType": index.projection}
    if index.projection == "INCLUDE":
        projection["NonKeyAttributes"] = list(index.included)
    result: dict[str, Any] = {
        "IndexName": index.name,
        "KeySchema": _key_schema(index.schema),
        "Projection": projection,
        "IndexSizeBytes": 0,
        "ItemCount": 0,
        "IndexArn": f"{table.arn}/index/{index.name}",
    }
    if index.is_global:
        result["IndexStatus"] = index.status
        result["ProvisionedThroughput"] = _throughput(index.throughput)
        result["WarmThroughput"] = _warm(table, index)
        result["OnDemandThroughput"] = index.on_demand
        if index.backfilling:
            result["Backfilling"] = True
    return result
