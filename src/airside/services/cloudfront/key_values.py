"""What is in key value stores: an API of its own, with versions of its own.

https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_Operations_Amazon_CloudFront_KeyValueStore.html
"""

from collections.abc import Mapping
from typing import Any

from airside.kernel import Context, Request, Result, Snapshot, Transaction, operation
from airside.services.cloudfront import key_value_errors as errors
from airside.services.cloudfront import limits, store
from airside.services.cloudfront.entities import new_etag
from airside.services.cloudfront.key_value_stores import KIND, arn_of
from airside.services.cloudfront.store import Entity

_LISTED, _LISTED_MAX = 10, 50


def store_arn(ctx: Context, request: Request) -> str:
    """The ARN in the request."""
    return str(request["KvsARN"])


def _load(view: Snapshot, ctx: Context, arn: str) -> Entity:
    identifier = arn.rpartition("/")[2]
    name = store.id_of_name(view, ctx.account_id, KIND, identifier)
    found = store.find(view, ctx.account_id, KIND, name) if name else None
    if found is None or arn != arn_of(ctx, identifier):
        raise errors.ResourceNotFoundException("The requested resource was not found.")
    return found


def _totals(entity: Entity) -> dict[str, Any]:
    return {"ItemCount": entity.facts["count"], "TotalSizeInBytes": entity.facts["bytes"]}


@operation("DescribeKeyValueStore", resource=store_arn)
async def describe_key_value_store(ctx: Context, request: Request) -> Result:
    """A store's size and the version of its content."""
    entity = await ctx.store.read(lambda view: _load(view, ctx, request["KvsARN"]))
    return {
        **_totals(entity),
        "KvsARN": request["KvsARN"],
        "Created": entity.created_at,
        "LastModified": entity.facts["changed_at"],
        "Status": "READY",
        "ETag": entity.facts["version"],
    }


@operation("GetKey", resource=store_arn)
async def get_key(ctx: Context, request: Request) -> Result:
    """The value of one key."""
    key = request["Key"]

    def look(view: Snapshot) -> Result:
        entity = _load(view, ctx, request["KvsARN"])
        value = store.value(view, entity.facts["id"], key)
        if value is None:
            raise errors.ResourceNotFoundException(f"Key {key} not found.")
        return {"Key": key, "Value": value, **_totals(entity)}

    found = await ctx.store.read(look)
    ctx.use("KeyValueStore-APIRequests", 1, request["KvsARN"])
    return found


@operation("ListKeys", resource=store_arn)
async def list_keys(ctx: Context, request: Request) -> Result:
    """Keys and values, by key."""
    limit = min(request.get("MaxResults") or _LISTED, _LISTED_MAX)
    after = request.get("NextToken") or ""

    def look(view: Snapshot) -> dict[str, str]:
        entity = _load(view, ctx, request["KvsARN"])
        return store.values(view, entity.facts["id"], after, limit + 1)

    found = list((await ctx.store.read(look)).items())
    ctx.use("KeyValueStore-APIRequests", 1, request["KvsARN"])
    answer: Result = {"Items": [{"Key": key, "Value": value} for key, value in found[:limit]]}
    if len(found) > limit:
        answer["NextToken"] = found[limit - 1][0]
    return answer


@operation("PutKey", resource=store_arn)
async def put_key(ctx: Context, request: Request) -> Result:
    """Set one value."""
    return await _change(ctx, request, {request["Key"]: request["Value"]}, [])


@operation("DeleteKey", resource=store_arn)
async def delete_key(ctx: Context, request: Request) -> Result:
    """Remove one key."""
    return await _change(ctx, request, {}, [request["Key"]])


@operation("UpdateKeys", resource=store_arn)
async def update_keys(ctx: Context, request: Request) -> Result:
    """Set and remove many, all or none."""
    puts = {item["Key"]: item["Value"] for item in request.get("Puts") or ()}
    deletes = [item["Key"] for item in request.get("Deletes") or ()]
    named = len(request.get("Puts") or ()) + len(deletes)
    if not named:
        raise errors.ValidationException("At least one put or delete is required.")
    if named > limits.KEYS_CHANGED_MAX:
        raise errors.ValidationException(
            f"The request names more than {limits.KEYS_CHANGED_MAX} keys."
        )
    if len({*puts, *deletes}) != named:
        raise errors.ValidationException("The request names a key more than once.")
    return await _change(ctx, request, puts, deletes)


async def _change(
    ctx: Context, request: Request, puts: Mapping[str, str], deletes: list[str]
) -> Result:
    for key, value in puts.items():
        if len(key.encode()) > limits.KEY_BYTES_MAX or len(value.encode()) > limits.VALUE_BYTES_MAX:
            raise errors.ValidationException("A key or a value is larger than the maximum size.")
    version, now = new_etag(ctx), ctx.clock.now()

    def change(tx: Transaction) -> Entity:
        entity = _load(tx, ctx, request["KvsARN"])
        facts, identifier = entity.facts, entity.facts["id"]
        if request["IfMatch"].strip('"') != facts["version"]:
            raise errors.ConflictException("The ETag is not that of the present version.")
        for key in (*deletes, *puts):
            former = store.value(tx, identifier, key)
            if former is None and key not in puts:
                raise errors.ResourceNotFoundException(f"Key {key} not found.")
            if former is not None:
                facts["count"] -= 1
                facts["bytes"] -= store.size_of({key: former})
                store.delete_value(tx, identifier, key)
        for key, value in puts.items():
            store.put_value(tx, identifier, key, value)
        facts["count"] += len(puts)
        facts["bytes"] += store.size_of(puts)
        if facts["bytes"] > limits.KEY_VALUES_BYTES_MAX:
            raise errors.ServiceQuotaExceededException("The key value store is full.")
        facts["version"], facts["changed_at"] = version, now
        store.save(tx, ctx.account_id, KIND, entity)
        return entity

    entity = await ctx.store.transact(change)
    ctx.use("KeyValueStore-APIRequests", len(puts) + len(deletes), request["KvsARN"])
    return {**_totals(entity), "ETag": version}
