"""ECR's resource types in CloudFormation."""

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from airside.kernel import Context, Resource, ResourceRequest, ResourceType, ServiceError


class RepositoryType(ResourceType):
    """AWS::ECR::Repository: `Ref` is the name."""

    name = "AWS::ECR::Repository"
    replaced_by: ClassVar[frozenset[str]] = frozenset({"RepositoryName", "EncryptionConfiguration"})

    async def create(self, ctx: Context, request: ResourceRequest) -> Resource:
        """Make the repository, then its policies."""
        given = request.properties
        asked: dict[str, Any] = {
            "repositoryName": given.get("RepositoryName") or request.physical_name(256, lower=True),
            "tags": [{"Key": t["Key"], "Value": str(t["Value"])} for t in given.get("Tags") or ()],
            "imageTagMutability": given.get("ImageTagMutability") or "MUTABLE",
            "imageScanningConfiguration": _scanning(given),
        }
        encryption = given.get("EncryptionConfiguration")
        if encryption:
            asked["encryptionConfiguration"] = {
                key[0].lower() + key[1:]: value for key, value in encryption.items()
            }
        made = (await ctx.call("ecr", "CreateRepository", asked))["repository"]
        try:
            await _set_policies(ctx, made["repositoryName"], {}, given)
        except ServiceError:
            await self.delete(ctx, made["repositoryName"], given)
            raise
        return _resource(made)

    async def update(
        self, ctx: Context, physical_id: str, old: Mapping[str, Any], request: ResourceRequest
    ) -> Resource:
        """Change settings, policies and tags."""
        given, named = request.properties, {"repositoryName": physical_id}
        mutability = given.get("ImageTagMutability") or "MUTABLE"
        await ctx.call("ecr", "PutImageTagMutability", {**named, "imageTagMutability": mutability})
        await ctx.call("ecr", "PutImageScanningConfiguration", {
            **named, "imageScanningConfiguration": _scanning(given)
        })  # fmt: skip
        await _set_policies(ctx, physical_id, old, given)
        found = await ctx.call("ecr", "DescribeRepositories", {"repositoryNames": [physical_id]})
        made = found["repositories"][0]
        before, after = _tags(old), _tags(given)
        gone = sorted(before.keys() - after.keys())
        arn = {"resourceArn": made["repositoryArn"]}
        if gone:
            await ctx.call("ecr", "UntagResource", {**arn, "tagKeys": gone})
        if after != before and after:
            tags = [{"Key": key, "Value": value} for key, value in after.items()]
            await ctx.call("ecr", "TagResource", {**arn, "tags": tags})
        return _resource(made)

    async def delete(self, ctx: Context, physical_id: str, properties: Mapping[str, Any]) -> None:
        """Delete it."""
        try:
            await ctx.call("ecr", "DeleteRepository", {"repositoryName": physical_id})
        except ServiceError as error:
            if error.name != "RepositoryNotFoundException":
                raise


async def _set_policies(
    ctx: Context, name: str, old: Mapping[str, Any], given: Mapping[str, Any]
) -> None:
    lifecycle = (given.get("LifecyclePolicy") or {}).get("LifecyclePolicyText")
    if lifecycle:
        asked = {"repositoryName": name, "lifecyclePolicyText": lifecycle}
        await ctx.call("ecr", "PutLifecyclePolicy", asked)
    elif (old.get("LifecyclePolicy") or {}).get("LifecyclePolicyText"):
        await ctx.call("ecr", "DeleteLifecyclePolicy", {"repositoryName": name})
    policy = given.get("RepositoryPolicyText")
    if policy:
        text = policy if isinstance(policy, str) else json.dumps(policy)
        await ctx.call("ecr", "SetRepositoryPolicy", {"repositoryName": name, "policyText": text})
    elif old.get("RepositoryPolicyText"):
        await ctx.call("ecr", "DeleteRepositoryPolicy", {"repositoryName": name})


def _scanning(given: Mapping[str, Any]) -> dict[str, bool]:
    asked = (given.get("ImageScanningConfiguration") or {}).get("ScanOnPush", False)
    return {"scanOnPush": str(asked).lower() == "true"}


def _tags(given: Mapping[str, Any]) -> dict[str, str]:
    return {tag["Key"]: str(tag["Value"]) for tag in given.get("Tags") or ()}


def _resource(made: Mapping[str, Any]) -> Resource:
    attributes = {"Arn": made["repositoryArn"], "RepositoryUri": made["repositoryUri"]}
    return Resource(made["repositoryName"], attributes)
