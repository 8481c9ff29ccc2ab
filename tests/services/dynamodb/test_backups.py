"""On-demand backups and point-in-time recovery through boto3."""

import time

import pytest
from botocore.exceptions import ClientError

INDEXED = {
    "AttributeDefinitions": [
        {"AttributeName": "p", "AttributeType": "S"},
        {"AttributeName": "g", "AttributeType": "S"},
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by-g", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
}  # fmt: skip


def item(name, **more):
    return {"p": {"S": name}, "g": {"S": "x"}, **more}


@pytest.fixture
def put(dynamodb):
    return lambda table, *items: [dynamodb.put_item(TableName=table, Item=i) for i in items]


@pytest.fixture
def available(dynamodb, until):
    """Wait for a backup."""

    def wait(arn):
        def described():
            found = dynamodb.describe_backup(BackupArn=arn)["BackupDescription"]
            return found if found["BackupDetails"]["BackupStatus"] == "AVAILABLE" else None

        return until(described)

    return wait


@pytest.fixture
def active(dynamodb, until):
    """Wait for a table."""

    def wait(name):
        def described():
            found = dynamodb.describe_table(TableName=name)["Table"]
            return found if found["TableStatus"] == "ACTIVE" else None

        return until(described)

    return wait


def recovery(dynamodb, name, on=True):
    return dynamodb.update_continuous_backups(
        TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": on}
    )["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]


def test_a_backup_outlives_its_table(dynamodb, create, put, available, active, contents):
    made = create(**INDEXED)
    name = made["TableName"]
    put(name, item("a"), item("b"))
    details = dynamodb.create_backup(TableName=name, BackupName="first")["BackupDetails"]
    assert details["BackupStatus"] == "CREATING"
    assert details["BackupType"] == "USER"
    assert details["BackupArn"].startswith(made["TableArn"] + "/backup/")
    put(name, item("c"), item("a", changed={"BOOL": True}))
    described = available(details["BackupArn"])
    source = described["SourceTableDetails"]
    assert (source["TableName"], source["ItemCount"]) == (name, 2)
    assert source["BillingMode"] == "PAY_PER_REQUEST"
    features = described["SourceTableFeatureDetails"]
    assert [i["IndexName"] for i in features["GlobalSecondaryIndexes"]] == ["by-g"]
    dynamodb.delete_table(TableName=name)
    restored = dynamodb.restore_table_from_backup(
        TargetTableName="restored", BackupArn=details["BackupArn"]
    )["TableDescription"]
    assert restored["TableStatus"] == "CREATING"
    assert restored["RestoreSummary"]["RestoreInProgress"] is True
    table = active("restored")
    assert table["RestoreSummary"]["SourceBackupArn"] == details["BackupArn"]
    assert table["RestoreSummary"]["RestoreInProgress"] is False
    assert contents("restored") == {"a": item("a"), "b": item("b")}
    assert set(contents("restored", IndexName="by-g")) == {"a", "b"}
    put("restored", item("d"))
    deleted = dynamodb.delete_backup(BackupArn=details["BackupArn"])["BackupDescription"]
    assert deleted["BackupDetails"]["BackupStatus"] == "DELETED"
    with pytest.raises(ClientError) as caught:
        dynamodb.describe_backup(BackupArn=details["BackupArn"])
    assert caught.value.response["Error"] == {
        "Code": "BackupNotFoundException",
        "Message": f"Backup not found: {details['BackupArn']}",
    }


def test_a_backup_shows_one_moment_while_writes_go_on(
    dynamodb, create, available, active, contents
):
    name = create()["TableName"]
    table = [{"PutRequest": {"Item": {"p": {"S": f"{n:04d}"}, "v": {"N": "0"}}}}
             for n in range(1000)]  # fmt: skip
    for start in range(0, 1000, 25):
        dynamodb.batch_write_item(RequestItems={name: table[start : start + 25]})
    arn = dynamodb.create_backup(TableName=name, BackupName="busy")["BackupDetails"]["BackupArn"]
    for start in range(0, 1000, 100):
        batch = [{"PutRequest": {"Item": {"p": {"S": f"{n:04d}"}, "v": {"N": "1"}}}}
                 for n in range(start, start + 20)]  # fmt: skip
        batch += [{"DeleteRequest": {"Key": {"p": {"S": f"{start + 50 + n:04d}"}}}}
                  for n in range(5)]  # fmt: skip
        dynamodb.batch_write_item(RequestItems={name: batch})
        dynamodb.put_item(TableName=name, Item={"p": {"S": f"new{start}"}, "v": {"N": "1"}})
    available(arn)
    dynamodb.restore_table_from_backup(TargetTableName="then", BackupArn=arn)
    active("then")
    found = contents("then")
    assert len(found) == 1000
    assert {each["v"]["N"] for each in found.values()} == {"0"}
    # The history that was kept for the copy is gone, and with it its cost.
    put = dynamodb.put_item(TableName=name, Item={"p": {"S": "after"}})
    assert put["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_lists_of_backups(dynamodb, create, available):
    names = [create()["TableName"] for _ in range(2)]
    arns = [
        dynamodb.create_backup(TableName=name, BackupName=f"backup-{n}")["BackupDetails"][
            "BackupArn"
        ]
        for n, name in enumerate([*names, names[1]])
    ]
    for arn in arns:
        available(arn)
    page = dynamodb.list_backups(Limit=2)
    rest = dynamodb.list_backups(ExclusiveStartBackupArn=page["LastEvaluatedBackupArn"])
    listed = [s["BackupArn"] for s in page["BackupSummaries"] + rest["BackupSummaries"]]
    assert listed == arns
    assert "LastEvaluatedBackupArn" not in rest
    of_one = dynamodb.list_backups(TableName=names[1])["BackupSummaries"]
    assert [s["BackupName"] for s in of_one] == ["backup-1", "backup-2"]
    assert dynamodb.list_backups(BackupType="SYSTEM")["BackupSummaries"] == []
    assert dynamodb.list_backups(TimeRangeUpperBound=1000)["BackupSummaries"] == []


def test_restores_may_change_billing_and_leave_indexes_out(
    dynamodb, create, put, available, active, contents
):
    name = create(**INDEXED)["TableName"]
    put(name, item("a"))
    arn = dynamodb.create_backup(TableName=name, BackupName="all")["BackupDetails"]["BackupArn"]
    available(arn)
    dynamodb.restore_table_from_backup(
        TargetTableName="lean", BackupArn=arn, GlobalSecondaryIndexOverride=[],
        BillingModeOverride="PROVISIONED",
        ProvisionedThroughputOverride={"ReadCapacityUnits": 3, "WriteCapacityUnits": 4},
    )  # fmt: skip
    table = active("lean")
    assert "GlobalSecondaryIndexes" not in table
    assert table["AttributeDefinitions"] == [{"AttributeName": "p", "AttributeType": "S"}]
    assert table["ProvisionedThroughput"]["WriteCapacityUnits"] == 4
    assert set(contents("lean")) == {"a"}
    with pytest.raises(ClientError, match="TableAlreadyExistsException"):
        dynamodb.restore_table_from_backup(TargetTableName="lean", BackupArn=arn)


def test_a_table_restored_to_several_moments(dynamodb, create, put, active, contents):
    name = create(**INDEXED)["TableName"]
    put(name, item("before"))
    assert recovery(dynamodb, name)["PointInTimeRecoveryStatus"] == "ENABLED"
    expected, moments = [], []
    for change in (
        lambda: put(name, item("a"), item("b")),
        lambda: put(name, item("a", v={"N": "2"}), item("a", v={"N": "3"})),
        lambda: dynamodb.delete_item(TableName=name, Key={"p": {"S": "before"}}),
    ):
        change()
        expected.append(contents(name))
        time.sleep(1.1)
        moments.append(int(time.time()))
    dynamodb.delete_item(TableName=name, Key={"p": {"S": "b"}})
    for number, moment in enumerate(moments):
        dynamodb.restore_table_to_point_in_time(
            SourceTableName=name, TargetTableName=f"at-{number}", RestoreDateTime=moment
        )
    made = dynamodb.restore_table_to_point_in_time(
        SourceTableName=name, TargetTableName="latest", UseLatestRestorableTime=True
    )["TableDescription"]
    assert made["RestoreSummary"]["SourceTableArn"].endswith(f"table/{name}")
    for number, items in enumerate(expected):
        active(f"at-{number}")
        assert contents(f"at-{number}") == items
        assert contents(f"at-{number}", IndexName="by-g") == items
    active("latest")
    assert contents("latest") == contents(name)


def test_what_cannot_be_restored(dynamodb, create):
    name = create()["TableName"]
    latest = {"TargetTableName": "target", "UseLatestRestorableTime": True}
    with pytest.raises(ClientError, match="PointInTimeRecoveryUnavailableException"):
        dynamodb.restore_table_to_point_in_time(SourceTableName=name, **latest)
    with pytest.raises(ClientError, match="TableNotFoundException"):
        dynamodb.restore_table_to_point_in_time(SourceTableName="nowhere", **latest)
    recovery(dynamodb, name)
    for moment in (1000, int(time.time()) + 1000):
        with pytest.raises(ClientError, match="InvalidRestoreTimeException"):
            dynamodb.restore_table_to_point_in_time(
                SourceTableName=name, TargetTableName="target", RestoreDateTime=moment
            )
    with pytest.raises(ClientError, match="TableNotFoundException"):
        dynamodb.create_backup(TableName="nowhere", BackupName="none")
    assert recovery(dynamodb, name, on=False) == {"PointInTimeRecoveryStatus": "DISABLED"}
    with pytest.raises(ClientError, match="PointInTimeRecoveryUnavailableException"):
        dynamodb.restore_table_to_point_in_time(SourceTableName=name, **latest)


def test_a_deleted_table_with_recovery_leaves_a_backup(dynamodb, create, put, active, contents):
    name = create()["TableName"]
    recovery(dynamodb, name)
    put(name, item("a"))
    dynamodb.delete_table(TableName=name)
    (found,) = dynamodb.list_backups(BackupType="SYSTEM")["BackupSummaries"]
    assert found["BackupName"] == f"{name}$DeletedTableBackup"
    assert found["BackupExpiryDateTime"] > found["BackupCreationDateTime"]
    dynamodb.restore_table_from_backup(TargetTableName=name, BackupArn=found["BackupArn"])
    active(name)
    assert contents(name) == {"a": item("a")}


def test_copies_go_on_after_a_crash(start, until):
    server = start()
    dynamodb = server.client("dynamodb")
    dynamodb.create_table(
        TableName="table", BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}],
    )  # fmt: skip
    for start_at in range(0, 1000, 25):
        batch = [{"PutRequest": {"Item": {"p": {"S": str(n)}}}}
                 for n in range(start_at, start_at + 25)]  # fmt: skip
        dynamodb.batch_write_item(RequestItems={"table": batch})
    details = dynamodb.create_backup(TableName="table", BackupName="one")["BackupDetails"]
    server.kill()
    dynamodb = start().client("dynamodb")

    def done():
        found = dynamodb.describe_backup(BackupArn=details["BackupArn"])["BackupDescription"]
        return found["BackupDetails"]["BackupStatus"] == "AVAILABLE" and found

    assert until(done)["SourceTableDetails"]["ItemCount"] == 1000
