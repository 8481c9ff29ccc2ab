"""The catalogue: what is for sale, at what price, and how many are left."""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from botocore.exceptions import ClientError

from shop import database
from shop.web import ShopError

TABLE = os.environ["PRODUCTS_TABLE"]
CATALOGUE_FILE = Path(__file__).parent.parent / "catalogue.json"
ID_LENGTH_MAX = 64
BATCH_SIZE_MAX = 100  # keys in one BatchGetItem


@dataclass(frozen=True)
class Product:
    """One article. `position` is its place on the shelf."""

    id: str
    name: str
    price_cents: int
    stock: int
    description: str
    position: int


def catalogue() -> list[Product]:
    """The articles the shop opens with."""
    entries = json.loads(CATALOGUE_FILE.read_text(encoding="utf-8"))
    return [Product(**entry, position=position) for position, entry in enumerate(entries)]


def list_all(*, consistent: bool = False) -> list[Product]:
    """Every article, in the order of the shelf."""
    pages = database.dynamodb.get_paginator("scan").paginate(
        TableName=TABLE, ConsistentRead=consistent
    )
    found = [Product(**database.from_item(item)) for page in pages for item in page["Items"]]
    return sorted(found, key=lambda product: product.position)


def put_on_shelf(articles: Iterable[Product]) -> None:
    """Add articles that are not there yet. One that is keeps its stock, whoever asks at once."""
    for product in articles:
        try:
            database.dynamodb.put_item(
                TableName=TABLE,
                Item=database.to_item(asdict(product)),
                ConditionExpression="attribute_not_exists(#id)",
                ExpressionAttributeNames={"#id": "id"},
            )
        except ClientError as error:
            if not database.condition_failed(error):
                raise


def find(product_ids: Iterable[str]) -> dict[str, Product]:
    """Those of the articles that exist, by id."""
    wanted = [{"id": {"S": product_id}} for product_id in sorted(set(product_ids))]
    found: dict[str, Product] = {}
    while wanted:
        batch, wanted = wanted[:BATCH_SIZE_MAX], wanted[BATCH_SIZE_MAX:]
        answer = database.dynamodb.batch_get_item(RequestItems={TABLE: {"Keys": batch}})
        for item in answer["Responses"].get(TABLE, []):
            product = Product(**database.from_item(item))
            found[product.id] = product
        wanted += answer.get("UnprocessedKeys", {}).get(TABLE, {}).get("Keys", [])
    return found


def check_id(product_id: object) -> str:
    """Something that could be the id of an article."""
    if not isinstance(product_id, str) or not 0 < len(product_id) <= ID_LENGTH_MAX:
        raise ShopError(400, "invalid_product_id", "Say which product by its product_id.")
    return product_id


def require(product_id: object) -> Product:
    """The article with this id, or a refusal."""
    item = database.get(TABLE, {"id": check_id(product_id)})
    if item is None:
        raise ShopError(422, "unknown_product", "There is no such product in the shop.")
    return Product(**item)
