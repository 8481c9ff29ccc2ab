"""ECR through boto3 and CloudFormation."""

import json

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def ecr(aws):
    return aws("ecr")


def code(error):
    return error.value.response["Error"]["Code"]


def test_a_repository_from_create_to_delete(ecr, account):
    made = ecr.create_repository(repositoryName="team/app", tags=[{"Key": "a", "Value": "1"}])
    made = made["repository"]
    assert made["repositoryArn"] == f"arn:aws:ecr:us-east-1:{account}:repository/team/app"
    assert made["repositoryUri"] == f"{account}.dkr.ecr.us-east-1.amazonaws.com/team/app"
    assert (made["registryId"], made["imageTagMutability"]) == (account, "MUTABLE")
    with pytest.raises(ClientError) as error:
        ecr.create_repository(repositoryName="team/app")
    assert error.value.response["Error"] == {
        "Code": "RepositoryAlreadyExistsException",
        "Message": "The repository with name 'team/app' already exists in the registry with id "
        f"'{account}'",
    }
    assert ecr.list_tags_for_resource(resourceArn=made["repositoryArn"])["tags"] == [
        {"Key": "a", "Value": "1"}
    ]
    assert ecr.list_images(repositoryName="team/app")["imageIds"] == []
    ecr.delete_repository(repositoryName="team/app", force=True)
    with pytest.raises(ClientError) as error:
        ecr.describe_repositories(repositoryNames=["team/app"])
    assert error.value.response["Error"]["Message"] == (
        f"The repository with name 'team/app' does not exist in the registry with id '{account}'"
    )


def test_pages_of_repositories(ecr):
    for number in range(3):
        ecr.create_repository(repositoryName=f"r{number}")
    first = ecr.describe_repositories(maxResults=2)
    rest = ecr.describe_repositories(maxResults=2, nextToken=first["nextToken"])
    found = [one["repositoryName"] for one in first["repositories"] + rest["repositories"]]
    assert found == ["r0", "r1", "r2"]
    assert "nextToken" not in rest


def test_policies(ecr):
    ecr.create_repository(repositoryName="app")
    for get in (ecr.get_repository_policy, ecr.get_lifecycle_policy):
        with pytest.raises(ClientError) as error:
            get(repositoryName="app")
        assert code(error).endswith("PolicyNotFoundException")
    with pytest.raises(ClientError) as error:
        ecr.put_lifecycle_policy(repositoryName="app", lifecyclePolicyText="{" + " " * 100)
    assert code(error) == "InvalidParameterException"
    text = json.dumps({"rules": []}) + " " * 100
    ecr.put_lifecycle_policy(repositoryName="app", lifecyclePolicyText=text)
    assert ecr.get_lifecycle_policy(repositoryName="app")["lifecyclePolicyText"] == text
    ecr.set_repository_policy(repositoryName="app", policyText="{}")
    ecr.delete_repository_policy(repositoryName="app")


def test_pushing_an_image_is_refused_by_name(ecr):
    with pytest.raises(ClientError) as error:
        ecr.get_authorization_token()
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_as_a_resource_of_a_stack(aws, ecr):
    cloudformation = aws("cloudformation")

    def template(mutability, policy):
        properties = {"ImageTagMutability": mutability, "ImageScanningConfiguration": {
            "ScanOnPush": True}, "Tags": [{"Key": "x", "Value": mutability}]}  # fmt: skip
        if policy:
            properties["RepositoryPolicyText"] = {"Version": "2012-10-17", "Statement": []}
        return json.dumps({
            "Resources": {"R": {"Type": "AWS::ECR::Repository", "Properties": properties}},
            "Outputs": {"Name": {"Value": {"Ref": "R"}},
                        "Uri": {"Value": {"Fn::GetAtt": ["R", "RepositoryUri"]}}},
        })  # fmt: skip

    cloudformation.create_stack(StackName="Repo", TemplateBody=template("IMMUTABLE", policy=True))
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName="Repo", WaiterConfig={"Delay": 0.1}
    )
    outputs = cloudformation.describe_stacks(StackName="Repo")["Stacks"][0]["Outputs"]
    outputs = {one["OutputKey"]: one["OutputValue"] for one in outputs}
    assert outputs["Name"].startswith("repo-r-")
    assert outputs["Uri"].endswith("/" + outputs["Name"])
    assert ecr.get_repository_policy(repositoryName=outputs["Name"])
    cloudformation.update_stack(StackName="Repo", TemplateBody=template("MUTABLE", policy=False))
    cloudformation.get_waiter("stack_update_complete").wait(
        StackName="Repo", WaiterConfig={"Delay": 0.1}
    )
    (found,) = ecr.describe_repositories()["repositories"]
    assert found["imageTagMutability"] == "MUTABLE"
    assert found["imageScanningConfiguration"] == {"scanOnPush": True}
    with pytest.raises(ClientError):
        ecr.get_repository_policy(repositoryName=outputs["Name"])
    cloudformation.delete_stack(StackName="Repo")
    cloudformation.get_waiter("stack_delete_complete").wait(
        StackName="Repo", WaiterConfig={"Delay": 0.1}
    )
    assert ecr.describe_repositories()["repositories"] == []
