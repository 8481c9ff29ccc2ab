"""Inline and managed policies through boto3."""

import json

import pytest
from botocore.exceptions import ClientError

BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"


@pytest.mark.parametrize("noun", ["role", "user", "group"])
def test_inline_policies_of_each_kind(iam, trust, allow, noun):
    named = {f"{noun.capitalize()}Name": "x"}
    more = {"AssumeRolePolicyDocument": trust()} if noun == "role" else {}
    getattr(iam, f"create_{noun}")(**named, **more)

    def call(verb, suffix="policy", **asked):
        return getattr(iam, f"{verb}_{noun}_{suffix}")(**named, **asked)

    for name in ("p1", "p2", "p3"):
        call("put", PolicyName=name, PolicyDocument=allow("s3:GetObject"))
    got = call("get", PolicyName="p1")
    assert got["PolicyDocument"] == json.loads(allow("s3:GetObject"))
    assert got[f"{noun.capitalize()}Name"] == "x"
    assert call("list", "policies")["PolicyNames"] == ["p1", "p2", "p3"]
    first = call("list", "policies", MaxItems=2)
    assert first["IsTruncated"]
    assert call("list", "policies", Marker=first["Marker"])["PolicyNames"] == ["p3"]
    call("delete", PolicyName="p1")
    with pytest.raises(iam.exceptions.NoSuchEntityException) as raised:
        call("get", PolicyName="p1")
    assert f"The {noun} policy with name p1 cannot be found." in str(raised.value)
    call("attach", PolicyArn=BASIC)
    call("attach", PolicyArn=BASIC)
    attached = getattr(iam, f"list_attached_{noun}_policies")(**named)["AttachedPolicies"]
    assert attached == [{"PolicyName": "AWSLambdaBasicExecutionRole", "PolicyArn": BASIC}]
    call("detach", PolicyArn=BASIC)
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        call("detach", PolicyArn=BASIC)


def test_a_policy_of_aws_has_its_document(iam):
    policy = iam.get_policy(PolicyArn=BASIC)["Policy"]
    assert policy["Path"] == "/service-role/"
    version = iam.get_policy_version(PolicyArn=BASIC, VersionId=policy["DefaultVersionId"])
    (statement,) = version["PolicyVersion"]["Document"]["Statement"]
    assert statement["Action"] == [
        "logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents",
    ]  # fmt: skip
    pages = iam.get_paginator("list_policies").paginate(Scope="AWS")
    names = [each["PolicyName"] for page in pages for each in page["Policies"]]
    for name in ("AdministratorAccess", "ReadOnlyAccess", "AWSLambdaSQSQueueExecutionRole",
                 "AWSLambdaDynamoDBExecutionRole", "AWSLambdaVPCAccessExecutionRole",
                 "AWSXRayDaemonWriteAccess", "AmazonS3ReadOnlyAccess"):  # fmt: skip
        assert name in names


