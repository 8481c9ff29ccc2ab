"""The second stage: who asks, proved by a signature, and in which environment."""

import hashlib
from collections.abc import Awaitable

from airside.edge.exchange import Exchange
from airside.edge.hashed_body import HashedBody, mismatch
from airside.edge.hosts import bucket_of
from airside.edge.parts import Parts
from airside.edge.route import family_of
from airside.identity import errors, sigv2, sigv4
from airside.identity.errors import Family
from airside.identity.keys import MAIN
from airside.identity.sigv4 import UNSIGNED_PAYLOAD, Signature
from airside.kernel import (
    AccessDeniedException,
    Body,
    BytesBody,
    Cloud,
    Context,
    HttpRequest,
    Principal,
)
from airside.kernel.principal import ANONYMOUS
from airside.protocol import aws_chunked
from airside.protocol.query import QUERY

_STREAMING = "STREAMING-"


def authenticate(parts: Parts, x: Exchange) -> Awaitable[None] | None:
    """Verify the signature; find principal and environment. Raises AuthenticationError."""
    assert x.model is not None
    assert x.service is not None
    wording = family_of(x.model)
    if x.codec is QUERY:
        wording = "query"
    signature = x.signature
    if signature is None:
        if not x.service.anonymous:
            raise errors.MissingSignature(errors.missing(wording), wording)
        environment, principal, region = MAIN, ANONYMOUS, parts.settings.region
    elif isinstance(signature, sigv2.Signature):
        environment, principal, secret = _credentials(parts, signature, wording)
        region = parts.settings.region
        _verify_version_2(parts, x, signature, secret)
    else:
        now = parts.clock.now()
        if wording != "s3":  # S3 looks for the key first, the others at the clock
            sigv4.check_time(signature, now, wording)
        environment, principal, secret = _credentials(parts, signature, wording)
        if wording == "s3":
            sigv4.check_time(signature, now, wording)
        _verify(x, signature, secret, wording)
        region = signature.region
    x.principal = principal
    cloud = parts.clouds.find(environment)
    if cloud is None:
        return _open(parts, x, environment, region, wording)
    _enter(x, cloud, region)
    return None


async def _open(parts: Parts, x: Exchange, environment: str, region: str, wording: Family) -> None:
    try:
        cloud = await parts.clouds.open(environment)
    except KeyError:
        raise errors.UnknownAccessKey(errors.UNKNOWN_TOKEN, wording) from None
    _enter(x, cloud, region)


def _enter(x: Exchange, cloud: Cloud, region: str) -> None:
    assert x.service is not None
    assert x.principal is not None
    x.cloud = cloud
    x.ctx = Context(
        cloud, x.principal, region, x.request_id, x.service.name,
        trace_id=x.http.headers.get("x-amzn-trace-id", ""),
    )  # fmt: skip
    x.ctx.http = x.http


async def authenticate_owner(parts: Parts, http: HttpRequest) -> str:
    """The environment of the account owner who signed. Raises AuthenticationError."""
    signature = sigv4.find(http, lambda _: "json")
    if signature is None:
        raise errors.MissingSignature(errors.missing("rest-json"), "rest-json")
    environment, principal, secret = _credentials(parts, signature, "rest-json")
    sigv4.check_time(signature, parts.clock.now(), "rest-json")
    body = await http.body.read(1 << 20)
    digest = hashlib.sha256(body).hexdigest()
    if not sigv4.verify(signature, http, digest, secret, s3=False):
        raise errors.WrongSignature(errors.WRONG_SIGNATURE, "rest-json")
    if principal.kind != "root":
        raise AccessDeniedException("Only an account's owner may do this.")
    http.body = BytesBody(body)
    return environment


def _verify_version_2(parts: Parts, x: Exchange, signature: sigv2.Signature, secret: str) -> None:
    """S3's old signature, which does not cover the body."""
    signed = x.signed_http or x.http
    sigv2.check_time(signature, signed, parts.clock.now())
    bucket = bucket_of(signed.host)
    if not sigv2.verify(signature, signed, bucket, secret):
        told = sigv2.explain(signature, signed, bucket)
        raise errors.WrongSignature(errors.WRONG_SIGNATURE_S3, "s3", **told)


def _credentials(
    parts: Parts, signature: Signature | sigv2.Signature, wording: Family
) -> tuple[str, Principal, str]:
    if signature.session_token:
        opened = parts.sessions.open(signature.session_token)
        if opened is not None and opened[0].access_key_id == signature.access_key_id:
            session, secret = opened
            if session.expires_at < parts.clock.now():
                raise errors.ExpiredSession(errors.EXPIRED_TOKEN, wording)
            return session.environment, session.principal, secret
        if signature.access_key_id.startswith("ASIA"):
            raise errors.UnknownAccessKey(errors.UNKNOWN_TOKEN, wording)
        # Local tools often send a made-up token along with the key: the secret still decides.
    key = parts.keys.find(signature.access_key_id)
    if key is None:
        text = (
            "The AWS Access Key Id you provided does not exist in our records."
            if wording == "s3"
            else errors.UNKNOWN_TOKEN
        )
        raise errors.UnknownAccessKey(text, wording)
    return key.environment, key.principal, key.secret_access_key


def _verify(x: Exchange, signature: Signature, secret: str, wording: Family) -> None:
    s3 = wording == "s3"
    payload_hash = _payload_hash(x, signature, s3)
    signed = x.signed_http or x.http
    if s3:
        sigv4.check_headers(signature, x.http)
    if not sigv4.verify(signature, signed, payload_hash, secret, s3=s3):
        if not s3:
            raise errors.WrongSignature(errors.WRONG_SIGNATURE, wording)
        told = sigv4.explain(signature, signed, payload_hash)
        raise errors.WrongSignature(errors.WRONG_SIGNATURE_S3, wording, **told)
    if payload_hash.startswith(_STREAMING):
        verifier = None
        if not payload_hash.startswith("STREAMING-UNSIGNED"):
            verifier = sigv4.ChunkVerifier(signature, secret)
        body = BytesBody(x.body) if isinstance(x.body, bytes) else x.body
        x.body = aws_chunked.decode(body, x.http.headers, verifier)


def _payload_hash(x: Exchange, signature: Signature, s3: bool) -> str:
    said = x.http.headers.get("x-amz-content-sha256", "")
    if signature.presigned and s3:
        return said or UNSIGNED_PAYLOAD
    if s3 and (said == UNSIGNED_PAYLOAD or said.startswith(_STREAMING)):
        return said
    if not isinstance(x.body, bytes):
        x.body = HashedBody(x.body, said)
        return said
    actual = hashlib.sha256(x.body).hexdigest() if x.body else sigv4.EMPTY_SHA256
    if s3 and said and said != actual:
        raise mismatch()
    return actual


def checked_body(x: Exchange) -> bytes | Body | None:
    """The body as the codec wants it: a stream only for operations that take one.

    None when it is still to be read.
    """
    streaming = x.shape is not None and x.shape.streaming_input
    if isinstance(x.body, bytes):
        return BytesBody(x.body) if streaming else x.body
    return x.body if streaming else None
