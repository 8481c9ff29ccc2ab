"""Versions and aliases."""

from collections import Counter

from tests.services.lambda_.conftest import package
from tests.services.lambda_.test_functions import refused

SOURCE = "def handler(event, context):\n    return [{}, context.function_version, context.invoked_function_arn]\n"


def change(client, word):
    client.update_function_code(FunctionName="function", ZipFile=package(app=SOURCE.format(word)))


def test_a_version_keeps_running_what_it_was_made_of(function, client):
    f = function(SOURCE.format(1))
    first = client.publish_version(FunctionName="function", Description="one")
    assert (first["Version"], first["Description"]) == ("1", "one")
    assert first["FunctionArn"] == f"{f.arn}:1"
    change(client, 2)
    assert f().payload == [2, "$LATEST", f.arn]
    assert f(Qualifier="1").payload == [1, "1", f"{f.arn}:1"]
    assert f(Qualifier="1").raw["ExecutedVersion"] == "1"


def test_publishing_again_without_a_change_gives_the_same_version(function, client):
    function(SOURCE.format(1))
    before = client.get_function_configuration(FunctionName="function")["RevisionId"]
    assert client.publish_version(FunctionName="function")["Version"] == "1"
    after = client.get_function_configuration(FunctionName="function")["RevisionId"]
    assert after != before
    assert client.publish_version(FunctionName="function")["Version"] == "1"
    change(client, 2)
    assert client.publish_version(FunctionName="function")["Version"] == "2"
    client.get_waiter("published_version_active").wait(FunctionName="function", Qualifier="2")


def test_publishing_checks_the_code_it_was_meant_for(function, client):
    function(SOURCE.format(1))
    refused(
        lambda: client.publish_version(FunctionName="function", CodeSha256="other"),
        "InvalidParameterValueException",
    )


def test_an_alias_leads_to_a_version_and_can_be_moved(function, client):
    f = function(SOURCE.format(1), Publish=True)
    change(client, 2)
    client.publish_version(FunctionName="function")
    made = client.create_alias(FunctionName="function", Name="live", FunctionVersion="1")
    assert made["AliasArn"] == f"{f.arn}:live"
    assert f(Qualifier="live").payload == [1, "1", f"{f.arn}:live"]
    client.update_alias(FunctionName="function", Name="live", FunctionVersion="2")
    assert f(Qualifier="live").payload[:2] == [2, "2"]
    assert client.get_alias(FunctionName=f"{f.arn}", Name="live")["FunctionVersion"] == "2"


def test_weights_split_the_traffic(function, client):
    f = function(SOURCE.format(1), Publish=True)
    change(client, 2)
    client.publish_version(FunctionName="function")
    client.create_alias(
        FunctionName="function", Name="live", FunctionVersion="1",
        RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}},
    )  # fmt: skip
    seen = Counter(f(Qualifier="live").raw["ExecutedVersion"] for _ in range(60))
    assert min(seen["1"], seen["2"]) > 8  # below 1 in 10**8 by chance


def test_a_version_that_an_alias_uses_cannot_be_deleted(function, client):
    function(SOURCE.format(1), Publish=True)
    client.create_alias(FunctionName="function", Name="live", FunctionVersion="1")
    refused(
        lambda: client.delete_function(FunctionName="function", Qualifier="1"),
        "ResourceConflictException",
    )
    client.delete_alias(FunctionName="function", Name="live")
    client.delete_function(FunctionName="function", Qualifier="1")
    refused(
        lambda: client.get_function(FunctionName="function", Qualifier="1"),
        "ResourceNotFoundException",
    )


def test_unknown_aliases_and_versions(function, client):
    f = function(SOURCE.format(1))
    message = refused(
        lambda: client.get_alias(FunctionName="function", Name="none"), "ResourceNotFoundException"
    )
    assert message == f"Cannot find alias arn: {f.arn}:none"
    message = refused(lambda: f(Qualifier="9"), "ResourceNotFoundException")
    assert message == f"Function not found: {f.arn}:9"
