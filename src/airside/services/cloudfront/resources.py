"""CloudFormation: distributions and what they refer to."""

from collections.abc import Mapping
from typing import Any, ClassVar

from airside.kernel import Context, Resource, ResourceRequest, ResourceType, ServiceError
from airside.kernel.clock import iso8601
from airside.services.cloudfront import errors, translate

Properties = Mapping[str, Any]


def _config(shape: str, properties: Properties) -> dict[str, Any]:
    try:
        return translate.translated(shape, properties)
    except translate.UnknownProperty as error:
        raise errors.InvalidArgument(str(error)) from None


class DistributionResource(ResourceType):
    """A distribution. Deleting it disables it first."""

    name = "AWS::CloudFront::Distribution"

    async def create(self, ctx: Context, request: ResourceRequest) -> Resource:
        """Make the distribution."""
        config = self._config(request.properties, f"{request.stack_id}/{request.suffix}")
        tags = [{"Key": tag["Key"], "Value": str(tag["Value"])}
                for tag in request.properties.get("Tags", ())]  # fmt: skip
        wanted = {"DistributionConfig": config, "Tags": {"Items": tags}}
        made = await ctx.call(
            "cloudfront", "CreateDistributionWithTags", {"DistributionConfigWithTags": wanted}
        )
        return _distribution(made["Distribution"])

    def _config(self, properties: Properties, reference: str) -> dict[str, Any]:
        try:
            return translate.distribution_config(properties["DistributionConfig"], reference)
        except translate.UnknownProperty as error:
            raise errors.InvalidArgument(str(error)) from None

    async def update(
        self, ctx: Context, physical_id: str, old: Properties, request: ResourceRequest
    ) -> Resource:
        """Replace the configuration and the tags."""
        found = await ctx.call("cloudfront", "GetDistributionConfig", {"Id": physical_id})
        reference = found["DistributionConfig"]["CallerReference"]
        changed = await ctx.call(
            "cloudfront",
            "UpdateDistribution",
            {
                "Id": physical_id,
                "IfMatch": found["ETag"],
                "DistributionConfig": self._config(request.properties, reference),
            },
        )
        arn = changed["Distribution"]["ARN"]
        await self._retag(ctx, arn, old.get("Tags", ()), request.properties.get("Tags", ()))
        return _distribution(changed["Distribution"])

    async def _retag(self, ctx: Context, arn: str, old: Any, new: Any) -> None:
        if list(old) == list(new):
            return
        wanted = {tag["Key"]: str(tag["Value"]) for tag in new}
        gone = [tag["Key"] for tag in old if tag["Key"] not in wanted]
        if gone:
            keys = {"Items": gone}
            await ctx.call("cloudfront", "UntagResource", {"Resource": arn, "TagKeys": keys})
        if wanted:
            items = [{"Key": key, "Value": value} for key, value in wanted.items()]
            tags = {"Items": items}
            await ctx.call("cloudfront", "TagResource", {"Resource": arn, "Tags": tags})

    async def delete(
        self, ctx: Context, physical_id: str, properties: Properties
    ) -> None:  # fmt: skip
        """Disable the distribution and remove it."""
        try:
            found = await ctx.call("cloudfront", "GetDistributionConfig", {"Id": physical_id})
            etag = found["ETag"]
            if found["DistributionConfig"]["Enabled"]:
                config = {**found["DistributionConfig"], "Enabled": False}
                disabled = await ctx.call(
                    "cloudfront",
                    "UpdateDistribution",
                    {"Id": physical_id, "IfMatch": etag, "DistributionConfig": config},
                )
                etag = disabled["ETag"]
            await ctx.call("cloudfront", "DeleteDistribution", {"Id": physical_id, "IfMatch": etag})
        except ServiceError as error:
            if error.name != "NoSuchDistribution":
                raise


def _distribution(shown: Mapping[str, Any]) -> Resource:
    return Resource(shown["Id"], {"Id": shown["Id"], "DomainName": shown["DomainName"]})


