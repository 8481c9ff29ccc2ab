"""Who is signed in. The table knows only hashes, so reading it lets nobody in."""

import hashlib
import os
import secrets
import time

from shop import database
from shop.web import Request, ShopError

TABLE = os.environ["SESSIONS_TABLE"]
TOKEN_BYTES = 32
LIFETIME_SECONDS = 14 * 24 * 60 * 60


def open_session(user_id: str) -> str:
    """Sign a user in; the token is said once and never stored."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    session = {
        "token_hash": _hash(token),
        "user_id": user_id,
        "expires_at": int(time.time()) + LIFETIME_SECONDS,
    }
    database.dynamodb.put_item(TableName=TABLE, Item=database.to_item(session))
    return token


def require_user(request: Request) -> str:
    """The id of the user who sent this request, or a refusal."""
    token = request.bearer_token
    session = database.get(TABLE, {"token_hash": _hash(token)}) if token else None
    # DynamoDB deletes expired items when it gets round to it, hours late if need be.
    if session is None or session["expires_at"] <= time.time():
        raise ShopError(401, "not_signed_in", "Please sign in first.")
    return str(session["user_id"])


def close_session(request: Request) -> None:
    """Sign out. A session that is gone already is what was wanted."""
    if token := request.bearer_token:
        database.dynamodb.delete_item(TableName=TABLE, Key={"token_hash": {"S": _hash(token)}})


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
