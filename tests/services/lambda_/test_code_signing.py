"""Code signing configurations."""

import pytest
from tests.services.lambda_.conftest import package
from tests.services.lambda_.test_functions import ECHO, refused

PUBLISHERS = {
    "SigningProfileVersionArns": [
        "arn:aws:signer:us-east-1:000000000000:/signing-profiles/shop/0123456789"
    ]
}


@pytest.fixture
def config(client):
    made = client.create_code_signing_config(AllowedPublishers=PUBLISHERS, Description="ours")
    return made["CodeSigningConfig"]


def test_a_configuration_is_kept_changed_and_deleted(client, config):
    arn = config["CodeSigningConfigArn"]
    assert config["CodeSigningPolicies"] == {"UntrustedArtifactOnDeployment": "Warn"}
    assert client.get_code_signing_config(CodeSigningConfigArn=arn)["CodeSigningConfig"] == config
    client.update_code_signing_config(CodeSigningConfigArn=arn, Description="theirs")
    (listed,) = client.list_code_signing_configs()["CodeSigningConfigs"]
    assert listed["Description"] == "theirs"
    client.delete_code_signing_config(CodeSigningConfigArn=arn)
    message = refused(
        lambda: client.get_code_signing_config(CodeSigningConfigArn=arn),
        "ResourceNotFoundException",
    )
    assert message == f"The Lambda code signing configuration {arn} can not be found."


def test_a_configuration_is_attached_to_a_function(function, client, config):
    f, arn = function(ECHO), config["CodeSigningConfigArn"]
    assert "CodeSigningConfigArn" not in client.get_function_code_signing_config(
        FunctionName="function"
    )
    client.put_function_code_signing_config(FunctionName="function", CodeSigningConfigArn=arn)
    found = client.get_function_code_signing_config(FunctionName="function")
    assert (found["CodeSigningConfigArn"], found["FunctionName"]) == (arn, "function")
    users = client.list_functions_by_code_signing_config(CodeSigningConfigArn=arn)
    assert users["FunctionArns"] == [f.arn]
    refused(
        lambda: client.delete_code_signing_config(CodeSigningConfigArn=arn),
        "ResourceConflictException",
    )
    client.delete_function_code_signing_config(FunctionName="function")
    client.delete_code_signing_config(CodeSigningConfigArn=arn)


def test_a_policy_that_enforces_refuses_packages_that_are_not_signed(function, client, config):
    function(ECHO)
    arn = config["CodeSigningConfigArn"]
    client.put_function_code_signing_config(FunctionName="function", CodeSigningConfigArn=arn)
    client.update_function_code(FunctionName="function", ZipFile=package(app=ECHO + "\n"))
    client.update_code_signing_config(
        CodeSigningConfigArn=arn,
        CodeSigningPolicies={"UntrustedArtifactOnDeployment": "Enforce"},
    )
    refused(
        lambda: client.update_function_code(FunctionName="function", ZipFile=package(app=ECHO)),
        "CodeVerificationFailedException",
    )
    refused(
        lambda: function(ECHO, name="other", CodeSigningConfigArn=arn),
        "CodeVerificationFailedException",
    )
