"""CloudFormation: users, groups, access keys."""

from collections.abc import Mapping
from typing import Any, ClassVar

from airside.kernel import Context, Resource, ResourceRequest, ResourceType, ServiceError
from airside.services.iam.resources import document, gone_is_fine

Properties = Mapping[str, Any]


class _Granted(ResourceType):
    """What users and groups have in common: inline policies and attachments."""

    noun: ClassVar[str]

    async def _grant(self, ctx: Context, name: str, old: Properties, new: Properties) -> None:
        named = {f"{self.noun}Name": name}
        before = {policy["PolicyName"] for policy in old.get("Policies", ())}
        after = {policy["PolicyName"]: policy for policy in new.get("Policies", ())}
        for policy in sorted(before - after.keys()):
            await gone_is_fine(ctx, f"Delete{self.noun}Policy", {**named, "PolicyName": policy})
        for policy, entry in after.items():
            asked = {"PolicyName": policy, "PolicyDocument": document(entry["PolicyDocument"])}
            await ctx.call("iam", f"Put{self.noun}Policy", {**named, **asked})
        wanted = list(dict.fromkeys(new.get("ManagedPolicyArns", ())))
        for arn in sorted(set(old.get("ManagedPolicyArns", ())) - set(wanted)):
            await gone_is_fine(ctx, f"Detach{self.noun}Policy", {**named, "PolicyArn": arn})
        for arn in wanted:
            await ctx.call("iam", f"Attach{self.noun}Policy", {**named, "PolicyArn": arn})

    async def _strip(self, ctx: Context, name: str) -> bool:
        """Take all policies away; whether there is such an entity."""
        named = {f"{self.noun}Name": name}
        try:
            attached = await ctx.call("iam", f"ListAttached{self.noun}Policies", named)
            inline = await ctx.call("iam", f"List{self.noun}Policies", named)
        except ServiceError as error:
            if error.name == "NoSuchEntityException":
                return False
            raise
        for policy in attached["AttachedPolicies"]:
            asked = {**named, "PolicyArn": policy["PolicyArn"]}
            await gone_is_fine(ctx, f"Detach{self.noun}Policy", asked)
        for policy_name in inline["PolicyNames"]:
            asked = {**named, "PolicyName": policy_name}
            await gone_is_fine(ctx, f"Delete{self.noun}Policy", asked)
        return True


class UserType(_Granted):
    """AWS::IAM::User."""

    name = "AWS::IAM::User"
    replaced_by: ClassVar[frozenset[str]] = frozenset({"UserName"})
    noun = "User"

    async def create(self, ctx: Context, request: ResourceRequest) -> Resource:
        """Make the user, its policies and memberships."""
        properties = request.properties
        name = properties.get("UserName") or request.physical_name(64)
        asked = {member: properties[member] for member in ("Path", "PermissionsBoundary", "Tags")
                 if member in properties}  # fmt: skip
        made = await ctx.call("iam", "CreateUser", {"UserName": name, **asked})
        try:
            await self._grant(ctx, name, {}, properties)
            await self._join(ctx, name, {}, properties)
        except ServiceError:
            await self.delete(ctx, name, properties)
            raise
        return Resource(name, {"Arn": made["User"]["Arn"]})

    async def update(
        self, ctx: Context, physical_id: str, old: Properties, request: ResourceRequest
    ) -> Resource:
        """Change path, boundary, policies, memberships and tags."""
        new, named = request.properties, {"UserName": physical_id}
        await ctx.call("iam", "UpdateUser", {**named, "NewPath": new.get("Path", "/")})
        if new.get("PermissionsBoundary"):
            asked = {**named, "PermissionsBoundary": new["PermissionsBoundary"]}
            await ctx.call("iam", "PutUserPermissionsBoundary", asked)
        elif old.get("PermissionsBoundary"):
            await ctx.call("iam", "DeleteUserPermissionsBoundary", named)
        await self._grant(ctx, physical_id, old, new)
        await self._join(ctx, physical_id, old, new)
        gone = {tag["Key"] for tag in old.get("Tags", ())}
        gone -= {tag["Key"] for tag in new.get("Tags", ())}
        if gone:
            await ctx.call("iam", "UntagUser", {**named, "TagKeys": sorted(gone)})
        if new.get("Tags"):
            await ctx.call("iam", "TagUser", {**named, "Tags": new["Tags"]})
        user = (await ctx.call("iam", "GetUser", named))["User"]
        return Resource(physical_id, {"Arn": user["Arn"]})

    async def delete(self, ctx: Context, physical_id: str, properties: Properties) -> None:
        """Take policies, memberships and keys away, then the user."""
        if not await self._strip(ctx, physical_id):
            return
        named = {"UserName": physical_id}
        for group in (await ctx.call("iam", "ListGroupsForUser", named))["Groups"]:
            asked = {**named, "GroupName": group["GroupName"]}
            await gone_is_fine(ctx, "RemoveUserFromGroup", asked)
        for key in (await ctx.call("iam", "ListAccessKeys", named))["AccessKeyMetadata"]:
            asked = {**named, "AccessKeyId": key["AccessKeyId"]}
            await gone_is_fine(ctx, "DeleteAccessKey", asked)
        await gone_is_fine(ctx, "DeleteUser", named)

    async def _join(self, ctx: Context, name: str, old: Properties, new: Properties) -> None:
        before, after = set(old.get("Groups", ())), set(new.get("Groups", ()))
        for group in sorted(before - after):
            asked = {"UserName": name, "GroupName": group}
            await gone_is_fine(ctx, "RemoveUserFromGroup", asked)
        for group in sorted(after):
            await ctx.call("iam", "AddUserToGroup", {"UserName": name, "GroupName": group})


