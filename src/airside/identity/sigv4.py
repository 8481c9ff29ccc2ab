"""AWS Signature Version 4: verification of header and presigned signatures. Pure.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hashlib
import hmac
import re
from base64 import b64encode
from calendar import timegm
from collections.abc import Callable
from functools import lru_cache
from time import gmtime, strftime, strptime
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from airside.identity import errors, sigv4a
from airside.identity.signing import ALGORITHM, UNRESERVED, canonical_query, signing_key
from airside.kernel import HttpRequest

if TYPE_CHECKING:
    from hashlib import _Hash

UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
CLOCK_SKEW_SECONDS_MAX = 15 * 60
PRESIGNED_SECONDS_MAX = 7 * 24 * 3600

_BLOCK_BYTES = 64
_PAYLOAD_HASH = "x-amz-content-sha256"
_SPACES = re.compile(" +")
_AUTHORIZATION = re.compile(
    r"(AWS4-HMAC-SHA256\s+Credential=([^,\s]+),?\s*SignedHeaders=([^,\s]+),?\s*)"
    r"Signature=([^,\s]+)\s*"
)
_IN_QUERY = re.compile(r"X-Amz-(?:Algorithm|Credential=|Signature=)")
_QUERY = (
    "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date",
)  # fmt: skip
_SECONDS = re.compile("-?[0-9]{1,18}")
_UNDATED = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
_CACHED_LENGTH_MAX = 512
"""What clients send in every request is shorter; longer texts are not remembered."""


class Signature:
    """What a request says about its own signature."""

    __slots__ = (
        "access_key_id", "asymmetric", "date", "expires_seconds", "presigned", "region", "service",
        "session_token", "signature", "signed_headers", "timestamp",
    )  # fmt: skip

    def __init__(
        self,
        access_key_id: str,
        date: str,
        region: str,
        service: str,
        signed_headers: tuple[str, ...],
        signature: str,
        timestamp: str,
        session_token: str | None = None,
        *,
        presigned: bool = False,
        expires_seconds: int = 0,
        asymmetric: bool = False,
    ) -> None:
        self.access_key_id = access_key_id
        self.date = date
        self.region = region
        self.service = service
        self.signed_headers = signed_headers
        self.signature = signature
        self.timestamp = timestamp
        """`YYYYMMDDTHHMMSSZ`."""
        self.session_token = session_token
        self.presigned = presigned
        self.expires_seconds = expires_seconds
        self.asymmetric = asymmetric
        """Version 4A, whose scope has no region."""

    @property
    def scope(self) -> str:
        """The credential scope."""
        if self.asymmetric:
            return f"{self.date}/{self.service}/aws4_request"
        return f"{self.date}/{self.region}/{self.service}/aws4_request"


def find(http: HttpRequest, family: Callable[[str], errors.Family]) -> Signature | None:
    """The request's signature, or None when it is unsigned.

    `family` gives the protocol family for a signing name, for the wording of refusals.
    Raises IncompleteSignature, MalformedPresignedQuery or WrongSignature.
    """
    header = http.headers.get("authorization")
    if header is not None and header.startswith("AWS4-"):
        return _from_header(http, header, family)
    if http.query and _IN_QUERY.search(http.query):
        return _from_query(http, family)
    return None


def _from_header(
    http: HttpRequest, header: str, family: Callable[[str], errors.Family]
) -> Signature:
    declaration, _, code = header.rpartition("Signature=")
    declared = _declared(declaration) if len(declaration) <= _CACHED_LENGTH_MAX else None
    if declared is not None and code.isalnum():
        access_key_id, date, region, service, names = declared
        timestamp = _signed_at(http, service, family)
        return Signature(
            access_key_id, date, region, service, names, code, timestamp,
            http.headers.get("x-amz-security-token"),
        )  # fmt: skip
    if header.startswith(sigv4a.ALGORITHM):
        return _asymmetric(http, header, family)
    matched = _AUTHORIZATION.fullmatch(header)
    found = matched.group(2, 3, 4) if matched else _reordered(http, header, family)
    credential, signed, signature = found
    parts = credential.rsplit("/", 4)
    if len(parts) != 5 or parts[4] != "aws4_request":
        raise errors.IncompleteSignature(
            _not_five(credential),
            family(parts[3] if len(parts) > 3 else ""),
        )
    timestamp = _signed_at(http, parts[3], family)
    return Signature(
        parts[0], parts[1], parts[2], parts[3], tuple(signed.split(";")), signature, timestamp,
        session_token=http.headers.get("x-amz-security-token"),
    )  # fmt: skip


def _not_five(credential: str) -> str:
    return (
        "Credential must have exactly 5 slash-delimited elements, e.g. "
        f"keyid/date/region/service/term, got '{credential}'"
    )


def _asymmetric(
    http: HttpRequest, header: str, family: Callable[[str], errors.Family]
) -> Signature:
    found = sigv4a.declared(header)
    if found is None:
        raise errors.IncompleteSignature("The Authorization header is not complete.", family(""))
    access_key_id, date, service, names, code = found
    region = http.headers.get("x-amz-region-set", "").partition(",")[0].strip()
    return Signature(
        access_key_id, date, "us-east-1" if region in ("", "*") else region, service, names, code,
        _signed_at(http, service, family), asymmetric=True,
        session_token=http.headers.get("x-amz-security-token"),
    )  # fmt: skip


@lru_cache(maxsize=1024)
def _declared(text: str) -> tuple[str, str, str, str, tuple[str, ...]] | None:
    """Key id, date, region, service and signed headers from an Authorization header.

    `text` is all before the signature itself: a client sends the same one all day.
    """
    matched = _AUTHORIZATION.fullmatch(f"{text}Signature=0")
    if matched is None or matched[1] != text:
        return None
    parts = matched[2].rsplit("/", 4)
    if len(parts) != 5 or parts[4] != "aws4_request":
        return None
    return parts[0], parts[1], parts[2], parts[3], tuple(matched[3].split(";"))


def _signed_at(http: HttpRequest, service: str, family: Callable[[str], errors.Family]) -> str:
    timestamp = http.headers.get("x-amz-date") or _rfc822_timestamp(http.headers.get("date", ""))
    if not timestamp:
        raise errors.IncompleteSignature(
            _UNDATED,
            family(service),
        )
    return timestamp


def _reordered(
    http: HttpRequest, header: str, family: Callable[[str], errors.Family]
) -> tuple[str, str, str]:
    """Some clients order the three parts differently. Raises IncompleteSignature."""
    _, _, given = header.replace(",", " ").partition(" ")
    parts = dict(part.split("=", 1) for part in given.split() if "=" in part)
    missing = [name for name in ("Credential", "Signature", "SignedHeaders") if name not in parts]
    if missing:
        text = "".join(f"Authorization header requires '{name}' parameter. " for name in missing)
        if not http.headers.get("x-amz-date") and not http.headers.get("date"):
            text += f"{_UNDATED} "
        digest = b64encode(hashlib.sha256(header.encode()).digest()).decode()
        raise errors.IncompleteSignature(
            f"{text}(Hashed with SHA-256 and encoded with Base64) Authorization={digest}",
            family(""),
        )
    return parts["Credential"], parts["SignedHeaders"], parts["Signature"]


def _rfc822_timestamp(text: str) -> str:
    try:
        when = strptime(text, "%a, %d %b %Y %H:%M:%S %Z")
    except ValueError:
        return ""
    return (
        f"{when.tm_year:04d}{when.tm_mon:02d}{when.tm_mday:02d}"
        f"T{when.tm_hour:02d}{when.tm_min:02d}{when.tm_sec:02d}Z"
    )


def _from_query(http: HttpRequest, family: Callable[[str], errors.Family]) -> Signature:
    values = {
        unquote(name): unquote(value)
        for name, _, value in (pair.partition("=") for pair in http.query.split("&"))
    }
    parts = values.get("X-Amz-Credential", "").rsplit("/", 4)
    service = parts[3] if len(parts) == 5 else ""
    wording = family(service)
    if wording != "s3":
        _check_query(http, values, parts, wording)
    expires = _lifetime(values, parts) if wording == "s3" else 0
    return Signature(
        parts[0], parts[1], parts[2], service, tuple(values["X-Amz-SignedHeaders"].split(";")),
        values["X-Amz-Signature"], values["X-Amz-Date"], presigned=True,
        expires_seconds=expires, session_token=values.get("X-Amz-Security-Token"),
    )  # fmt: skip


def _check_query(
    http: HttpRequest, values: dict[str, str], parts: list[str], wording: errors.Family
) -> None:
    """What the services other than S3 want of a signed query.

    `X-Amz-Expires` is not among it: they ignore it, and a signature holds for 15 minutes.
    """
    if "authorization" in http.headers:
        raise errors.WrongSignature(
            "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP "
            "header.",
            wording,
        )
    missing = [name for name in _QUERY if not values.get(name)]
    if missing:
        raise errors.IncompleteSignature(
            "".join(f"AWS query-string parameters must include '{name}'. " for name in missing)
            + "Re-examine the query-string parameters.",
            wording,
        )
    if len(parts) != 5 or parts[4] != "aws4_request":
        raise errors.IncompleteSignature(_not_five(values["X-Amz-Credential"]), wording)


def _lifetime(values: dict[str, str], parts: list[str]) -> int:
    """For how many seconds an address signed for S3 holds. Raises MalformedPresignedQuery."""
    if values.get("X-Amz-Credential") and len(parts) != 5:
        raise errors.MalformedPresignedQuery(
            "Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; expecting "
            '"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".',
            "s3",
        )
    if len(parts) != 5 or any(name not in values for name in (*_QUERY, "X-Amz-Expires")):
        raise errors.MalformedPresignedQuery(
            "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, "
            "X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
            "s3",
        )
    expires = values["X-Amz-Expires"]
    if _SECONDS.fullmatch(expires) is None:
        raise errors.MalformedPresignedQuery("X-Amz-Expires should be a number", "s3")
    if int(expires) < 0:
        raise errors.MalformedPresignedQuery("X-Amz-Expires must be non-negative", "s3")
    if int(expires) > PRESIGNED_SECONDS_MAX:
        raise errors.MalformedPresignedQuery(
            "X-Amz-Expires must be less than a week (in seconds) that is 604800", "s3"
        )
    return int(expires)


@lru_cache(maxsize=1024)
def _signer(secret: str, date: str, region: str, service: str) -> tuple["_Hash", "_Hash"]:
    """HMAC-SHA256 under the signing key, begun: the inner and the outer hash."""
    key = signing_key(secret, date, region, service).ljust(_BLOCK_BYTES, b"\0")
    inner, outer = (bytes(byte ^ pad for byte in key) for pad in (0x36, 0x5C))
    return hashlib.sha256(inner), hashlib.sha256(outer)


def _signed(signature: Signature, secret: str, to_sign: str) -> str:
    """The code that the owner of `secret` puts under a text in this signature's scope."""
    scope = (secret, signature.date, signature.region, signature.service)
    short = len(signature.region) + len(signature.service) <= _CACHED_LENGTH_MAX
    begun = _signer(*scope) if short else _signer.__wrapped__(*scope)
    inner, outer = begun[0].copy(), begun[1].copy()
    inner.update(to_sign.encode())
    outer.update(inner.digest())
    return outer.hexdigest()


