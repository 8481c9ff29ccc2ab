"""Tables while they are being changed: what may be done to them, and what may not."""

import pytest

from airside.services.dynamodb.copying import Copying
from airside.services.dynamodb.errors import (
    LimitExceededException,
    ResourceInUseException,
    ResourceNotFoundException,
    ValidationException,
)
from airside.services.dynamodb.upkeep import Upkeep

TABLE = {
    "TableName": "table", "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}],
}  # fmt: skip


def creation(name):
    return {
        "AttributeDefinitions": [
            {"AttributeName": "p", "AttributeType": "S"},
            {"AttributeName": "g", "AttributeType": "S"},
        ],
        "GlobalSecondaryIndexUpdates": [
            {
                "Create": {
                    "IndexName": name, "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "ALL"},
                }
            }
        ],
    }  # fmt: skip


@pytest.fixture
async def idle(desk):
    """A desk whose upkeep works only when it is told to."""
    await desk.cloud.component(Upkeep).stop()
    return desk


async def index(desk):
    table = (await desk("DescribeTable", TableName="table"))["Table"]
    return (table["GlobalSecondaryIndexes"] or [None])[0]


async def test_an_index_that_is_being_filled(idle):
    await idle("CreateTable", **TABLE)
    await idle("PutItem", TableName="table", Item={"p": {"S": "a"}, "g": {"S": "x"}})
    await idle("UpdateTable", TableName="table", **creation("by-g"))
    assert (await index(idle))["IndexStatus"] == "CREATING"
    assert (await index(idle))["Backfilling"] is True
    with pytest.raises(ValidationException, match="Cannot read from backfilling global secondary"):
        await idle("Scan", TableName="table", IndexName="by-g")
    with pytest.raises(LimitExceededException, match="Only 1 online index can be created or"):
        await idle("UpdateTable", TableName="table", **creation("other"))
    await idle("PutItem", TableName="table", Item={"p": {"S": "b"}, "g": {"S": "x"}})
    await idle("DeleteItem", TableName="table", Key={"p": {"S": "a"}})
    await idle.cloud.component(Upkeep).work()
    assert (await index(idle))["IndexStatus"] == "ACTIVE"
    found = await idle("Scan", TableName="table", IndexName="by-g")
    assert found["Count"] == 1


async def test_an_index_may_be_dropped_before_it_is_full(idle):
    await idle("CreateTable", **TABLE)
    await idle("PutItem", TableName="table", Item={"p": {"S": "a"}, "g": {"S": "x"}})
    await idle("UpdateTable", TableName="table", **creation("by-g"))
    made = await idle(
        "UpdateTable", TableName="table",
        GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by-g"}}],
    )  # fmt: skip
    (dropped,) = made["TableDescription"]["GlobalSecondaryIndexes"]
    assert (dropped["IndexName"], dropped["IndexStatus"]) == ("by-g", "DELETING")
    assert dropped["Projection"] == {"ProjectionType": "ALL"}  # described in full, as on AWS
    await idle.cloud.component(Upkeep).work()
    assert await index(idle) is None
    await idle("UpdateTable", TableName="table", **creation("by-g"))
    await idle.cloud.component(Upkeep).work()
    assert (await idle("Scan", TableName="table", IndexName="by-g"))["Count"] == 1
    left = await idle.cloud.store.read(lambda view: list(view.scan(b"", b"\xff")))
    assert sum(b"backfill" in key or b"garbage" in key for key, _ in left) == 0


async def test_a_table_that_is_being_restored_is_not_there_yet(desk):
    await desk("CreateTable", **TABLE)
    await desk("PutItem", TableName="table", Item={"p": {"S": "a"}})
    made = await desk("CreateBackup", TableName="table", BackupName="backup")
    await desk.cloud.component(Copying).work()
    await desk.cloud.component(Copying).stop()
    arn = made["BackupDetails"]["BackupArn"]
    await desk("RestoreTableFromBackup", TargetTableName="target", BackupArn=arn)
    with pytest.raises(ResourceNotFoundException):
        await desk("GetItem", TableName="target", Key={"p": {"S": "a"}})
    with pytest.raises(ResourceInUseException, match="Table is being created: target"):
        await desk("DeleteTable", TableName="target")
    with pytest.raises(ResourceInUseException, match="Table is being created: target"):
        await desk("UpdateTable", TableName="target", DeletionProtectionEnabled=True)
    await desk.cloud.component(Copying).work()
    assert (await desk("GetItem", TableName="target", Key={"p": {"S": "a"}}))["Item"]
    await desk("DeleteTable", TableName="target")


async def test_protection(desk):
    await desk("CreateTable", **TABLE, DeletionProtectionEnabled=True)
    with pytest.raises(ValidationException, match="Resource cannot be deleted as it is currently"):
        await desk("DeleteTable", TableName="table")
    await desk("UpdateTable", TableName="table", DeletionProtectionEnabled=False)
    await desk("DeleteTable", TableName="table")


async def test_decreases_of_a_day(desk):
    def units(count):
        return {"ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": count}}

    await desk("CreateTable", **{**TABLE, "BillingMode": "PROVISIONED", **units(9)})
    for count in (8, 7, 6, 5):
        await desk("UpdateTable", TableName="table", **units(count))
    with pytest.raises(LimitExceededException, match="Number of decreases today: 4"):
        await desk("UpdateTable", TableName="table", **units(4))
    await desk("UpdateTable", TableName="table", **units(6))
    desk.clock.advance(86400)
    made = await desk("UpdateTable", TableName="table", **units(4))
    described = made["TableDescription"]["ProvisionedThroughput"]
    assert described["NumberOfDecreasesToday"] == 1
