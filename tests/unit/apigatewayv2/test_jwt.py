"""Tokens that let pass, and those that do not."""

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from airside.services.apigatewayv2 import jwt

NOW = 1_700_000_000
CLAIMS = {"iss": "https://issuer", "aud": "shop", "exp": NOW + 60, "scope": "read write"}


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _number(value: int) -> str:
    return _encode(value.to_bytes((value.bit_length() + 7) // 8, "big"))


@pytest.fixture(scope="module")
def key() -> RSAPrivateKey:
    return generate_private_key(65537, 2048)


def _published(key: RSAPrivateKey, key_id: str = "k1") -> dict[str, str]:
    numbers = key.public_key().public_numbers()
    return {"kty": "RSA", "kid": key_id, "n": _number(numbers.n), "e": _number(numbers.e)}


def _token(key: RSAPrivateKey, claims: dict[str, Any], **header: Any) -> str:
    head = {"alg": "RS256", "kid": "k1", **header}
    signed = f"{_encode(json.dumps(head).encode())}.{_encode(json.dumps(claims).encode())}"
    return f"{signed}.{_encode(key.sign(signed.encode(), PKCS1v15(), hashes.SHA256()))}"


def _check(token: str, keys: list[dict[str, str]], **more: Any) -> list[str]:
    found = jwt.take_apart(token)
    jwt.check_signature(found, keys)
    wanted = {"issuer": "https://issuer", "audiences": ["shop"], "scopes": [], "now": NOW, **more}
    return jwt.check_claims(found, **wanted)


def test_a_good_token_passes(key: RSAPrivateKey) -> None:
    assert _check(_token(key, CLAIMS), [_published(key)]) == []
    assert _check(_token(key, CLAIMS), [_published(key)], scopes=["write", "admin"]) == ["write"]
    by_client = {**CLAIMS, "aud": None, "client_id": "shop"}
    del by_client["aud"]
    assert _check(_token(key, by_client), [_published(key)]) == []
    several = {**CLAIMS, "aud": ["other", "shop"], "scp": ["a"]}
    del several["scope"]
    assert _check(_token(key, several), [_published(key)], scopes=["a"]) == ["a"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"iss": "https://other"}, "the issuer is invalid"),
        ({"aud": "other"}, "the audience is invalid"),
        ({"exp": NOW}, "the token has expired"),
        ({"nbf": NOW + 1}, "the token is not valid yet"),
        ({"iat": NOW + 1}, "the token was issued in the future"),
        ({"exp": "soon"}, "the claim exp is invalid"),
    ],
)
def test_claims_that_do_not_hold(key: RSAPrivateKey, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(jwt.InvalidToken, match=message):
        _check(_token(key, CLAIMS | changes), [_published(key)])


def test_signatures_of_others(key: RSAPrivateKey) -> None:
    other = generate_private_key(65537, 2048)
    with pytest.raises(jwt.InvalidToken, match="signature is invalid"):
        _check(_token(other, CLAIMS), [_published(key)])
    with pytest.raises(jwt.InvalidToken, match="signature is invalid"):
        _check(_token(key, CLAIMS), [_published(key, "k2")])
    head, _, signature = _token(key, CLAIMS).split(".")
    forged = _encode(json.dumps(CLAIMS | {"sub": "root"}).encode())
    with pytest.raises(jwt.InvalidToken, match="signature is invalid"):
        _check(f"{head}.{forged}.{signature}", [_published(key)])


@pytest.mark.parametrize("algorithm", ["none", "HS256", "ES256"])
def test_other_algorithms_are_refused(key: RSAPrivateKey, algorithm: str) -> None:
    with pytest.raises(jwt.InvalidToken, match="unsupported signing algorithm"):
        jwt.take_apart(_token(key, CLAIMS, alg=algorithm))


@pytest.mark.parametrize("text", ["", "a.b", "a.b.c", "e30.e30", "W10.W10.x"])
def test_what_is_no_token(text: str) -> None:
    with pytest.raises(jwt.InvalidToken):
        jwt.take_apart(text)


def test_claims_are_shown_as_text() -> None:
    claims = {"a": 1, "b": True, "c": ["x", "y"], "d": "z", "e": {"f": 1}}
    assert jwt.shown(claims) == {"a": "1", "b": "true", "c": "[x y]", "d": "z", "e": '{"f":1}'}
