"""A bucket's settings that are documents: kept as given, checked where S3 checks."""

from collections.abc import Callable
from typing import Any

from airside.kernel import (
    Context,
    Request,
    Result,
    ServiceError,
    Snapshot,
    Transaction,
    operation,
)
from airside.services.s3 import attributes, errors, events, limits, rules, store
from airside.services.s3.bucket import DEFAULT_ENCRYPTION, Bucket
from airside.services.s3.common import on_bucket, opened, tier1, tier2
from airside.services.s3.sweeper import LifecycleSweeper

Change = Callable[[Transaction, Bucket], None]


async def change(ctx: Context, request: Request, action: str, body: Change) -> Result:
    """Run a change of a bucket in one transaction; bill it."""

    def run(tx: Transaction) -> None:
        body(tx, opened(tx, ctx, request, action))

    await ctx.store.transact(run)
    tier1(ctx, request["Bucket"])
    return {}


async def put(ctx: Context, request: Request, kind: str, action: str, document: Any) -> Result:
    """Set a document."""
    return await change(
        ctx, request, action, lambda tx, bucket: store.save_setting(tx, bucket.name, kind, document)
    )


async def get(
    ctx: Context, request: Request, kind: str, action: str, missing: ServiceError | None
) -> Result:
    """A document; `missing` is raised, or else nothing answered, when it was never set."""
    found = await ctx.store.read(
        lambda view: store.setting(view, opened(view, ctx, request, action).name, kind)
    )
    tier2(ctx, request["Bucket"])
    if found is None and missing is not None:
        raise missing
    return found or {}


def nothing(message: str, kind: type[ServiceError], request: Request) -> ServiceError:
    """The error for a document that was never set."""
    return kind(message, BucketName=request["Bucket"])


# Versioning ---------------------------------------------------------------------------------


@operation("PutBucketVersioning", resource=on_bucket)
async def put_bucket_versioning(ctx: Context, request: Request) -> Result:
    """Switch versioning on, or suspend it."""
    configuration = request["VersioningConfiguration"]
    status = configuration.get("Status")
    if status not in ("Enabled", "Suspended"):
        raise errors.IllegalVersioningConfigurationException(
            "The Versioning element must be specified"
        )

    def switch(tx: Transaction, bucket: Bucket) -> None:
        if bucket.object_lock and status == "Suspended":
            raise errors.InvalidBucketState(
                "An Object Lock configuration is present on this bucket, so the versioning state "
                "cannot be changed."
            )
        bucket.versioning = status
        store.save_bucket(tx, bucket)

    return await change(ctx, request, "s3:PutBucketVersioning", switch)


@operation("GetBucketVersioning", resource=on_bucket)
async def get_bucket_versioning(ctx: Context, request: Request) -> Result:
    """Whether versioning is on, suspended, or was never on (then nothing)."""
    bucket = await ctx.store.read(lambda view: opened(view, ctx, request, "s3:GetBucketVersioning"))
    tier2(ctx, bucket.name)
    return {"Status": bucket.versioning or None}


# Encryption ---------------------------------------------------------------------------------


@operation("PutBucketEncryption", resource=on_bucket, action="s3:PutEncryptionConfiguration")
async def put_bucket_encryption(ctx: Context, request: Request) -> Result:
    """Say how new objects are encrypted by default."""
    document = request["ServerSideEncryptionConfiguration"]

    def switch(tx: Transaction, bucket: Bucket) -> None:
        bucket.encryption = rules.default_encryption(document, bucket)
        store.save_bucket(tx, bucket)
        store.save_setting(tx, bucket.name, "encryption", document)

    return await change(ctx, request, "s3:PutEncryptionConfiguration", switch)


@operation("GetBucketEncryption", resource=on_bucket, action="s3:GetEncryptionConfiguration")
async def get_bucket_encryption(ctx: Context, request: Request) -> Result:
    """The default encryption: SSE-S3 unless something else was set."""
    action = "s3:GetEncryptionConfiguration"

    def look(view: Snapshot) -> dict[str, Any]:
        bucket = opened(view, ctx, request, action)
        if not bucket.encryption:
            raise errors.ServerSideEncryptionConfigurationNotFoundError(
                "The server side encryption configuration was not found", BucketName=bucket.name
            )
        return store.setting(view, bucket.name, "encryption") or rules.ENCRYPTED_BY_S3

    found = await ctx.store.read(look)
    tier2(ctx, request["Bucket"])
    return {"ServerSideEncryptionConfiguration": found}


@operation("DeleteBucketEncryption", resource=on_bucket, action="s3:PutEncryptionConfiguration")
async def delete_bucket_encryption(ctx: Context, request: Request) -> Result:
    """Go back to SSE-S3."""
    classic = ctx.cloud.settings.bucket_defaults == "2022"

    def switch(tx: Transaction, bucket: Bucket) -> None:
        bucket.encryption = {} if classic else DEFAULT_ENCRYPTION
        store.save_bucket(tx, bucket)
        store.save_setting(tx, bucket.name, "encryption", None)

    return await change(ctx, request, "s3:PutEncryptionConfiguration", switch)


