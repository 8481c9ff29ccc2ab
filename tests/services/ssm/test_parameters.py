"""Parameter Store through boto3."""

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def ssm(aws):
    return aws("ssm")


def put(ssm, name, value="v", **more):
    return ssm.put_parameter(Name=name, Value=value, **{"Type": "String", **more})


def test_a_parameter_is_put_and_got(ssm, account):
    assert put(ssm, "/app/db/url", "postgres://x", Description="where")["Version"] == 1
    parameter = ssm.get_parameter(Name="/app/db/url")["Parameter"]
    assert parameter["Value"] == "postgres://x"
    assert parameter["Type"] == "String"
    assert parameter["Version"] == 1
    assert parameter["DataType"] == "text"
    assert parameter["ARN"] == f"arn:aws:ssm:us-east-1:{account}:parameter/app/db/url"
    assert ssm.get_parameter(Name=parameter["ARN"])["Parameter"]["Name"] == "/app/db/url"
    put(ssm, "plain")
    arn = f"arn:aws:ssm:us-east-1:{account}:parameter/plain"
    assert ssm.get_parameter(Name="plain")["Parameter"]["ARN"] == arn
    assert ssm.get_parameter(Name=arn)["Parameter"]["Name"] == "plain"


def test_what_is_not_there(ssm):
    with pytest.raises(ssm.exceptions.ParameterNotFound):
        ssm.get_parameter(Name="/none")
    with pytest.raises(ssm.exceptions.ParameterNotFound):
        ssm.delete_parameter(Name="/none")
    put(ssm, "here")
    found = ssm.get_parameters(Names=["here", "gone"])
    assert [each["Name"] for each in found["Parameters"]] == ["here"]
    assert found["InvalidParameters"] == ["gone"]
    deleted = ssm.delete_parameters(Names=["here", "gone"])
    assert deleted["DeletedParameters"] == ["here"]
    assert deleted["InvalidParameters"] == ["gone"]


def test_versions_labels_and_history(ssm):
    put(ssm, "/v", "one")
    with pytest.raises(
        ssm.exceptions.ParameterAlreadyExists, match=r"already exists. To overwrite"
    ):
        put(ssm, "/v", "two")
    assert put(ssm, "/v", "two", Overwrite=True)["Version"] == 2
    answer = ssm.label_parameter_version(Name="/v", ParameterVersion=1, Labels=["old", "aws-x"])
    assert answer["InvalidLabels"] == ["aws-x"]
    assert ssm.get_parameter(Name="/v")["Parameter"]["Value"] == "two"
    by_number = ssm.get_parameter(Name="/v:1")["Parameter"]
    assert (by_number["Value"], by_number["Selector"]) == ("one", ":1")
    assert ssm.get_parameter(Name="/v:old")["Parameter"]["Value"] == "one"
    ssm.label_parameter_version(Name="/v", Labels=["old"])
    assert ssm.get_parameter(Name="/v:old")["Parameter"]["Value"] == "two"
    with pytest.raises(ssm.exceptions.ParameterVersionNotFound):
        ssm.get_parameter(Name="/v:9")
    history = ssm.get_parameter_history(Name="/v")["Parameters"]
    assert [(each["Version"], each["Value"], each["Labels"]) for each in history] == [
        (1, "one", []), (2, "two", ["old"]),
    ]  # fmt: skip


def test_a_secure_string_is_shown_only_decrypted(ssm):
    put(ssm, "secret", "hush", Type="SecureString")
    closed = ssm.get_parameter(Name="secret")["Parameter"]
    assert closed["Value"] != "hush"
    assert ssm.get_parameter(Name="secret")["Parameter"]["Value"] == closed["Value"]
    opened = ssm.get_parameter(Name="secret", WithDecryption=True)["Parameter"]
    assert opened["Value"] == "hush"
    (described,) = ssm.describe_parameters()["Parameters"]
    assert described["KeyId"] == "alias/aws/ssm"


