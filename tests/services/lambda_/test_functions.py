"""Functions: create, read, change, delete."""

import base64
import hashlib
import json

import botocore.exceptions
import pytest
from tests.services.lambda_.conftest import package

ECHO = "def handler(event, context):\n    return event\n"


def refused(call, code):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call()
    assert caught.value.response["Error"]["Code"] == code
    return caught.value.response["Error"]["Message"]


def test_a_new_function_is_active_at_once_with_the_defaults_of_aws(client, role, account):
    code = package(app=ECHO)
    made = client.create_function(
        FunctionName="f",
        Runtime="python3.11",
        Handler="app.handler",
        Role=role,
        Code={"ZipFile": code},
    )
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert made["FunctionArn"] == f"arn:aws:lambda:us-east-1:{account}:function:f"
    assert (made["State"], made["StateReasonCode"]) == ("Pending", "Creating")
    assert made["StateReason"] == "The function is being created."
    assert "LastUpdateStatus" not in made
    found = client.get_function_configuration(FunctionName="f")
    assert (found["State"], found["LastUpdateStatus"]) == ("Active", "Successful")
    assert "StateReason" not in found
    assert found["RevisionId"] != made["RevisionId"], "its making was a revision of its own"
    assert (made["Timeout"], made["MemorySize"], made["Version"]) == (3, 128, "$LATEST")
    assert made["CodeSha256"] == base64.b64encode(hashlib.sha256(code).digest()).decode()
    assert made["CodeSize"] == len(code)
    assert made["LoggingConfig"] == {"LogFormat": "Text", "LogGroup": "/aws/lambda/f"}
    assert made["EphemeralStorage"] == {"Size": 512}
    client.get_waiter("function_active_v2").wait(FunctionName="f")
    client.get_waiter("function_updated_v2").wait(FunctionName="f")


def test_a_name_is_taken_once(function, client):
    function(ECHO)
    assert refused(lambda: function(ECHO), "ResourceConflictException") == (
        "Function already exist: function"
    )


@pytest.mark.parametrize("form", ["function", "{account}:function:function", "{arn}"])
def test_a_function_is_found_by_name_partial_arn_and_arn(function, client, account, form):
    made = function(ECHO)
    named = form.format(account=account, arn=made.arn)
    assert client.get_function(FunctionName=named)["Configuration"]["FunctionArn"] == made.arn


def test_an_unknown_function_is_named_by_its_arn(client, account):
    message = refused(lambda: client.get_function(FunctionName="none"), "ResourceNotFoundException")
    assert message == f"Function not found: arn:aws:lambda:us-east-1:{account}:function:none"
    refused(lambda: client.invoke(FunctionName="none"), "ResourceNotFoundException")
    nameless = f"arn:aws:lambda:us-east-1:{account}:function"
    message = refused(lambda: client.get_function(FunctionName=nameless),
                      "ResourceNotFoundException")  # fmt: skip
    assert message == f"Function not found: {nameless}:function"


def test_code_can_be_downloaded_again(function, client):
    import io
    import urllib.request
    import zipfile

    function(ECHO)
    location = client.get_function(FunctionName="function")["Code"]["Location"]
    with urllib.request.urlopen(location) as answer:
        archive = zipfile.ZipFile(io.BytesIO(answer.read()))
    assert {name: archive.read(name) for name in archive.namelist()} == {"app.py": ECHO.encode()}


def test_new_code_and_configuration_are_used_by_the_next_event(function, client):
    f = function(ECHO)
    assert f({"a": 1}).payload == {"a": 1}
    client.update_function_code(
        FunctionName="function",
        ZipFile=package(app="import os\ndef handler(e, c): return os.environ.get('WORD', 'new')"),
    )
    assert f().payload == "new"
    changed = client.update_function_configuration(
        FunctionName="function", Environment={"Variables": {"WORD": "set"}}, MemorySize=256
    )
    assert changed["Environment"] == {"Variables": {"WORD": "set"}}
    answer = f()
    assert answer.payload == "set"
    assert "Memory Size: 256 MB" in answer.tail


def test_a_stale_revision_changes_nothing(function, client):
    function(ECHO)
    old = client.get_function_configuration(FunctionName="function")["RevisionId"]
    client.update_function_configuration(FunctionName="function", Timeout=5, RevisionId=old)
    refused(
        lambda: client.update_function_configuration(
            FunctionName="function", Timeout=6, RevisionId=old
        ),
        "PreconditionFailedException",
    )
    assert client.get_function_configuration(FunctionName="function")["Timeout"] == 5


