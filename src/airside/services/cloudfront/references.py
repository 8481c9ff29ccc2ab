"""What a distribution's configuration names: it must exist when the configuration is given."""

from collections.abc import Mapping
from typing import Any

from airside.kernel import Context, OperationNotImplemented, ServiceError, Snapshot
from airside.services.cloudfront import entities, errors, policies, store
from airside.services.cloudfront.lambdas import EVENTS
from airside.services.cloudfront.origin_access import CONTROL, IDENTITY
from airside.services.cloudfront.signers import KEY_GROUP

_FUNCTION = "function"
_EVENTS = frozenset({"viewer-request", "viewer-response"})


def check_references(view: Snapshot, ctx: Context, config: Mapping[str, Any]) -> None:
    """Raise for policies, access controls, key groups and functions that do not exist."""
    _check_built(config)
    for behavior in entities.behaviors_of(config):
        for member, kind in (
            ("CachePolicyId", policies.CACHE),
            ("OriginRequestPolicyId", policies.ORIGIN_REQUEST),
            ("ResponseHeadersPolicyId", policies.RESPONSE_HEADERS),
        ):
            if behavior.get(member):
                entities.load(view, ctx.account_id, kind, behavior[member])
        _check_signers(view, ctx, behavior)
        _check_functions(view, ctx, behavior)
    for origin in config["Origins"]["Items"]:
        _check_access(view, ctx, origin)


def _check_built(config: Mapping[str, Any]) -> None:
    """Raise for what would otherwise be taken in and do nothing."""
    if config.get("ContinuousDeploymentPolicyId"):
        raise errors.NoSuchContinuousDeploymentPolicy(
            "The continuous deployment policy doesn't exist."
        )
    if config.get("ConnectionMode") == "tenant-only" or config.get("TenantConfig"):
        raise OperationNotImplemented("Airside does not implement distribution tenants yet.")
    for origin in config["Origins"]["Items"]:
        if origin.get("VpcOriginConfig"):
            raise OperationNotImplemented("Airside does not implement VPC origins yet.")
    for behavior in entities.behaviors_of(config):
        if behavior.get("RealtimeLogConfigArn"):
            raise errors.NoSuchRealtimeLogConfig("The real-time log configuration does not exist.")
        if behavior.get("FieldLevelEncryptionId"):
            raise errors.NoSuchFieldLevelEncryptionConfig(
                "The specified configuration for field-level encryption doesn't exist."
            )
        if behavior.get("SmoothStreaming") or (behavior.get("GrpcConfig") or {}).get("Enabled"):
            raise OperationNotImplemented(
                "Airside does not implement Smooth Streaming and gRPC at the edge yet."
            )


def _check_signers(view: Snapshot, ctx: Context, behavior: Mapping[str, Any]) -> None:
    for group in (behavior.get("TrustedKeyGroups") or {}).get("Items") or ():
        if store.find(view, ctx.account_id, KEY_GROUP.name, group) is None:
            raise errors.TrustedKeyGroupDoesNotExist("The specified key group does not exist.")


def _check_functions(view: Snapshot, ctx: Context, behavior: Mapping[str, Any]) -> None:
    attached = (behavior.get("FunctionAssociations") or {}).get("Items") or ()
    events = [item["EventType"] for item in attached]
    if not _EVENTS.issuperset(events) or len(set(events)) != len(events):
        raise errors.InvalidFunctionAssociation(
            "The event type of a function association must be viewer-request or viewer-response, "
            "each at most once."
        )
    prefix = ctx.arn("function/", "cloudfront", region="")
    for item in attached:
        arn = item["FunctionARN"]
        found = None
        if arn.startswith(prefix):
            found = store.find(view, ctx.account_id, _FUNCTION, arn.removeprefix(prefix))
        if found is None or "live" not in found.facts:
            raise errors.InvalidFunctionAssociation(
                f"The function ARN {arn} does not exist or the function is not published."
            )


async def check_lambdas(ctx: Context, config: Mapping[str, Any]) -> None:
    """Raise for Lambda functions that may not run at the edge.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/lambda-at-edge-function-restrictions.html
    """
    for behavior in entities.behaviors_of(config):
        attached = (behavior.get("LambdaFunctionAssociations") or {}).get("Items") or ()
        events = [item["EventType"] for item in attached]
        if not EVENTS.issuperset(events) or len(set(events)) != len(events):
            raise errors.InvalidLambdaFunctionAssociation(
                "The event type of a Lambda function association is not valid, or is given twice."
            )
        functions = (behavior.get("FunctionAssociations") or {}).get("Items") or ()
        if functions and _EVENTS.intersection(events):
            raise errors.InvalidLambdaFunctionAssociation(
                "You cannot combine CloudFront functions and Lambda functions in viewer events of "
                "one cache behavior."
            )
        for item in attached:
            await _check_lambda(ctx, item)


async def _check_lambda(ctx: Context, item: Mapping[str, Any]) -> None:
    arn = item["LambdaFunctionARN"]
    parts = arn.split(":")
    if len(parts) != 8 or not parts[7].isdigit():
        raise errors.InvalidLambdaFunctionAssociation(
            "The function ARN must reference a specific function version. (The ARN must end with "
            f"the version number.) ARN: {arn}"
        )
    if parts[3] != "us-east-1":
        raise errors.InvalidLambdaFunctionAssociation(
            f"The function must be in the region us-east-1. ARN: {arn}"
        )
    if item.get("IncludeBody") and not item["EventType"].endswith("request"):
        raise errors.InvalidLambdaFunctionAssociation(
            "The request body can be included for viewer-request and origin-request only."
        )
    try:
        found = await ctx.call("lambda", "GetFunctionConfiguration", {"FunctionName": arn})
    except ServiceError as error:
        raise errors.InvalidLambdaFunctionAssociation(
            f"The function cannot be used: {error.message} ARN: {arn}"
        ) from None
    if (found.get("Environment") or {}).get("Variables"):
        raise errors.InvalidLambdaFunctionAssociation(
            f"The function cannot have environment variables. ARN: {arn}"
        )


def _check_access(view: Snapshot, ctx: Context, origin: Mapping[str, Any]) -> None:
    control = origin.get("OriginAccessControlId")
    identity = (origin.get("S3OriginConfig") or {}).get("OriginAccessIdentity")
    if control and identity:
        raise errors.IllegalOriginAccessConfiguration(
            "An origin cannot contain both an origin access control (OAC) and an origin access "
            "identity (OAI)."
        )
    if control and store.find(view, ctx.account_id, CONTROL.name, control) is None:
        raise errors.InvalidOriginAccessControl(
            "The specified origin access control does not exist."
        )
    if identity:
        head, _, name = identity.rpartition("/")
        known = store.find(view, ctx.account_id, IDENTITY.name, name)
        if head != "origin-access-identity/cloudfront" or known is None:
            raise errors.InvalidOriginAccessIdentity(
                "The specified origin access identity does not exist or is not valid."
            )
