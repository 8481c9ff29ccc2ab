"""Session tokens open only on the server that sealed them."""

import base64

from hypothesis import given
from hypothesis import strategies as st

from airside.identity.sessions import SessionTokens
from airside.kernel import Principal, SeededIds

PRINCIPAL = Principal(
    "assumed-role", "arn:aws:sts::1:assumed-role/r/s", "1", "AROA:s", role_arn="arn:r"
)


def tokens(key: bytes = b"k" * 32) -> SessionTokens:
    return SessionTokens(key, SeededIds(1))


def test_a_token_says_who_it_is_and_what_it_signs_with():
    issued = tokens().issue(environment="dev", principal=PRINCIPAL, expires_at=123.5)
    opened = tokens().open(issued.session_token)  # another instance, as after a restart
    assert opened is not None
    session, secret = opened
    assert secret == issued.secret_access_key
    assert session.access_key_id == issued.access_key_id
    assert (session.environment, session.expires_at) == ("dev", 123.5)
    assert session.principal.arn == PRINCIPAL.arn
    assert session.principal.role_arn == "arn:r"


def test_another_server_does_not_open_it():
    issued = tokens().issue(environment="dev", principal=PRINCIPAL, expires_at=1)
    assert tokens(b"x" * 32).open(issued.session_token) is None


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_a_changed_token_does_not_open(position, flip):
    issued = tokens().issue(environment="dev", principal=PRINCIPAL, expires_at=1)
    raw = bytearray(base64.b64decode(issued.session_token))
    raw[position % len(raw)] ^= flip
    assert tokens().open(base64.b64encode(bytes(raw)).decode()) is None


@given(st.text())
def test_anything_else_does_not_open(text):
    assert tokens().open(text) is None
