"""Queues: create, find, list, configure, purge, delete."""

import base64
import re
from collections.abc import Iterable
from typing import Any

import msgspec

from airside.kernel import Context, Request, Result, Snapshot, Transaction, operation
from airside.services.sqs import queue_attributes, store
from airside.services.sqs.address import (
    charge,
    check_access,
    load_queue,
    missing,
    queue_arn,
    queue_url,
)
from airside.services.sqs.errors import (
    InvalidAttributeName,
    InvalidParameterValueException,
    PurgeQueueInProgress,
    QueueDeletedRecently,
    QueueNameExists,
)
from airside.services.sqs.limits import LIST_MAX, TAGS_MAX
from airside.services.sqs.live import LiveQueues
from airside.services.sqs.queue import Definition, Queue
from airside.services.sqs.queue_attributes import parse_queue_arn, redrive_allow_policy
from airside.services.sqs.sweeper import Sweeper

_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}")


def _named_arn(ctx: Context, request: Request) -> str:
    owner = request.get("QueueOwnerAWSAccountId", ctx.account_id)
    return f"arn:aws:sqs:{ctx.region}:{owner}:{request['QueueName']}"


def _check_name(name: str, attributes: dict[str, str]) -> bool:
    """Whether the name and the attributes describe a FIFO queue. Raises when they disagree."""
    fifo = attributes.get("FifoQueue", "").lower() == "true"
    if fifo and not name.endswith(".fifo"):
        raise InvalidParameterValueException("The queue name must end with the '.fifo' suffix.")
    stem = name.removesuffix(".fifo") if fifo else name
    if not _NAME.fullmatch(stem) or len(name) > 80:
        raise InvalidParameterValueException(
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
        )
    return fifo


def check_tags(tags: dict[str, str]) -> None:
    """Raise for more tags than a queue may have."""
    if len(tags) > TAGS_MAX:
        raise InvalidParameterValueException(f"Too many tags added. Maximum allowed: {TAGS_MAX}.")


def _check_redrive(snapshot: Snapshot, source_arn: str, fifo: bool, value: str) -> None:
    """Raise unless the dead-letter queue exists, is of the same type and permits the source."""
    policy = queue_attributes.redrive_policy(value)

    def refuse(reason: str) -> InvalidParameterValueException:
        return InvalidParameterValueException(
            f"Value {value} for parameter RedrivePolicy is invalid. Reason: {reason}"
        )

    target = parse_queue_arn(policy.dead_letter_target_arn)
    source = parse_queue_arn(source_arn)
    assert target is not None
    assert source is not None
    if target[:2] != source[:2]:
        raise refuse("Dead-letter target owner should be same as the source.")
    region, account_id, name = target
    found = store.find_queue(snapshot, account_id, region, name)
    if found is None:
        if policy.dead_letter_target_arn == source_arn:
            return
        raise refuse("Dead letter target does not exist.")
    if found.fifo != fifo:
        raise refuse("Dead-letter queue must be same type of queue as the source.")
    allow = redrive_allow_policy(found.definition.attributes.get("RedriveAllowPolicy", ""))
    if not allow.permits(source_arn):
        raise refuse("The dead-letter queue does not allow this source queue.")


def _check_throughput(attributes: dict[str, str]) -> None:
    if (
        attributes.get("FifoThroughputLimit") == "perMessageGroupId"
        and attributes.get("DeduplicationScope") != "messageGroup"
    ):
        raise InvalidParameterValueException(
            "The FifoThroughputLimit attribute can be set to perMessageGroupId only when the "
            "DeduplicationScope attribute is set to messageGroup."
        )


