"""Users, groups and access keys through boto3."""

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def user(iam):
    iam.create_user(UserName="ann", Path="/team/")
    return "ann"


def test_an_access_key_authenticates_its_user(server, iam, user, account):
    key = iam.create_access_key(UserName=user)["AccessKey"]
    mine = {"key": key["AccessKeyId"], "secret": key["SecretAccessKey"]}
    identity = server.client("sts", **mine).get_caller_identity()
    assert identity["Arn"] == f"arn:aws:iam::{account}:user/team/ann"
    assert identity["Account"] == account
    assert identity["UserId"] == iam.get_user(UserName=user)["User"]["UserId"]
    assert server.client("iam", **mine).get_user()["User"]["UserName"] == user
    assert iam.get_access_key_last_used(AccessKeyId=mine["key"])["UserName"] == user
    assert server.client("sts", **mine).get_access_key_info(
        AccessKeyId=mine["key"]
    )["Account"] == account  # fmt: skip


def test_an_inactive_or_deleted_key_does_not(server, iam, user):
    key = iam.create_access_key(UserName=user)["AccessKey"]
    named = {"UserName": user, "AccessKeyId": key["AccessKeyId"]}
    sts = server.client("sts", key=key["AccessKeyId"], secret=key["SecretAccessKey"])

    def status():
        (listed,) = iam.list_access_keys(UserName=user)["AccessKeyMetadata"]
        return listed["Status"]

    iam.update_access_key(**named, Status="Inactive")
    assert status() == "Inactive"
    with pytest.raises(ClientError) as raised:
        sts.get_caller_identity()
    assert raised.value.response["Error"]["Code"] == "InvalidClientTokenId"
    iam.update_access_key(**named, Status="Active")
    assert status() == "Active"
    sts.get_caller_identity()
    iam.delete_access_key(**named)
    assert iam.list_access_keys(UserName=user)["AccessKeyMetadata"] == []
    with pytest.raises(ClientError):
        sts.get_caller_identity()


def test_two_keys_at_most(iam, user):
    for _ in range(2):
        iam.create_access_key(UserName=user)
    with pytest.raises(iam.exceptions.LimitExceededException, match="AccessKeysPerUser: 2"):
        iam.create_access_key(UserName=user)


def test_groups_and_their_members(iam, user):
    iam.create_group(GroupName="staff")
    iam.add_user_to_group(GroupName="staff", UserName=user)
    assert [each["UserName"] for each in iam.get_group(GroupName="staff")["Users"]] == [user]
    groups = iam.list_groups_for_user(UserName=user)["Groups"]
    assert [each["GroupName"] for each in groups] == ["staff"]
    iam.update_group(GroupName="staff", NewGroupName="crew")
    assert [each["UserName"] for each in iam.get_group(GroupName="crew")["Users"]] == [user]
    with pytest.raises(iam.exceptions.NoSuchEntityException, match="group with name staff"):
        iam.get_group(GroupName="staff")
    with pytest.raises(iam.exceptions.DeleteConflictException):
        iam.delete_group(GroupName="crew")
    iam.remove_user_from_group(GroupName="crew", UserName=user)
    iam.delete_group(GroupName="crew")
    assert iam.list_groups()["Groups"] == []


def test_a_user_is_deleted_only_when_bare(iam, user):
    key = iam.create_access_key(UserName=user)["AccessKey"]
    with pytest.raises(iam.exceptions.DeleteConflictException, match="delete access keys first"):
        iam.delete_user(UserName=user)
    iam.delete_access_key(UserName=user, AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName=user)
    with pytest.raises(iam.exceptions.NoSuchEntityException, match="user with name ann"):
        iam.get_user(UserName=user)


def test_users_are_listed_renamed_and_tagged(iam, user, account):
    iam.create_user(UserName="bob", Tags=[{"Key": "a", "Value": "1"}])
    listed = iam.list_users(PathPrefix="/team/")["Users"]
    assert [each["UserName"] for each in listed] == ["ann"]
    iam.update_user(UserName="bob", NewUserName="rob", NewPath="/x/")
    assert iam.get_user(UserName="rob")["User"]["Arn"] == f"arn:aws:iam::{account}:user/x/rob"
    assert iam.list_user_tags(UserName="rob")["Tags"] == [{"Key": "a", "Value": "1"}]


def test_the_account_has_an_alias(iam, account):
    alias = f"alias-{account}"
    iam.create_account_alias(AccountAlias=alias)
    assert iam.list_account_aliases()["AccountAliases"] == [alias]
    iam.delete_account_alias(AccountAlias=alias)
    assert iam.list_account_aliases()["AccountAliases"] == []
