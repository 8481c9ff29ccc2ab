"""Queue policies, and the two operations that write statements into them."""

from collections.abc import Mapping
from typing import Any

import msgspec

from airside.kernel import Context, Request, Result, Transaction, operation
from airside.services.sqs import store
from airside.services.sqs.address import charge, load_queue, queue_arn
from airside.services.sqs.errors import (
    InvalidParameterValueException,
    MissingRequiredParameterException,
    OverLimit,
)
from airside.services.sqs.limits import ACTIONS_MAX
from airside.services.sqs.queue import Queue
from airside.services.sqs.queue_attributes import parse_queue_arn

_ACTIONS = frozenset(
    {"*", "SendMessage", "ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility",
     "GetQueueAttributes", "GetQueueUrl", "ListDeadLetterSourceQueues", "PurgeQueue"}
)  # fmt: skip


async def queue_policy(ctx: Context, arn: str) -> Mapping[str, object] | None:
    """The policy document of a queue, or None."""
    target = parse_queue_arn(arn)
    if target is None:
        return None
    region, account_id, name = target
    queue = await ctx.store.read(lambda s: store.find_queue(s, account_id, region, name))
    if queue is None or not queue.policy:
        return None
    return msgspec.json.decode(queue.policy, type=dict[str, object])


def _document(queue: Queue) -> dict[str, Any]:
    if queue.policy:
        found = msgspec.json.decode(queue.policy, type=dict[str, Any])
        statements = found.get("Statement", [])
        found["Statement"] = statements if isinstance(statements, list) else [statements]
        return found
    return {
        "Version": "2008-10-17",
        "Id": f"{queue.arn}/SQSDefaultPolicy",
        "Statement": [],
    }


def _save(tx: Transaction, queue: Queue, document: Mapping[str, Any]) -> None:
    attributes = dict(queue.definition.attributes)
    if document["Statement"]:
        attributes["Policy"] = msgspec.json.encode(document).decode()
    else:
        attributes.pop("Policy", None)
    store.save_queue(tx, msgspec.structs.replace(queue.definition, attributes=attributes))


@operation("AddPermission", resource=queue_arn)
async def add_permission(ctx: Context, request: Request) -> Result:
    """Let accounts call some operations on a queue, under a label."""
    label = request["Label"]
    if not request["Actions"]:
        raise MissingRequiredParameterException("The request must contain the parameter Actions.")
    if not request["AWSAccountIds"]:
        raise InvalidParameterValueException(
            "Value [] for parameter PrincipalId is invalid. Reason: Unable to verify."
        )
    for action in request["Actions"]:
        if action not in _ACTIONS:
            raise InvalidParameterValueException(
                f"Value SQS:{action} for parameter ActionName is invalid. Reason: Only the queue "
                "owner is allowed to invoke this action."
            )
    if len(request["Actions"]) > ACTIONS_MAX:
        raise OverLimit(
            f"{len(request['Actions'])} Actions were found, maximum allowed is {ACTIONS_MAX}."
        )
    names = [f"SQS:{action}" for action in request["Actions"]]
    principals = [f"arn:aws:iam::{account}:root" for account in request["AWSAccountIds"]]

    def body(tx: Transaction) -> Queue:
        queue = load_queue(tx, ctx, request["QueueUrl"])
        document = _document(queue)
        if any(statement.get("Sid") == label for statement in document["Statement"]):
            raise InvalidParameterValueException(
                f"Value {label} for parameter Label is invalid. Reason: Already exists."
            )
        document["Statement"] = [
            *document["Statement"],
            {
                "Sid": label,
                "Effect": "Allow",
                "Principal": {"AWS": principals if len(principals) > 1 else principals[0]},
                "Action": names if len(names) > 1 else names[0],
                "Resource": queue.arn,
            },
        ]
        _save(tx, queue, document)
        return queue

    charge(ctx, await ctx.store.transact(body))
    return {}


@operation("RemovePermission", resource=queue_arn)
async def remove_permission(ctx: Context, request: Request) -> Result:
    """Take back what a label allows."""
    label = request["Label"]

    def body(tx: Transaction) -> Queue:
        queue = load_queue(tx, ctx, request["QueueUrl"])
        document = _document(queue)
        kept = [each for each in document["Statement"] if each.get("Sid") != label]
        if len(kept) == len(document["Statement"]):
            raise InvalidParameterValueException(
                f"Value {label} for parameter Label is invalid. Reason: can't find label."
            )
        document["Statement"] = kept
        _save(tx, queue, document)
        return queue

    charge(ctx, await ctx.store.transact(body))
    return {}
