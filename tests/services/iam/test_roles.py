"""Roles and instance profiles through boto3."""

import json
import re

import pytest
from botocore.exceptions import ClientError


def test_a_role_is_made_and_got(iam, trust, account):
    made = iam.create_role(
        RoleName="worker", Path="/team/", Description="does things", MaxSessionDuration=7200,
        AssumeRolePolicyDocument=trust(), Tags=[{"Key": "a", "Value": "b"}],
    )["Role"]  # fmt: skip
    assert made["Arn"] == f"arn:aws:iam::{account}:role/team/worker"
    assert re.fullmatch(r"AROA[A-Z0-9]{17}", made["RoleId"])
    got = iam.get_role(RoleName="worker")["Role"]
    assert got.pop("RoleLastUsed") == {}
    assert got == made
    assert got["AssumeRolePolicyDocument"] == json.loads(trust())
    assert got["MaxSessionDuration"] == 7200


def test_names_are_taken_whatever_their_case(iam, role, trust):
    with pytest.raises(iam.exceptions.EntityAlreadyExistsException) as raised:
        iam.create_role(RoleName="Worker", AssumeRolePolicyDocument=trust())
    assert raised.value.response["Error"] == {
        "Type": "Sender", "Code": "EntityAlreadyExists",
        "Message": "Role with name Worker already exists.",
    }  # fmt: skip
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 409


def test_a_role_that_is_not_there(iam):
    with pytest.raises(iam.exceptions.NoSuchEntityException) as raised:
        iam.get_role(RoleName="nobody")
    assert raised.value.response["Error"]["Code"] == "NoSuchEntity"
    assert raised.value.response["Error"]["Message"] == "The role with name nobody cannot be found."


def test_roles_are_listed_by_path_in_pages(iam, trust):
    for name, path in (("a", "/x/"), ("b", "/x/y/"), ("c", "/"), ("d", "/x/")):
        iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=trust())

    def names(**how):
        pages = iam.get_paginator("list_roles").paginate(PaginationConfig={"PageSize": 2}, **how)
        return [role["RoleName"] for page in pages for role in page["Roles"]]

    assert names() == ["a", "b", "c", "d"]
    assert names(PathPrefix="/x/") == ["a", "b", "d"]


def test_a_role_is_changed(iam, role, trust):
    iam.update_role(RoleName=role, Description="new", MaxSessionDuration=3600)
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=trust({"AWS": "111122223333"}))
    boundary = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=boundary)
    got = iam.get_role(RoleName=role)["Role"]
    assert got["Description"] == "new"
    assert got["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"AWS": "111122223333"}
    assert got["PermissionsBoundary"]["PermissionsBoundaryArn"] == boundary
    iam.delete_role_permissions_boundary(RoleName=role)
    assert "PermissionsBoundary" not in iam.get_role(RoleName=role)["Role"]


def test_tags_of_a_role(iam, role):
    iam.tag_role(RoleName=role, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    iam.untag_role(RoleName=role, TagKeys=["a"])
    assert iam.list_role_tags(RoleName=role)["Tags"] == [{"Key": "b", "Value": "2"}]


def test_a_role_is_deleted_only_when_bare(iam, role, allow):
    arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    iam.attach_role_policy(RoleName=role, PolicyArn=arn)
    iam.put_role_policy(RoleName=role, PolicyName="p", PolicyDocument=allow("s3:*"))
    iam.create_instance_profile(InstanceProfileName="profile")
    iam.add_role_to_instance_profile(InstanceProfileName="profile", RoleName=role)

    def refused(message):
        with pytest.raises(iam.exceptions.DeleteConflictException, match=message):
            iam.delete_role(RoleName=role)

    refused("must remove roles from instance profile first")
    iam.remove_role_from_instance_profile(InstanceProfileName="profile", RoleName=role)
    refused("must detach all policies first")
    iam.detach_role_policy(RoleName=role, PolicyArn=arn)
    refused("must delete policies first")
    iam.delete_role_policy(RoleName=role, PolicyName="p")
    iam.delete_role(RoleName=role)
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.delete_role(RoleName=role)


def test_instance_profiles(iam, role):
    iam.create_instance_profile(InstanceProfileName="profile", Path="/p/")
    iam.add_role_to_instance_profile(InstanceProfileName="profile", RoleName=role)
    profile = iam.get_instance_profile(InstanceProfileName="profile")["InstanceProfile"]
    assert [each["RoleName"] for each in profile["Roles"]] == [role]
    assert profile["Arn"].endswith(":instance-profile/p/profile")
    (listed,) = iam.list_instance_profiles_for_role(RoleName=role)["InstanceProfiles"]
    assert listed["InstanceProfileName"] == "profile"
    with pytest.raises(iam.exceptions.LimitExceededException):
        iam.add_role_to_instance_profile(InstanceProfileName="profile", RoleName=role)
    with pytest.raises(iam.exceptions.DeleteConflictException):
        iam.delete_instance_profile(InstanceProfileName="profile")


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("no json", "This policy contains invalid Json"),
        ('{"Version": "2012-10-17"}', "Syntax errors in policy."),
        ('{"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole"}]}',
         "Missing required field Principal"),
        ('{"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*",'
         ' "Principal": "*"}]}', "Has prohibited field Resource"),
        ('{"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Principal": "*"}]}',
         "AssumeRole policy may only specify STS AssumeRole actions."),
        ('{"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",'
         ' "Principal": {"Service": "lambda"}}]}',
         'Invalid principal in policy: "SERVICE":"lambda"'),
    ],
)  # fmt: skip
def test_trust_policies_that_are_none(iam, document, message):
    with pytest.raises(ClientError) as raised:
        iam.create_role(RoleName="r", AssumeRolePolicyDocument=document)
    assert raised.value.response["Error"]["Code"] == "MalformedPolicyDocument"
    assert raised.value.response["Error"]["Message"] == message