@lru_cache(maxsize=1024)
def _instant(timestamp: str) -> int | None:
    try:
        return timegm(strptime(timestamp, "%Y%m%dT%H%M%SZ"))
    except ValueError:
        return None


def check_time(signature: Signature, now: float, family: errors.Family) -> None:
    """Refuse what is too old, from the future, or a presigned URL past its time."""
    timestamp = signature.timestamp
    instant = _instant(timestamp) if len(timestamp) <= _CACHED_LENGTH_MAX else None
    if instant is not None:
        _check_age(signature, instant, now, family)
    if instant is None or not signature.timestamp.startswith(signature.date):
        raise errors.IncompleteSignature(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from "
            f"HTTP: '{signature.date}' != '{signature.timestamp[:8]}', "
            f"from '{signature.timestamp}'.",
            family,
        )


def _check_age(signature: Signature, instant: int, now: float, family: errors.Family) -> None:
    if signature.presigned and family == "s3":
        if now > instant + signature.expires_seconds:
            told = {
                "X-Amz-Expires": str(signature.expires_seconds),
                **lifetime(instant + signature.expires_seconds, now),
            }
            raise errors.RequestExpired("Request has expired", family, **told)
        if instant > now + CLOCK_SKEW_SECONDS_MAX:
            raise errors.RequestExpired("Request is not valid yet", family)
    elif abs(now - instant) > CLOCK_SKEW_SECONDS_MAX:
        text = _skewed(signature.timestamp, instant, now, family)
        raise errors.RequestTimeTooSkewed(text, family)


