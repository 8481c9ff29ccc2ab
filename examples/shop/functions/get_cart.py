"""GET /api/cart: what is in the customer's cart."""

from shop import carts, sessions
from shop.web import Body, Request, endpoint


@endpoint()
def handler(request: Request) -> Body:
    """Show the cart at today's prices."""
    return carts.to_body(carts.read(sessions.require_user(request)))
