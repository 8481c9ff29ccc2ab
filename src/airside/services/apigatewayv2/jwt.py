"""JSON Web Tokens as HTTP APIs accept them: RSA signatures and a few claims. Pure.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers

from airside.protocol.documents import load_json

_HASHES: Mapping[str, Callable[[], hashes.HashAlgorithm]] = {
    "RS256": hashes.SHA256,
    "RS384": hashes.SHA384,
    "RS512": hashes.SHA512,
}
"""API Gateway supports RSA-based algorithms only."""


class InvalidToken(Exception):
    """A token that does not let its bearer pass. The text is for the WWW-Authenticate header."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token taken apart, not yet believed."""

    algorithm: str
    key_id: str | None
    claims: dict[str, Any]
    signed: bytes
    signature: bytes


def take_apart(text: str) -> Token:
    """Raise InvalidToken for what is no signed token."""
    try:
        head, body, signature = text.split(".")
        header, claims = load_json(_decode(head)), load_json(_decode(body))
        raw = _decode(signature)
    except ValueError:
        raise InvalidToken("unable to decode the token") from None
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise InvalidToken("unable to decode the token")
    algorithm = str(header.get("alg"))
    if algorithm not in _HASHES:
        raise InvalidToken("the token has an unsupported signing algorithm")
    return Token(algorithm, header.get("kid"), claims, f"{head}.{body}".encode(), raw)


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def check_signature(token: Token, keys: Sequence[Mapping[str, Any]]) -> None:
    """Raise InvalidToken unless one of the keys of a JWKS document signed the token."""
    for key in keys:
        if key.get("kty") != "RSA" or (token.key_id and key.get("kid") not in {None, token.key_id}):
            continue
        try:
            numbers = RSAPublicNumbers(_number(key["e"]), _number(key["n"]))
            numbers.public_key().verify(
                token.signature, token.signed, PKCS1v15(), _HASHES[token.algorithm]()
            )
        except (InvalidSignature, ValueError, KeyError):
            continue
        return
    raise InvalidToken("signature is invalid")


def _number(text: str) -> int:
    return int.from_bytes(_decode(text), "big")


def check_claims(
    token: Token, issuer: str, audiences: Sequence[str], scopes: Sequence[str], now: float
) -> list[str]:
    """The scopes of the token among those that the route wants. Raises InvalidToken."""
    claims = token.claims
    if claims.get("iss") != issuer:
        raise InvalidToken("the issuer is invalid")
    audience = claims.get("aud", claims.get("client_id"))
    held = audience if isinstance(audience, list) else [audience]
    if audiences and not set(held) & set(audiences):
        raise InvalidToken("the audience is invalid")
    if _instant(claims, "exp", default=float("inf")) <= now:
        raise InvalidToken("the token has expired")
    if _instant(claims, "nbf", default=0) > now:
        raise InvalidToken("the token is not valid yet")
    if _instant(claims, "iat", default=0) > now:
        raise InvalidToken("the token was issued in the future")
    granted = claims.get("scope", claims.get("scp", []))
    granted = granted.split() if isinstance(granted, str) else granted
    return [scope for scope in granted if scope in scopes] if scopes else []


def _instant(claims: Mapping[str, Any], name: str, *, default: float) -> float:
    value = claims.get(name, default)
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise InvalidToken(f"the claim {name} is invalid")
    return value


def shown(claims: Mapping[str, Any]) -> dict[str, str]:
    """Claims as events show them: every one a text."""
    return {name: _text(value) for name, value in claims.items()}


def _text(value: Any) -> str:
    if isinstance(value, list):
        return f"[{' '.join(map(_text, value))}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
