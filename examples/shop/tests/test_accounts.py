"""Accounts, passwords and sessions."""

from __future__ import annotations

import hashlib
from unittest import mock

import pytest
from shop import passwords, sessions
from storefront import HANDLERS, Shop

ANA = {"email": "ana@example.com", "password": "correct horse"}


def test_signing_up_signs_in(shop: Shop) -> None:
    token = shop.call("sign_up", ANA).body["token"]
    assert shop.call("get_cart", token=token).status == 200


def test_an_address_has_one_account_however_it_is_written(shop: Shop) -> None:
    shop.sign_up("ana@example.com")
    again = shop.call("sign_up", {**ANA, "email": "  Ana@Example.COM "})
    assert (again.status, again.body["code"]) == (409, "email_taken")
    assert shop.call("sign_in", {**ANA, "email": "ANA@example.com"}).status == 200


def test_unknown_address_and_wrong_password_are_told_the_same(shop: Shop) -> None:
    shop.sign_up()
    wrong = shop.call("sign_in", {**ANA, "password": "wrong horse"})
    unknown = shop.call("sign_in", {**ANA, "email": "ben@example.com"})
    assert wrong.status == 401
    assert wrong == unknown


def test_unknown_address_costs_the_same_work(shop: Shop) -> None:
    shop.sign_up()
    for email in ("ana@example.com", "ben@example.com"):
        with mock.patch("hashlib.scrypt", wraps=hashlib.scrypt) as scrypt:
            shop.call("sign_in", {"email": email, "password": "wrong horse"})
        assert scrypt.call_count == 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "invalid_email"),
        ({**ANA, "email": "ana"}, "invalid_email"),
        ({**ANA, "email": "ana@home"}, "invalid_email"),
        ({**ANA, "email": "a na@example.com"}, "invalid_email"),
        ({**ANA, "email": "a" * 250 + "@example.com"}, "invalid_email"),
        ({**ANA, "email": ["ana@example.com"]}, "invalid_email"),
        ({"email": "ana@example.com"}, "invalid_password"),
        ({**ANA, "password": "short"}, "invalid_password"),
        ({**ANA, "password": "x" * 257}, "invalid_password"),
        ({**ANA, "password": 12345678}, "invalid_password"),
        ("not json", "invalid_body"),
        ("[]", "invalid_body"),
        ('{"email": "\\ud800@example.com"}', "invalid_body"),
        ("[" * 100_000, "invalid_body"),
    ],
)
def test_refuses_what_is_no_account(shop: Shop, body: object, code: str) -> None:
    answer = shop.call("sign_up", body)
    assert (answer.status, answer.body["code"]) == (400, code)
    assert answer.body["message"].endswith(".")


def test_neither_password_nor_token_is_stored(shop: Shop) -> None:
    token = shop.sign_up()
    stored = str(shop.dynamo.tables)
    assert "correct horse" not in stored
    assert token not in stored


def test_passwords_in_any_script(shop: Shop) -> None:
    body = {"email": "ana@example.com", "password": "пароль-ключ-密码"}
    assert shop.call("sign_up", body).status == 200
    assert shop.call("sign_in", body).status == 200


def test_a_session_ends_when_it_expires_even_if_the_item_is_still_there(shop: Shop) -> None:
    token = shop.sign_up()
    ((session,),) = [list(shop.dynamo.tables["sessions"].values())]
    expires_at = int(session["expires_at"]["N"])
    with mock.patch("time.time", return_value=expires_at - 1):
        assert shop.call("get_cart", token=token).status == 200
    with mock.patch("time.time", return_value=expires_at):
        answer = shop.call("get_cart", token=token)
    assert (answer.status, answer.body["code"]) == (401, "not_signed_in")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_signing_out_ends_this_session_and_no_other(shop: Shop) -> None:
    here = shop.sign_up()
    there = shop.call("sign_in", ANA).body["token"]
    assert shop.call("sign_out", {}, token=here).status == 200
    assert shop.call("sign_out", {}, token=here).status == 200
    assert shop.call("get_cart", token=here).status == 401
    assert shop.call("get_cart", token=there).status == 200


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic abc", "Bearer made-up"])
def test_nobody_gets_in_without_a_session(shop: Shop, header: str) -> None:
    answer = HANDLERS["get_cart"].handler({"headers": {"authorization": header}}, None)
    assert answer["statusCode"] == 401


def test_the_real_cost_takes_memory() -> None:
    """OWASP's least for scrypt: 16 MiB, five times over."""
    cost = passwords.COST
    assert 128 * cost.n * cost.r >= 16 * 2**20
    assert cost.p >= 5
    stored = passwords.hash_password("correct horse")
    assert passwords.matches("correct horse", stored)
    assert not passwords.matches("wrong horse", stored)


def test_tokens_are_not_guessable() -> None:
    assert sessions.TOKEN_BYTES >= 16
