"""AWS::DynamoDB::Table through stacks: every property, changed in place and by replacement."""

import json

import pytest


@pytest.fixture
def dynamodb(aws):
    return aws("dynamodb")


def template(properties, kind="AWS::DynamoDB::Table"):
    return {
        "Resources": {"Table": {"Type": kind, "Properties": properties}},
        "Outputs": {
            "Name": {"Value": {"Ref": "Table"}},
            "Arn": {"Value": {"Fn::GetAtt": ["Table", "Arn"]}},
            **(
                {"Stream": {"Value": {"Fn::GetAtt": ["Table", "StreamArn"]}}}
                if "StreamSpecification" in properties
                else {}
            ),
        },
    }


def outputs(stack):
    return {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}


def index(name, key, **more):
    return {
        "IndexName": name, "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"}, **more,
    }  # fmt: skip


def definitions(*names):
    return [{"AttributeName": name, "AttributeType": "S"} for name in names]


KEYS = {"KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}]}
FULL = {
    **KEYS, "AttributeDefinitions": definitions("p", "a"), "BillingMode": "PAY_PER_REQUEST",
    "GlobalSecondaryIndexes": [index("by-a", "a")],
    "StreamSpecification": {"StreamViewType": "NEW_IMAGE"},
    "TimeToLiveSpecification": {"AttributeName": "until", "Enabled": "true"},
    "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
    "SSESpecification": {"SSEEnabled": True}, "TableClass": "STANDARD_INFREQUENT_ACCESS",
    "DeletionProtectionEnabled": "true", "Tags": [{"Key": "one", "Value": "1"}],
    "ResourcePolicy": {
        "PolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Deny", "Principal": "*", "Action": "dynamodb:DeleteTable",
                 "Resource": "*", "Condition": {"StringEquals": {"aws:username": "nobody"}}}
            ],
        }
    },
}  # fmt: skip


def test_every_property_arrives(stacks, dynamodb):
    made = outputs(stacks.create("tables", template(FULL)))
    name = made["Name"]
    assert name.startswith("tables-Table-")
    table = dynamodb.describe_table(TableName=name)["Table"]
    assert made["Arn"] == table["TableArn"]
    assert made["Stream"] == table["LatestStreamArn"]
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert table["StreamSpecification"]["StreamViewType"] == "NEW_IMAGE"
    assert table["SSEDescription"]["Status"] == "ENABLED"
    assert table["TableClassSummary"]["TableClass"] == "STANDARD_INFREQUENT_ACCESS"
    assert table["DeletionProtectionEnabled"] is True
    lifetime = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    assert lifetime == {"TimeToLiveStatus": "ENABLED", "AttributeName": "until"}
    backups = dynamodb.describe_continuous_backups(TableName=name)
    recovery = backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    assert recovery["PointInTimeRecoveryStatus"] == "ENABLED"
    policy = dynamodb.get_resource_policy(ResourceArn=made["Arn"])["Policy"]
    assert json.loads(policy) == FULL["ResourcePolicy"]["PolicyDocument"]
    tags = dynamodb.list_tags_of_resource(ResourceArn=made["Arn"])["Tags"]
    assert {"Key": "one", "Value": "1"} in tags


def test_changes_in_place(stacks, dynamodb):
    name = outputs(stacks.create("tables", template(FULL)))["Name"]
    dynamodb.put_item(
        TableName=name, Item={"p": {"S": "x"}, "b": {"S": "y"}, "c": {"S": "z"}, "a": {"S": "w"}}
    )
    changed = {
        **KEYS, "AttributeDefinitions": definitions("p", "b", "c"),
        "BillingMode": "PAY_PER_REQUEST",
        "GlobalSecondaryIndexes": [index("by-b", "b"), index("by-c", "c")],
        "StreamSpecification": {"StreamViewType": "KEYS_ONLY"},
        "TimeToLiveSpecification": {"AttributeName": "other", "Enabled": True},
        "Tags": [{"Key": "two", "Value": "2"}],
    }  # fmt: skip
    after = stacks.update("tables", template(changed))
    assert after["StackStatus"] == "UPDATE_COMPLETE", after
    assert outputs(after)["Name"] == name
    table = dynamodb.describe_table(TableName=name)["Table"]
    assert sorted(each["IndexName"] for each in table["GlobalSecondaryIndexes"]) == ["by-b", "by-c"]
    assert dynamodb.scan(TableName=name, IndexName="by-c")["Count"] == 1
    assert outputs(after)["Stream"] == table["LatestStreamArn"]
    assert table["StreamSpecification"]["StreamViewType"] == "KEYS_ONLY"
    assert "SSEDescription" not in table
    assert table["DeletionProtectionEnabled"] is False
    assert table["TableClassSummary"]["TableClass"] == "STANDARD"
    lifetime = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    assert lifetime["AttributeName"] == "other"
    backups = dynamodb.describe_continuous_backups(TableName=name)
    recovery = backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    assert recovery["PointInTimeRecoveryStatus"] == "DISABLED"
    with pytest.raises(dynamodb.exceptions.ClientError, match="PolicyNotFoundException"):
        dynamodb.get_resource_policy(ResourceArn=outputs(after)["Arn"])
    tags = {each["Key"] for each in dynamodb.list_tags_of_resource(
        ResourceArn=outputs(after)["Arn"])["Tags"]}  # fmt: skip
    assert "two" in tags
    assert "one" not in tags


