"""POST /api/signout: end this session."""

from shop import sessions
from shop.web import Body, Request, endpoint


@endpoint()
def handler(request: Request) -> Body:
    """Forget the token; it lets nobody in any more."""
    sessions.close_session(request)
    return {}
