"""Session credentials that need no record: the token says who it is and is sealed by the server.

The token carries the principal, the environment and the expiry, authenticated by HMAC-SHA256 under
the server's own key; the secret access key is derived from it. So a session survives restarts and
branches, and issuing one writes nothing.
"""

import base64
import binascii
import hashlib
import hmac
from collections import OrderedDict

import msgspec

from airside.kernel import Ids, Principal

_CACHED_MAX = 4096
_SEAL_BYTES = 32


class Credentials(msgspec.Struct, frozen=True):
    """What a client needs to sign with. `expires_at` in epoch seconds."""

    access_key_id: str
    secret_access_key: str
    session_token: str
    expires_at: float


class Session(msgspec.Struct, frozen=True, array_like=True):
    """Who a session token stands for."""

    access_key_id: str
    environment: str
    expires_at: float
    kind: str
    arn: str
    account_id: str
    user_id: str
    role_arn: str
    session_name: str

    @property
    def principal(self) -> Principal:
        """The caller."""
        return Principal(
            self.kind, self.arn, self.account_id, self.user_id,  # type: ignore[arg-type]
            self.access_key_id, self.role_arn, self.session_name,
        )  # fmt: skip


class SessionTokens:
    """Issues and opens session tokens."""

    def __init__(self, key: bytes, ids: Ids) -> None:
        self._key = key
        self._ids = ids
        self._opened: OrderedDict[str, tuple[Session, str]] = OrderedDict()

    def issue(self, *, environment: str, principal: Principal, expires_at: float) -> Credentials:
        """Credentials for `principal` in `environment` until `expires_at` (epoch seconds)."""
        session = Session(
            "ASIA" + self._ids.upper(16), environment, expires_at, principal.kind, principal.arn,
            principal.account_id, principal.user_id, principal.role_arn, principal.session_name,
        )  # fmt: skip
        payload = msgspec.msgpack.encode(session)
        token = base64.b64encode(payload + self._seal(b"token", payload)).decode()
        return Credentials(session.access_key_id, self._secret(payload), token, expires_at)

    def open(self, token: str) -> tuple[Session, str] | None:
        """The session behind a token and its secret access key; None when it is not ours.

        Does not look at the expiry.
        """
        found = self._opened.get(token)
        if found is not None:
            return found
        try:
            raw = base64.b64decode(token, validate=True)
            payload, seal = raw[:-_SEAL_BYTES], raw[-_SEAL_BYTES:]
            if not hmac.compare_digest(seal, self._seal(b"token", payload)):
                return None
            session = msgspec.msgpack.decode(payload, type=Session)
        except (binascii.Error, ValueError, msgspec.DecodeError):
            return None
        found = self._opened[token] = (session, self._secret(payload))
        if len(self._opened) > _CACHED_MAX:
            self._opened.popitem(last=False)
        return found

    def _seal(self, purpose: bytes, payload: bytes) -> bytes:
        return hmac.digest(self._key, purpose + b"\0" + payload, hashlib.sha256)

    def _secret(self, payload: bytes) -> str:
        return base64.b64encode(self._seal(b"secret", payload)).decode()[:40]