@operation("CreateQueue", resource=_named_arn)
async def create_queue(ctx: Context, request: Request) -> Result:
    """Make a queue; the same request again gives the same queue."""
    name = request["QueueName"]
    given = request.get("Attributes", {})
    fifo = _check_name(name, given)
    checked = queue_attributes.check(given, fifo=fifo, creating=True)
    if given.get("FifoQueue", "true").lower() != "true":
        raise InvalidAttributeName("Unknown Attribute FifoQueue.")
    check_tags(request.get("tags", {}))
    defaults = queue_attributes.FIFO_DEFAULTS if fifo else queue_attributes.STANDARD_DEFAULTS
    attributes = {name: value for name, value in {**defaults, **checked}.items() if value}
    if attributes.get("KmsMasterKeyId"):
        attributes["SqsManagedSseEnabled"] = "false"
        attributes.setdefault("KmsDataKeyReusePeriodSeconds", "300")
    _check_throughput(attributes)
    now_ms = int(ctx.clock.now() * 1000)
    now = now_ms // 1000
    definition = Definition(
        name=name, account_id=ctx.account_id, region=ctx.region, id=ctx.ids.lower(16),
        contents=ctx.ids.lower(16), created_at=now, modified_at=now, attributes=attributes,
        tags=dict(request.get("tags", {})),
    )  # fmt: skip

    def body(tx: Transaction) -> Queue:
        found = store.find_queue(tx, ctx.account_id, ctx.region, name)
        if found is not None:
            _check_same(found, checked)
            return found
        if store.was_deleted_since(tx, ctx.account_id, ctx.region, name, now_ms - _wait_ms(ctx)):
            raise QueueDeletedRecently(
                "You must wait 60 seconds after deleting a queue before you can create another "
                "with the same name."
            )
        if "RedrivePolicy" in attributes:
            arn = f"arn:aws:sqs:{ctx.region}:{ctx.account_id}:{name}"
            _check_redrive(tx, arn, fifo, attributes["RedrivePolicy"])
        return store.save_queue(tx, definition)

    queue = await ctx.store.transact(body)
    charge(ctx, queue)
    return {"QueueUrl": queue_url(ctx, queue)}


def _wait_ms(ctx: Context) -> int:
    """How long a purge or a deletion lasts."""
    return int(ctx.cloud.settings.queue_wait_seconds * 1000)


def _check_same(found: Queue, given: dict[str, str]) -> None:
    kept = found.definition.attributes
    for name, value in given.items():
        if kept.get(name, "") != value:
            raise QueueNameExists(
                "A queue already exists with the same name and a different value for attribute "
                f"{name}"
            )


@operation("GetQueueUrl", resource=_named_arn)
async def get_queue_url(ctx: Context, request: Request) -> Result:
    """The URL of a queue of that name."""
    account_id = request.get("QueueOwnerAWSAccountId", ctx.account_id)
    queue = await ctx.store.read(
        lambda s: store.find_queue(s, account_id, ctx.region, request["QueueName"])
    )
    if queue is None:
        raise missing()
    if account_id != ctx.account_id:
        check_access(ctx, queue)
    charge(ctx, queue)
    return {"QueueUrl": queue_url(ctx, queue)}


def page_of_urls(
    ctx: Context, member: str, found: Iterable[Queue], request: Request
) -> dict[str, Any]:
    """One page of queue URLs under `member`."""
    limit = request.get("MaxResults", LIST_MAX)
    if not 1 <= limit <= LIST_MAX:
        raise InvalidParameterValueException(
            f"Value {limit} for parameter MaxResults is invalid. Reason: MaxResults must be an "
            f"integer between 1 and {LIST_MAX}."
        )
    urls: list[str] = []
    last = ""
    for queue in found:
        if len(urls) == limit:
            token = base64.urlsafe_b64encode(last.encode()).decode()
            return {member: urls, "NextToken": token if "MaxResults" in request else None}
        urls.append(queue_url(ctx, queue))
        last = queue.name
    return {member: urls or None}


def page_start(request: Request) -> str:
    """The name after which a page starts."""
    try:
        return base64.urlsafe_b64decode(request.get("NextToken", "")).decode()
    except ValueError as error:  # no Base64, or no text in it
        raise InvalidParameterValueException("Invalid or expired next token.") from error


@operation("ListQueues")
async def list_queues(ctx: Context, request: Request) -> Result:
    """URLs of the account's queues."""
    prefix = request.get("QueueNamePrefix", "")
    start = page_start(request)

    def body(snapshot: Snapshot) -> Result:
        found = store.queues(snapshot, ctx.account_id, ctx.region, prefix, start)
        return page_of_urls(ctx, "QueueUrls", found, request)

    ctx.use("Requests", 1)
    return await ctx.store.read(body)


@operation("ListDeadLetterSourceQueues", resource=queue_arn)
async def list_dead_letter_source_queues(ctx: Context, request: Request) -> Result:
    """URLs of the queues whose dead letters go to this one."""
    start = page_start(request)

    def body(snapshot: Snapshot) -> Result:
        target = load_queue(snapshot, ctx, request["QueueUrl"])
        definition = target.definition
        found = store.queues(snapshot, definition.account_id, definition.region, start=start)
        sources = (
            queue for queue in found
            if queue.redrive and queue.redrive.dead_letter_target_arn == target.arn
        )  # fmt: skip
        return {"queueUrls": [], **page_of_urls(ctx, "queueUrls", sources, request)}

    ctx.use("Requests", 1)
    found = await ctx.store.read(body)
    found["queueUrls"] = found["queueUrls"] or []
    return found


