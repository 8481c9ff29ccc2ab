"""POST /api/cart: put more of a product in the cart."""

from shop import carts, products, sessions
from shop.web import Body, Request, endpoint


@endpoint()
def handler(request: Request) -> Body:
    """Add a quantity of a product and show the cart."""
    user_id = sessions.require_user(request)
    body = request.json()
    quantity = carts.check_quantity(body.get("quantity", 1))
    product = products.require(body.get("product_id"))
    return carts.to_body(carts.add(user_id, product.id, quantity))
