"""Access control lists: canned ones, grant headers, what they mean to policies. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from airside.kernel import Principal
from airside.services.s3 import errors
from airside.services.s3.bucket import Grant, canonical_id, owner_of

ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
AUTHENTICATED_USERS = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
LOG_DELIVERY = "http://acs.amazonaws.com/groups/s3/LogDelivery"
GROUPS = frozenset({ALL_USERS, AUTHENTICATED_USERS, LOG_DELIVERY})
PERMISSIONS = ("FULL_CONTROL", "READ", "WRITE", "READ_ACP", "WRITE_ACP")

_HEADERS = {
    "GrantFullControl": "FULL_CONTROL",
    "GrantRead": "READ",
    "GrantReadACP": "READ_ACP",
    "GrantWrite": "WRITE",
    "GrantWriteACP": "WRITE_ACP",
}
_CANNED: Mapping[str, tuple[tuple[str, str], ...]] = {
    "private": (),
    "public-read": ((ALL_USERS, "READ"),),
    "public-read-write": ((ALL_USERS, "READ"), (ALL_USERS, "WRITE")),
    "authenticated-read": ((AUTHENTICATED_USERS, "READ"),),
    "aws-exec-read": (),
    "log-delivery-write": ((LOG_DELIVERY, "WRITE"), (LOG_DELIVERY, "READ_ACP")),
    "bucket-owner-read": (),
    "bucket-owner-full-control": (),
}
_BUCKET_ACTIONS = {
    "READ": ("s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads"),
    "WRITE": (
        "s3:PutObject",
        "s3:DeleteObject",
        "s3:DeleteObjectVersion",
        "s3:AbortMultipartUpload",
        "s3:ListMultipartUploadParts",
    ),
    "READ_ACP": ("s3:GetBucketAcl",),
    "WRITE_ACP": ("s3:PutBucketAcl",),
}
_OBJECT_ACTIONS = {
    "READ": ("s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectAttributes"),
    "READ_ACP": ("s3:GetObjectAcl", "s3:GetObjectVersionAcl"),
    "WRITE_ACP": ("s3:PutObjectAcl", "s3:PutObjectVersionAcl"),
}


def full_control(account_id: str) -> Grant:
    """What an owner has."""
    return {"Grantee": {"Type": "CanonicalUser", **owner_of(account_id)},
            "Permission": "FULL_CONTROL"}  # fmt: skip


def _group(uri: str, permission: str) -> Grant:
    return {"Grantee": {"Type": "Group", "URI": uri}, "Permission": permission}


def canned(name: str, owner: str, bucket_owner: str) -> list[Grant]:
    """The grants of a canned ACL such as `public-read`. Raises InvalidArgument."""
    if name not in _CANNED:
        raise errors.InvalidArgument("", ArgumentName="x-amz-acl", ArgumentValue=name)
    grants = [_group(uri, permission) for uri, permission in _CANNED[name]]
    grants.append(full_control(owner))
    if name == "bucket-owner-full-control" and bucket_owner != owner:
        grants.append(full_control(bucket_owner))
    if name == "bucket-owner-read" and bucket_owner != owner:
        grants.append({**full_control(bucket_owner), "Permission": "READ"})
    return grants


def asked(request: Mapping[str, Any], owner: str, bucket_owner: str) -> list[Grant] | None:
    """The grants that ACL headers ask for; None when there are none. Raises InvalidRequest."""
    headers = [name for name in _HEADERS if request.get(name)]
    if request.get("ACL"):
        if headers:
            raise errors.InvalidRequest(
                "Specifying both Canned ACLs and Header Grants is not allowed"
            )
        return canned(request["ACL"], owner, bucket_owner)
    if not headers:
        return None
    return [
        {"Grantee": grantee, "Permission": _HEADERS[name]}
        for name in headers
        for grantee in _grantees(request[name])
    ]


def _grantees(header: str) -> list[dict[str, str]]:
    """`id="...", uri="..."` as grantees."""
    found: list[dict[str, str]] = []
    for item in header.split(","):
        kind, _, value = item.strip().partition("=")
        value = value.strip().strip("\"'")
        match kind.strip().lower():
            case "id":
                found.append(check_grantee({"Type": "CanonicalUser", "ID": value}, "id"))
            case "uri":
                found.append(check_grantee({"Type": "Group", "URI": value}, uri="uri"))
            case "emailaddress":
                found.append(check_grantee({"EmailAddress": value}))
            case _:
                raise errors.InvalidArgument(
                    "Argument format not recognized", ArgumentName="x-amz-grant", ArgumentValue=item
                )
    return found


def check_grantee(
    grantee: Mapping[str, Any], identifier_name: str = "CanonicalUser/ID", *, uri: str = "Group/URI"
) -> dict[str, str]:
    """A grantee as it is kept: accounts by canonical id, also where an e-mail address named them.

    Raises InvalidArgument for an unknown id or group, UnresolvableGrantByEmailAddress.
    """
    if grantee.get("EmailAddress"):
        account_id = grantee["EmailAddress"].partition("@")[0]
        if len(account_id) != 12 or not account_id.isdecimal():
            raise errors.UnresolvableGrantByEmailAddress(
                "The e-mail address you provided does not match any account on record."
            )
        return {"Type": "CanonicalUser", **owner_of(account_id)}
    if grantee.get("URI"):
        if grantee["URI"] not in GROUPS:
            raise errors.InvalidArgument(
                "Invalid group uri", ArgumentName=uri, ArgumentValue=grantee["URI"]
            )
        return {"Type": "Group", "URI": grantee["URI"]}
    identifier = grantee.get("ID", "")
    if not account_of(identifier):
        raise errors.InvalidArgument(
            "Invalid id", ArgumentName=identifier_name, ArgumentValue=identifier
        )
    return {"Type": "CanonicalUser", **owner_of(account_of(identifier))}


def from_document(document: Mapping[str, Any]) -> list[Grant]:
    """The grants of an AccessControlPolicy. Raises MalformedACLError, InvalidArgument."""
    grants: list[Grant] = []
    malformed = errors.MalformedACLError(
        "The XML you provided was not well-formed or did not validate against our published schema"
    )
    owner = document.get("Owner", {}).get("ID")
    if owner is None:
        raise malformed
    if not account_of(owner):
        raise errors.InvalidArgument(
            "Invalid id", ArgumentName="CanonicalUser/ID", ArgumentValue=owner
        )
    for grant in document.get("Grants", ()):
        permission = grant.get("Permission")
        if permission not in PERMISSIONS or not grant.get("Grantee"):
            raise malformed
        grants.append({"Grantee": check_grantee(grant["Grantee"]), "Permission": permission})
    return sorted(grants, key=lambda grant: "URI" not in grant["Grantee"])


def account_of(identifier: str) -> str:
    """The account behind a canonical user id; empty when there is none."""
    if len(identifier) != 64 or not identifier.isalnum():
        return ""
    try:
        account = f"{int(identifier[::-1], 16):012d}"
    except ValueError:
        return ""
    return account if len(account) == 12 and canonical_id(account) == identifier else ""


def allow(
    grants: Sequence[Grant],
    action: str,
    principal: Principal,
    *,
    about_object: bool,
    ignore_public: bool,
) -> bool:
    """Whether some grant of an ACL lets a principal do `action`."""
    table = _OBJECT_ACTIONS if about_object else _BUCKET_ACTIONS
    for grant in grants:
        permission, grantee = grant["Permission"], grant["Grantee"]
        names = tuple(table) if permission == "FULL_CONTROL" else (permission,)
        if not any(action in table.get(name, ()) for name in names):
            continue
        if _is_grantee(grantee, principal, ignore_public=ignore_public):
            return True
    return False


def _is_grantee(grantee: Mapping[str, str], principal: Principal, *, ignore_public: bool) -> bool:
    if grantee.get("URI") in (ALL_USERS, AUTHENTICATED_USERS):
        known = grantee["URI"] == ALL_USERS or principal.kind != "anonymous"
        return known and not ignore_public
    if principal.kind in ("anonymous", "service"):
        return False
    return bool(principal.account_id) and account_of(grantee.get("ID", "")) == principal.account_id


def is_public(grant: Grant) -> bool:
    """Whether a grant is to everybody, or to everybody with an account."""
    return grant["Grantee"].get("URI") in (ALL_USERS, AUTHENTICATED_USERS)
