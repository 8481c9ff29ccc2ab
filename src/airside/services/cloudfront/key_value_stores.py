"""Key value stores: what functions at the edge look up. Their content is another API's business.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/kvs-with-functions.html
"""

import json
import re
from typing import Any

from airside.kernel import (
    Arn,
    Context,
    Request,
    Result,
    ServiceError,
    Snapshot,
    Transaction,
    operation,
)
from airside.services.cloudfront import entities, errors, limits, store
from airside.services.cloudfront.entities import check_version, location, new_etag
from airside.services.cloudfront.store import Entity

KIND = "key-value-store"
"""In storage an Entity by name; `facts` has the id that is in the ARN and the content's version."""
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_BAD_SOURCE = "The import source is not a JSON document of keys and values."


def store_arn(ctx: Context, request: Request) -> str:
    """The ARN that a policy names: stores are named by ids."""
    return ctx.arn("key-value-store/*", "cloudfront", region="")


def arn_of(ctx: Context, identifier: str) -> str:
    """The ARN of a store."""
    return ctx.arn(f"key-value-store/{identifier}", "cloudfront", region="")


def _load(view: Snapshot, ctx: Context, name: str) -> Entity:
    found = store.find(view, ctx.account_id, KIND, name)
    if found is None:
        raise errors.EntityNotFound("The key value store entity was not found.")
    return found


def _shown(ctx: Context, entity: Entity, status: str = "READY") -> dict[str, Any]:
    return {
        "Name": entity.id,
        "Id": entity.facts["id"],
        "Comment": entity.config.get("Comment", ""),
        "ARN": arn_of(ctx, entity.facts["id"]),
        "Status": status,
        "LastModifiedTime": entity.modified_at,
    }


@operation("CreateKeyValueStore", resource=store_arn)
async def create_key_value_store(ctx: Context, request: Request) -> Result:
    """Make a store, empty or with what a file in a bucket says."""
    name, now = request["Name"], ctx.clock.now()
    if _NAME.fullmatch(name) is None:
        raise errors.InvalidArgument("The parameter Name contains invalid characters.")
    pairs = await _imported(ctx, request["ImportSource"]) if request.get("ImportSource") else {}
    tags = (request.get("Tags") or {}).get("Items") or ()
    identifier = ctx.ids.uuid()
    facts = {"id": identifier, "version": new_etag(ctx), "changed_at": now,
             "count": len(pairs), "bytes": store.size_of(pairs)}  # fmt: skip
    entity = Entity(
        id=name, config={"Name": name, "Comment": request.get("Comment", "")}, etag=new_etag(ctx),
        created_at=now, modified_at=now, facts=facts,
        tags={tag["Key"]: tag.get("Value", "") for tag in tags},
    )  # fmt: skip

    def put(tx: Transaction) -> None:
        if store.find(tx, ctx.account_id, KIND, name) is not None:
            raise errors.EntityAlreadyExists(
                "The key value store entity already exists. You must provide a unique key value "
                "store entity."
            )
        store.save(tx, ctx.account_id, KIND, entity)
        store.save_name(tx, ctx.account_id, KIND, identifier, name)
        for key, value in pairs.items():
            store.put_value(tx, identifier, key, value)

    await ctx.store.transact(put)
    path = location(ctx, f"key-value-store/{arn_of(ctx, identifier)}")
    shown = _shown(ctx, entity, "PROVISIONING")
    return {"KeyValueStore": shown, "ETag": entity.etag, "Location": path}


