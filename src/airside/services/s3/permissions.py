"""Who may use a bucket: policy, public access block, ownership controls, ACLs."""

import json
from typing import Any

from airside.identity.policy import Policy, PolicySyntaxError
from airside.kernel import Context, Request, Result, Snapshot, Transaction, operation
from airside.protocol.documents import load_json
from airside.services.s3 import access, errors, events, limits, reads, rules, store
from airside.services.s3.bucket import ENFORCED, Bucket, Grant, owner_of
from airside.services.s3.common import on_bucket, on_object, opened, tier1, tier2
from airside.services.s3.grants import asked, from_document, full_control, is_public
from airside.services.s3.settings import change, get, nothing

_SWITCHES = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


@operation("PutBucketPolicy", resource=on_bucket)
async def put_bucket_policy(ctx: Context, request: Request) -> Result:
    """Attach a policy. A public one is refused while BlockPublicPolicy is on."""
    text: str = request.get("Policy", "")
    document = _checked_policy(text, request["Bucket"])
    public = any(map(access.is_public_statement, access.statements_of(document)))

    def attach(tx: Transaction, bucket: Bucket) -> None:
        if public and bucket.blocks("BlockPublicPolicy"):
            raise errors.AccessDenied(
                f"User: {ctx.principal.arn} is not authorized to perform: s3:PutBucketPolicy on "
                f'resource: "arn:aws:s3:::{bucket.name}" because public policies are prevented by '
                "the BlockPublicPolicy setting in S3 Block Public Access."
            )
        bucket.has_policy = True
        store.save_bucket(tx, bucket)
        store.save_setting(tx, bucket.name, "policy", {"Policy": text})

    return await change(ctx, request, "s3:PutBucketPolicy", attach)


def _checked_policy(text: str, bucket: str) -> dict[str, Any]:
    if len(text.encode()) > limits.POLICY_BYTES_MAX:
        raise errors.MalformedPolicy("Policies must not exceed 20480 bytes.")
    try:
        document = load_json(text)
    except ValueError:
        raise errors.MalformedPolicy(
            "Policies must be valid JSON and the first byte must be '{'"
        ) from None
    if isinstance(document, dict) and "Statement" not in document:
        raise errors.MalformedPolicy("Missing required field Statement")
    try:
        policy = Policy.parse(document)
    except PolicySyntaxError as error:
        raise errors.MalformedPolicy(str(error)) from None
    for statement in policy.statements:
        if statement.principals is None:
            raise errors.MalformedPolicy("Missing required field Principal")
        if statement.not_principal and not statement.denies:
            raise errors.MalformedPolicy("Allow with NotPrincipal is not allowed.")
        if not statement.resources:
            raise errors.MalformedPolicy("Missing required field Resource")
        own = f"arn:aws:s3:::{bucket}"
        for resource in statement.resources:
            head = resource.partition("/")[0]
            if head != own and not statement.not_resource and not _may_match(head, own):
                raise errors.MalformedPolicy("Policy has invalid resource")
    found: dict[str, Any] = document
    return found


def _may_match(pattern: str, arn: str) -> bool:
    """Whether a wildcard pattern could name the bucket."""
    wild = min((pattern.find(letter) for letter in "*?" if letter in pattern), default=-1)
    return wild >= 0 and arn.startswith(pattern[:wild])


@operation("GetBucketPolicy", resource=on_bucket)
async def get_bucket_policy(ctx: Context, request: Request) -> Result:
    """The policy, letter for letter."""
    message = "The bucket policy does not exist"
    missing = nothing(message, errors.NoSuchBucketPolicy, request)
    return await get(ctx, request, "policy", "s3:GetBucketPolicy", missing)