def test_billing_changes_with_the_units_of_indexes(stacks, dynamodb):
    units = {"ProvisionedThroughput": {"ReadCapacityUnits": "2", "WriteCapacityUnits": "3"}}
    by_request = {
        **KEYS, "AttributeDefinitions": definitions("p", "a"), "BillingMode": "PAY_PER_REQUEST",
        "GlobalSecondaryIndexes": [index("by-a", "a")],
    }  # fmt: skip
    provisioned = {
        **KEYS, "AttributeDefinitions": definitions("p", "a"), **units,
        "GlobalSecondaryIndexes": [index("by-a", "a", **units)],
    }  # fmt: skip
    name = outputs(stacks.create("tables", template(by_request)))["Name"]
    for properties, wanted in ((provisioned, 3), (by_request, 0)):
        after = stacks.update("tables", template(properties))
        assert after["StackStatus"] == "UPDATE_COMPLETE", after
        table = dynamodb.describe_table(TableName=name)["Table"]
        assert table["ProvisionedThroughput"]["WriteCapacityUnits"] == wanted
        (found,) = table["GlobalSecondaryIndexes"]
        assert found["ProvisionedThroughput"]["WriteCapacityUnits"] == wanted


def test_other_keys_make_another_table(stacks, dynamodb):
    first = {**KEYS, "AttributeDefinitions": definitions("p"), "BillingMode": "PAY_PER_REQUEST"}
    name = outputs(stacks.create("tables", template(first)))["Name"]
    second = {
        **first, "AttributeDefinitions": definitions("q"),
        "KeySchema": [{"AttributeName": "q", "KeyType": "HASH"}],
    }  # fmt: skip
    after = stacks.update("tables", template(second))
    assert after["StackStatus"] == "UPDATE_COMPLETE", after
    assert outputs(after)["Name"] != name
    assert dynamodb.list_tables()["TableNames"] == [outputs(after)["Name"]]


def test_a_table_filled_from_a_bucket(stacks, aws, dynamodb, account):
    s3, bucket = aws("s3"), f"source-{account}"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="rows.csv", Body=b"p,a\n1,x\n2,y\n")
    properties = {
        **FULL, "DeletionProtectionEnabled": False,
        "ImportSourceSpecification": {
            "S3BucketSource": {"S3Bucket": bucket}, "InputFormat": "CSV",
        },
    }  # fmt: skip
    made = stacks.create("tables", template(properties))
    assert made["StackStatus"] == "CREATE_COMPLETE", made
    name = outputs(made)["Name"]
    assert dynamodb.scan(TableName=name, IndexName="by-a")["Count"] == 2
    table = dynamodb.describe_table(TableName=name)["Table"]
    assert outputs(made)["Stream"] == table["LatestStreamArn"]


def test_a_global_table_with_one_replica(stacks, dynamodb):
    properties = {
        **KEYS, "AttributeDefinitions": definitions("p", "a"), "BillingMode": "PAY_PER_REQUEST",
        "GlobalSecondaryIndexes": [index("by-a", "a")],
        "StreamSpecification": {"StreamViewType": "NEW_AND_OLD_IMAGES"},
        "Replicas": [
            {
                "Region": {"Ref": "AWS::Region"}, "DeletionProtectionEnabled": False,
                "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
                "Tags": [{"Key": "a", "Value": "b"}],
            }
        ],
    }  # fmt: skip
    kind = "AWS::DynamoDB::GlobalTable"
    made = stacks.create("tables", template(properties, kind))
    assert made["StackStatus"] == "CREATE_COMPLETE", made
    table = dynamodb.describe_table(TableName=outputs(made)["Name"])["Table"]
    assert outputs(made)["Stream"] == table["LatestStreamArn"]
    elsewhere = {**properties, "Replicas": [*properties["Replicas"], {"Region": "eu-west-1"}]}
    after = stacks.update("tables", template(elsewhere, kind))
    assert after["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
