"""Policy documents as IAM takes and gives them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

import re
from urllib.parse import quote

from airside.identity.policy import Policy, PolicySyntaxError, Statement
from airside.services.iam.errors import MalformedPolicyDocumentException

_SERVICE = re.compile(r"[a-z0-9.-]+\.(amazonaws\.com(\.cn)?|amazon\.com|aws\.internal)")
_AWS = re.compile(r"\*|\d{12}|arn:aws[a-z-]*:(iam|sts)::(\d{12})?:.+|A[A-Z0-9]{15,}")
_ASSUME = frozenset({"sts:assumerole", "sts:assumerolewithsaml", "sts:assumerolewithwebidentity",
                     "sts:tagsession", "sts:setsourceidentity", "sts:setcontext"})  # fmt: skip


def encoded(document: str) -> str:
    """A document as IAM answers it: percent-encoded as RFC 3986 says."""
    return quote(document, safe="-_.~")


def check_identity_policy(document: str) -> None:
    """Raise unless `document` can be attached to an identity."""
    for statement in _parse(document).statements:
        if statement.principals is not None:
            raise MalformedPolicyDocumentException(
                "Policy document should not specify a principal."
            )
        if not statement.resources:
            raise MalformedPolicyDocumentException("Policy statement must contain resources.")
        _check_actions(statement)
        for resource in statement.resources:
            if resource != "*" and not resource.startswith(("arn:", "${")):
                raise MalformedPolicyDocumentException(
                    f'Resource {resource} must be in ARN format or "*".'
                )


def check_trust_policy(document: str) -> None:
    """Raise unless `document` says who may assume a role."""
    for statement in _parse(document).statements:
        if statement.resources is not None:
            raise MalformedPolicyDocumentException("Has prohibited field Resource")
        if statement.principals is None:
            raise MalformedPolicyDocumentException("Missing required field Principal")
        _check_actions(statement)
        for action in statement.actions:
            if action not in _ASSUME and "*" not in action:
                raise MalformedPolicyDocumentException(
                    "AssumeRole policy may only specify STS AssumeRole actions."
                )
        for name in statement.principals.services:
            if not _SERVICE.fullmatch(name):
                raise MalformedPolicyDocumentException(
                    f'Invalid principal in policy: "SERVICE":"{name}"'
                )
        for name in statement.principals.aws:
            if not _AWS.fullmatch(name):
                raise MalformedPolicyDocumentException(
                    f'Invalid principal in policy: "AWS":"{name}"'
                )


def _parse(document: str) -> Policy:
    try:
        return Policy.parse(document)
    except PolicySyntaxError as error:
        raise MalformedPolicyDocumentException(str(error)) from error


def _check_actions(statement: Statement) -> None:
    for action in statement.actions:
        if action != "*" and ":" not in action:
            raise MalformedPolicyDocumentException(
                "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
            )