class _Configured(ResourceType):
    """Something with a configuration, an id and an ETag."""

    noun: ClassVar[str]
    """`CachePolicy`: its operations are CreateCachePolicy and so on."""
    missing: ClassVar[str]

    def config(self, request: ResourceRequest) -> dict[str, Any]:
        """The configuration that the template asks for."""
        return _config(f"{self.noun}Config", request.properties[f"{self.noun}Config"])

    def resource(self, shown: Mapping[str, Any]) -> Resource:
        """What exists now."""
        attributes = {"Id": shown["Id"]}
        if "LastModifiedTime" in shown:
            attributes["LastModifiedTime"] = iso8601(shown["LastModifiedTime"])
        return Resource(shown["Id"], attributes)

    async def create(self, ctx: Context, request: ResourceRequest) -> Resource:
        """Make it."""
        wanted = {f"{self.noun}Config": self.config(request)}
        made = await ctx.call("cloudfront", f"Create{self.noun}", wanted)
        return self.resource(made[self.noun])

    async def find(self, ctx: Context, request: ResourceRequest) -> str | None:
        """What has the name already."""
        name = self.config(request).get("Name")
        plural = f"{self.noun.removesuffix('y')}ies" if self.noun[-1] == "y" else f"{self.noun}s"
        plural = "PublicKeys" if self.noun == "PublicKey" else plural
        marker = ""
        while name:
            page = await ctx.call("cloudfront", f"List{plural}", {"Marker": marker})
            shown = page[f"{self.noun}List"]
            for item in shown.get("Items") or ():
                whole = item.get(self.noun, item)
                config = whole.get(f"{self.noun}Config", whole)
                if config["Name"] == name:
                    return str(whole["Id"])
            marker = shown.get("NextMarker") or ""
            if not marker:
                break
        return None

    async def update(
        self,
        ctx: Context,
        physical_id: str,
        old: Properties,
        request: ResourceRequest,
    ) -> Resource:
        """Replace the configuration."""
        found = await ctx.call("cloudfront", f"Get{self.noun}", {"Id": physical_id})
        wanted = {
            "Id": physical_id,
            "IfMatch": found["ETag"],
            f"{self.noun}Config": self.config(request),
        }
        changed = await ctx.call("cloudfront", f"Update{self.noun}", wanted)
        return self.resource(changed[self.noun])

    async def delete(
        self, ctx: Context, physical_id: str, properties: Properties
    ) -> None:  # fmt: skip
        """Remove it."""
        try:
            found = await ctx.call("cloudfront", f"Get{self.noun}", {"Id": physical_id})
            wanted = {"Id": physical_id, "IfMatch": found["ETag"]}
            await ctx.call("cloudfront", f"Delete{self.noun}", wanted)
        except ServiceError as error:
            if error.name != self.missing:
                raise


class OriginAccessControlResource(_Configured):
    """An origin access control."""

    name = "AWS::CloudFront::OriginAccessControl"
    noun = "OriginAccessControl"
    missing = "NoSuchOriginAccessControl"


class CachePolicyResource(_Configured):
    """A cache policy."""

    name = "AWS::CloudFront::CachePolicy"
    noun = "CachePolicy"
    missing = "NoSuchCachePolicy"


class OriginRequestPolicyResource(_Configured):
    """An origin request policy."""

    name = "AWS::CloudFront::OriginRequestPolicy"
    noun = "OriginRequestPolicy"
    missing = "NoSuchOriginRequestPolicy"


class ResponseHeadersPolicyResource(_Configured):
    """A response headers policy."""

    name = "AWS::CloudFront::ResponseHeadersPolicy"
    noun = "ResponseHeadersPolicy"
    missing = "NoSuchResponseHeadersPolicy"


