"""Layers."""

import json

import pytest
from tests.services.lambda_.conftest import package
from tests.services.lambda_.test_functions import refused

READ = (
    "import os, shared\n"
    "def handler(e, c):\n"
    "    return [shared.WORD, sorted(os.listdir('/opt')), open('/opt/note.txt').read()]\n"
)


@pytest.fixture
def publish(client):
    def make(name, **files):
        return client.publish_layer_version(
            LayerName=name, Content={"ZipFile": package(**files)}, CompatibleRuntimes=["python3.11"]
        )

    return make


def test_layers_are_laid_over_each_other_in_order(function, client, publish):
    one = publish("one", **{"python/shared.py": "WORD = 1", "note.txt": "one", "only.txt": ""})
    two = publish("two", **{"python/shared.py": "WORD = 2", "note.txt": "two"})
    f = function(READ, Layers=[one["LayerVersionArn"], two["LayerVersionArn"]])
    assert f().payload == [2, ["note.txt", "only.txt", "python"], "two"]
    found = client.get_function_configuration(FunctionName="function")["Layers"]
    assert [each["Arn"] for each in found] == [one["LayerVersionArn"], two["LayerVersionArn"]]
    client.update_function_configuration(FunctionName="function", Layers=[one["LayerVersionArn"]])
    assert f().payload == [1, ["note.txt", "only.txt", "python"], "one"]


def test_a_deleted_layer_stays_with_the_functions_that_use_it(function, client, publish):
    one = publish("one", **{"python/shared.py": "WORD = 1", "note.txt": "one"})
    f = function(READ, Layers=[one["LayerVersionArn"]])
    client.delete_layer_version(LayerName="one", VersionNumber=1)
    refused(
        lambda: client.get_layer_version(LayerName="one", VersionNumber=1),
        "ResourceNotFoundException",
    )
    assert f().payload[0] == 1
    assert publish("one", **{"a.txt": ""})["Version"] == 2


def test_layers_are_listed(client, publish):
    publish("a", **{"x.txt": "1"})
    publish("a", **{"x.txt": "2"})
    publish("b", **{"x.txt": "3"})
    listed = client.list_layers()["Layers"]
    assert [(each["LayerName"], each["LatestMatchingVersion"]["Version"]) for each in listed] == [
        ("a", 2), ("b", 1),
    ]  # fmt: skip
    versions = client.list_layer_versions(LayerName="a")["LayerVersions"]
    assert [each["Version"] for each in versions] == [2, 1]
    assert client.list_layers(CompatibleRuntime="nodejs20.x")["Layers"] == []
    arn = versions[0]["LayerVersionArn"]
    assert client.get_layer_version_by_arn(Arn=arn)["Version"] == 2


def test_permissions_of_a_layer(client, publish, account):
    publish("a", **{"x.txt": "1"})
    named = {"LayerName": "a", "VersionNumber": 1}
    client.add_layer_version_permission(
        **named, StatementId="s", Action="lambda:GetLayerVersion", Principal="*"
    )
    policy = json.loads(client.get_layer_version_policy(**named)["Policy"])
    assert policy["Statement"][0]["Resource"] == f"arn:aws:lambda:us-east-1:{account}:layer:a:1"
    client.remove_layer_version_permission(**named, StatementId="s")
    refused(lambda: client.get_layer_version_policy(**named), "ResourceNotFoundException")


def test_an_unknown_layer_is_refused(function, account):
    arn = f"arn:aws:lambda:us-east-1:{account}:layer:none:1"
    message = refused(lambda: function("", Layers=[arn]), "InvalidParameterValueException")
    assert message == f"Layer version {arn} does not exist."
