"""Cloud Control through boto3."""

import io
import json
import zipfile

import pytest
from botocore.exceptions import ClientError


def test_a_function_url(aws, account):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("index.py", "def handler(event, context): return 1")
    client, control = aws("lambda"), aws("cloudcontrol")
    client.create_function(
        FunctionName="f", Runtime="python3.12", Handler="index.handler",
        Role=f"arn:aws:iam::{account}:role/r", Code={"ZipFile": packed.getvalue()},
    )  # fmt: skip
    with pytest.raises(ClientError) as error:
        control.get_resource(TypeName="AWS::Lambda::Url", Identifier="f")
    assert error.value.response["Error"] == {
        "Code": "ResourceNotFoundException",
        "Message": "Resource of type 'AWS::Lambda::Url' with identifier 'f' was not found.",
    }
    url = client.create_function_url_config(FunctionName="f", AuthType="NONE")["FunctionUrl"]
    found = control.get_resource(TypeName="AWS::Lambda::Url", Identifier="f")
    assert found["TypeName"] == "AWS::Lambda::Url"
    properties = json.loads(found["ResourceDescription"]["Properties"])
    assert (properties["FunctionUrl"], properties["AuthType"]) == (url, "NONE")


def test_other_types_are_named(aws):
    control = aws("cloudcontrol")
    with pytest.raises(ClientError) as error:
        control.get_resource(TypeName="AWS::SQS::Queue", Identifier="q")
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    with pytest.raises(ClientError) as error:
        control.get_resource(TypeName="AWS::Nothing::Atall", Identifier="q")
    assert "AWS::Nothing::Atall" in error.value.response["Error"]["Message"]
