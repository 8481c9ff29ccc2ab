"""IAM's resource types in CloudFormation."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from airside.kernel import Context, Resource, ResourceRequest, ResourceType, ServiceError

Properties = Mapping[str, Any]


def document(value: Any) -> str:
    """A policy document as IAM takes it: text."""
    return value if isinstance(value, str) else json.dumps(value)


async def gone_is_fine(ctx: Context, operation: str, request: dict[str, Any]) -> None:
    """Call an operation that removes; what is not there needs no removing."""
    try:
        await ctx.call("iam", operation, request)
    except ServiceError as error:
        if error.name != "NoSuchEntityException":
            raise


class Role(ResourceType):
    """AWS::IAM::Role."""

    name = "AWS::IAM::Role"
    replaced_by: ClassVar[frozenset[str]] = frozenset({"RoleName", "Path"})

    async def create(self, ctx: Context, request: ResourceRequest) -> Resource:
        """Make the role, its inline policies and attachments."""
        properties = request.properties
        name = properties.get("RoleName") or request.physical_name(64)
        asked: dict[str, Any] = {
            member: properties[member]
            for member in ("Path", "Description", "MaxSessionDuration", "PermissionsBoundary",
                           "Tags")
            if member in properties
        }  # fmt: skip
        asked["AssumeRolePolicyDocument"] = document(properties["AssumeRolePolicyDocument"])
        if "MaxSessionDuration" in asked:
            asked["MaxSessionDuration"] = int(asked["MaxSessionDuration"])
        made = await ctx.call("iam", "CreateRole", {"RoleName": name, **asked})
        try:
            await self._grant(ctx, name, {}, properties)
        except ServiceError:
            await self.delete(ctx, name, properties)
            raise
        role = made["Role"]
        return Resource(name, {"Arn": role["Arn"], "RoleId": role["RoleId"]})

    async def update(
        self, ctx: Context, physical_id: str, old: Properties, request: ResourceRequest
    ) -> Resource:
        """Change trust, description, policies, attachments and tags."""
        new, named = request.properties, {"RoleName": physical_id}
        trust = document(new["AssumeRolePolicyDocument"])
        await ctx.call("iam", "UpdateAssumeRolePolicy", {**named, "PolicyDocument": trust})
        settings: dict[str, Any] = {"Description": new.get("Description", "")}
        settings["MaxSessionDuration"] = int(new.get("MaxSessionDuration", 3600))
        await ctx.call("iam", "UpdateRole", {**named, **settings})
        await self._grant(ctx, physical_id, old, new)
        gone = {tag["Key"] for tag in old.get("Tags", ())}
        gone -= {tag["Key"] for tag in new.get("Tags", ())}
        if gone:
            await ctx.call("iam", "UntagRole", {**named, "TagKeys": sorted(gone)})
        if new.get("Tags"):
            await ctx.call("iam", "TagRole", {**named, "Tags": new["Tags"]})
        role = (await ctx.call("iam", "GetRole", named))["Role"]
        return Resource(physical_id, {"Arn": role["Arn"], "RoleId": role["RoleId"]})

    async def delete(self, ctx: Context, physical_id: str, properties: Properties) -> None:
        """Take away what it was granted, also by other resources, then the role."""
        named = {"RoleName": physical_id}
        try:
            attached = await ctx.call("iam", "ListAttachedRolePolicies", named)
            inline = await ctx.call("iam", "ListRolePolicies", named)
        except ServiceError as error:
            if error.name == "NoSuchEntityException":
                return
            raise
        for policy in attached.get("AttachedPolicies", ()):
            asked = {**named, "PolicyArn": policy["PolicyArn"]}
            await gone_is_fine(ctx, "DetachRolePolicy", asked)
        for name in inline.get("PolicyNames", ()):
            await gone_is_fine(ctx, "DeleteRolePolicy", {**named, "PolicyName": name})
        await gone_is_fine(ctx, "DeleteRole", named)

    async def _grant(self, ctx: Context, role: str, old: Properties, new: Properties) -> None:
        named = {"RoleName": role}
        before = {policy["PolicyName"]: policy for policy in old.get("Policies", ())}
        after = {policy["PolicyName"]: policy for policy in new.get("Policies", ())}
        for name in before.keys() - after.keys():
            await gone_is_fine(ctx, "DeleteRolePolicy", {**named, "PolicyName": name})
        for name, policy in after.items():
            await ctx.call("iam", "PutRolePolicy", {
                **named, "PolicyName": name, "PolicyDocument": document(policy["PolicyDocument"])
            })  # fmt: skip
        attached = set(old.get("ManagedPolicyArns", ()))
        wanted = list(dict.fromkeys(new.get("ManagedPolicyArns", ())))
        for arn in attached.difference(wanted):
            await gone_is_fine(ctx, "DetachRolePolicy", {**named, "PolicyArn": arn})
        for arn in wanted:
            await ctx.call("iam", "AttachRolePolicy", {**named, "PolicyArn": arn})


class Policy(ResourceType):
    """AWS::IAM::Policy: one inline policy for several roles, users or groups."""

    name = "AWS::IAM::Policy"
    replaced_by: ClassVar[frozenset[str]] = frozenset()

    async def create(self, ctx: Context, request: ResourceRequest) -> Resource:
        """Put the policy into each."""
        properties = request.properties
        text = document(properties["PolicyDocument"])
        for kind, name in _grantees(properties):
            await ctx.call("iam", f"Put{kind}Policy", {
                f"{kind}Name": name, "PolicyName": properties["PolicyName"], "PolicyDocument": text
            })  # fmt: skip
        return Resource(request.physical_name(128))

    async def update(
        self, ctx: Context, physical_id: str, old: Properties, request: ResourceRequest
    ) -> Resource:
        """Put it again, and take it from those no longer named."""
        new = request.properties
        renamed = old["PolicyName"] != new["PolicyName"]
        kept = set() if renamed else set(_grantees(new))
        await self._take(ctx, old["PolicyName"], set(_grantees(old)) - kept)
        await self.create(ctx, request)
        return Resource(physical_id)

    async def delete(self, ctx: Context, physical_id: str, properties: Properties) -> None:
        """Take the policy from each."""
        await self._take(ctx, properties["PolicyName"], _grantees(properties))

    async def _take(self, ctx: Context, policy: str, grantees: Iterable[tuple[str, str]]) -> None:
        for kind, name in grantees:
            asked = {f"{kind}Name": name, "PolicyName": policy}
            await gone_is_fine(ctx, f"Delete{kind}Policy", asked)


class ManagedPolicy(ResourceType):
    """AWS::IAM::ManagedPolicy."""

    name = "AWS::IAM::ManagedPolicy"
    replaced_by: ClassVar[frozenset[str]] = frozenset({"ManagedPolicyName", "Path", "Description"})

    async def create(self, ctx: Context, request: ResourceRequest) -> Resource:
        """Make the policy and attach it."""
        properties = request.properties
        name = properties.get("ManagedPolicyName") or request.physical_name(128)
        asked = {member: properties[member] for member in ("Path", "Description")
                 if member in properties}  # fmt: skip
        text = document(properties["PolicyDocument"])
        made = await ctx.call(
            "iam", "CreatePolicy", {"PolicyName": name, "PolicyDocument": text, **asked}
        )
        arn = made["Policy"]["Arn"]
        for kind, grantee in _grantees(properties):
            await ctx.call("iam", f"Attach{kind}Policy", {f"{kind}Name": grantee, "PolicyArn": arn})
        return Resource(arn, {"PolicyArn": arn, "PolicyId": made["Policy"]["PolicyId"]})

    async def update(
        self, ctx: Context, physical_id: str, old: Properties, request: ResourceRequest
    ) -> Resource:
        """Make a new default version; attach and detach."""
        new, named = request.properties, {"PolicyArn": physical_id}
        if new["PolicyDocument"] != old["PolicyDocument"]:
            versions = (await ctx.call("iam", "ListPolicyVersions", named))["Versions"]
            if len(versions) >= 5:
                oldest = min(
                    (one for one in versions if not one["IsDefaultVersion"]),
                    key=lambda one: one["CreateDate"],
                )
                asked = {**named, "VersionId": oldest["VersionId"]}
                await ctx.call("iam", "DeletePolicyVersion", asked)
            text = document(new["PolicyDocument"])
            await ctx.call(
                "iam",
                "CreatePolicyVersion",
                {**named, "PolicyDocument": text, "SetAsDefault": True},
            )
        for kind, name in set(_grantees(old)) - set(_grantees(new)):
            await gone_is_fine(ctx, f"Detach{kind}Policy", {f"{kind}Name": name, **named})
        for kind, name in _grantees(new):
            await ctx.call("iam", f"Attach{kind}Policy", {f"{kind}Name": name, **named})
        return Resource(physical_id, {"PolicyArn": physical_id})

    async def delete(self, ctx: Context, physical_id: str, properties: Properties) -> None:
        """Detach it everywhere, then delete its versions and itself."""
        named = {"PolicyArn": physical_id}
        try:
            entities = await ctx.call("iam", "ListEntitiesForPolicy", named)
            versions = await ctx.call("iam", "ListPolicyVersions", named)
        except ServiceError as error:
            if error.name == "NoSuchEntityException":
                return
            raise
        for kind in ("Role", "User", "Group"):
            for one in entities.get(f"Policy{kind}s", ()):
                asked = {f"{kind}Name": one[f"{kind}Name"], **named}
                await gone_is_fine(ctx, f"Detach{kind}Policy", asked)
        for version in versions["Versions"]:
            if not version["IsDefaultVersion"]:
                asked = {**named, "VersionId": version["VersionId"]}
                await gone_is_fine(ctx, "DeletePolicyVersion", asked)
        await gone_is_fine(ctx, "DeletePolicy", named)


class InstanceProfile(ResourceType):
    """AWS::IAM::InstanceProfile."""

    name = "AWS::IAM::InstanceProfile"
    replaced_by: ClassVar[frozenset[str]] = frozenset({"InstanceProfileName", "Path"})

    async def create(self, ctx: Context, request: ResourceRequest) -> Resource:
        """Make the profile and put its role in."""
        properties = request.properties
        name = properties.get("InstanceProfileName") or request.physical_name(128)
        path = {"Path": properties["Path"]} if "Path" in properties else {}
        made = await ctx.call("iam", "CreateInstanceProfile", {"InstanceProfileName": name, **path})
        for role in properties["Roles"]:
            asked = {"InstanceProfileName": name, "RoleName": role}
            await ctx.call("iam", "AddRoleToInstanceProfile", asked)
        return Resource(name, {"Arn": made["InstanceProfile"]["Arn"]})

    async def update(
        self, ctx: Context, physical_id: str, old: Properties, request: ResourceRequest
    ) -> Resource:
        """Change its role."""
        named = {"InstanceProfileName": physical_id}
        for role in old["Roles"]:
            await gone_is_fine(ctx, "RemoveRoleFromInstanceProfile", {**named, "RoleName": role})
        for role in request.properties["Roles"]:
            await ctx.call("iam", "AddRoleToInstanceProfile", {**named, "RoleName": role})
        found = (await ctx.call("iam", "GetInstanceProfile", named))["InstanceProfile"]
        return Resource(physical_id, {"Arn": found["Arn"]})

    async def delete(self, ctx: Context, physical_id: str, properties: Properties) -> None:
        """Take its role out, then delete it."""
        named = {"InstanceProfileName": physical_id}
        for role in properties["Roles"]:
            await gone_is_fine(ctx, "RemoveRoleFromInstanceProfile", {**named, "RoleName": role})
        await gone_is_fine(ctx, "DeleteInstanceProfile", named)


def _grantees(properties: Properties) -> list[tuple[str, str]]:
    return [(kind, name) for kind in ("Role", "User", "Group")
            for name in properties.get(f"{kind}s", ())]  # fmt: skip
