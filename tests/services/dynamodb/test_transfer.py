"""Exports to S3 and imports from it through boto3; resource policies."""

import gzip
import json
import time
from base64 import b64encode
from hashlib import md5

import pytest
from botocore.exceptions import ClientError

PARAMETERS = {
    "TableName": "imported", "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}],
    "AttributeDefinitions": [
        {"AttributeName": "p", "AttributeType": "S"}, {"AttributeName": "n", "AttributeType": "N"},
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by-n", "KeySchema": [{"AttributeName": "n", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
}  # fmt: skip


@pytest.fixture
def s3(aws):
    return aws("s3")


@pytest.fixture
def bucket(s3, account):
    name = f"transfer-{account}"
    s3.create_bucket(Bucket=name)
    return name


@pytest.fixture
def recovered(dynamodb, create):
    """A table with point-in-time recovery."""

    def make(**more):
        made = create(**more)
        dynamodb.update_continuous_backups(
            TableName=made["TableName"],
            PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
        )
        return made

    return make


@pytest.fixture
def exported(dynamodb, until):
    """Export, and wait for the end."""

    def run(**request):
        began = dynamodb.export_table_to_point_in_time(**request)["ExportDescription"]
        assert began["ExportStatus"] == "IN_PROGRESS"

        def done():
            found = dynamodb.describe_export(ExportArn=began["ExportArn"])["ExportDescription"]
            return found if found["ExportStatus"] != "IN_PROGRESS" else None

        return until(done)

    return run


@pytest.fixture
def imported(dynamodb, until):
    """Import, and wait for the end."""

    def run(**request):
        began = dynamodb.import_table(**request)["ImportTableDescription"]
        assert began["ImportStatus"] == "IN_PROGRESS"

        def done():
            found = dynamodb.describe_import(ImportArn=began["ImportArn"])["ImportTableDescription"]
            return found if found["ImportStatus"] != "IN_PROGRESS" else None

        return until(done)

    return run


def test_an_export_is_what_aws_writes(dynamodb, s3, bucket, recovered, exported):
    made = recovered()
    name = made["TableName"]
    items = [{"p": {"S": f"é{n}"}, "b": {"B": b"\0\1"}, "m": {"M": {"x": {"N": "1.5"}}}}
             for n in range(30)]  # fmt: skip
    for item in items:
        dynamodb.put_item(TableName=name, Item=item)
    time.sleep(1.1)
    moment = int(time.time())
    dynamodb.put_item(TableName=name, Item={"p": {"S": "later"}})
    done = exported(
        TableArn=made["TableArn"], S3Bucket=bucket, S3Prefix="some/where", ExportTime=moment
    )
    assert done["ExportStatus"] == "COMPLETED"
    assert done["ItemCount"] == 30
    folder = f"some/where/AWSDynamoDB/{done['ExportArn'].rpartition('/')[2]}"
    assert done["ExportManifest"] == f"{folder}/manifest-summary.json"

    def read(key):
        return s3.get_object(Bucket=bucket, Key=key)["Body"].read()

    assert read(f"{folder}/_started") == b""
    summary = json.loads(read(done["ExportManifest"]))
    assert summary["version"] == "2020-06-30"
    assert summary["tableId"] == made["TableId"]
    assert (summary["itemCount"], summary["outputFormat"]) == (30, "DYNAMODB_JSON")
    assert summary["manifestFilesS3Key"] == f"{folder}/manifest-files.json"
    files = read(f"{folder}/manifest-files.json")
    checksum = b64encode(md5(files, usedforsecurity=False).digest())
    assert read(f"{folder}/manifest-files.checksum") == checksum
    found = []
    for line in files.splitlines():
        entry = json.loads(line)
        content = read(entry["dataFileS3Key"])
        assert entry["etag"] == md5(content, usedforsecurity=False).hexdigest()
        lines = gzip.decompress(content).splitlines()
        assert len(lines) == entry["itemCount"]
        found += [json.loads(each)["Item"] for each in lines]
    expected = [{**item, "b": {"B": "AAE="}} for item in items]
    assert sorted(found, key=str) == sorted(expected, key=str)
    listed = dynamodb.list_exports(TableArn=made["TableArn"])["ExportSummaries"]
    assert listed == [
        {"ExportArn": done["ExportArn"], "ExportStatus": "COMPLETED", "ExportType": "FULL_EXPORT"}
    ]


def test_what_cannot_be_exported(dynamodb, bucket, create, recovered, exported):
    with pytest.raises(ClientError, match="PointInTimeRecoveryUnavailableException"):
        exported(TableArn=create()["TableArn"], S3Bucket=bucket)
    made = recovered(TableName="other")
    with pytest.raises(ClientError, match="InvalidExportTimeException"):
        exported(TableArn=made["TableArn"], S3Bucket=bucket, ExportTime=1000)
    with pytest.raises(ClientError, match="ExportNotFoundException"):
        dynamodb.describe_export(ExportArn=made["TableArn"] + "/export/01234567890123-abcdef01")
    failed = exported(TableArn=made["TableArn"], S3Bucket=bucket + "-nowhere")
    assert failed["ExportStatus"] == "FAILED"
    assert failed["FailureCode"] == "S3NoSuchBucket"


def test_the_same_token_means_the_same_export(dynamodb, bucket, recovered):
    made = recovered()
    request = {"TableArn": made["TableArn"], "S3Bucket": bucket, "ClientToken": "once"}
    first = dynamodb.export_table_to_point_in_time(**request)["ExportDescription"]
    again = dynamodb.export_table_to_point_in_time(**request)["ExportDescription"]
    assert again["ExportArn"] == first["ExportArn"]
    with pytest.raises(ClientError, match="ExportConflictException"):
        dynamodb.export_table_to_point_in_time(**request, S3Prefix="else")


def test_ion_there_and_back(dynamodb, s3, bucket, recovered, exported, imported, contents):
    made = recovered()
    name = made["TableName"]
    nested = {"M": {"a b": {"L": [{"NULL": True}, {"BOOL": False}, {"S": "é\n\"'\\\0🎉"}]}}}
    items = [
        {"p": {"S": "103"}, "n": {"N": "103"}, "price": {"N": "2000"}, "tiny": {"N": "1E-130"}},
        {"p": {"S": "sets"}, "s": {"SS": ["a", "b"]}, "ns": {"NS": ["1.5", "-600"]},
         "bs": {"BS": [b"\0", b"xy"]}},
        {"p": {"S": "nested"}, "m": nested, "b": {"B": b"\xff"}, "null": {"S": ""}},
    ]  # fmt: skip
    for item in items:
        dynamodb.put_item(TableName=name, Item=item)
    done = exported(TableArn=made["TableArn"], S3Bucket=bucket, ExportFormat="ION")
    assert (done["ExportStatus"], done["ExportFormat"]) == ("COMPLETED", "ION")
    data = done["ExportManifest"].removesuffix("manifest-summary.json") + "data/"
    (key,) = [one["Key"] for one in s3.list_objects_v2(Bucket=bucket, Prefix=data)["Contents"]]
    assert key.endswith(".ion.gz")
    lines = gzip.decompress(s3.get_object(Bucket=bucket, Key=key)["Body"].read()).splitlines()
    assert b'$ion_1_0 {Item:{p:"103",n:103.,price:2d3,tiny:1d-130}}' in lines
    result = imported(
        S3BucketSource={"S3Bucket": bucket, "S3KeyPrefix": data}, InputFormat="ION",
        InputCompressionType="GZIP", TableCreationParameters=PARAMETERS,
    )  # fmt: skip
    assert (result["ImportStatus"], result["ImportedItemCount"]) == ("COMPLETED", 3)
    assert contents("imported") == contents(name)


def test_an_export_can_be_imported(dynamodb, s3, bucket, recovered, exported, imported, contents):
    made = recovered()
    name = made["TableName"]
    for n in range(250):
        dynamodb.put_item(
            TableName=name, Item={"p": {"S": str(n)}, "n": {"N": str(n % 3)}, "b": {"B": b"\0"}}
        )
    done = exported(TableArn=made["TableArn"], S3Bucket=bucket)
    data = done["ExportManifest"].removesuffix("manifest-summary.json") + "data/"
    result = imported(
        S3BucketSource={"S3Bucket": bucket, "S3KeyPrefix": data}, InputFormat="DYNAMODB_JSON",
        InputCompressionType="GZIP", TableCreationParameters=PARAMETERS,
    )  # fmt: skip
    assert result["ImportStatus"] == "COMPLETED"
    assert (result["ProcessedItemCount"], result["ImportedItemCount"]) == (250, 250)
    assert contents("imported") == contents(name)
    assert contents("imported", IndexName="by-n") == contents(name)
    (listed,) = dynamodb.list_imports()["ImportSummaryList"]
    assert listed["ImportArn"] == result["ImportArn"]
    assert listed["InputFormat"] == "DYNAMODB_JSON"


def test_rows_of_csv_become_items(s3, bucket, imported, contents):
    s3.put_object(
        Bucket=bucket, Key="in/a.csv", Body=b'p;n;text\na;1;"x;""y"\nb;2;\nc;oops;z\n;3;z\n'
    )
    result = imported(
        S3BucketSource={"S3Bucket": bucket, "S3KeyPrefix": "in/"}, InputFormat="CSV",
        InputFormatOptions={"Csv": {"Delimiter": ";"}}, TableCreationParameters=PARAMETERS,
    )  # fmt: skip
    assert (result["ProcessedItemCount"], result["ErrorCount"]) == (4, 2)
    assert contents("imported") == {
        "a": {"p": {"S": "a"}, "n": {"N": "1"}, "text": {"S": 'x;"y'}},
        "b": {"p": {"S": "b"}, "n": {"N": "2"}, "text": {"S": ""}},
    }


def test_documents_of_one_line_are_several_items(s3, bucket, imported, contents):
    line = "".join(json.dumps({"Item": {"p": {"S": str(n)}}}) for n in range(5))
    s3.put_object(Bucket=bucket, Key="line", Body=f'{{"Item": {{"p": {{"S": "é"}}}}}}\n{line}')
    result = imported(
        S3BucketSource={"S3Bucket": bucket}, InputFormat="DYNAMODB_JSON",
        TableCreationParameters=PARAMETERS,
    )  # fmt: skip
    assert result["ImportStatus"] == "COMPLETED"
    assert (result["ProcessedItemCount"], result["ImportedItemCount"]) == (6, 6)
    assert set(contents("imported")) == {"é", *"01234"}


def test_bad_lines_are_counted_and_bad_objects_end_an_import(dynamodb, s3, bucket, imported):
    lines = [
        '{"Item":{"p":{"S":"a"}}}', "nonsense", '{"Item":{"x":{"S":"a"}}}', "[]",
        '{"Item":{"p":{"S":"b"},"n":{"X":"b"}}}', '{"Item":{"p":{"S":"a"},"n":{"N":"1"}}}',
    ]  # fmt: skip
    s3.put_object(Bucket=bucket, Key="lines", Body="\n".join(lines).encode())
    source = {"S3BucketSource": {"S3Bucket": bucket}, "InputFormat": "DYNAMODB_JSON"}
    result = imported(**source, TableCreationParameters=PARAMETERS)
    assert (result["ImportStatus"], result["FailureCode"]) == ("FAILED", "ItemValidationError")
    assert (result["ErrorCount"], result["ImportedItemCount"]) == (4, 2)
    with pytest.raises(ClientError, match="ResourceInUseException"):
        imported(**source, TableCreationParameters=PARAMETERS)
    second = {**PARAMETERS, "TableName": "second"}
    result = imported(**source, InputCompressionType="GZIP", TableCreationParameters=second)
    assert (result["ImportStatus"], result["FailureCode"]) == ("FAILED", "InvalidInput")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        dynamodb.describe_table(TableName="second")


def test_policies_of_tables_and_streams(dynamodb, create, account):
    made = create(StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})
    for arn in (made["TableArn"], made["LatestStreamArn"]):
        policy = json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow", "Principal": {"AWS": account},
                        "Action": "dynamodb:*", "Resource": arn,
                    }
                ],
            }
        )  # fmt: skip
        with pytest.raises(ClientError, match="PolicyNotFoundException"):
            dynamodb.get_resource_policy(ResourceArn=arn)
        assert "RevisionId" not in dynamodb.delete_resource_policy(ResourceArn=arn)
        revision = dynamodb.put_resource_policy(
            ResourceArn=arn, Policy=policy, ExpectedRevisionId="NO_POLICY"
        )["RevisionId"]
        found = dynamodb.get_resource_policy(ResourceArn=arn)
        assert (found["Policy"], found["RevisionId"]) == (policy, revision)
        with pytest.raises(ClientError, match="PolicyNotFoundException"):
            dynamodb.put_resource_policy(ResourceArn=arn, Policy=policy, ExpectedRevisionId="1")
        with pytest.raises(ClientError, match="ValidationException"):
            dynamodb.put_resource_policy(ResourceArn=arn, Policy="{")
        deleted = dynamodb.delete_resource_policy(ResourceArn=arn)
        assert deleted["RevisionId"] == revision


def test_what_is_not_built_says_so(dynamodb, create):
    name = create()["TableName"]
    for call in (
        lambda: dynamodb.enable_kinesis_streaming_destination(
            TableName=name, StreamArn="arn:aws:kinesis:us-east-1:123456789012:stream/s"
        ),
        dynamodb.list_global_tables,
        lambda: dynamodb.describe_kinesis_streaming_destination(TableName=name),
        lambda: dynamodb.update_table(
            TableName=name, ReplicaUpdates=[{"Create": {"RegionName": "eu-west-1"}}]
        ),
    ):
        with pytest.raises(ClientError) as caught:
            call()
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
