"""Assumed roles and sessions through boto3."""

import datetime
import json

import boto3
import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def sts(aws):
    return aws("sts")


@pytest.fixture
def role(aws, account):
    """`role("name", principal)` -> ARN."""

    def make(name="worker", principal=None, condition=None, **more):
        statement = {
            "Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": principal or {"AWS": f"arn:aws:iam::{account}:root"},
        }  # fmt: skip
        if condition:
            statement["Condition"] = condition
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        made = aws("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document, **more)
        return made["Role"]["Arn"]

    return make


def as_session(server, credentials, service):
    return boto3.session.Session().client(
        service, endpoint_url=server.endpoint, region_name="us-east-1",
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )  # fmt: skip


def refused(raised):
    error = raised.value.response["Error"]
    return error["Code"], error["Message"]


def test_who_one_is(sts, account):
    identity = sts.get_caller_identity()
    assert identity["Account"] == identity["UserId"] == account
    assert identity["Arn"] == f"arn:aws:iam::{account}:root"


def test_an_assumed_role_works_with_its_credentials(server, sts, role, aws, account):
    arn = role(Path="/team/")
    answer = sts.assume_role(RoleArn=arn, RoleSessionName="me", DurationSeconds=900)
    session_arn = f"arn:aws:sts::{account}:assumed-role/worker/me"
    role_id = aws("iam").get_role(RoleName="worker")["Role"]["RoleId"]
    assert answer["AssumedRoleUser"] == {"Arn": session_arn, "AssumedRoleId": f"{role_id}:me"}
    credentials = answer["Credentials"]
    assert credentials["AccessKeyId"].startswith("ASIA")
    left = credentials["Expiration"] - datetime.datetime.now(datetime.UTC)
    assert 890 < left.total_seconds() <= 900
    identity = as_session(server, credentials, "sts").get_caller_identity()
    assert identity["Arn"] == session_arn
    assert identity["UserId"] == f"{role_id}:me"
    aws("sqs").create_queue(QueueName="q")
    assert len(as_session(server, credentials, "sqs").list_queues()["QueueUrls"]) == 1


def test_a_role_that_does_not_trust_the_caller_or_does_not_exist(sts, role, account):
    denied = (
        "User: arn:aws:iam::{0}:root is not authorized to perform: sts:AssumeRole on resource: {1}"
    )
    for arn in (
        role("other", {"AWS": "arn:aws:iam::999988887777:root"}),
        role("function", {"Service": "lambda.amazonaws.com"}),
        f"arn:aws:iam::{account}:role/nobody",
        "arn:aws:iam::999988887777:role/elsewhere",
    ):
        with pytest.raises(ClientError) as raised:
            sts.assume_role(RoleArn=arn, RoleSessionName="me")
        assert refused(raised) == ("AccessDenied", denied.format(account, arn))
        assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_another_account_is_let_in_with_the_external_id(aws, role):
    arn = role("shared", {"AWS": "999988887777"}, {"StringEquals": {"sts:ExternalId": "secret"}})
    stranger = aws("sts", key="999988887777")
    with pytest.raises(ClientError, match="not authorized"):
        stranger.assume_role(RoleArn=arn, RoleSessionName="me")
    stranger.assume_role(RoleArn=arn, RoleSessionName="me", ExternalId="secret")


def test_sessions_have_their_limits(server, sts, role):
    arn = role()
    with pytest.raises(ClientError, match="exceeds the MaxSessionDuration set for this role"):
        sts.assume_role(RoleArn=arn, RoleSessionName="me", DurationSeconds=3601)
    long = role("long", MaxSessionDuration=43200)
    credentials = sts.assume_role(RoleArn=long, RoleSessionName="me", DurationSeconds=43200)
    chained = as_session(server, credentials["Credentials"], "sts")
    with pytest.raises(ClientError, match="role chaining") as raised:
        chained.assume_role(RoleArn=long, RoleSessionName="me", DurationSeconds=3601)
    assert refused(raised)[0] == "ValidationError"
    chained.assume_role(RoleArn=long, RoleSessionName="me", DurationSeconds=3600)


def test_a_session_policy_must_be_one(sts, role):
    with pytest.raises(ClientError) as raised:
        sts.assume_role(RoleArn=role(), RoleSessionName="me", Policy="{")
    assert refused(raised)[0] == "MalformedPolicyDocument"


def test_a_session_token_of_ones_own(server, sts, account):
    credentials = sts.get_session_token()["Credentials"]
    session = as_session(server, credentials, "sts")
    assert session.get_caller_identity()["Arn"] == f"arn:aws:iam::{account}:root"


def test_a_token_that_was_changed_is_refused(server, sts, role):
    credentials = sts.assume_role(RoleArn=role(), RoleSessionName="me")["Credentials"]
    credentials["SessionToken"] = credentials["SessionToken"][:-8] + "AAAAAAA="
    with pytest.raises(ClientError) as raised:
        as_session(server, credentials, "sts").get_caller_identity()
    assert refused(raised)[0] == "InvalidClientTokenId"


def test_what_is_not_there_yet_says_so(sts):
    with pytest.raises(ClientError) as raised:
        sts.decode_authorization_message(EncodedMessage="x")
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