class GroupType(_Granted):
    """AWS::IAM::Group."""

    name = "AWS::IAM::Group"
    replaced_by: ClassVar[frozenset[str]] = frozenset({"GroupName"})
    noun = "Group"

    async def create(self, ctx: Context, request: ResourceRequest) -> Resource:
        """Make the group and its policies."""
        properties = request.properties
        name = properties.get("GroupName") or request.physical_name(128)
        path = {"Path": properties["Path"]} if "Path" in properties else {}
        made = await ctx.call("iam", "CreateGroup", {"GroupName": name, **path})
        try:
            await self._grant(ctx, name, {}, properties)
        except ServiceError:
            await self.delete(ctx, name, properties)
            raise
        return Resource(name, {"Arn": made["Group"]["Arn"]})

    async def update(
        self, ctx: Context, physical_id: str, old: Properties, request: ResourceRequest
    ) -> Resource:
        """Change path and policies."""
        new = request.properties
        asked = {"GroupName": physical_id, "NewPath": new.get("Path", "/")}
        await ctx.call("iam", "UpdateGroup", asked)
        await self._grant(ctx, physical_id, old, new)
        found = await ctx.call("iam", "GetGroup", {"GroupName": physical_id})
        return Resource(physical_id, {"Arn": found["Group"]["Arn"]})

    async def delete(self, ctx: Context, physical_id: str, properties: Properties) -> None:
        """Take policies and users away, then the group."""
        if not await self._strip(ctx, physical_id):
            return
        named = {"GroupName": physical_id}
        for user in (await ctx.call("iam", "GetGroup", named))["Users"]:
            asked = {**named, "UserName": user["UserName"]}
            await gone_is_fine(ctx, "RemoveUserFromGroup", asked)
        await gone_is_fine(ctx, "DeleteGroup", named)


class AccessKeyType(ResourceType):
    """AWS::IAM::AccessKey: `Ref` is the key id, `SecretAccessKey` its secret."""

    name = "AWS::IAM::AccessKey"
    replaced_by: ClassVar[frozenset[str]] = frozenset({"UserName", "Serial"})

    async def create(self, ctx: Context, request: ResourceRequest) -> Resource:
        """Mint the key."""
        properties = request.properties
        made = await ctx.call("iam", "CreateAccessKey", {"UserName": properties["UserName"]})
        key = made["AccessKey"]
        if properties.get("Status") == "Inactive":
            await self._set(ctx, properties["UserName"], key["AccessKeyId"], "Inactive")
        return Resource(key["AccessKeyId"], {"SecretAccessKey": key["SecretAccessKey"]})

    async def update(
        self, ctx: Context, physical_id: str, old: Properties, request: ResourceRequest
    ) -> Resource:
        """Switch it on or off."""
        new = request.properties
        await self._set(ctx, new["UserName"], physical_id, new.get("Status", "Active"))
        return Resource(physical_id)

    async def delete(self, ctx: Context, physical_id: str, properties: Properties) -> None:
        """Delete the key."""
        asked = {"UserName": properties["UserName"], "AccessKeyId": physical_id}
        await gone_is_fine(ctx, "DeleteAccessKey", asked)

    async def _set(self, ctx: Context, user: str, key_id: str, status: str) -> None:
        asked = {"UserName": user, "AccessKeyId": key_id, "Status": status}
        await ctx.call("iam", "UpdateAccessKey", asked)


class UserToGroupAddition(ResourceType):
    """AWS::IAM::UserToGroupAddition."""

    name = "AWS::IAM::UserToGroupAddition"
    replaced_by: ClassVar[frozenset[str]] = frozenset({"GroupName"})

    async def create(self, ctx: Context, request: ResourceRequest) -> Resource:
        """Put the users into the group."""
        for user in request.properties["Users"]:
            asked = {"GroupName": request.properties["GroupName"], "UserName": user}
            await ctx.call("iam", "AddUserToGroup", asked)
        return Resource(request.physical_name(128))

    async def update(
        self, ctx: Context, physical_id: str, old: Properties, request: ResourceRequest
    ) -> Resource:
        """Put others in, take those out that are no longer named."""
        gone = set(old["Users"]) - set(request.properties["Users"])
        await self.delete(ctx, physical_id, {**old, "Users": sorted(gone)})
        await self.create(ctx, request)
        return Resource(physical_id)

    async def delete(self, ctx: Context, physical_id: str, properties: Properties) -> None:
        """Take the users out."""
        for user in properties["Users"]:
            asked = {"GroupName": properties["GroupName"], "UserName": user}
            await gone_is_fine(ctx, "RemoveUserFromGroup", asked)
