"""Key value stores: their API, which SDKs sign with version 4A, and functions that read them."""

import json
import socket
import urllib.error
import urllib.request

import boto3
import pytest
from tests.services.cloudfront.conftest import some

REDIRECT = """
import cf from 'cloudfront';
const kvs = cf.kvs();
async function handler(event) {
  const uri = event.request.uri;
  if (uri === '/meta') return { statusCode: 200, body: JSON.stringify(await kvs.meta()) };
  if (await kvs.exists(uri)) {
    const to = await kvs.get(uri, { format: 'json' });
    return { statusCode: 302, headers: { location: { value: to.to } } };
  }
  try { await kvs.get('nothing'); } catch (error) { console.log(error.message); }
  return event.request;
}
"""


@pytest.fixture
def content(server, account, monkeypatch):
    """The client of the content's API: it puts the account before the endpoint's name."""
    resolve = socket.getaddrinfo

    def local(host, *more, **named):
        return resolve("127.0.0.1" if str(host).endswith(".localhost") else host, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", local)
    return boto3.client(
        "cloudfront-keyvaluestore", region_name="us-east-1",
        endpoint_url=server.endpoint.replace("127.0.0.1", "localhost"),
        aws_access_key_id=account, aws_secret_access_key="test",
    )  # fmt: skip


@pytest.fixture
def made(aws):
    return aws("cloudfront").create_key_value_store(Name="redirects", Comment="first")


def test_a_store_from_making_to_deleting(aws, made):
    cloudfront = aws("cloudfront")
    shown = made["KeyValueStore"]
    assert (shown["Name"], shown["Status"]) == ("redirects", "PROVISIONING")
    assert shown["ARN"].endswith(f":key-value-store/{shown['Id']}")
    found = cloudfront.describe_key_value_store(Name="redirects")
    assert (found["KeyValueStore"]["Status"], found["ETag"]) == ("READY", made["ETag"])
    with pytest.raises(cloudfront.exceptions.EntityAlreadyExists):
        cloudfront.create_key_value_store(Name="redirects")
    with pytest.raises(cloudfront.exceptions.PreconditionFailed):
        cloudfront.update_key_value_store(Name="redirects", Comment="x", IfMatch="E0123456789012")
    changed = cloudfront.update_key_value_store(
        Name="redirects", Comment="second", IfMatch=found["ETag"]
    )
    (listed,) = cloudfront.list_key_value_stores()["KeyValueStoreList"]["Items"]
    assert listed["Comment"] == "second"
    cloudfront.delete_key_value_store(Name="redirects", IfMatch=changed["ETag"])
    with pytest.raises(cloudfront.exceptions.EntityNotFound):
        cloudfront.describe_key_value_store(Name="redirects")


def test_keys_and_their_versions(content, made):
    arn = made["KeyValueStore"]["ARN"]
    first = content.describe_key_value_store(KvsARN=arn)
    assert (first["ItemCount"], first["TotalSizeInBytes"], first["Status"]) == (0, 0, "READY")
    put = content.put_key(KvsARN=arn, Key="/a b", Value="ü", IfMatch=first["ETag"])
    assert (put["ItemCount"], put["TotalSizeInBytes"]) == (1, 6)
    with pytest.raises(content.exceptions.ConflictException):
        content.put_key(KvsARN=arn, Key="/b", Value="1", IfMatch=first["ETag"])
    assert content.get_key(KvsARN=arn, Key="/a b")["Value"] == "ü"
    many = content.update_keys(
        KvsARN=arn, IfMatch=put["ETag"], Deletes=[{"Key": "/a b"}],
        Puts=[{"Key": f"k{number:02}", "Value": str(number)} for number in range(12)],
    )  # fmt: skip
    assert many["ItemCount"] == 12
    page = content.list_keys(KvsARN=arn)
    assert [item["Key"] for item in page["Items"]] == [f"k{number:02}" for number in range(10)]
    rest = content.list_keys(KvsARN=arn, NextToken=page["NextToken"], MaxResults=50)
    assert [item["Value"] for item in rest["Items"]] == ["10", "11"]
    gone = content.delete_key(KvsARN=arn, Key="k00", IfMatch=many["ETag"])
    for key in ("k00", "/a b"):
        with pytest.raises(content.exceptions.ResourceNotFoundException):
            content.get_key(KvsARN=arn, Key=key)
    with pytest.raises(content.exceptions.ResourceNotFoundException):
        content.update_keys(KvsARN=arn, IfMatch=gone["ETag"], Puts=[{"Key": "n", "Value": ""}],
                            Deletes=[{"Key": "not there"}])  # fmt: skip
    assert content.describe_key_value_store(KvsARN=arn)["ItemCount"] == 11
    for puts in ([{"Key": "x", "Value": "v" * 1025}], [{"Key": "x", "Value": ""}] * 2):
        with pytest.raises(content.exceptions.ValidationException):
            content.update_keys(KvsARN=arn, IfMatch=gone["ETag"], Puts=puts)
    with pytest.raises(content.exceptions.ResourceNotFoundException):
        content.describe_key_value_store(KvsARN=arn[:-1] + "0")


def test_a_wrong_secret_signs_nothing(content, made, server, account, monkeypatch):
    stranger = boto3.client(
        "cloudfront-keyvaluestore", region_name="us-east-1",
        endpoint_url=server.endpoint.replace("127.0.0.1", "localhost"),
        aws_access_key_id=account, aws_secret_access_key="wrong",
    )  # fmt: skip
    with pytest.raises(stranger.exceptions.ClientError) as refused:
        stranger.describe_key_value_store(KvsARN=made["KeyValueStore"]["ARN"])
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    address = f"{server.endpoint}/key-value-stores/x"
    broken = urllib.request.Request(address, headers={
        "Authorization": "AWS4-ECDSA-P256-SHA256 Credential=x", "X-Amz-Date": "20260101T000000Z",
    })  # fmt: skip
    with pytest.raises(urllib.error.HTTPError) as answer:
        urllib.request.urlopen(broken)
    assert answer.value.code in (400, 403)


def test_content_comes_from_a_file_in_a_bucket(aws, content, account):
    s3, cloudfront, bucket = aws("s3"), aws("cloudfront"), f"import-{account}"
    s3.create_bucket(Bucket=bucket)
    data = {"data": [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}]}
    s3.put_object(Bucket=bucket, Key="in/kv.json", Body=json.dumps(data))
    s3.put_object(Bucket=bucket, Key="bad.json", Body=b"[1")

    def source(key):
        return {"SourceType": "S3", "SourceARN": f"arn:aws:s3:::{bucket}/{key}"}

    made = cloudfront.create_key_value_store(Name="in", ImportSource=source("in/kv.json"))
    assert content.get_key(KvsARN=made["KeyValueStore"]["ARN"], Key="b")["Value"] == "2"
    for key in ("bad.json", "nothing"):
        with pytest.raises(cloudfront.exceptions.InvalidArgument):
            cloudfront.create_key_value_store(Name="bad", ImportSource=source(key))


