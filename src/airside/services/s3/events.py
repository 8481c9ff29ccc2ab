"""Event notifications: recorded in the transaction that caused them, then delivered.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
"""

import asyncio
import json
import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote_plus

from airside.kernel import Arn, Cloud, Context, ServiceError, Snapshot, Transaction
from airside.kernel.clock import iso8601
from airside.kernel.principal import service_principal
from airside.services.s3 import errors, store
from airside.services.s3.bucket import Bucket, canonical_id
from airside.services.s3.object import Version
from airside.services.s3.rules import DESTINATIONS
from airside.storage import Worker

log = logging.getLogger("airside.s3")

TARGETS = DESTINATIONS
_BATCH = 100
_ATTEMPTS = 5
_RETRY_SECONDS = (1.0, 2.0, 5.0, 10.0)
_KINDS = {
    "LifecycleTransition": "Object Storage Class Changed",
    "ObjectAcl:Put": "Object ACL Updated",
    "ObjectRestore:Completed": "Object Restore Completed",
    "ObjectRestore:Post": "Object Restore Initiated",
    "ObjectTagging:Delete": "Object Tags Deleted",
    "ObjectTagging:Put": "Object Tags Added",
}
"""What EventBridge calls events that neither create nor delete."""


def record(
    tx: Transaction, ctx: Context, bucket: Bucket, name: str, key: str, version: Version
) -> None:
    """Note down, with the write itself, that something happened; one row for each listener."""
    if not bucket.notifies:
        return
    configuration = store.setting(tx, bucket.name, "notification") or {}
    for kind, member in TARGETS:
        for rule in configuration.get(kind, ()):
            if _listens(rule, name, key):
                event = _event(ctx, bucket, rule, name, key, version)
                target = _target(bucket, rule[member], event)
                store.add_event(tx, ctx.request_id, rule.get("Id", ""), key, target)
    if "EventBridgeConfiguration" in configuration:
        target = _target(bucket, "", _bridged(ctx, bucket, name, key, version))
        store.add_event(tx, ctx.request_id, "eventbridge", key, target)


def _target(bucket: Bucket, arn: str, event: dict[str, Any]) -> dict[str, Any]:
    return {
        "arn": arn,
        "event": event,
        "bucket": bucket.name,
        "account": bucket.owner,
        "region": bucket.region,
    }


def wake(ctx: Context, bucket: Bucket) -> None:
    """Have what was recorded delivered now; called once the transaction has committed."""
    if bucket.notifies:
        ctx.component(Courier).wake()


def _listens(rule: Mapping[str, Any], name: str, key: str) -> bool:
    wanted = f"s3:{name}"
    if not any(
        event == wanted or (event.endswith("*") and wanted.startswith(event[:-1]))
        for event in rule["Events"]
    ):
        return False
    filters = rule.get("Filter", {}).get("Key", {}).get("FilterRules", ())
    return all(
        key.startswith(item.get("Value", ""))
        if item["Name"].lower() == "prefix"
        else key.endswith(item.get("Value", ""))
        for item in filters
    )


def _event(
    ctx: Context, bucket: Bucket, rule: Mapping[str, Any], name: str, key: str, version: Version
) -> dict[str, Any]:
    entry: dict[str, Any] = {"key": quote_plus(key, safe="/")}
    about_settings = name.startswith(("ObjectTagging", "ObjectAcl"))
    if about_settings:
        entry["eTag"] = version.etag
    elif not name.startswith(("ObjectRemoved", "LifecycleExpiration")):
        entry.update(size=version.size, eTag=version.etag)
    elif version.is_delete_marker:
        entry["eTag"] = "d41d8cd98f00b204e9800998ecf8427e"
    if bucket.is_versioned:
        entry["versionId"] = version.version_id
    if not about_settings:
        entry["sequencer"] = f"{int(ctx.clock.now() * 1e6):014X}{version.number & 0xFFFF:04X}"
    event = {
        "eventVersion": "2.3" if about_settings else "2.1",
        "eventSource": "aws:s3",
        "awsRegion": bucket.region,
        "eventTime": iso8601(ctx.clock.now()),
        "eventName": name,
        "userIdentity": {"principalId": f"AWS:{ctx.principal.user_id}"},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {"x-amz-request-id": ctx.request_id, "x-amz-id-2": ctx.request_id},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": rule.get("Id", ""),
            "bucket": {
                "name": bucket.name,
                "ownerIdentity": {"principalId": canonical_id(bucket.owner)},
                "arn": f"arn:aws:s3:::{bucket.name}",
            },
            "object": entry,
        },
    }
    if name == "ObjectRestore:Completed":
        event["glacierEventData"] = {"restoreEventData": {
            "lifecycleRestorationExpiryTime": iso8601(version.restored_until),
            "lifecycleRestoreStorageClass": version.storage_class,
        }}  # fmt: skip
    return event


