"""Requests to routes with AWS_IAM authorization: who signed them.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-access-control-iam.html
"""

import hashlib
from dataclasses import replace

from airside.identity import sigv4
from airside.identity.errors import AuthenticationError
from airside.identity.keys import KeyRegistry
from airside.identity.sessions import SessionTokens
from airside.kernel import Context, HttpRequest, Principal


async def signer(ctx: Context, http: HttpRequest, body: bytes, api_id: str) -> Principal | None:
    """The principal whose signature for `execute-api` the request bears, if that is valid."""
    try:
        signature = sigv4.find(http, lambda _: "json")
        if signature is None or signature.service != "execute-api":
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
    for path in _paths(ctx, http, api_id):
        request = replace(http, path=path)
        if any(sigv4.verify(signature, request, known, secret, s3=False) for known in hashes):
            return principal
    return None


def _paths(ctx: Context, http: HttpRequest, api_id: str) -> list[str]:
    """The path below the API's host name, and what it is where the path itself names the API."""
    twin = f"/_aws/execute-api/{api_id}{http.path}"
    return [http.path, twin, f"/_env/{ctx.cloud.name}{twin}"]


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
