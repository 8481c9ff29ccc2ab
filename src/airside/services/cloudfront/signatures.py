"""Signed URLs and signed cookies: who may see what is private. Pure.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/PrivateContent.html
"""

import base64
import binascii
import ipaddress
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from airside.kernel.wildcards import wildcards

_PARAMETERS = frozenset({"Expires", "Policy", "Signature", "Key-Pair-Id", "Hash-Algorithm"})
_COOKIE_PREFIX = "CloudFront-"
_ALPHABET = str.maketrans("-_~", "+=/")

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey


class Refused(Exception):
    """Why a viewer may not see it: `code` and `message` of CloudFront's XML."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a request brings: from the query string, else from cookies."""

    expires: str
    policy: str
    signature: str
    key_id: str
    algorithm: str


def public_key(encoded: str) -> PublicKey:
    """A key as it was uploaded."""
    key = load_pem_public_key(encoded.strip().encode())
    assert isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey)
    return key


def without_credentials(query: str) -> str:
    """The query string that the origin and the cache see."""
    return "&".join(item for item in query.split("&") if item.partition("=")[0] not in _PARAMETERS)


def without_cookies(header: str) -> str:
    """The cookies that the origin and the cache see."""
    items = (item.strip() for item in header.split(";"))
    return "; ".join(
        item
        for item in items
        if not item.startswith(_COOKIE_PREFIX)
        or item.partition("=")[0].removeprefix(_COOKIE_PREFIX) not in _PARAMETERS
    )


def credentials(query: str, cookie: str) -> Credentials:
    """What a request brings. Raises Refused when it brings no key's id."""
    given = _pairs(query.split("&"))
    if not given.keys() & (_PARAMETERS - {"Expires"}):
        given = {
            name.removeprefix(_COOKIE_PREFIX): value
            for name, value in _pairs(cookie.split(";")).items()
            if name.startswith(_COOKIE_PREFIX)
        }
    if not given.get("Key-Pair-Id"):
        raise Refused("MissingKey", "Missing Key-Pair-Id query parameter or cookie value")
    if not given.get("Signature"):
        raise Refused("MissingSignature", "Missing Signature query parameter or cookie value")
    if not given.get("Policy") and not given.get("Expires"):
        raise Refused("MissingPolicy", "Missing Policy query parameter or cookie value")
    return Credentials(
        given.get("Expires", ""), given.get("Policy", ""), given["Signature"],
        given["Key-Pair-Id"], given.get("Hash-Algorithm", "SHA1"),
    )  # fmt: skip


def _pairs(items: Iterable[str]) -> dict[str, str]:
    split = (item.strip().partition("=") for item in items)
    return {name: value for name, _, value in split if name}


def check(
    brought: Credentials, keys: Mapping[str, PublicKey], urls: list[str], client: str, now: float
) -> None:
    """Raise Refused unless the viewer may see one of `urls`, all of which mean the same thing."""
    key = keys.get(brought.key_id)
    if key is None:
        raise Refused("InvalidKey", "Unknown Key")
    signature = _decoded(brought.signature, "MalformedSignature", "Could not unencode Signature")
    if brought.policy:
        policy = _decoded(brought.policy, "MalformedPolicy", "Malformed Policy")
        if not _verified(key, signature, policy, brought.algorithm):
            raise _denied()
        _check_policy(policy, urls, client, now)
        return
    if not brought.expires.isascii() or not brought.expires.isdigit():
        raise Refused("MalformedPolicy", "Malformed Policy")
    if len(brought.expires) > 20 or int(brought.expires) <= now:
        raise _denied()
    if not any(
        _verified(key, signature, _canned(url, brought.expires), brought.algorithm) for url in urls
    ):
        raise _denied()


def _denied() -> Refused:
    return Refused("AccessDenied", "Access denied")


def _canned(url: str, expires: str) -> bytes:
    return (
        f'{{"Statement":[{{"Resource":"{url}","Condition":'
        f'{{"DateLessThan":{{"AWS:EpochTime":{int(expires)}}}}}}}]}}'
    ).encode()


def _decoded(text: str, code: str, message: str) -> bytes:
    plain = text.replace("%7E", "~").replace("%7e", "~").translate(_ALPHABET)
    try:
        return base64.b64decode(plain, validate=True)
    except (binascii.Error, ValueError):
        raise Refused(code, message) from None


def _verified(key: PublicKey, signature: bytes, message: bytes, algorithm: str) -> bool:
    chosen = hashes.SHA256() if algorithm == "SHA256" else hashes.SHA1()  # noqa: S303  # AWS's choice
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, message, padding.PKCS1v15(), chosen)
        else:
            key.verify(signature, message, ec.ECDSA(chosen))
    except InvalidSignature:
        return False
    return True


def _check_policy(policy: bytes, urls: list[str], client: str, now: float) -> None:
    try:
        statements = json.loads(policy)["Statement"]
        statement = statements[0] if isinstance(statements, list) else statements
        resource = statement.get("Resource", "*")
        condition = statement.get("Condition") or {}
        before = int(condition["DateLessThan"]["AWS:EpochTime"])
        after = (condition.get("DateGreaterThan") or {}).get("AWS:EpochTime")
        network = (condition.get("IpAddress") or {}).get("AWS:SourceIp")
        begins = None if after is None else int(after)
        allowed = network is None or _inside(client, network)
        pattern = _pattern(resource)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        raise Refused("MalformedPolicy", "Malformed Policy") from None
    if now >= before or (begins is not None and now < begins) or not allowed:
        raise _denied()
    if not any(pattern.fullmatch(url) for url in urls):
        raise _denied()


def _inside(client: str, network: str) -> bool:
    return ipaddress.ip_address(client) in ipaddress.ip_network(network, strict=False)


def _pattern(resource: Any) -> "re.Pattern[str]":
    """`*` stands for anything, `?` for one letter (and, in URLs, for itself)."""
    if not isinstance(resource, str):
        raise TypeError
    return wildcards(resource)
