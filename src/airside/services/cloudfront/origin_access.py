"""Origin access controls and the older origin access identities: how buckets know the edge."""

import hashlib
from collections.abc import Mapping
from typing import Any

from airside.kernel import Context, Request, Result
from airside.services.cloudfront import entities, errors
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


async def _list_controls(ctx: Context, kind: Kind, request: Request) -> Result:
    found, more, limit = await entities.page(ctx, kind.name, request)
    items = [{"Id": entity.id, "Description": "", **entity.config} for entity in found]
    document = entities.listed(items, request.get("Marker", ""), more, limit)
    return {"OriginAccessControlList": document}


async def _list_identities(ctx: Context, kind: Kind, request: Request) -> Result:
    found, more, limit = await entities.page(ctx, kind.name, request)
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


def _new_id(ctx: Context) -> str:
    return "E" + ctx.ids.upper(13)


CONTROL = Kind(
    name="origin-access-control",
    member="OriginAccessControl",
    missing=errors.NoSuchOriginAccessControl,
    taken=errors.OriginAccessControlAlreadyExists,
    in_use=errors.OriginAccessControlInUse,
    used_by=_origins_use("OriginAccessControlId"),
    show=lambda entity: {"Id": entity.id, "OriginAccessControlConfig": entity.config},
    message="The specified origin access control does not exist.",
    listed=_list_controls,
    new_id=_new_id,
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
    listed=_list_identities,
    plural="CloudFrontOriginAccessIdentities",
    new_id=_new_id,
    unique="CallerReference",
    path="origin-access-identity/cloudfront",
)
