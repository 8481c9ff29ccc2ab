"""GET /api/orders: the customer's orders, newest first."""

from shop import orders, sessions
from shop.web import Body, Request, endpoint


@endpoint()
def handler(request: Request) -> Body:
    """List the latest orders."""
    user_id = sessions.require_user(request)
    return {"orders": [order.to_body() for order in orders.newest_of(user_id)]}