@operation("DeleteBucketPolicy", resource=on_bucket)
async def delete_bucket_policy(ctx: Context, request: Request) -> Result:
    """Detach the policy."""

    def detach(tx: Transaction, bucket: Bucket) -> None:
        bucket.has_policy = False
        store.save_bucket(tx, bucket)
        store.save_setting(tx, bucket.name, "policy", None)

    return await change(ctx, request, "s3:DeleteBucketPolicy", detach)


@operation("GetBucketPolicyStatus", resource=on_bucket)
async def get_bucket_policy_status(ctx: Context, request: Request) -> Result:
    """Whether policy or ACL make the bucket public."""

    def look(view: Snapshot) -> bool:
        bucket = opened(view, ctx, request, "s3:GetBucketPolicyStatus")
        document = store.setting(view, bucket.name, "policy")
        if document is None:
            acl_counts = bucket.ownership != ENFORCED and not bucket.blocks("IgnorePublicAcls")
            return acl_counts and any(map(is_public, bucket.grants))
        statements = access.statements_of(json.loads(document["Policy"]))
        return any(map(access.is_public_statement, statements))

    public = await ctx.store.read(look)
    tier2(ctx, request["Bucket"])
    return {"PolicyStatus": {"IsPublic": public}}


@operation("PutPublicAccessBlock", resource=on_bucket, action="s3:PutBucketPublicAccessBlock")
async def put_public_access_block(ctx: Context, request: Request) -> Result:
    """Set the four switches; one that is not named is off."""
    given = request["PublicAccessBlockConfiguration"]

    def switch(tx: Transaction, bucket: Bucket) -> None:
        bucket.public_access_block = {name: bool(given.get(name)) for name in _SWITCHES}
        store.save_bucket(tx, bucket)

    return await change(ctx, request, "s3:PutBucketPublicAccessBlock", switch)


@operation("GetPublicAccessBlock", resource=on_bucket, action="s3:GetBucketPublicAccessBlock")
async def get_public_access_block(ctx: Context, request: Request) -> Result:
    """The four switches."""
    action = "s3:GetBucketPublicAccessBlock"
    bucket = await ctx.store.read(lambda view: opened(view, ctx, request, action))
    tier2(ctx, bucket.name)
    if not bucket.public_access_block:
        raise errors.NoSuchPublicAccessBlockConfiguration(
            "The public access block configuration was not found", BucketName=bucket.name
        )
    return {"PublicAccessBlockConfiguration": bucket.public_access_block}


@operation("DeletePublicAccessBlock", resource=on_bucket, action="s3:PutBucketPublicAccessBlock")
async def delete_public_access_block(ctx: Context, request: Request) -> Result:
    """Drop the switches: nothing is blocked."""

    def switch(tx: Transaction, bucket: Bucket) -> None:
        bucket.public_access_block = {}
        store.save_bucket(tx, bucket)

    return await change(ctx, request, "s3:PutBucketPublicAccessBlock", switch)


@operation("PutBucketOwnershipControls", resource=on_bucket)
async def put_bucket_ownership_controls(ctx: Context, request: Request) -> Result:
    """Say who owns new objects, and with that whether ACLs count."""
    entries = request["OwnershipControls"]["Rules"]
    if len(entries) != 1:
        raise errors.MalformedXML(rules.MALFORMED)
    ownership = entries[0]["ObjectOwnership"]

    def switch(tx: Transaction, bucket: Bucket) -> None:
        shared = [grant for grant in bucket.grants if grant != full_control(bucket.owner)]
        if ownership == ENFORCED and shared:
            raise errors.InvalidBucketAclWithObjectOwnership(
                "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"
            )
        bucket.ownership = ownership
        store.save_bucket(tx, bucket)

    return await change(ctx, request, "s3:PutBucketOwnershipControls", switch)


@operation("GetBucketOwnershipControls", resource=on_bucket)
async def get_bucket_ownership_controls(ctx: Context, request: Request) -> Result:
    """Who owns new objects."""
    action = "s3:GetBucketOwnershipControls"
    bucket = await ctx.store.read(lambda view: opened(view, ctx, request, action))
    tier2(ctx, bucket.name)
    if not bucket.ownership:
        raise errors.OwnershipControlsNotFoundError(
            "The bucket ownership controls were not found", BucketName=bucket.name
        )
    return {"OwnershipControls": {"Rules": [{"ObjectOwnership": bucket.ownership}]}}