def test_a_managed_policy_and_its_versions(iam, role, allow, account):
    made = iam.create_policy(PolicyName="mine", PolicyDocument=allow("a:B"), Path="/p/")["Policy"]
    arn = made["Arn"]
    assert arn == f"arn:aws:iam::{account}:policy/p/mine"
    with pytest.raises(iam.exceptions.EntityAlreadyExistsException, match="called mine already"):
        iam.create_policy(PolicyName="mine", PolicyDocument=allow("a:B"))
    for number in range(2, 6):
        iam.create_policy_version(
            PolicyArn=arn, PolicyDocument=allow(f"a:B{number}"), SetAsDefault=number == 3
        )
    with pytest.raises(iam.exceptions.LimitExceededException, match="up to 5 versions"):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=allow("a:B"))
    assert iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"] == "v3"
    versions = iam.list_policy_versions(PolicyArn=arn)["Versions"]
    assert [each["VersionId"] for each in versions] == ["v5", "v4", "v3", "v2", "v1"]
    with pytest.raises(iam.exceptions.DeleteConflictException, match="default version"):
        iam.delete_policy_version(PolicyArn=arn, VersionId="v3")
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")

    iam.attach_role_policy(RoleName=role, PolicyArn=arn)
    assert iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 1
    entities = iam.list_entities_for_policy(PolicyArn=arn)
    assert [each["RoleName"] for each in entities["PolicyRoles"]] == [role]
    with pytest.raises(iam.exceptions.DeleteConflictException, match="attached to entities"):
        iam.delete_policy(PolicyArn=arn)
    iam.detach_role_policy(RoleName=role, PolicyArn=arn)
    with pytest.raises(iam.exceptions.DeleteConflictException, match="more than one version"):
        iam.delete_policy(PolicyArn=arn)
    for number in range(2, 6):
        iam.delete_policy_version(PolicyArn=arn, VersionId=f"v{number}")
    iam.delete_policy(PolicyArn=arn)
    with pytest.raises(iam.exceptions.NoSuchEntityException, match="was not found"):
        iam.get_policy(PolicyArn=arn)
    with pytest.raises(iam.exceptions.NoSuchEntityException, match="not attachable"):
        iam.attach_role_policy(RoleName=role, PolicyArn=arn)


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ({"Effect": "Allow", "Action": "s3:Get"}, "Policy statement must contain resources."),
        ({"Effect": "Allow", "Resource": "*"}, "Policy statement must contain actions."),
        ({"Effect": "Allow", "Action": "Get", "Resource": "*"},
         "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."),
        ({"Effect": "Allow", "Action": "s3:Get", "Resource": "bucket"},
         'Resource bucket must be in ARN format or "*".'),
        ({"Effect": "Allow", "Action": "s3:Get", "Resource": "*", "Principal": "*"},
         "Policy document should not specify a principal."),
        ({"Effect": "Maybe", "Action": "s3:Get", "Resource": "*"}, "Syntax errors in policy."),
    ],
)  # fmt: skip
def test_documents_that_are_no_policies(iam, role, statement, message):
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    with pytest.raises(ClientError) as raised:
        iam.put_role_policy(RoleName=role, PolicyName="p", PolicyDocument=document)
    assert raised.value.response["Error"]["Code"] == "MalformedPolicyDocument"
    assert raised.value.response["Error"]["Message"] == message


def test_simulation_says_what_policies_would(iam, role, allow):
    iam.put_role_policy(RoleName=role, PolicyName="p", PolicyDocument=allow(
        "s3:GetObject", resource="arn:aws:s3:::b/${aws:PrincipalTag/team}/*",
        Condition={"Bool": {"aws:SecureTransport": "true"}},
    ))  # fmt: skip
    arn = iam.get_role(RoleName=role)["Role"]["Arn"]

    def decision(*entries, action="s3:GetObject"):
        (result,) = iam.simulate_principal_policy(
            PolicySourceArn=arn, ActionNames=[action], ResourceArns=["arn:aws:s3:::b/red/x"],
            ContextEntries=[
                {"ContextKeyName": name, "ContextKeyValues": [value], "ContextKeyType": "string"}
                for name, value in entries
            ],
        )["EvaluationResults"]  # fmt: skip
        return result["EvalDecision"]

    team, secure = ("aws:PrincipalTag/team", "red"), ("aws:SecureTransport", "true")
    assert decision(team, secure) == "allowed"
    assert decision(team) == "implicitDeny"
    assert decision(secure) == "implicitDeny"
    assert decision(team, secure, action="s3:PutObject") == "implicitDeny"
    iam.put_role_permissions_boundary(
        RoleName=role, PermissionsBoundary="arn:aws:iam::aws:policy/AmazonSQSFullAccess"
    )
    assert decision(team, secure) == "implicitDeny"


def test_the_whole_account(iam, role, allow):
    iam.attach_role_policy(RoleName=role, PolicyArn=BASIC)
    iam.create_group(GroupName="g")
    iam.create_user(UserName="u")
    iam.add_user_to_group(GroupName="g", UserName="u")
    iam.create_policy(PolicyName="mine", PolicyDocument=allow("a:B"))
    details = iam.get_account_authorization_details()
    assert [each["UserName"] for each in details["UserDetailList"]] == ["u"]
    assert details["UserDetailList"][0]["GroupList"] == ["g"]
    (found,) = details["RoleDetailList"]
    assert found["AttachedManagedPolicies"][0]["PolicyArn"] == BASIC
    policies = {each["PolicyName"]: each for each in details["Policies"]}
    assert sorted(policies) == ["AWSLambdaBasicExecutionRole", "mine"]
    assert policies["mine"]["PolicyVersionList"][0]["Document"] == json.loads(allow("a:B"))
    only = iam.get_account_authorization_details(Filter=["Group"])
    assert [each["GroupName"] for each in only["GroupDetailList"]] == ["g"]
    assert only["RoleDetailList"] == []
    assert iam.get_account_summary()["SummaryMap"]["Roles"] == 1
