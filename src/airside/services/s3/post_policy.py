"""The policy of a POST form: who signed it, until when, and what it lets through. Pure.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
"""

import base64
import binascii
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from airside.identity.signing import signing_key
from airside.protocol.documents import load_json
from airside.services.s3 import errors

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_FREE = frozenset({"awsaccesskeyid", "signature", "x-amz-signature", "policy", "file", "bucket"})
_FREE_HEADS = ("x-ignore-", "x-amz-checksum-")
"""Fields that no condition has to cover."""


@dataclass(frozen=True, slots=True)
class Signed:
    """How a form says it was signed."""

    access_key_id: str
    signature: str
    scope: tuple[str, str, str] | None
    """(date, region, service) of version 4; None for version 2."""
    session_token: str | None


def signed(fields: Mapping[str, str]) -> Signed | None:
    """Who signed a form; None for an anonymous one. Raises InvalidArgument."""
    if "policy" not in fields:
        return None
    token = fields.get("x-amz-security-token")
    if "x-amz-signature" in fields or "x-amz-credential" in fields:
        parts = fields.get("x-amz-credential", "").split("/")
        for name in ("X-Amz-Signature", "X-Amz-Date", "X-Amz-Algorithm"):
            _need(fields, name)
        if len(parts) != 5 or parts[4] != "aws4_request":
            raise errors.InvalidArgument(
                "The Credential is mal-formed", ArgumentName="x-amz-credential"
            )
        scope = (parts[1], parts[2], parts[3])
        return Signed(parts[0], fields["x-amz-signature"], scope, token)
    if "signature" not in fields and "awsaccesskeyid" not in fields:
        raise errors.AccessDenied("Access Denied")
    _need(fields, "AWSAccessKeyId")
    _need(fields, "Signature")
    return Signed(fields["awsaccesskeyid"], fields["signature"], None, token)


def _need(fields: Mapping[str, str], name: str) -> None:
    if not fields.get(name.lower()):
        raise errors.InvalidArgument(
            f"Bucket POST must contain a field named '{name}'.  If it is specified, "
            "please check the order of the fields.",
            ArgumentName=name,
            ArgumentValue="",
        )


def is_genuine(found: Signed, policy: str, secret: str) -> bool:
    """Whether the form's policy was signed with `secret`."""
    if found.scope is None:
        digest = hmac.digest(secret.encode(), policy.encode(), "sha1")
        return hmac.compare_digest(base64.b64encode(digest), found.signature.encode())
    digest = hmac.digest(signing_key(secret, *found.scope), policy.encode(), "sha256")
    return hmac.compare_digest(digest.hex().encode(), found.signature.encode())


def read(text: str) -> Mapping[str, Any]:
    """A policy from its field. Raises InvalidPolicyDocument."""
    try:
        document = load_json(base64.b64decode(text, validate=False))
    except (binascii.Error, ValueError):
        raise _invalid("Invalid JSON.") from None
    if not isinstance(document, dict):
        raise _invalid("Invalid JSON.")
    if "expiration" not in document:
        raise _invalid("Policy missing expiration.")
    if not isinstance(document.get("conditions"), list):
        raise _invalid("Policy missing conditions.")
    return document


def _invalid(reason: str) -> errors.InvalidPolicyDocument:
    return errors.InvalidPolicyDocument(f"Invalid Policy: {reason}")


def check_time(policy: Mapping[str, Any], now: float) -> None:
    """Raise AccessDenied for an expired policy, InvalidPolicyDocument for a strange date."""
    expiration = policy["expiration"]
    if not _INSTANT.fullmatch(str(expiration)):
        raise _invalid(f"Invalid 'expiration' value: '{expiration}'")
    try:
        until = datetime.fromisoformat(expiration)
    except ValueError:
        raise _invalid(f"Invalid 'expiration' value: '{expiration}'") from None
    if until.timestamp() < now:
        raise errors.AccessDenied("Invalid according to Policy: Policy expired.")


def check_fields(
    policy: Mapping[str, Any], fields: Mapping[str, str], bucket: str
) -> tuple[int, int]:
    """Raise AccessDenied unless the conditions hold and cover every field.

    The file may have from (first) to (second) bytes.
    """
    values = {**fields, "bucket": bucket}
    covered: set[str] = set()
    span = (0, 5 << 30)
    for condition in policy["conditions"]:
        if isinstance(condition, dict):
            if len(condition) != 1:
                raise _invalid("Invalid Simple-Condition: Simple-Conditions must have exactly one "
                               "property specified.")  # fmt: skip
            for name, wanted in condition.items():
                covered.add(name.lower())
                _check(values, "eq", name, str(wanted), condition)
        elif isinstance(condition, list) and len(condition) == 3:
            operator, subject, argument = condition
            if str(operator).lower() == "content-length-range":
                span = _span(subject, argument, condition)
                continue
            if str(operator).lower() not in ("eq", "starts-with"):
                raise _invalid(f"Invalid Condition: unknown operation '{operator}'.")
            if not str(subject).startswith("$"):
                raise _failed(condition)
            name = str(subject).removeprefix("$")
            covered.add(name.lower())
            _check(values, str(operator).lower(), name, str(argument), condition)
        else:
            raise _invalid("Invalid Condition: wrong number of arguments.")
    for name in fields:
        if name not in _FREE and name not in covered and not name.startswith(_FREE_HEADS):
            raise errors.AccessDenied(f"Invalid according to Policy: Extra input fields: {name}")
    return span


def _failed(condition: Any) -> errors.AccessDenied:
    return errors.AccessDenied(
        f"Invalid according to Policy: Policy Condition failed: {json.dumps(condition)}"
    )


def _span(first: Any, last: Any, condition: Any) -> tuple[int, int]:
    try:
        return int(first), int(last)
    except (TypeError, ValueError):
        raise _failed(condition) from None


def _check(
    values: Mapping[str, str], operator: str, name: str, wanted: str, condition: Any
) -> None:
    actual = values.get(name.lower(), "")
    holds = actual == wanted if operator == "eq" else _starts(actual, wanted, name)
    if not holds:
        raise _failed(condition)


def _starts(actual: str, prefix: str, name: str) -> bool:
    """A list of content types fits when each of them does."""
    if name.lower() == "content-type" and "," in actual:
        return all(item.strip().startswith(prefix) for item in actual.split(","))
    return actual.startswith(prefix)