def lifetime(until: float, now: float) -> dict[str, str]:
    """What S3 tells about an address past its time: until when it was good, and what time it is."""
    form = "%Y-%m-%dT%H:%M:%SZ"
    return {"Expires": strftime(form, gmtime(until)), "ServerTime": strftime(form, gmtime(now))}


def _skewed(timestamp: str, instant: float, now: float, family: errors.Family) -> str:
    if family == "s3":
        return "The difference between the request time and the current time is too large."
    here = _timestamp(now)
    if instant < now:
        limit = _timestamp(now - CLOCK_SKEW_SECONDS_MAX)
        return f"Signature expired: {timestamp} is now earlier than {limit} ({here} - 15 min.)"
    limit = _timestamp(now + CLOCK_SKEW_SECONDS_MAX)
    return f"Signature not yet current: {timestamp} is still later than {limit} ({here} + 15 min.)"


def _timestamp(instant: float) -> str:
    return strftime("%Y%m%dT%H%M%SZ", gmtime(instant))


def verify(
    signature: Signature, http: HttpRequest, payload_hash: str, secret: str, *, s3: bool
) -> bool:
    """Whether the signature was made with `secret` for this request and payload.

    S3 signs the path as sent; the other services sign it encoded once more.
    """
    if signature.asymmetric:
        return any(
            sigv4a.is_signed(
                signature.access_key_id, secret,
                _to_sign(signature, http, path, payload_hash, sigv4a.ALGORITHM),
                signature.signature,
            )
            for path in _paths(http.path, s3)
        )  # fmt: skip
    if s3 and _same(sign(signature, http, http.path, payload_hash, secret), signature.signature):
        return True  # nearly always, so that other ways to write the path are not thought of
    for path in _paths(http.path, s3):
        expected = sign(signature, http, path, payload_hash, secret)
        if _same(expected, signature.signature):
            return True
    return False


