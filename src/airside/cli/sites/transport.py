"""Signed HTTP to S3 over kept-open connections, one per thread.

boto3 costs over a millisecond of CPU per call, which decides how long ten thousand small files
take; this costs a fifth of it. Retries as the SDKs do.
"""

import hashlib
import hmac
import http.client
import random
import re
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from html import unescape
from typing import NamedTuple
from urllib.parse import urlsplit

from airside.cli.errors import CommandError
from airside.identity.signing import ALGORITHM, canonical_query, signing_key

ATTEMPTS_MAX = 6
BACKOFF_SECONDS_MAX = 8.0
TIMEOUT_SECONDS = 60.0
_AGAIN = frozenset({429, 500, 502, 503, 504})
_CODE = re.compile(rb"<Code>(.*?)</Code>", re.DOTALL)
_MESSAGE = re.compile(rb"<Message>(.*?)</Message>", re.DOTALL)


class Keys(NamedTuple):
    """What signs requests."""

    access_key_id: str
    secret: str
    token: str | None = None


class Refused(CommandError):
    """The service answered an error."""

    def __init__(self, code: str, message: str, status: int) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.status = status


@dataclass(frozen=True)
class Answer:
    """What came back: a success."""

    status: int
    headers: Mapping[str, str]
    """Lower-case names."""
    body: bytes


@dataclass
class Transport:
    """Signed requests to one endpoint, from any thread."""

    endpoint: str
    region: str
    keys: Callable[[], Keys]
    ca_bundle: str | None = None
    _own: threading.local = field(default_factory=threading.local, repr=False)
    _tls: ssl.SSLContext | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.endpoint)
        self._secure = parts.scheme == "https"
        self._name, self._port = parts.hostname or "", parts.port
        self._host = parts.netloc
        if self._secure:
            self._tls = ssl.create_default_context(cafile=self.ca_bundle)

    def send(
        self, method: str, path: str, query: str = "", headers: Mapping[str, str] | None = None,
        body: bytes = b"", service: str = "s3",
    ) -> Answer:  # fmt: skip
        """Send a request until it is answered. `path` is encoded already.

        Raises Refused for an error answer, CommandError when nobody answers.
        """
        target = f"{path}?{query}" if query else path
        last: Exception | None = None
        for attempt in range(ATTEMPTS_MAX):
            if attempt:
                _pause(attempt)
            fresh = getattr(self._own, "connection", None) is None
            try:
                answer = self._once(
                    method, target, self._signed(method, path, query, headers or {}, body, service),
                    body,
                )  # fmt: skip
            except (OSError, http.client.HTTPException) as error:
                self.close()
                if isinstance(error, ssl.SSLCertVerificationError):
                    raise CommandError(f"{self.endpoint} is not trusted: {error}") from None
                last = error
                if fresh and isinstance(error, ConnectionRefusedError):
                    break
                continue
            if answer.status < 300:
                return answer
            refused = _refused(answer)
            if answer.status not in _AGAIN:
                raise refused
            last = refused
        if isinstance(last, Refused):
            raise last
        raise CommandError(f"{self.endpoint} does not answer: {last}")

    def close(self) -> None:
        """Drop this thread's connection."""
        connection = getattr(self._own, "connection", None)
        self._own.connection = None
        if connection is not None:
            connection.close()

    def _once(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Answer:
        connection = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = self._connect()
        connection.request(method, target, body or None, headers)
        response = connection.getresponse()
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, found, response.read())

    def _connect(self) -> http.client.HTTPConnection:
        if not self._secure:
            return http.client.HTTPConnection(self._name, self._port, timeout=TIMEOUT_SECONDS)
        from urllib.request import getproxies, proxy_bypass  # costs 30 ms, and only AWS needs it

        proxy = getproxies().get("https")
        if proxy is None or proxy_bypass(self._host):
            return http.client.HTTPSConnection(
                self._name, self._port, timeout=TIMEOUT_SECONDS, context=self._tls
            )
        through = urlsplit(proxy)
        tunnel = http.client.HTTPSConnection(
            through.hostname or "", through.port, timeout=TIMEOUT_SECONDS, context=self._tls
        )
        tunnel.set_tunnel(self._name, self._port or 443)
        return tunnel

    def _signed(
        self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes,
        service: str,
    ) -> dict[str, str]:  # fmt: skip
        keys = self.keys()
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        digest = hashlib.sha256(body).hexdigest()
        sent = {**headers, "host": self._host, "x-amz-date": stamp, "x-amz-content-sha256": digest}
        if keys.token:
            sent["x-amz-security-token"] = keys.token
        if method in {"PUT", "POST"}:
            sent["content-length"] = str(len(body))
        named = sorted((name.lower(), value.strip()) for name, value in sent.items())
        names = ";".join(name for name, _ in named)
        lines = "".join(f"{name}:{value}\n" for name, value in named)
        canonical = f"{method}\n{path}\n{canonical_query(query)}\n{lines}\n{names}\n{digest}"
        scope = f"{stamp[:8]}/{self.region}/{service}/aws4_request"
        hashed = hashlib.sha256(canonical.encode()).hexdigest()
        key = _signing_key(keys.secret, stamp[:8], self.region, service)
        signature = hmac.digest(
            key, f"{ALGORITHM}\n{stamp}\n{scope}\n{hashed}".encode(), "sha256"
        ).hex()  # fmt: skip
        sent["authorization"] = (
            f"{ALGORITHM} Credential={keys.access_key_id}/{scope}, SignedHeaders={names}, "
            f"Signature={signature}"
        )
        return sent


@lru_cache(maxsize=8)
def _signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    return signing_key(secret, date, region, service)


def _pause(attempt: int) -> None:
    """Exponential, with jitter; the first repetition at once, for a connection gone stale."""
    if attempt > 1:
        time.sleep(random.uniform(0, min(BACKOFF_SECONDS_MAX, 0.1 * 2**attempt)))


def _refused(answer: Answer) -> Refused:
    code, message = _CODE.search(answer.body), _MESSAGE.search(answer.body)
    return Refused(
        unescape(code[1].decode()) if code else str(answer.status),
        unescape(message[1].decode()) if message else http.client.responses.get(answer.status, ""),
        answer.status,
    )