def _bridged(ctx: Context, bucket: Bucket, name: str, key: str, version: Version) -> dict[str, Any]:
    created = name.startswith("ObjectCreated")
    kind = _KINDS.get(name) or ("Object Created" if created else "Object Deleted")
    detail: dict[str, Any] = {
        "version": "0",
        "bucket": {"name": bucket.name},
        "object": {"key": key, "sequencer": f"{int(ctx.clock.now() * 1e6):018X}"},
        "request-id": ctx.request_id,
        "requester": ctx.account_id,
        "source-ip-address": "127.0.0.1",
    }
    if bucket.is_versioned:
        detail["object"]["version-id"] = version.version_id
    if created:
        detail["object"].update(size=version.size, etag=version.etag)
        made_by = name.partition(":")[2]
        detail["reason"] = {"Put": "PutObject", "Copy": "CopyObject", "Post": "POST Object"}.get(
            made_by, made_by
        )
    elif name in _KINDS:
        del detail["object"]["sequencer"]
        detail["object"]["etag"] = version.etag
        if name == "LifecycleTransition":
            detail["destination-storage-class"] = version.storage_class
        elif name.startswith("ObjectRestore"):
            detail["object"]["size"] = version.size
            detail["source-storage-class"] = version.storage_class
        if name == "ObjectRestore:Completed":
            detail["restore-expiry-time"] = iso8601(version.restored_until)
    else:
        by_rule = name.startswith("LifecycleExpiration")
        detail["reason"] = "Lifecycle Expiration" if by_rule else "DeleteObject"
        detail["deletion-type"] = (
            "Delete Marker Created" if version.is_delete_marker else "Permanently Deleted"
        )
    return {"detail-type": kind, "detail": detail}


class Courier(Worker):
    """Delivers recorded events, in order, at least once. What the store holds is what is left."""

    async def work(self) -> None:
        """Deliver all there is."""
        while await self.deliver():
            pass

    async def deliver(self) -> bool:
        """Deliver one batch; whether there may be more."""

        def first(view: Snapshot) -> list[tuple[bytes, dict[str, Any]]]:
            return store.first_events(view, _BATCH)

        batch = await self.cloud.store.read(first)
        for row, target in batch:
            await self._send(target)
            await self.cloud.store.transact(lambda tx, row=row: store.delete_event(tx, row))  # type: ignore[misc]
        return len(batch) == _BATCH

    async def _send(self, target: Mapping[str, Any]) -> None:
        for attempt in range(_ATTEMPTS):
            try:
                await send(self.cloud, target)
                return
            except ServiceError as error:
                if error.name in _FINAL or attempt == _ATTEMPTS - 1:
                    log.warning(
                        "an event of bucket %s was not delivered to %s: %s",
                        target["bucket"], target["arn"], error.message,
                    )  # fmt: skip
                    return
                await asyncio.sleep(_RETRY_SECONDS[attempt])


_FINAL = frozenset(
    {"ResourceNotFoundException", "QueueDoesNotExist", "AccessDeniedException", "AccessDenied",
     "OperationNotImplemented", "NotFoundException", "InvalidParameterValueException"}
)  # fmt: skip


async def check_destinations(
    ctx: Context, bucket: Bucket, configuration: Mapping[str, Any]
) -> None:
    """Send each queue and topic a test event; see that each function may be invoked.

    Raises InvalidArgument when somebody cannot be reached.
    """
    test = {
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Time": iso8601(ctx.clock.now()),
        "Bucket": bucket.name,
        "RequestId": ctx.request_id,
        "HostId": ctx.request_id,
    }
    for kind, member in TARGETS:
        for rule in configuration.get(kind, ()):
            try:
                await send(ctx.cloud, _target(bucket, rule[member], test))
            except (ServiceError, ValueError) as error:
                reason = error.message if isinstance(error, ServiceError) else str(error)
                raise errors.InvalidArgument(
                    "Unable to validate the following destination configurations",
                    ArgumentName=rule[member],
                    ArgumentValue=reason,
                ) from None


async def send(cloud: Cloud, target: Mapping[str, Any]) -> None:
    """Hand one event to its listener. Raises the listener's ServiceError."""
    source = f"arn:aws:s3:::{target['bucket']}"
    principal = service_principal("s3.amazonaws.com", target["account"], source)
    ctx = cloud.context(principal, "s3")
    ctx.region = target["arn"].split(":")[3] if target["arn"] else target["region"]
    if not target["arn"]:
        entry = {
            "Source": "aws.s3",
            "DetailType": target["event"]["detail-type"],
            "Detail": json.dumps(target["event"]["detail"]),
            "Resources": [source],
        }
        if "events" in cloud.services:
            await ctx.call("events", "PutEvents", {"Entries": [entry]})
        return
    arn = Arn.parse(target["arn"])
    document = json.dumps(target["event"])
    records = f'{{"Records":[{document}]}}' if "eventVersion" in target["event"] else document
    if arn.service == "lambda":
        kind = "Event" if "eventVersion" in target["event"] else "DryRun"
        invoke = {"FunctionName": target["arn"], "InvocationType": kind,
                  "Payload": records.encode()}  # fmt: skip
        await ctx.call("lambda", "Invoke", invoke)
    elif arn.service == "sqs":
        url = f"{cloud.settings.endpoint}/{arn.account_id}/{arn.resource}"
        message = {"QueueUrl": url, "MessageBody": records}
        await ctx.call("sqs", "SendMessage", message)
    elif arn.service == "sns":
        notice = {"TopicArn": target["arn"], "Message": records,
                  "Subject": "Amazon S3 Notification"}  # fmt: skip
        await ctx.call("sns", "Publish", notice)
