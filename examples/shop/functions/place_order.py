"""POST /api/orders: buy what is in the cart, once for each client token."""

from shop import carts, order_queue, orders, sessions
from shop.orders import Order
from shop.web import Body, Request, ShopError, endpoint

TOKEN_LENGTH_MAX = 128
ATTEMPTS = 4


@endpoint(status=202)
def handler(request: Request) -> Body:
    """Turn the cart into a pending order and queue it.

    The same token gives the same order. It is queued again for as long as it is pending: the first
    message may not have been sent, and a second one changes nothing.
    """
    user_id = sessions.require_user(request)
    order = find_or_place(user_id, check_token(request.json().get("client_token")))
    if order.status == orders.PENDING:
        order_queue.send(order.order_id)
    return {"order_id": order.order_id, "status": order.status}


def check_token(token: object) -> str:
    """The client's name for this purchase."""
    if not isinstance(token, str) or not 0 < len(token) <= TOKEN_LENGTH_MAX:
        message = f"Send a client_token of 1 to {TOKEN_LENGTH_MAX} characters with the order."
        raise ShopError(400, "invalid_client_token", message)
    return token


def find_or_place(user_id: str, client_token: str) -> Order:
    """The order of this token, placed now if it was not before."""
    order_id = orders.order_id_for(user_id, client_token)
    for _ in range(ATTEMPTS):
        # The cart first: if a twin of this request takes it over in between, its order is found.
        cart = carts.read(user_id)
        if order := orders.find(order_id):
            return order
        lines = carts.priced(cart)
        if not lines:
            raise ShopError(409, "cart_empty", "There is nothing in the cart to order.")
        order = orders.draft(order_id, cart, lines)
        if orders.place(order, cart):
            return order
    raise ShopError(409, "cart_changed", "The cart changed while you ordered. Please look again.")
