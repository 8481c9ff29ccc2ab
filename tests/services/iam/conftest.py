"""A client and documents to use."""

import json

import pytest


@pytest.fixture
def iam(aws):
    return aws("iam")


@pytest.fixture
def trust():
    """A trust policy for a service, or for what is given."""

    def document(principal=None):
        return json.dumps({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow", "Action": "sts:AssumeRole",
                "Principal": principal or {"Service": "lambda.amazonaws.com"},
            }],
        })  # fmt: skip

    return document


@pytest.fixture
def allow():
    """An identity policy that allows something."""

    def document(*actions, resource="*", **more):
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": resource, **more}
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]})

    return document


@pytest.fixture
def role(iam, trust):
    """The name of a role."""
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=trust())
    return "worker"
