"""PUT /api/cart/{product_id}: have exactly so many of a product in the cart."""

from shop import carts, products, sessions
from shop.web import Body, Request, endpoint


@endpoint()
def handler(request: Request) -> Body:
    """Set the quantity of a product and show the cart."""
    user_id = sessions.require_user(request)
    quantity = carts.check_quantity(request.json().get("quantity"))
    product = products.require(request.path_parameters.get("product_id"))
    return carts.to_body(carts.set_quantity(user_id, product.id, quantity))