def test_parameters_by_path(ssm):
    for name in ("/a/1", "/a/2", "/a/b/3", "/a/b/c/4", "/ab/5", "a6"):
        put(ssm, name)

    def names(**how):
        pages = ssm.get_paginator("get_parameters_by_path").paginate(
            PaginationConfig={"PageSize": 2}, **how
        )
        return [each["Name"] for page in pages for each in page["Parameters"]]

    assert names(Path="/a") == ["/a/1", "/a/2"]
    assert names(Path="/a/") == ["/a/1", "/a/2"]
    assert names(Path="/a", Recursive=True) == ["/a/1", "/a/2", "/a/b/3", "/a/b/c/4"]
    assert names(Path="/", Recursive=True) == ["/a/1", "/a/2", "/a/b/3", "/a/b/c/4", "/ab/5"]
    with pytest.raises(ClientError, match="must begin with a forward slash"):
        names(Path="a")


def test_parameters_are_described_by_filters(ssm):
    put(ssm, "/x/one", Tags=[{"Key": "team", "Value": "red"}])
    put(ssm, "/x/two", "a,b", Type="StringList")

    def names(*filters):
        found = ssm.describe_parameters(ParameterFilters=list(filters))["Parameters"]
        return [each["Name"] for each in found]

    assert names({"Key": "Name", "Option": "BeginsWith", "Values": ["/x"]}) == ["/x/one", "/x/two"]
    assert names({"Key": "Name", "Option": "Contains", "Values": ["wo"]}) == ["/x/two"]
    assert names({"Key": "Type", "Values": ["StringList"]}) == ["/x/two"]
    assert names({"Key": "tag:team", "Values": ["red"]}) == ["/x/one"]
    assert names({"Key": "Path", "Option": "Recursive", "Values": ["/"]}) == ["/x/one", "/x/two"]


@pytest.mark.parametrize(
    ("asked", "code", "message"),
    [
        ({"Name": "aws/x"}, "ValidationException", "fully qualified"),
        ({"Name": "awsome"}, "ValidationException", 'prefixed with "aws" or "ssm"'),
        ({"Name": "a b"}, "ValidationException", "Parameter name"),
        ({"Name": "a/b"}, "ValidationException", "must be a fully qualified name"),
        ({"Name": "/1" * 16}, "HierarchyLevelLimitExceededException", "maximum of 15 levels"),
        ({"Name": "x", "Value": "y" * 4097}, "ValidationException", "maximum parameter value of 4096"),
        ({"Name": "x", "AllowedPattern": r"^\d+$"}, "ParameterPatternMismatchException",
         "cannot be validated against allowedPattern"),
        ({"Name": "x", "Overwrite": True, "Tags": [{"Key": "a", "Value": "b"}]},
         "ValidationException", "tags and overwrite can't be used together"),
    ],
)  # fmt: skip
def test_what_put_refuses(ssm, asked, code, message):
    with pytest.raises(ClientError) as raised:
        put(ssm, **{"name": asked.pop("Name"), "value": asked.pop("Value", "v"), **asked})
    assert raised.value.response["Error"]["Code"] == code
    assert message in raised.value.response["Error"]["Message"]


def test_a_long_value_takes_the_advanced_tier(ssm):
    assert put(ssm, "long", "y" * 5000, Tier="Intelligent-Tiering")["Tier"] == "Advanced"
    assert put(ssm, "short", "y", Tier="Intelligent-Tiering")["Tier"] == "Standard"


def test_tags(ssm):
    put(ssm, "/t", Tags=[{"Key": "a", "Value": "1"}])
    resource = {"ResourceType": "Parameter", "ResourceId": "/t"}
    ssm.add_tags_to_resource(**resource, Tags=[{"Key": "b", "Value": "2"}])
    ssm.remove_tags_from_resource(**resource, TagKeys=["a"])
    assert ssm.list_tags_for_resource(**resource)["TagList"] == [{"Key": "b", "Value": "2"}]
    with pytest.raises(ssm.exceptions.InvalidResourceId):
        ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId="/gone")