def _same(expected: str, given: str) -> bool:
    return given.isascii() and hmac.compare_digest(expected, given)


def sign(signature: Signature, http: HttpRequest, path: str, payload_hash: str, secret: str) -> str:
    """The signature that the owner of `secret` would have made."""
    to_sign = _to_sign(signature, http, path, payload_hash, ALGORITHM)
    return _signed(signature, secret, to_sign)


def _to_sign(
    signature: Signature, http: HttpRequest, path: str, payload_hash: str, algorithm: str
) -> str:
    canonical = _canonical(signature, http, path, payload_hash)
    digest = hashlib.sha256(canonical.encode("latin-1", "replace")).hexdigest()
    return f"{algorithm}\n{signature.timestamp}\n{signature.scope}\n{digest}"


def _canonical(signature: Signature, http: HttpRequest, path: str, payload_hash: str) -> str:
    get, names = http.headers.get, signature.signed_headers
    lines = "\n".join([f"{name}:{get(name, '').strip()}" for name in names])
    if "  " in lines:
        lines = _SPACES.sub(" ", lines)
    query = canonical_query(http.query) if http.query else ""
    return f"{http.method}\n{path}\n{query}\n{lines}\n\n{';'.join(names)}\n{payload_hash}"


def explain(signature: Signature, http: HttpRequest, payload_hash: str) -> dict[str, str]:
    """What S3 tells whoever signed wrong: what should have been signed, as text and as bytes."""
    algorithm = sigv4a.ALGORITHM if signature.asymmetric else ALGORITHM
    canonical = _canonical(signature, http, http.path, payload_hash)
    to_sign = _to_sign(signature, http, http.path, payload_hash, algorithm)
    return {
        **explanation(signature.access_key_id, signature.signature, to_sign),
        "CanonicalRequest": canonical,
        "CanonicalRequestBytes": canonical.encode("latin-1", "replace").hex(" "),
    }


