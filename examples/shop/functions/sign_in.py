"""POST /api/signin: sign in to an account."""

from shop import passwords, sessions, users
from shop.web import Body, Request, endpoint


@endpoint()
def handler(request: Request) -> Body:
    """Check the password; the answer is a session's token."""
    body = request.json()
    email = users.check_email(body.get("email"))
    password = passwords.check_given(body.get("password"))
    return {"token": sessions.open_session(users.authenticate(email, password).user_id)}
