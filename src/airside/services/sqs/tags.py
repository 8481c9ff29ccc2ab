"""Tags of queues."""

import msgspec

from airside.kernel import Context, Request, Result, Transaction, operation
from airside.services.sqs import store
from airside.services.sqs.address import charge, load_queue, queue_arn
from airside.services.sqs.errors import (
    InvalidParameterValueException,
    MissingRequiredParameterException,
)
from airside.services.sqs.queue import Queue
from airside.services.sqs.queues import check_tags


@operation("TagQueue", resource=queue_arn)
async def tag_queue(ctx: Context, request: Request) -> Result:
    """Set tags."""
    if not request["Tags"]:
        raise MissingRequiredParameterException("The request must contain the parameter Tags.")
    return await _change(ctx, request["QueueUrl"], add=request["Tags"], remove=[])


@operation("UntagQueue", resource=queue_arn)
async def untag_queue(ctx: Context, request: Request) -> Result:
    """Remove tags."""
    if not request["TagKeys"]:
        raise InvalidParameterValueException(
            "Tag keys must be between 1 and 128 characters in length."
        )
    return await _change(ctx, request["QueueUrl"], add={}, remove=request["TagKeys"])


async def _change(ctx: Context, url: str, *, add: dict[str, str], remove: list[str]) -> Result:
    def body(tx: Transaction) -> Queue:
        queue = load_queue(tx, ctx, url)
        tags = {**queue.definition.tags, **add}
        tags = {key: value for key, value in tags.items() if key not in remove}
        check_tags(tags)
        store.save_queue(tx, msgspec.structs.replace(queue.definition, tags=tags))
        return queue

    charge(ctx, await ctx.store.transact(body))
    return {}


@operation("ListQueueTags", resource=queue_arn)
async def list_queue_tags(ctx: Context, request: Request) -> Result:
    """All tags."""
    queue = await ctx.store.read(lambda snapshot: load_queue(snapshot, ctx, request["QueueUrl"]))
    charge(ctx, queue)
    return {"Tags": queue.definition.tags or None}