class OriginAccessIdentityResource(_Configured):
    """An origin access identity."""

    name = "AWS::CloudFront::CloudFrontOriginAccessIdentity"
    noun = "CloudFrontOriginAccessIdentity"
    missing = "NoSuchCloudFrontOriginAccessIdentity"

    def config(self, request: ResourceRequest) -> dict[str, Any]:
        """The template does not name a caller reference."""
        given = request.properties[f"{self.noun}Config"]
        reference = f"{request.stack_id}/{request.suffix}"
        return {"CallerReference": reference, "Comment": given["Comment"]}

    def resource(self, shown: Mapping[str, Any]) -> Resource:
        """What exists now."""
        canonical = shown["S3CanonicalUserId"]
        return Resource(shown["Id"], {"Id": shown["Id"], "S3CanonicalUserId": canonical})


class KeyGroupResource(_Configured):
    """A key group."""

    name = "AWS::CloudFront::KeyGroup"
    noun = "KeyGroup"
    missing = "NoSuchResource"


class PublicKeyResource(_Configured):
    """A public key; its material never changes."""

    name = "AWS::CloudFront::PublicKey"
    noun = "PublicKey"
    missing = "NoSuchPublicKey"

    def resource(self, shown: Mapping[str, Any]) -> Resource:
        """What exists now."""
        created = iso8601(shown["CreatedTime"])
        return Resource(shown["Id"], {"Id": shown["Id"], "CreatedTime": created})


class FunctionResource(ResourceType):
    """A function, published at once where the template asks for it."""

    name = "AWS::CloudFront::Function"
    replaced_by: ClassVar[frozenset[str]] = frozenset({"Name"})

    async def create(self, ctx: Context, request: ResourceRequest) -> Resource:
        """Make the function, and publish it."""
        tags = [{"Key": tag["Key"], "Value": str(tag["Value"])}
                for tag in request.properties.get("Tags", ())]  # fmt: skip
        wanted = {**self._wanted(request.properties), "Tags": {"Items": tags}}
        made = await ctx.call("cloudfront", "CreateFunction", wanted)
        return await self._finish(ctx, made, request.properties)

    async def update(
        self, ctx: Context, physical_id: str, old: Properties, request: ResourceRequest
    ) -> Resource:
        """Change code and configuration, and publish them."""
        name = {"Name": physical_id.rpartition("/")[2]}
        found = await ctx.call("cloudfront", "DescribeFunction", name)
        wanted = {**self._wanted(request.properties), "IfMatch": found["ETag"]}
        changed = await ctx.call("cloudfront", "UpdateFunction", wanted)
        return await self._finish(ctx, changed, request.properties)

    async def delete(
        self, ctx: Context, physical_id: str, properties: Properties
    ) -> None:  # fmt: skip
        """Remove the function."""
        name = {"Name": physical_id.rpartition("/")[2]}
        try:
            found = await ctx.call("cloudfront", "DescribeFunction", name)
            await ctx.call("cloudfront", "DeleteFunction", {**name, "IfMatch": found["ETag"]})
        except ServiceError as error:
            if error.name != "NoSuchFunctionExists":
                raise

    async def find(self, ctx: Context, request: ResourceRequest) -> str | None:
        """The function of that name."""
        name = {"Name": request.properties["Name"]}
        try:
            found = await ctx.call("cloudfront", "DescribeFunction", name)
        except ServiceError:
            return None
        return str(found["FunctionSummary"]["FunctionMetadata"]["FunctionARN"])

    def _wanted(self, properties: Properties) -> dict[str, Any]:
        return {
            "Name": properties["Name"],
            "FunctionConfig": _config("FunctionConfig", properties["FunctionConfig"]),
            "FunctionCode": properties["FunctionCode"].encode(),
        }

    async def _finish(
        self, ctx: Context, made: Mapping[str, Any], properties: Properties
    ) -> Resource:
        summary, stage = made["FunctionSummary"], "DEVELOPMENT"
        if str(properties.get("AutoPublish", "false")).lower() == "true":
            named = {"Name": summary["Name"], "IfMatch": made["ETag"]}
            await ctx.call("cloudfront", "PublishFunction", named)
            stage = "LIVE"
        arn = summary["FunctionMetadata"]["FunctionARN"]
        attributes = {"FunctionARN": arn, "FunctionMetadata.FunctionARN": arn, "Stage": stage}
        return Resource(arn, attributes)