# Website, CORS, tagging ---------------------------------------------------------------------


@operation("PutBucketWebsite", resource=on_bucket)
async def put_bucket_website(ctx: Context, request: Request) -> Result:
    """Serve the bucket as a website."""
    document = request["WebsiteConfiguration"]
    rules.check_website(document)
    return await put(ctx, request, "website", "s3:PutBucketWebsite", document)


@operation("GetBucketWebsite", resource=on_bucket)
async def get_bucket_website(ctx: Context, request: Request) -> Result:
    """How the bucket is served as a website."""
    message = "The specified bucket does not have a website configuration"
    missing = nothing(message, errors.NoSuchWebsiteConfiguration, request)
    return await get(ctx, request, "website", "s3:GetBucketWebsite", missing)


@operation("DeleteBucketWebsite", resource=on_bucket)
async def delete_bucket_website(ctx: Context, request: Request) -> Result:
    """Stop serving the bucket as a website."""
    return await put(ctx, request, "website", "s3:DeleteBucketWebsite", None)


@operation("PutBucketCors", resource=on_bucket, action="s3:PutBucketCORS")
async def put_bucket_cors(ctx: Context, request: Request) -> Result:
    """Say which origins' scripts may use the bucket."""
    document = request["CORSConfiguration"]
    rules.check_cors(document)

    def switch(tx: Transaction, bucket: Bucket) -> None:
        bucket.has_cors = True
        store.save_bucket(tx, bucket)
        store.save_setting(tx, bucket.name, "cors", document)

    return await change(ctx, request, "s3:PutBucketCORS", switch)


@operation("GetBucketCors", resource=on_bucket, action="s3:GetBucketCORS")
async def get_bucket_cors(ctx: Context, request: Request) -> Result:
    """The bucket's CORS rules."""
    message = "The CORS configuration does not exist"
    missing = nothing(message, errors.NoSuchCORSConfiguration, request)
    return await get(ctx, request, "cors", "s3:GetBucketCORS", missing)


@operation("DeleteBucketCors", resource=on_bucket, action="s3:PutBucketCORS")
async def delete_bucket_cors(ctx: Context, request: Request) -> Result:
    """Drop the CORS rules."""

    def switch(tx: Transaction, bucket: Bucket) -> None:
        bucket.has_cors = False
        store.save_bucket(tx, bucket)
        store.save_setting(tx, bucket.name, "cors", None)

    return await change(ctx, request, "s3:PutBucketCORS", switch)


@operation("PutBucketTagging", resource=on_bucket)
async def put_bucket_tagging(ctx: Context, request: Request) -> Result:
    """Replace the bucket's tags."""
    tag_set = request["Tagging"].get("TagSet", [])
    attributes.tags_of_set(tag_set, limits.BUCKET_TAGS_MAX)
    tags = {"TagSet": tag_set} if tag_set else None
    return await put(ctx, request, "tagging", "s3:PutBucketTagging", tags)


@operation("GetBucketTagging", resource=on_bucket)
async def get_bucket_tagging(ctx: Context, request: Request) -> Result:
    """The bucket's tags."""
    missing = nothing("The TagSet does not exist", errors.NoSuchTagSet, request)
    return await get(ctx, request, "tagging", "s3:GetBucketTagging", missing)


@operation("DeleteBucketTagging", resource=on_bucket, action="s3:PutBucketTagging")
async def delete_bucket_tagging(ctx: Context, request: Request) -> Result:
    """Drop the bucket's tags."""
    return await put(ctx, request, "tagging", "s3:PutBucketTagging", None)


# Lifecycle, notifications -------------------------------------------------------------------


@operation("PutBucketLifecycleConfiguration", resource=on_bucket,
           action="s3:PutLifecycleConfiguration")  # fmt: skip
async def put_bucket_lifecycle_configuration(ctx: Context, request: Request) -> Result:
    """Say when objects expire, and uploads are aborted."""
    document = rules.check_lifecycle(request.get("LifecycleConfiguration", {}))
    size = request.get("TransitionDefaultMinimumObjectSize") or rules.TRANSITION_SIZES[0]
    if size not in rules.TRANSITION_SIZES:
        raise errors.InvalidRequest(f"Invalid TransitionDefaultMinimumObjectSize found: {size}")
    document = {**document, "TransitionDefaultMinimumObjectSize": size}

    def switch(tx: Transaction, bucket: Bucket) -> None:
        bucket.has_lifecycle = True
        store.save_bucket(tx, bucket)
        store.save_setting(tx, bucket.name, "lifecycle", document)

    await change(ctx, request, "s3:PutLifecycleConfiguration", switch)
    ctx.component(LifecycleSweeper).wake()
    return {"TransitionDefaultMinimumObjectSize": size}


@operation("GetBucketLifecycleConfiguration", resource=on_bucket,
           action="s3:GetLifecycleConfiguration")  # fmt: skip
