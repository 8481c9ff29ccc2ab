"""SQS's resource types in CloudFormation."""

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from airside.kernel import Context, Resource, ResourceRequest, ResourceType, ServiceError

Properties = Mapping[str, Any]

_ATTRIBUTES = (
    "ContentBasedDeduplication", "DeduplicationScope", "DelaySeconds", "FifoQueue",
    "FifoThroughputLimit", "KmsDataKeyReusePeriodSeconds", "KmsMasterKeyId", "MaximumMessageSize",
    "MessageRetentionPeriod", "ReceiveMessageWaitTimeSeconds", "RedriveAllowPolicy",
    "RedrivePolicy", "SqsManagedSseEnabled", "VisibilityTimeout",
)  # fmt: skip
_DEFAULTS = {
    "DelaySeconds": "0", "MaximumMessageSize": "1048576", "MessageRetentionPeriod": "345600",
    "ReceiveMessageWaitTimeSeconds": "0", "RedriveAllowPolicy": "", "RedrivePolicy": "",
    "VisibilityTimeout": "30", "ContentBasedDeduplication": "false",
}  # fmt: skip
"""What a property that was taken away goes back to."""


class Queue(ResourceType):
    """AWS::SQS::Queue."""

    name = "AWS::SQS::Queue"
    replaced_by: ClassVar[frozenset[str]] = frozenset({"QueueName", "FifoQueue"})

    async def create(self, ctx: Context, request: ResourceRequest) -> Resource:
        """Make the queue."""
        properties = request.properties
        fifo = str(properties.get("FifoQueue", "")).lower() == "true"
        name = properties.get("QueueName") or (
            request.physical_name(75) + ".fifo" if fifo else request.physical_name(80)
        )
        attributes = _attributes(properties)
        if not fifo:
            attributes.pop("FifoQueue", None)
        made = await ctx.call(
            "sqs", "CreateQueue",
            {"QueueName": name, "Attributes": attributes, "tags": _tags(properties)},
        )  # fmt: skip
        return await self._resource(ctx, made["QueueUrl"])

    async def update(
        self, ctx: Context, physical_id: str, old: Properties, request: ResourceRequest
    ) -> Resource:
        """Set the attributes that differ, and the tags."""
        before, after = _attributes(old), _attributes(request.properties)
        changed = {name: value for name, value in after.items() if before.get(name) != value}
        changed |= {name: _DEFAULTS[name] for name in before.keys() - after.keys()
                    if name in _DEFAULTS}  # fmt: skip
        queue = {"QueueUrl": physical_id}
        if changed:
            await ctx.call("sqs", "SetQueueAttributes", {**queue, "Attributes": changed})
        gone = _tags(old).keys() - _tags(request.properties).keys()
        if gone:
            await ctx.call("sqs", "UntagQueue", {**queue, "TagKeys": sorted(gone)})
        if _tags(request.properties) != _tags(old) and _tags(request.properties):
            await ctx.call("sqs", "TagQueue", {**queue, "Tags": _tags(request.properties)})
        return await self._resource(ctx, physical_id)

    async def delete(self, ctx: Context, physical_id: str, properties: Properties) -> None:
        """Delete the queue with its messages."""
        try:
            await ctx.call("sqs", "DeleteQueue", {"QueueUrl": physical_id})
        except ServiceError as error:
            if error.name != "QueueDoesNotExist":
                raise

    async def _resource(self, ctx: Context, url: str) -> Resource:
        found = await ctx.call(
            "sqs", "GetQueueAttributes", {"QueueUrl": url, "AttributeNames": ["QueueArn"]}
        )
        return Resource(url, {
            "Arn": found["Attributes"]["QueueArn"], "QueueUrl": url,
            "QueueName": url.rpartition("/")[2],
        })  # fmt: skip


class QueuePolicy(ResourceType):
    """AWS::SQS::QueuePolicy."""

    name = "AWS::SQS::QueuePolicy"
    replaced_by: ClassVar[frozenset[str]] = frozenset()

    async def create(self, ctx: Context, request: ResourceRequest) -> Resource:
        """Set the policy of each queue."""
        document = request.properties["PolicyDocument"]
        text = document if isinstance(document, str) else json.dumps(document)
        for url in request.properties["Queues"]:
            await self._set(ctx, url, text)
        return Resource(request.physical_name(128))

    async def update(
        self, ctx: Context, physical_id: str, old: Properties, request: ResourceRequest
    ) -> Resource:
        """Set it again, and take it from queues that are no longer named."""
        for url in old["Queues"]:
            if url not in request.properties["Queues"]:
                await self._set(ctx, url, "")
        await self.create(ctx, request)
        return Resource(physical_id)

    async def delete(self, ctx: Context, physical_id: str, properties: Properties) -> None:
        """Take the policy away."""
        for url in properties["Queues"]:
            try:
                await self._set(ctx, url, "")
            except ServiceError as error:
                if error.name != "QueueDoesNotExist":
                    raise

    async def _set(self, ctx: Context, url: str, policy: str) -> None:
        asked = {"QueueUrl": url, "Attributes": {"Policy": policy}}
        await ctx.call("sqs", "SetQueueAttributes", asked)


class QueueInlinePolicy(QueuePolicy):
    """AWS::SQS::QueueInlinePolicy: the same for one queue, which is what `Ref` gives."""

    name = "AWS::SQS::QueueInlinePolicy"
    replaced_by: ClassVar[frozenset[str]] = frozenset({"Queue"})

    async def create(self, ctx: Context, request: ResourceRequest) -> Resource:
        """Set the policy of the queue."""
        document = request.properties["PolicyDocument"]
        text = document if isinstance(document, str) else json.dumps(document)
        await self._set(ctx, request.properties["Queue"], text)
        return Resource(request.properties["Queue"])

    async def update(
        self, ctx: Context, physical_id: str, old: Properties, request: ResourceRequest
    ) -> Resource:
        """Set it again."""
        return await self.create(ctx, request)

    async def delete(self, ctx: Context, physical_id: str, properties: Properties) -> None:
        """Take the policy away."""
        await super().delete(ctx, physical_id, {"Queues": [properties["Queue"]]})


def _attributes(properties: Properties) -> dict[str, str]:
    """SQS takes every attribute as text."""
    return {name: _text(properties[name]) for name in _ATTRIBUTES if name in properties}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value)


def _tags(properties: Properties) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in properties.get("Tags", ())}