class KeyValueStoreResource(ResourceType):
    """A key value store; a template can change its comment only."""

    name = "AWS::CloudFront::KeyValueStore"
    replaced_by: ClassVar[frozenset[str]] = frozenset({"Name", "ImportSource"})

    async def create(self, ctx: Context, request: ResourceRequest) -> Resource:
        """Make the store."""
        wanted = {"Name": request.properties["Name"],
                  "Comment": request.properties.get("Comment", "")}  # fmt: skip
        if "ImportSource" in request.properties:
            source = request.properties["ImportSource"]
            wanted["ImportSource"] = {
                "SourceType": source["SourceType"], "SourceARN": source["SourceArn"]
            }  # fmt: skip
        made = await ctx.call("cloudfront", "CreateKeyValueStore", wanted)
        return self._resource(made["KeyValueStore"])

    def _resource(self, shown: Mapping[str, Any]) -> Resource:
        attributes = {"Arn": shown["ARN"], "Id": shown["Id"], "Status": "READY"}
        return Resource(shown["Name"], attributes)

    async def update(
        self, ctx: Context, physical_id: str, old: Properties, request: ResourceRequest
    ) -> Resource:
        """Change the comment."""
        found = await ctx.call("cloudfront", "DescribeKeyValueStore", {"Name": physical_id})
        wanted = {"Name": physical_id, "Comment": request.properties.get("Comment", ""),
                  "IfMatch": found["ETag"]}  # fmt: skip
        changed = await ctx.call("cloudfront", "UpdateKeyValueStore", wanted)
        return self._resource(changed["KeyValueStore"])

    async def find(self, ctx: Context, request: ResourceRequest) -> str | None:
        """The store of that name."""
        name = request.properties["Name"]
        try:
            await ctx.call("cloudfront", "DescribeKeyValueStore", {"Name": name})
        except ServiceError:
            return None
        return str(name)

    async def delete(
        self, ctx: Context, physical_id: str, properties: Properties
    ) -> None:  # fmt: skip
        """Remove the store."""
        try:
            found = await ctx.call("cloudfront", "DescribeKeyValueStore", {"Name": physical_id})
            wanted = {"Name": physical_id, "IfMatch": found["ETag"]}
            await ctx.call("cloudfront", "DeleteKeyValueStore", wanted)
        except ServiceError as error:
            if error.name != "EntityNotFound":
                raise


class MonitoringSubscriptionResource(ResourceType):
    """Additional metrics of a distribution."""

    name = "AWS::CloudFront::MonitoringSubscription"
    replaced_by: ClassVar[frozenset[str]] = frozenset({"DistributionId"})

    async def create(self, ctx: Context, request: ResourceRequest) -> Resource:
        """Ask for them."""
        identifier = request.properties["DistributionId"]
        wanted = _config("MonitoringSubscription", request.properties["MonitoringSubscription"])
        asked = {"DistributionId": identifier, "MonitoringSubscription": wanted}
        await ctx.call("cloudfront", "CreateMonitoringSubscription", asked)
        return Resource(identifier)

    async def update(
        self, ctx: Context, physical_id: str, old: Properties, request: ResourceRequest
    ) -> Resource:
        """Ask again."""
        await self.delete(ctx, physical_id, old)
        return await self.create(ctx, request)

    async def delete(
        self, ctx: Context, physical_id: str, properties: Properties
    ) -> None:  # fmt: skip
        """Ask for them no longer."""
        named = {"DistributionId": physical_id}
        try:
            await ctx.call("cloudfront", "DeleteMonitoringSubscription", named)
        except ServiceError as error:
            if error.name not in ("NoSuchMonitoringSubscription", "NoSuchDistribution"):
                raise