def test_functions_look_up_what_is_there_now(aws, content, made, site):
    cloudfront, arn = aws("cloudfront"), made["KeyValueStore"]["ARN"]
    config = {"Comment": "", "Runtime": "cloudfront-js-2.0",
              "KeyValueStoreAssociations": some([{"KeyValueStoreARN": arn}])}  # fmt: skip
    wrong = some([{"KeyValueStoreARN": arn[:-1] + ("0" if arn[-1] != "0" else "1")}])
    with pytest.raises(cloudfront.exceptions.ClientError, match="not found"):
        cloudfront.create_function(
            Name="redirect", FunctionCode=REDIRECT.encode(),
            FunctionConfig={**config, "KeyValueStoreAssociations": wrong},
        )  # fmt: skip
    function = cloudfront.create_function(
        Name="redirect", FunctionConfig=config, FunctionCode=REDIRECT.encode()
    )
    cloudfront.publish_function(Name="redirect", IfMatch=function["ETag"])
    with pytest.raises(cloudfront.exceptions.CannotDeleteEntityWhileInUse):
        cloudfront.delete_key_value_store(Name="redirects", IfMatch=made["ETag"])
    live = function["FunctionSummary"]["FunctionMetadata"]["FunctionARN"]
    site.behave(FunctionAssociations=some([{"EventType": "viewer-request", "FunctionARN": live}]))
    site.put("old", b"the old page")
    assert site.get("/old").body == b"the old page"
    etag = content.describe_key_value_store(KvsARN=arn)["ETag"]
    etag = content.put_key(KvsARN=arn, Key="/old", Value='{"to": "/new"}', IfMatch=etag)["ETag"]
    moved = site.get("/old")
    assert (moved.status, moved.headers["Location"]) == (302, "/new")
    meta = json.loads(site.get("/meta").body)
    assert meta["keyCount"] == 1
    assert meta["creationDateTime"].endswith("Z")
    content.delete_key(KvsARN=arn, Key="/old", IfMatch=etag)
    assert site.get("/old").body == b"the old page"
    event = {"version": "1.0", "request": {"method": "GET", "uri": "/x"}}
    tried = cloudfront.test_function(
        Name="redirect", IfMatch=function["ETag"], EventObject=json.dumps(event).encode()
    )["TestResult"]
    assert tried["FunctionErrorMessage"] == ""
    assert "nothing" in tried["FunctionExecutionLogs"][0]


def test_a_template_brings_a_store(aws):
    cloudformation = aws("cloudformation")
    template = {"Resources": {"Store": {
        "Type": "AWS::CloudFront::KeyValueStore", "Properties": {"Name": "of-a-stack"},
    }}, "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Store", "Arn"]}}}}  # fmt: skip
    cloudformation.create_stack(StackName="stores", TemplateBody=json.dumps(template))
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName="stores", WaiterConfig={"Delay": 1}
    )
    (stack,) = cloudformation.describe_stacks(StackName="stores")["Stacks"]
    shown = aws("cloudfront").describe_key_value_store(Name="of-a-stack")["KeyValueStore"]
    assert stack["Outputs"][0]["OutputValue"] == shown["ARN"]