async def get_bucket_lifecycle_configuration(ctx: Context, request: Request) -> Result:
    """The bucket's lifecycle rules."""
    message = "The lifecycle configuration does not exist"
    missing = nothing(message, errors.NoSuchLifecycleConfiguration, request)
    return await get(ctx, request, "lifecycle", "s3:GetLifecycleConfiguration", missing)


@operation("DeleteBucketLifecycle", resource=on_bucket, action="s3:PutLifecycleConfiguration")
async def delete_bucket_lifecycle(ctx: Context, request: Request) -> Result:
    """Drop the lifecycle rules."""

    def switch(tx: Transaction, bucket: Bucket) -> None:
        bucket.has_lifecycle = False
        store.save_bucket(tx, bucket)
        store.save_setting(tx, bucket.name, "lifecycle", None)

    return await change(ctx, request, "s3:PutLifecycleConfiguration", switch)


@operation("PutBucketNotificationConfiguration", resource=on_bucket,
           action="s3:PutBucketNotification")  # fmt: skip
async def put_bucket_notification_configuration(ctx: Context, request: Request) -> Result:
    """Say who hears of what happens in the bucket; an empty document tells nobody."""
    ids = [ctx.ids.uuid() for _ in range(100)]
    document = rules.check_notification(request["NotificationConfiguration"], ids)
    if not request.get("SkipDestinationValidation"):
        bucket = await ctx.store.read(
            lambda view: opened(view, ctx, request, "s3:PutBucketNotification")
        )
        await events.check_destinations(ctx, bucket, document)

    def switch(tx: Transaction, bucket: Bucket) -> None:
        bucket.notifies = bool(document)
        store.save_bucket(tx, bucket)
        store.save_setting(tx, bucket.name, "notification", document or None)

    return await change(ctx, request, "s3:PutBucketNotification", switch)


@operation("GetBucketNotificationConfiguration", resource=on_bucket,
           action="s3:GetBucketNotification")  # fmt: skip
async def get_bucket_notification_configuration(ctx: Context, request: Request) -> Result:
    """Who hears of what happens in the bucket."""
    return await get(ctx, request, "notification", "s3:GetBucketNotification", None)


# Logging, payment, acceleration -------------------------------------------------------------


@operation("PutBucketLogging", resource=on_bucket)
async def put_bucket_logging(ctx: Context, request: Request) -> Result:
    """Record where access logs should go. They are not written yet."""
    document = request["BucketLoggingStatus"]
    target = document.get("LoggingEnabled", {}).get("TargetBucket")

    def switch(tx: Transaction, bucket: Bucket) -> None:
        if target is not None:
            found = store.find_bucket(tx, target)
            if found is None or found.owner != bucket.owner:
                raise errors.InvalidTargetBucketForLogging(
                    "The target bucket for logging does not exist", TargetBucket=target
                )
            if found.region != bucket.region:
                raise errors.CrossLocationLoggingProhibitted(
                    "Cross S3 location logging not allowed. ", TargetBucketLocation=found.region
                )
        store.save_setting(tx, bucket.name, "logging", document or None)

    return await change(ctx, request, "s3:PutBucketLogging", switch)


@operation("GetBucketLogging", resource=on_bucket)
async def get_bucket_logging(ctx: Context, request: Request) -> Result:
    """Where access logs should go."""
    return await get(ctx, request, "logging", "s3:GetBucketLogging", None)


@operation("PutBucketRequestPayment", resource=on_bucket)
async def put_bucket_request_payment(ctx: Context, request: Request) -> Result:
    """Say who pays for requests."""
    payer = request["RequestPaymentConfiguration"]["Payer"]
    if payer not in ("Requester", "BucketOwner"):
        raise errors.MalformedXML(rules.MALFORMED)

    def switch(tx: Transaction, bucket: Bucket) -> None:
        bucket.payer = payer
        store.save_bucket(tx, bucket)

    return await change(ctx, request, "s3:PutBucketRequestPayment", switch)


@operation("GetBucketRequestPayment", resource=on_bucket)
async def get_bucket_request_payment(ctx: Context, request: Request) -> Result:
    """Who pays for requests."""
    action = "s3:GetBucketRequestPayment"
    bucket = await ctx.store.read(lambda view: opened(view, ctx, request, action))
    tier2(ctx, bucket.name)
    return {"Payer": bucket.payer}


@operation("PutBucketAccelerateConfiguration", resource=on_bucket,
           action="s3:PutAccelerateConfiguration")  # fmt: skip
async def put_bucket_accelerate_configuration(ctx: Context, request: Request) -> Result:
    """Record transfer acceleration; nothing here gets faster by it."""
    document = request["AccelerateConfiguration"]
    return await put(ctx, request, "accelerate", "s3:PutAccelerateConfiguration", document)


@operation("GetBucketAccelerateConfiguration", resource=on_bucket,
           action="s3:GetAccelerateConfiguration")  # fmt: skip
async def get_bucket_accelerate_configuration(ctx: Context, request: Request) -> Result:
    """Whether transfer acceleration was switched on."""
    return await get(ctx, request, "accelerate", "s3:GetAccelerateConfiguration", None)
