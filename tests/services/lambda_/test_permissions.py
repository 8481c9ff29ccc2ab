"""Resource policies."""

import json

from tests.services.lambda_.test_functions import ECHO, refused


def test_a_statement_is_added_and_removed(function, client):
    f = function(ECHO)
    given = {
        "FunctionName": "function", "StatementId": "s", "Action": "lambda:InvokeFunction",
        "Principal": "s3.amazonaws.com", "SourceArn": "arn:aws:s3:::b", "SourceAccount": "123456789012",
    }  # fmt: skip
    statement = {
        "Sid": "s", "Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "lambda:InvokeFunction", "Resource": f.arn,
        "Condition": {"StringEquals": {"AWS:SourceAccount": "123456789012"},
                      "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::b"}},
    }  # fmt: skip
    assert json.loads(client.add_permission(**given)["Statement"]) == statement
    message = refused(lambda: client.add_permission(**given), "ResourceConflictException")
    assert message.startswith("The statement id (s) provided already exists.")
    policy = json.loads(client.get_policy(FunctionName="function")["Policy"])
    assert policy == {"Version": "2012-10-17", "Id": "default", "Statement": [statement]}
    client.remove_permission(FunctionName="function", StatementId="s")
    refused(lambda: client.get_policy(FunctionName="function"), "ResourceNotFoundException")
    refused(
        lambda: client.remove_permission(FunctionName="function", StatementId="s"),
        "ResourceNotFoundException",
    )


def test_an_account_and_everybody_are_written_as_principals(function, client):
    function(ECHO)
    for sid, principal in (("a", "123456789012"), ("b", "*")):
        client.add_permission(
            FunctionName="function", StatementId=sid, Action="lambda:*", Principal=principal
        )
    policy = json.loads(client.get_policy(FunctionName="function")["Policy"])
    assert [each["Principal"] for each in policy["Statement"]] == [
        {"AWS": "arn:aws:iam::123456789012:root"}, "*",
    ]  # fmt: skip
