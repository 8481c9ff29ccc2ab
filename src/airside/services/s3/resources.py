"""CloudFormation: AWS::S3::Bucket and AWS::S3::BucketPolicy."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from airside.kernel import (
    Context,
    OperationNotImplemented,
    Resource,
    ResourceRequest,
    ResourceType,
    ServiceError,
)
from airside.services.s3 import errors, translate

Properties = Mapping[str, Any]
Convert = Callable[[Any], Any]

_UNSUPPORTED = ("ReplicationConfiguration", "InventoryConfigurations", "AnalyticsConfigurations",
                "MetricsConfigurations", "IntelligentTieringConfigurations",
                "MetadataTableConfiguration", "MetadataConfiguration")  # fmt: skip


class _Setting:
    """One property: the operation that sets it and the one that takes it away."""

    def __init__(
        self, put: str, member: str, convert: Convert, delete: str = "", reset: Any = None
    ) -> None:
        self.put = put
        self.member = member
        self.convert = convert
        self.delete = delete
        self.reset = reset

    async def apply(self, ctx: Context, bucket: str, value: Any) -> None:
        """Set the property."""
        await ctx.call("s3", self.put, {"Bucket": bucket, self.member: self.convert(value)})

    async def remove(self, ctx: Context, bucket: str) -> None:
        """Take the property away."""
        if self.delete:
            await ctx.call("s3", self.delete, {"Bucket": bucket})
        else:
            await ctx.call("s3", self.put, {"Bucket": bucket, self.member: self.reset})


class _Acl(_Setting):
    """The canned ACL. `Private` holds on a bucket that takes no ACLs, too: it has no other."""

    async def apply(self, ctx: Context, bucket: str, value: Any) -> None:
        """Set it. What every bucket is made with needs no ACLs."""
        if value == "Private":
            await self.remove(ctx, bucket)
        else:
            await super().apply(ctx, bucket, value)

    async def remove(self, ctx: Context, bucket: str) -> None:
        """Back to private."""
        try:
            await super().remove(ctx, bucket)
        except ServiceError as error:
            if error.name != "AccessControlListNotSupported":
                raise


def _switches(value: Properties) -> dict[str, bool]:
    return {name: translate.flag(state) for name, state in value.items()}


def _logging(value: Properties) -> dict[str, Any]:
    if "DestinationBucketName" not in value:
        return {}
    return {
        "LoggingEnabled": {
            "TargetBucket": value["DestinationBucketName"],
            "TargetPrefix": value.get("LogFilePrefix", ""),
        }
    }


_SETTINGS: Mapping[str, _Setting] = {
    "OwnershipControls": _Setting(
        "PutBucketOwnershipControls", "OwnershipControls",
        lambda value: {"Rules": [dict(rule) for rule in value["Rules"]]},
        reset={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
    ),
    "PublicAccessBlockConfiguration": _Setting(
        "PutPublicAccessBlock", "PublicAccessBlockConfiguration", _switches,
        delete="DeletePublicAccessBlock",
    ),
    "AccessControl": _Acl("PutBucketAcl", "ACL", translate.canned_acl, reset="private"),
    "VersioningConfiguration": _Setting(
        "PutBucketVersioning", "VersioningConfiguration",
        lambda value: {"Status": value["Status"]}, reset={"Status": "Suspended"},
    ),
    "BucketEncryption": _Setting(
        "PutBucketEncryption", "ServerSideEncryptionConfiguration", translate.encryption,
        delete="DeleteBucketEncryption",
    ),
    "CorsConfiguration": _Setting(
        "PutBucketCors", "CORSConfiguration", translate.cors, delete="DeleteBucketCors"
    ),
    "WebsiteConfiguration": _Setting(
        "PutBucketWebsite", "WebsiteConfiguration", translate.website,
        delete="DeleteBucketWebsite",
    ),
    "LifecycleConfiguration": _Setting(
        "PutBucketLifecycleConfiguration", "LifecycleConfiguration", translate.lifecycle,
        delete="DeleteBucketLifecycle",
    ),
    "NotificationConfiguration": _Setting(
        "PutBucketNotificationConfiguration", "NotificationConfiguration",
        translate.notification, reset={},
    ),
    "Tags": _Setting(
        "PutBucketTagging", "Tagging",
        lambda value: {"TagSet": [{"Key": tag["Key"], "Value": str(tag["Value"])}
                                  for tag in value]},
        delete="DeleteBucketTagging",
    ),
    "LoggingConfiguration": _Setting(
        "PutBucketLogging", "BucketLoggingStatus", _logging, reset={}
    ),
    "ObjectLockConfiguration": _Setting(
        "PutObjectLockConfiguration", "ObjectLockConfiguration", translate.object_lock,
        reset={"ObjectLockEnabled": "Enabled"},
    ),
    "AccelerateConfiguration": _Setting(
        "PutBucketAccelerateConfiguration", "AccelerateConfiguration",
        lambda value: {"Status": value["AccelerationStatus"]}, reset={"Status": "Suspended"},
    ),
}  # fmt: skip


class BucketResource(ResourceType):
    """A bucket. One that still holds objects is not deleted."""

    name = "AWS::S3::Bucket"
    replaced_by = frozenset({"BucketName"})

    async def create(self, ctx: Context, request: ResourceRequest) -> Resource:
        """Make the bucket and set what the template says."""
        properties = request.properties
        _check_supported(properties)
        name = properties.get("BucketName") or request.physical_name(63, lower=True)
        if await _exists(ctx, name):
            raise errors.BucketAlreadyOwnedByYou(f"{name} already exists")
        create: dict[str, Any] = {"Bucket": name}
        if ctx.region != "us-east-1":
            create["CreateBucketConfiguration"] = {"LocationConstraint": ctx.region}
        if translate.flag(properties.get("ObjectLockEnabled", False)):
            create["ObjectLockEnabledForBucket"] = True
        await ctx.call("s3", "CreateBucket", create)
        try:
            for member, setting in _SETTINGS.items():
                if properties.get(member):
                    await setting.apply(ctx, name, properties[member])
        except ServiceError:
            await ctx.call("s3", "DeleteBucket", {"Bucket": name})
            raise
        return _bucket(name, ctx.region)

    async def update(
        self, ctx: Context, physical_id: str, old: Properties, request: ResourceRequest
    ) -> Resource:
        """Change what changed."""
        _check_supported(request.properties)
        for member, setting in _SETTINGS.items():
            value = request.properties.get(member)
            if value == old.get(member):
                continue
            if value:
                await setting.apply(ctx, physical_id, value)
            else:
                await setting.remove(ctx, physical_id)
        return _bucket(physical_id, ctx.region)

    async def delete(
        self,
        ctx: Context,
        physical_id: str,
        properties: Properties,
    ) -> None:
        """Remove an empty bucket."""
        try:
            await ctx.call("s3", "DeleteBucket", {"Bucket": physical_id})
        except ServiceError as error:
            if error.name != "NoSuchBucket":
                raise


async def _exists(ctx: Context, name: str) -> bool:
    try:
        await ctx.call("s3", "HeadBucket", {"Bucket": name})
    except ServiceError as error:
        if error.name in ("NoSuchBucket", "NotFound"):
            return False
        if error.name in ("AccessDenied", "AccessDeniedException"):
            raise errors.BucketAlreadyExists(f"{name} already exists") from None
        raise
    return True


def _check_supported(properties: Properties) -> None:
    for member in _UNSUPPORTED:
        if properties.get(member):
            raise OperationNotImplemented(f"AWS::S3::Bucket: Airside has no {member} yet")


def _bucket(name: str, region: str) -> Resource:
    dash = region in ("us-east-1", "us-west-1", "us-west-2", "ap-southeast-1", "ap-southeast-2",
                      "ap-northeast-1", "eu-west-1", "sa-east-1")  # fmt: skip
    website = f"{name}.s3-website{'-' if dash else '.'}{region}.amazonaws.com"
    return Resource(
        name,
        {
            "Arn": f"arn:aws:s3:::{name}",
            "DomainName": f"{name}.s3.amazonaws.com",
            "RegionalDomainName": f"{name}.s3.{region}.amazonaws.com",
            "DualStackDomainName": f"{name}.s3.dualstack.{region}.amazonaws.com",
            "WebsiteURL": f"http://{website}",
        },
    )


class BucketPolicyResource(ResourceType):
    """A bucket's policy."""

    name = "AWS::S3::BucketPolicy"
    replaced_by = frozenset({"Bucket"})

    async def create(self, ctx: Context, request: ResourceRequest) -> Resource:
        """Attach the policy."""
        bucket = request.properties["Bucket"]
        await self._attach(ctx, bucket, request.properties)
        return Resource(bucket)

    async def update(
        self,
        ctx: Context,
        physical_id: str,
        old: Properties,
        request: ResourceRequest,
    ) -> Resource:
        """Attach the new policy."""
        await self._attach(ctx, physical_id, request.properties)
        return Resource(physical_id)

    async def delete(
        self,
        ctx: Context,
        physical_id: str,
        properties: Properties,
    ) -> None:
        """Detach the policy."""
        try:
            await ctx.call("s3", "DeleteBucketPolicy", {"Bucket": physical_id})
        except ServiceError as error:
            if error.name != "NoSuchBucket":
                raise

    async def _attach(self, ctx: Context, bucket: str, properties: Properties) -> None:
        document = properties["PolicyDocument"]
        text = document if isinstance(document, str) else json.dumps(document)
        await ctx.call("s3", "PutBucketPolicy", {"Bucket": bucket, "Policy": text})