def test_code_comes_from_a_bucket(client, role, aws):
    s3 = aws("s3")
    s3.create_bucket(Bucket=f"code-{role[13:25]}")
    s3.put_object(Bucket=f"code-{role[13:25]}", Key="a.zip", Body=package(app=ECHO))
    given = {"FunctionName": "f", "Runtime": "python3.11", "Handler": "app.handler", "Role": role}
    client.create_function(**given, Code={"S3Bucket": f"code-{role[13:25]}", "S3Key": "a.zip"})
    assert json.loads(client.invoke(FunctionName="f", Payload=b"7")["Payload"].read()) == 7
    message = refused(
        lambda: client.create_function(
            **{**given, "FunctionName": "g"},
            Code={"S3Bucket": f"code-{role[13:25]}", "S3Key": "b.zip"},
        ),
        "InvalidParameterValueException",
    )
    assert message == (
        "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: "
        "The specified key does not exist."
    )


def test_what_is_no_zip_is_refused(client, role):
    message = refused(
        lambda: client.create_function(
            FunctionName="f",
            Runtime="python3.11",
            Handler="a.b",
            Role=role,
            Code={"ZipFile": b"no"},
        ),
        "InvalidParameterValueException",
    )
    assert message == (
        "Could not unzip uploaded file. Please check your file, then try to upload again."
    )


def test_a_container_image_is_not_implemented_and_says_so(client, role):
    message = refused(
        lambda: client.create_function(
            FunctionName="f",
            PackageType="Image",
            Role=role,
            Code={"ImageUri": "x.amazonaws.com/y:1"},
        ),
        "NotImplementedException",
    )
    assert "Image" in message


def test_reserved_variables_are_refused(function):
    message = refused(
        lambda: function(ECHO, Environment={"Variables": {"AWS_REGION": "x"}}),
        "InvalidParameterValueException",
    )
    assert message.endswith("Reserved keys used in this request: AWS_REGION")


def test_functions_are_listed_page_by_page(function, client):
    for number in range(5):
        function(ECHO, name=f"f{number}")
    pages = client.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 2})
    found = [each["FunctionName"] for page in pages for each in page["Functions"]]
    assert found == [f"f{number}" for number in range(5)]


def test_a_deleted_function_is_gone_with_all_it_had(function, client):
    f = function(ECHO, Publish=True)
    client.create_alias(FunctionName="function", Name="live", FunctionVersion="1")
    assert (
        client.delete_function(FunctionName="function")["ResponseMetadata"]["HTTPStatusCode"] == 204
    )
    refused(f, "ResourceNotFoundException")
    f = function(ECHO)
    assert client.list_aliases(FunctionName="function")["Aliases"] == []
    versions = client.list_versions_by_function(FunctionName="function")["Versions"]
    assert [each["Version"] for each in versions] == ["$LATEST"]


def test_tags(function, client):
    f = function(ECHO, Tags={"team": "shop"})
    client.tag_resource(Resource=f.arn, Tags={"stage": "test"})
    client.untag_resource(Resource=f.arn, TagKeys=["team"])
    assert client.list_tags(Resource=f.arn)["Tags"] == {"stage": "test"}
    assert client.get_function(FunctionName="function")["Tags"] == {"stage": "test"}


def test_account_settings_count_functions_and_reservations(function, client):
    function(ECHO)
    client.put_function_concurrency(FunctionName="function", ReservedConcurrentExecutions=100)
    found = client.get_account_settings()
    assert found["AccountUsage"]["FunctionCount"] == 1
    size = len(package(app=ECHO))
    assert found["AccountUsage"]["TotalCodeSize"] == size
    client.publish_version(FunctionName="function")
    client.publish_layer_version(LayerName="layer", Content={"ZipFile": package(app=ECHO)})
    assert client.get_account_settings()["AccountUsage"]["TotalCodeSize"] == 3 * size
    assert found["AccountLimit"]["ConcurrentExecutions"] == 1000
    assert found["AccountLimit"]["UnreservedConcurrentExecutions"] == 900


def test_an_update_is_answered_as_under_way_and_is_done(client, function):
    function(ECHO)
    changed = client.update_function_configuration(FunctionName="function", Timeout=7)
    assert (changed["LastUpdateStatus"], changed["Timeout"]) == ("InProgress", 7)
    assert changed["LastUpdateStatusReasonCode"] == "Creating"
    found = client.get_function_configuration(FunctionName="function")
    assert (found["LastUpdateStatus"], found["Timeout"]) == ("Successful", 7)
    assert found["RevisionId"] != changed["RevisionId"]
    code = client.update_function_code(FunctionName="function", ZipFile=package(app=ECHO))
    assert (code["State"], code["LastUpdateStatus"]) == ("Active", "InProgress")
