"""What the API refuses, in AWS's words."""

import pytest
from tests.services.lambda_.conftest import package
from tests.services.lambda_.test_functions import ECHO, refused


def test_functions_of_another_region_are_not_reachable(client, account):
    arn = f"arn:aws:lambda:eu-west-1:{account}:function:f"
    assert refused(lambda: client.invoke(FunctionName=arn), "ResourceNotFoundException") == (
        "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')"
    )


def test_runtimes_that_aws_has_retired(function):
    assert refused(
        lambda: function(ECHO, Runtime="python3.7"), "InvalidParameterValueException"
    ) == (
        "The runtime parameter of python3.7 is no longer supported for creating or updating AWS "
        "Lambda functions. We recommend you use a supported runtime while creating or updating "
        "functions."
    )


def test_variables_are_measured_as_json(function):
    message = refused(
        lambda: function(ECHO, Environment={"Variables": {"AB": "x" * 4088}}),
        "InvalidParameterValueException",
    )
    assert message.endswith('exceeded the 4KB limit. String measured: {"AB":"' + "x" * 4088 + '"}')
    function(ECHO, Environment={"Variables": {"AB": "x" * 4087}})


def test_a_package_beyond_the_limit(client, role):
    big = package(**{"a.bin": "x"}) + bytes(50 << 20)
    message = refused(
        lambda: client.create_function(
            FunctionName="f", Runtime="python3.11", Handler="a.b", Role=role, Code={"ZipFile": big}
        ),
        "RequestEntityTooLargeException",
    )
    assert message == "Zipped size must be smaller than 52428800 bytes"


def test_a_request_beyond_what_is_taken(server, account):
    body = b"{" + b" " * 70_167_210 + b"}"
    answer = server.send("lambda", "POST", "/2015-03-31/functions", body, key=account)
    assert answer.status_code == 413
    assert answer.headers["x-amzn-errortype"] == "RequestEntityTooLargeException"
    message = "Request must be smaller than 70167211 bytes for the CreateFunction operation"
    assert message in answer.text


@pytest.mark.parametrize(("member", "value", "most"), [
    ("Timeout", 901, 900), ("MemorySize", 10241, 10240),
    ("EphemeralStorage", {"Size": 10241}, 10240),
])  # fmt: skip
def test_more_than_a_function_may_have(function, member, value, most):
    message = refused(lambda: function(ECHO, **{member: value}), "ValidationException")
    path = {"Timeout": "timeout", "MemorySize": "memorySize"}.get(member, "ephemeralStorage.size")
    assert message == (
        f"1 validation error detected: Value '{most + 1}' at '{path}' failed to satisfy "
        f"constraint: Member must have value less than or equal to {most}"
    )


def test_an_empty_package(client, role):
    message = refused(
        lambda: client.create_function(
            FunctionName="f", Runtime="python3.11", Handler="a.b", Role=role,
            Code={"ZipFile": package()},
        ),
        "InvalidParameterValueException",
    )  # fmt: skip
    assert message == "Uploaded file must be a non-empty zip"


def test_deleting_a_version_that_is_not_there_is_fine(function, client):
    function(ECHO)
    client.delete_function(FunctionName="function", Qualifier="12")


def test_reservations_belong_to_functions(function, client):
    function(ECHO, name="f", Publish=True)
    refused(
        lambda: client.put_function_concurrency(FunctionName="f:1", ReservedConcurrentExecutions=1),
        "InvalidParameterValueException",
    )


@pytest.mark.parametrize(
    ("destination", "message"),
    [
        ("arn:aws:lambda:us-east-1:{a}:function:none", "The destination ARN {d} is invalid."),
        (
            "arn:aws:lambda:us-east-1:{a}:function:function",
            "You can't specify the function as a destination for itself.",
        ),
        (
            "arn:aws:iam:us-east-1:{a}:role/x",
            "The provided destination config DestinationConfig(onSuccess=OnSuccess(destination={d})"
            ", onFailure=null) is invalid.",
        ),
    ],
)
def test_destinations(function, client, account, destination, message):
    function(ECHO)
    arn = destination.format(a=account)
    assert refused(
        lambda: client.put_function_event_invoke_config(
            FunctionName="function", DestinationConfig={"OnSuccess": {"Destination": arn}}
        ),
        "InvalidParameterValueException",
    ) == message.format(d=arn)


def test_a_policy_changes_the_revision_of_what_it_belongs_to(function, client):
    function(ECHO)
    old = client.get_function_configuration(FunctionName="function")["RevisionId"]
    statement = {"Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"}
    client.add_permission(FunctionName="function", StatementId="a", RevisionId=old, **statement)
    new = client.get_policy(FunctionName="function")["RevisionId"]
    assert new == client.get_function_configuration(FunctionName="function")["RevisionId"] != old
    refused(
        lambda: client.add_permission(
            FunctionName="function", StatementId="b", RevisionId=old, **statement
        ),
        "PreconditionFailedException",
    )
    message = refused(
        lambda: client.add_permission(
            FunctionName="function", StatementId="b", Action="lambda:InvokeFunction",
            Principal="nobody",
        ),
        "InvalidParameterValueException",
    )  # fmt: skip
    assert message == (
        "The provided principal was invalid. Please check the principal and try again."
    )


def test_a_version_is_provisioned_once(function, client):
    function(ECHO, Publish=True)
    client.create_alias(FunctionName="function", Name="live", FunctionVersion="1")
    put = client.put_provisioned_concurrency_config
    put(FunctionName="function", Qualifier="live", ProvisionedConcurrentExecutions=1)
    assert refused(
        lambda: put(FunctionName="function", Qualifier="1", ProvisionedConcurrentExecutions=1),
        "ResourceConflictException",
    ) == ("Version is pointed by a Provisioned Concurrency alias")
    assert refused(
        lambda: put(
            FunctionName="function", Qualifier="$LATEST", ProvisionedConcurrentExecutions=1
        ),
        "InvalidParameterValueException",
    ) == ("Provisioned Concurrency Configs cannot be applied to unpublished function versions.")
