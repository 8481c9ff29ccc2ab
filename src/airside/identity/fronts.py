"""Signed requests to front doors (APIs, function URLs): who signed them.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-access-control-iam.html
https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
"""

import hashlib

from msgspec.structs import replace

from airside.identity import sigv4
from airside.identity.errors import AuthenticationError
from airside.identity.keys import KeyRegistry
from airside.identity.sessions import SessionTokens
from airside.kernel import Context, HttpRequest, Principal


def signer(
    ctx: Context, http: HttpRequest, body: bytes, service: str, front: str
) -> Principal | None:
    """The principal whose valid signature for `service` the request bears, None without one.

    `front` is where the front door stands when a path names it, e.g. `/_aws/lambda-url/ID`: a
    client that reached it by that path signed the whole path.
    """
    try:
        signature = sigv4.find(http, lambda _: "json")
        if signature is None or signature.service != service:
            return None
        sigv4.check_time(signature, ctx.clock.now(), "json")
    except AuthenticationError:
        return None
    found = _credentials(ctx, signature)
    if found is None:
        return None
    principal, secret = found
    said = http.headers.get("x-amz-content-sha256")
    digest = hashlib.sha256(body).hexdigest()
    hashes = [digest, sigv4.UNSIGNED_PAYLOAD] if said == sigv4.UNSIGNED_PAYLOAD else [digest]
    twin = f"{front}{http.path}"
    for path in (http.path, twin, f"/_env/{ctx.cloud.name}{twin}"):
        request = replace(http, path=path)
        if any(sigv4.verify(signature, request, known, secret, s3=False) for known in hashes):
            return principal
    return None


def _credentials(ctx: Context, signature: sigv4.Signature) -> tuple[Principal, str] | None:
    """The signer in this environment and the secret that proves it."""
    if signature.session_token:
        opened = ctx.cloud.resource(SessionTokens).open(signature.session_token)
        if opened is not None:
            session, secret = opened
            is_valid = (
                session.access_key_id == signature.access_key_id
                and session.environment == ctx.cloud.name
                and session.expires_at >= ctx.clock.now()
            )
            return (session.principal, secret) if is_valid else None
    key = ctx.cloud.resource(KeyRegistry).find(signature.access_key_id)
    if key is None or key.environment != ctx.cloud.name:
        return None
    return key.principal, key.secret_access_key