async def _imported(ctx: Context, source: Request) -> dict[str, str]:
    """Keys and values of a file: `{"data": [{"key": ..., "value": ...}]}`."""
    try:
        bucket, _, key = Arn.parse(source["SourceARN"]).resource.partition("/")
        found = await ctx.call("s3", "GetObject", {"Bucket": bucket, "Key": key})
        body = found["Body"]
        content = body if isinstance(body, bytes) else b"".join([piece async for piece in body])
        items = json.loads(content)["data"]
        pairs = {str(item["key"]): str(item["value"]) for item in items}
    except ServiceError as error:
        raise errors.InvalidArgument(f"The import source cannot be read: {error.message}") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise errors.InvalidArgument(_BAD_SOURCE) from None
    if store.size_of(pairs) > limits.KEY_VALUES_BYTES_MAX:
        raise errors.EntitySizeLimitExceeded("The key value store entity size limit was exceeded.")
    return pairs


@operation("DescribeKeyValueStore", resource=store_arn)
async def describe_key_value_store(ctx: Context, request: Request) -> Result:
    """A store, without what is in it."""
    entity = await ctx.store.read(lambda view: _load(view, ctx, request["Name"]))
    return {"KeyValueStore": _shown(ctx, entity), "ETag": entity.etag}


@operation("ListKeyValueStores")
async def list_key_value_stores(ctx: Context, request: Request) -> Result:
    """The account's stores."""
    found, more, limit = await entities.page(ctx, KIND, request)
    wanted = request.get("Status")
    items = [_shown(ctx, entity) for entity in found if wanted in (None, "", "READY")]
    return {"KeyValueStoreList": entities.listed_briefly(items, more, limit)}


@operation("UpdateKeyValueStore", resource=store_arn)
async def update_key_value_store(ctx: Context, request: Request) -> Result:
    """Change the comment."""
    etag, now = new_etag(ctx), ctx.clock.now()

    def put(tx: Transaction) -> Entity:
        entity = _load(tx, ctx, request["Name"])
        check_version(entity.etag, request.get("IfMatch"))
        entity.config["Comment"] = request["Comment"]
        entity.etag, entity.modified_at = etag, now
        store.save(tx, ctx.account_id, KIND, entity)
        return entity

    entity = await ctx.store.transact(put)
    return {"KeyValueStore": _shown(ctx, entity), "ETag": etag}


@operation("DeleteKeyValueStore", resource=store_arn)
async def delete_key_value_store(ctx: Context, request: Request) -> Result:
    """Remove a store that no function reads."""

    def remove(tx: Transaction) -> None:
        entity = _load(tx, ctx, request["Name"])
        check_version(entity.etag, request.get("IfMatch"))
        arn = arn_of(ctx, entity.facts["id"])
        for function in store.scan(tx, ctx.account_id, "function"):
            stages = (function.config, (function.facts.get("live") or {}).get("config") or {})
            if any(arn in associated(config) for config in stages):
                raise errors.CannotDeleteEntityWhileInUse(
                    "The key value store entity cannot be deleted while it is in use."
                )
        store.delete(tx, ctx.account_id, KIND, entity.id)
        store.delete_name(tx, ctx.account_id, KIND, entity.facts["id"])
        for key in store.values(tx, entity.facts["id"]):
            store.delete_value(tx, entity.facts["id"], key)

    await ctx.store.transact(remove)
    return {}


def associated(config: Request) -> list[str]:
    """The ARNs of the stores that a function's configuration names."""
    items = (config.get("KeyValueStoreAssociations") or {}).get("Items") or ()
    return [item["KeyValueStoreARN"] for item in items]


def check_associations(view: Snapshot, ctx: Context, config: Request) -> None:
    """Raise unless a function names at most one store, and one that exists."""
    arns = associated(config)
    if len(arns) > 1:
        raise errors.InvalidArgument("A function can have at most one key value store association.")
    for arn in arns:
        identifier = arn.rpartition("/")[2]
        known = store.id_of_name(view, ctx.account_id, KIND, identifier)
        if known is None or arn != arn_of(ctx, identifier):
            raise errors.EntityNotFound("The key value store entity was not found.")
    if arns and config["Runtime"] == "cloudfront-js-1.0":
        raise errors.InvalidArgument(
            "The key value store association requires the runtime cloudfront-js-2.0."
        )
