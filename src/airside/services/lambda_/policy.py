"""Resource policies: what AddPermission's members say as a policy statement. Pure."""

import json
import re
from typing import Any

_ACCOUNT = re.compile(r"\d{12}")
_PRINCIPAL = re.compile(
    r"\d{12}|arn:[\w-]+:(iam|sts)::\d{12}:.+|arn:[\w-]+:iam::cloudfront:.+|[\w.-]+\.amazonaws\.com(\.cn)?"
    r"|[\w-]+\.[\w.-]*amazon\.com|[\w-]+\.alexa\.amazon\.com|events\.apps\.\w+"
)


def statement(resource: str, request: dict[str, Any]) -> dict[str, Any]:
    """The statement that AddPermission (of functions and layers) adds."""
    result: dict[str, Any] = {
        "Sid": request["StatementId"],
        "Effect": "Allow",
        "Principal": _principal(request["Principal"]),
        "Action": request["Action"],
        "Resource": resource,
    }
    conditions = _conditions(request)
    if conditions:
        result["Condition"] = conditions
    return result


def is_principal(given: str) -> bool:
    """Whether AddPermission takes it: everybody, an account, an ARN or a service."""
    return given == "*" or bool(_PRINCIPAL.fullmatch(given))


def _principal(given: str) -> Any:
    if given == "*":
        return "*"
    if _ACCOUNT.fullmatch(given):
        return {"AWS": f"arn:aws:iam::{given}:root"}
    if given.startswith("arn:"):
        return {"AWS": given}
    return {"Service": given}


def _conditions(request: dict[str, Any]) -> dict[str, dict[str, Any]]:
    equals: dict[str, Any] = {}
    for member, key in (
        ("SourceAccount", "AWS:SourceAccount"),
        ("EventSourceToken", "lambda:EventSourceToken"),
        ("FunctionUrlAuthType", "lambda:FunctionUrlAuthType"),
        ("PrincipalOrgID", "aws:PrincipalOrgID"),
        ("OrganizationId", "aws:PrincipalOrgID"),
    ):
        if member in request:
            equals[key] = request[member]
    conditions: dict[str, dict[str, Any]] = {}
    if equals:
        conditions["StringEquals"] = equals
    if "InvokedViaFunctionUrl" in request:
        invoked = str(request["InvokedViaFunctionUrl"]).lower()
        conditions["Bool"] = {"lambda:InvokedViaFunctionUrl": invoked}
    if "SourceArn" in request:
        conditions["ArnLike"] = {"AWS:SourceArn": request["SourceArn"]}
    return conditions


def document(statements: list[dict[str, Any]]) -> dict[str, Any]:
    """The whole policy."""
    return {"Version": "2012-10-17", "Id": "default", "Statement": statements}


def json_text(value: dict[str, Any]) -> str:
    """One statement as text."""
    return json.dumps(value, separators=(",", ":"))


def text(statements: list[dict[str, Any]]) -> str:
    """The policy as GetPolicy answers it."""
    return json_text(document(statements))
