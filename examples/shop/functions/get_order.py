"""GET /api/orders/{order_id}: how an order is doing."""

from shop import orders, sessions
from shop.web import Body, Request, ShopError, endpoint


@endpoint()
def handler(request: Request) -> Body:
    """Show an order to the customer who placed it."""
    user_id = sessions.require_user(request)
    order = orders.find(request.path_parameters.get("order_id") or "-")
    if order is None or order.user_id != user_id:
        # 410, not 404: see web.py. Somebody else's order is none of your business either way.
        raise ShopError(410, "unknown_order", "There is no such order of yours.")
    return order.to_body()
