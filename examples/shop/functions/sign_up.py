"""POST /api/signup: open an account and sign in."""

from shop import passwords, sessions, users
from shop.web import Body, Request, endpoint


@endpoint()
def handler(request: Request) -> Body:
    """Register an address with a password; the answer is a session's token."""
    body = request.json()
    email = users.check_email(body.get("email"))
    password = passwords.check_acceptable(body.get("password"))
    return {"token": sessions.open_session(users.register(email, password).user_id)}
