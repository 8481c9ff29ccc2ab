"""Origin access controls and the older origin access identities: how buckets know the edge."""

import hashlib
from collections.abc import Mapping
from typing import Any

from airside.kernel import Context, Request, Result, operation
from airside.services.cloudfront import entities, errors
from airside.services.cloudfront.edge import Edge
from airside.services.cloudfront.entities import Kind
from airside.services.cloudfront.store import Entity


def _origins_use(member: str) -> Any:
    def used_by(config: Mapping[str, Any], identifier: str) -> bool:
        origins = config["Origins"].get("Items") or []
        if member == "OriginAccessControlId":
            return any(origin.get(member) == identifier for origin in origins)
        wanted = f"origin-access-identity/cloudfront/{identifier}"
        return any(
            origin.get("S3OriginConfig", {}).get("OriginAccessIdentity") == wanted
            for origin in origins
        )

    return used_by


def canonical_user_id(identifier: str) -> str:
    """The canonical user that bucket policies know an origin access identity by."""
    return hashlib.sha256(f"origin-access-identity/{identifier}".encode()).hexdigest()


def _show_identity(entity: Entity) -> dict[str, Any]:
    return {
        "Id": entity.id,
        "S3CanonicalUserId": canonical_user_id(entity.id),
        "CloudFrontOriginAccessIdentityConfig": entity.config,
    }


CONTROL = Kind(
    name="origin-access-control",
    member="OriginAccessControl",
    missing=errors.NoSuchOriginAccessControl,
    taken=errors.OriginAccessControlAlreadyExists,
    in_use=errors.OriginAccessControlInUse,
    used_by=_origins_use("OriginAccessControlId"),
    show=lambda entity: {"Id": entity.id, "OriginAccessControlConfig": entity.config},
    message="The specified origin access control does not exist.",
)
IDENTITY = Kind(
    name="origin-access-identity",
    member="CloudFrontOriginAccessIdentity",
    missing=errors.NoSuchCloudFrontOriginAccessIdentity,
    taken=errors.CloudFrontOriginAccessIdentityAlreadyExists,
    in_use=errors.CloudFrontOriginAccessIdentityInUse,
    used_by=_origins_use("OriginAccessIdentity"),
    show=_show_identity,
    message="The specified origin access identity does not exist.",
    unique="CallerReference",
    path="origin-access-identity/cloudfront",
)


@operation("CreateOriginAccessControl")
async def create_origin_access_control(ctx: Context, request: Request) -> Result:
    """Let a distribution sign its requests to an origin."""
    return await entities.create(ctx, CONTROL, request, "E" + ctx.ids.upper(13))


@operation("GetOriginAccessControl")
async def get_origin_access_control(ctx: Context, request: Request) -> Result:
    """An origin access control."""
    return await entities.get(ctx, CONTROL, request)


@operation("GetOriginAccessControlConfig")
async def get_origin_access_control_config(ctx: Context, request: Request) -> Result:
    """An origin access control's configuration."""
    return await entities.get_config(ctx, CONTROL, request)


@operation("UpdateOriginAccessControl")
async def update_origin_access_control(ctx: Context, request: Request) -> Result:
    """Replace an origin access control's configuration."""
    result = await entities.update(ctx, CONTROL, request)
    ctx.component(Edge).forget()
    return result


@operation("DeleteOriginAccessControl")
async def delete_origin_access_control(ctx: Context, request: Request) -> Result:
    """Remove an origin access control that is not in use."""
    return await entities.delete(ctx, CONTROL, request)


@operation("ListOriginAccessControls")
async def list_origin_access_controls(ctx: Context, request: Request) -> Result:
    """The account's origin access controls."""
    found, more, limit = await entities.page(ctx, CONTROL.name, request)
    items = [{"Id": entity.id, "Description": "", **entity.config} for entity in found]
    document = entities.listed(items, request.get("Marker", ""), more, limit)
    return {"OriginAccessControlList": document}


@operation("CreateCloudFrontOriginAccessIdentity")
async def create_cloud_front_origin_access_identity(ctx: Context, request: Request) -> Result:
    """Make an identity that bucket policies can name."""
    return await entities.create(ctx, IDENTITY, request, "E" + ctx.ids.upper(13))


@operation("GetCloudFrontOriginAccessIdentity")
async def get_cloud_front_origin_access_identity(ctx: Context, request: Request) -> Result:
    """An origin access identity."""
    return await entities.get(ctx, IDENTITY, request)


@operation("GetCloudFrontOriginAccessIdentityConfig")
async def get_cloud_front_origin_access_identity_config(ctx: Context, request: Request) -> Result:
    """An origin access identity's configuration."""
    return await entities.get_config(ctx, IDENTITY, request)


@operation("UpdateCloudFrontOriginAccessIdentity")
async def update_cloud_front_origin_access_identity(ctx: Context, request: Request) -> Result:
    """Change an origin access identity's comment."""
    return await entities.update(ctx, IDENTITY, request)


@operation("DeleteCloudFrontOriginAccessIdentity")
async def delete_cloud_front_origin_access_identity(ctx: Context, request: Request) -> Result:
    """Remove an origin access identity that is not in use."""
    return await entities.delete(ctx, IDENTITY, request)


@operation("ListCloudFrontOriginAccessIdentities")
async def list_cloud_front_origin_access_identities(ctx: Context, request: Request) -> Result:
    """The account's origin access identities."""
    found, more, limit = await entities.page(ctx, IDENTITY.name, request)
    items = [
        {
            "Id": entity.id,
            "S3CanonicalUserId": canonical_user_id(entity.id),
            "Comment": entity.config["Comment"],
        }
        for entity in found
    ]
    document = entities.listed(items, request.get("Marker", ""), more, limit)
    return {"CloudFrontOriginAccessIdentityList": document}