@operation("DeleteBucketOwnershipControls", resource=on_bucket,
           action="s3:PutBucketOwnershipControls")  # fmt: skip
async def delete_bucket_ownership_controls(ctx: Context, request: Request) -> Result:
    """Drop the controls: writers own what they write, and ACLs count."""

    def switch(tx: Transaction, bucket: Bucket) -> None:
        bucket.ownership = ""
        store.save_bucket(tx, bucket)

    return await change(ctx, request, "s3:PutBucketOwnershipControls", switch)


# Access control lists -----------------------------------------------------------------------


@operation("GetBucketAcl", resource=on_bucket)
async def get_bucket_acl(ctx: Context, request: Request) -> Result:
    """The bucket's grants."""
    bucket = await ctx.store.read(lambda view: opened(view, ctx, request, "s3:GetBucketAcl"))
    tier2(ctx, bucket.name)
    return {"Owner": owner_of(bucket.owner), "Grants": bucket.grants}


@operation("PutBucketAcl", resource=on_bucket)
async def put_bucket_acl(ctx: Context, request: Request) -> Result:
    """Replace the bucket's grants."""

    def replace(tx: Transaction, bucket: Bucket) -> None:
        bucket.grants = _new_grants(request, bucket, bucket.owner)
        store.save_bucket(tx, bucket)

    return await change(ctx, request, "s3:PutBucketAcl", replace)


def _new_grants(request: Request, bucket: Bucket, owner: str) -> list[Grant]:
    """The grants that headers or a document ask for, if the bucket takes them."""
    document = request.get("AccessControlPolicy")
    grants = asked(request, owner, bucket.owner)
    if document and grants is not None:
        raise errors.UnexpectedContent("This request does not support content")
    if document is not None and grants is None:
        grants = from_document(document)
        if document["Owner"]["ID"] != owner_of(owner)["ID"]:
            raise errors.AccessDenied("Access Denied")
    if grants is None:
        raise errors.MissingSecurityHeader(
            "Your request was missing a required header", MissingHeaderName="x-amz-acl"
        )
    if bucket.ownership == ENFORCED:
        canned = request.get("ACL", "bucket-owner-full-control")
        if grants != [full_control(owner)] or canned != "bucket-owner-full-control":
            raise errors.AccessControlListNotSupported("The bucket does not allow ACLs")
        return grants
    if bucket.blocks("BlockPublicAcls") and any(map(is_public, grants)):
        raise errors.AccessDenied("Access Denied")
    return grants


@operation("GetObjectAcl", resource=on_object)
async def get_object_acl(ctx: Context, request: Request) -> Result:
    """An object's grants."""
    bucket, version = await ctx.store.read(
        lambda view: reads.find(view, ctx, request, "s3:GetObjectAcl")
    )
    tier2(ctx, bucket.name)
    return {
        "Owner": owner_of(version.owner),
        "Grants": [full_control(version.owner)] if version.grants is None else version.grants,
    }


@operation("PutObjectAcl", resource=on_object)
async def put_object_acl(ctx: Context, request: Request) -> Result:
    """Replace an object's grants."""

    def replace(tx: Transaction) -> Bucket:
        bucket, version = reads.find_kept(tx, ctx, request, "s3:PutObjectAcl")
        version.grants = _new_grants(request, bucket, version.owner)
        store.save_in_place(tx, bucket.name, request["Key"], version)
        events.record(tx, ctx, bucket, "ObjectAcl:Put", request["Key"], version)
        return bucket

    events.wake(ctx, await ctx.store.transact(replace))
    tier1(ctx, request["Bucket"])
    return {}
