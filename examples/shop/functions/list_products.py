"""GET /api/products: what is for sale."""

from dataclasses import asdict

from shop import products
from shop.web import Body, Request, endpoint

CATALOGUE = products.catalogue()


@endpoint()
def handler(request: Request) -> Body:
    """List the articles, after putting those of the catalogue on the shelf that are missing.

    A new deployment starts with an empty table and nobody to fill it. Any number of first visitors
    may come at once: each article is added by whoever is first, and everybody sees all of them.
    """
    found = products.list_all()
    known = {product.id for product in found}
    missing = [product for product in CATALOGUE if product.id not in known]
    if missing:
        products.put_on_shelf(missing)
        found = products.list_all(consistent=True)
    return {"products": [asdict(product) for product in found]}