def explanation(access_key_id: str, provided: str, to_sign: str) -> dict[str, str]:
    """The elements of S3's SignatureDoesNotMatch that each version of the signature has."""
    return {
        "AWSAccessKeyId": access_key_id,
        "StringToSign": to_sign,
        "SignatureProvided": provided,
        "StringToSignBytes": to_sign.encode("latin-1", "replace").hex(" "),
    }


def check_headers(signature: Signature, http: HttpRequest) -> None:
    """S3: every `x-amz-` header must be signed, the body's hash alone need not.

    Raises UnsignedHeaders, which names them.
    """
    names = signature.signed_headers
    loose = [name for name in http.headers if name.startswith("x-amz-") and name not in names]
    if not loose or loose == [_PAYLOAD_HASH]:
        return
    listed = ", ".join(sorted(name for name in loose if name != _PAYLOAD_HASH))
    raise errors.UnsignedHeaders(
        "There were headers present in the request which were not signed", "s3",
        HeadersNotSigned=listed,
    )  # fmt: skip


def _paths(path: str, s3: bool) -> list[str]:
    if path == "/":
        return ["/"]
    if not s3:
        return [quote(path, safe="/" + UNRESERVED), path]
    again = quote(unquote(path), safe="/" + UNRESERVED)
    return [path] if again == path else [path, again]


class ChunkVerifier:
    """The chain of chunk signatures of an aws-chunked upload.

    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
    """

    def __init__(self, seed: Signature, secret: str) -> None:
        self._seed = seed
        self._secret = secret
        self._prefix = f"{seed.timestamp}\n{seed.scope}"
        self._previous = seed.signature

    def chunk(self, signature: str, sha256_hex: str) -> None:
        """Raise WrongSignature unless the next chunk is signed right."""
        self._check(signature, f"AWS4-HMAC-SHA256-PAYLOAD\n{self._prefix}\n{self._previous}\n"
                               f"{EMPTY_SHA256}\n{sha256_hex}")  # fmt: skip

    def trailer(self, signature: str, sha256_hex: str) -> None:
        """Raise WrongSignature unless the trailing headers are signed right."""
        self._check(signature, f"AWS4-HMAC-SHA256-TRAILER\n{self._prefix}\n{self._previous}\n"
                               f"{sha256_hex}")  # fmt: skip

    def _check(self, signature: str, to_sign: str) -> None:
        expected = _signed(self._seed, self._secret, to_sign)
        if not _same(expected, signature):
            told = explanation(self._seed.access_key_id, signature, to_sign)
            raise errors.WrongSignature(errors.WRONG_SIGNATURE_S3, "s3", **told)
        self._previous = signature
