"""DELETE /api/cart/{product_id}: take a product out of the cart."""

from shop import carts, products, sessions
from shop.web import Body, Request, endpoint


@endpoint()
def handler(request: Request) -> Body:
    """Remove a product and show what is left."""
    user_id = sessions.require_user(request)
    product_id = products.check_id(request.path_parameters.get("product_id"))
    return carts.to_body(carts.remove(user_id, product_id))