@operation("GetQueueAttributes", resource=queue_arn)
async def get_queue_attributes(ctx: Context, request: Request) -> Result:
    """How a queue is set up and how full it is."""
    names = request.get("AttributeNames", [])
    for name in names:
        if name not in queue_attributes.NAMES:
            raise InvalidAttributeName(f"Unknown Attribute {name}.")

    def body(snapshot: Snapshot) -> tuple[Queue, int]:
        queue = load_queue(snapshot, ctx, request["QueueUrl"])
        return queue, store.total(snapshot, queue)

    queue, total = await ctx.store.read(body)
    live = await ctx.component(LiveQueues).of(queue)
    now_ms = int(ctx.clock.now() * 1000)
    hidden, delayed = live.in_flight.count(now_ms), live.delayed.count(now_ms)
    definition = queue.definition
    known = {
        **definition.attributes,
        "QueueArn": queue.arn,
        "CreatedTimestamp": str(definition.created_at),
        "LastModifiedTimestamp": str(definition.modified_at),
        "ApproximateNumberOfMessages": str(max(0, total - hidden - delayed)),
        "ApproximateNumberOfMessagesNotVisible": str(hidden),
        "ApproximateNumberOfMessagesDelayed": str(delayed),
    }
    charge(ctx, queue)
    shown = known if "All" in names else {name: known[name] for name in names if name in known}
    return {"Attributes": shown or None}


@operation("SetQueueAttributes", resource=queue_arn)
async def set_queue_attributes(ctx: Context, request: Request) -> Result:
    """Change how a queue is set up. Messages already there keep their delay."""
    now = int(ctx.clock.now())

    def body(tx: Transaction) -> Queue:
        queue = load_queue(tx, ctx, request["QueueUrl"])
        given = queue_attributes.check(request["Attributes"], fifo=queue.fifo, creating=False)
        attributes = {**queue.definition.attributes, **given}
        if given.get("SqsManagedSseEnabled") == "true":
            attributes.pop("KmsMasterKeyId", None)
            attributes.pop("KmsDataKeyReusePeriodSeconds", None)
        elif given.get("KmsMasterKeyId"):
            attributes["SqsManagedSseEnabled"] = "false"
            attributes.setdefault("KmsDataKeyReusePeriodSeconds", "300")
        elif not attributes.get("KmsMasterKeyId"):
            attributes.pop("KmsDataKeyReusePeriodSeconds", None)
        attributes = {name: value for name, value in attributes.items() if value}
        _check_throughput(attributes)
        if given.get("RedrivePolicy"):
            _check_redrive(tx, queue.arn, queue.fifo, given["RedrivePolicy"])
        definition = msgspec.structs.replace(
            queue.definition, attributes=attributes, modified_at=now
        )
        return store.save_queue(tx, definition)

    queue = await ctx.store.transact(body)
    charge(ctx, queue)
    return {}


@operation("PurgeQueue", resource=queue_arn)
async def purge_queue(ctx: Context, request: Request) -> Result:
    """Delete all messages, those in flight too. This takes no time, and is allowed once a minute.

    The messages are left behind under the old contents and swept up in the background.
    """
    contents, now_ms = ctx.ids.lower(16), int(ctx.clock.now() * 1000)

    def body(tx: Transaction) -> Queue:
        queue = load_queue(tx, ctx, request["QueueUrl"])
        if now_ms < queue.definition.purged_ms + _wait_ms(ctx):
            raise PurgeQueueInProgress(
                f"Only one PurgeQueue operation on {queue.name} is allowed every 60 seconds."
            )
        store.leave_behind(tx, queue, queue.contents)
        purged = msgspec.structs.replace(queue.definition, contents=contents, purged_ms=now_ms)
        store.save_queue(tx, purged)
        return queue

    queue = await ctx.store.transact(body)
    ctx.component(LiveQueues).forget(queue)
    ctx.component(Sweeper).wake()
    charge(ctx, queue)
    return {}


@operation("DeleteQueue", resource=queue_arn)
async def delete_queue(ctx: Context, request: Request) -> Result:
    """Delete a queue with all it holds. Its name is free after a minute."""
    now_ms = int(ctx.clock.now() * 1000)

    def body(tx: Transaction) -> Queue:
        queue = load_queue(tx, ctx, request["QueueUrl"])
        store.remove_queue(tx, queue, now_ms)
        return queue

    queue = await ctx.store.transact(body)
    ctx.component(LiveQueues).forget(queue)
    ctx.component(Sweeper).wake()
    charge(ctx, queue)
    return {}
