"""Public keys and the groups that behaviours trust: whose signed URLs and cookies open doors."""

from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from airside.kernel import Context, Request, Result, Snapshot, operation
from airside.services.cloudfront import entities, errors, limits, store
from airside.services.cloudfront.edge import Edge
from airside.services.cloudfront.entities import Kind, behaviors_of
from airside.services.cloudfront.store import Entity

_INVALID_KEY = "Your request contains empty/invalid/out of limits RSA Encoded Key"


def _group_is_used(config: Mapping[str, Any], identifier: str) -> bool:
    return any(
        identifier in ((behavior.get("TrustedKeyGroups") or {}).get("Items") or ())
        for behavior in behaviors_of(config)
    )


PUBLIC_KEY = Kind(
    name="public-key",
    member="PublicKey",
    missing=errors.NoSuchPublicKey,
    taken=errors.PublicKeyAlreadyExists,
    in_use=errors.PublicKeyInUse,
    used_by=lambda config, identifier: identifier in config["Items"],
    show=lambda entity: {
        "Id": entity.id, "CreatedTime": entity.created_at, "PublicKeyConfig": entity.config,
    },
    message="The specified public key does not exist.",
    users="key-group",
)  # fmt: skip
KEY_GROUP = Kind(
    name="key-group",
    member="KeyGroup",
    missing=errors.NoSuchResource,
    taken=errors.KeyGroupAlreadyExists,
    in_use=errors.ResourceInUse,
    used_by=_group_is_used,
    show=lambda entity: {
        "Id": entity.id, "LastModifiedTime": entity.modified_at, "KeyGroupConfig": entity.config,
    },
    message="The specified key group does not exist.",
)  # fmt: skip


def _check_key(text: str) -> None:
    """RSA of 2048 bits or ECDSA on P-256; nothing else signs for CloudFront."""
    try:
        key = load_pem_public_key(text.strip().encode())
    except (ValueError, UnsupportedAlgorithm):
        raise errors.InvalidArgument(_INVALID_KEY) from None
    rsa_2048 = isinstance(key, rsa.RSAPublicKey) and key.key_size == limits.RSA_KEY_BITS
    p_256 = isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name == "secp256r1"
    if not rsa_2048 and not p_256:
        raise errors.InvalidArgument(_INVALID_KEY)


@operation("CreatePublicKey")
async def create_public_key(ctx: Context, request: Request) -> Result:
    """Upload the public half of a key pair."""
    _check_key(request["PublicKeyConfig"]["EncodedKey"])
    return await entities.create(ctx, PUBLIC_KEY, request, "K" + ctx.ids.upper(13))


@operation("GetPublicKey")
async def get_public_key(ctx: Context, request: Request) -> Result:
    """A public key."""
    return await entities.get(ctx, PUBLIC_KEY, request)


@operation("GetPublicKeyConfig")
async def get_public_key_config(ctx: Context, request: Request) -> Result:
    """A public key's configuration."""
    return await entities.get_config(ctx, PUBLIC_KEY, request)


@operation("UpdatePublicKey")
async def update_public_key(ctx: Context, request: Request) -> Result:
    """Change the comment; nothing else of a public key may change."""
    given = request["PublicKeyConfig"]

    def check(entity: Entity) -> None:
        if any(given[name] != entity.config[name]
               for name in ("CallerReference", "Name", "EncodedKey")):  # fmt: skip
            raise errors.CannotChangeImmutablePublicKeyFields(
                "You can't change the value of a public key."
            )

    return await entities.update(ctx, PUBLIC_KEY, request, check)


@operation("DeletePublicKey")
async def delete_public_key(ctx: Context, request: Request) -> Result:
    """Remove a public key that no group holds."""
    return await entities.delete(ctx, PUBLIC_KEY, request)


@operation("ListPublicKeys")
async def list_public_keys(ctx: Context, request: Request) -> Result:
    """The account's public keys."""
    found, more, limit = await entities.page(ctx, PUBLIC_KEY.name, request)
    items = [
        {
            "Id": entity.id,
            "Name": entity.config["Name"],
            "CreatedTime": entity.created_at,
            "EncodedKey": entity.config["EncodedKey"],
            "Comment": entity.config.get("Comment"),
        }
        for entity in found
    ]
    return {"PublicKeyList": entities.listed_briefly(items, more, limit)}


def _check_members(view: Snapshot, ctx: Context, config: Mapping[str, Any]) -> None:
    keys = config["Items"]
    if not keys:
        raise errors.InvalidArgument("A key group must contain at least one public key.")
    if len(keys) > limits.KEYS_OF_GROUP_MAX:
        raise errors.TooManyPublicKeysInKeyGroup(
            "The number of public keys in this key group is more than the maximum allowed."
        )
    for key in keys:
        if store.find(view, ctx.account_id, PUBLIC_KEY.name, key) is None:
            raise errors.InvalidArgument(f"The public key {key} does not exist.")


@operation("CreateKeyGroup")
async def create_key_group(ctx: Context, request: Request) -> Result:
    """Name public keys that behaviours can trust."""
    config = request["KeyGroupConfig"]
    await ctx.store.read(lambda view: _check_members(view, ctx, config))
    return await entities.create(ctx, KEY_GROUP, request, ctx.ids.uuid())


@operation("GetKeyGroup")
async def get_key_group(ctx: Context, request: Request) -> Result:
    """A key group."""
    return await entities.get(ctx, KEY_GROUP, request)


@operation("GetKeyGroupConfig")
async def get_key_group_config(ctx: Context, request: Request) -> Result:
    """A key group's configuration."""
    return await entities.get_config(ctx, KEY_GROUP, request)


@operation("UpdateKeyGroup")
async def update_key_group(ctx: Context, request: Request) -> Result:
    """Replace a key group's configuration: keys are rotated so."""
    config = request["KeyGroupConfig"]
    await ctx.store.read(lambda view: _check_members(view, ctx, config))
    result = await entities.update(ctx, KEY_GROUP, request)
    ctx.component(Edge).forget()
    return result


@operation("DeleteKeyGroup")
async def delete_key_group(ctx: Context, request: Request) -> Result:
    """Remove a key group that no behaviour trusts."""
    return await entities.delete(ctx, KEY_GROUP, request)


@operation("ListKeyGroups")
async def list_key_groups(ctx: Context, request: Request) -> Result:
    """The account's key groups."""
    found, more, limit = await entities.page(ctx, KEY_GROUP.name, request)
    items = [{"KeyGroup": KEY_GROUP.show(entity)} for entity in found]
    return {"KeyGroupList": entities.listed_briefly(items, more, limit)}


def active_key_groups(view: Snapshot, ctx: Context, config: Mapping[str, Any]) -> dict[str, Any]:
    """`ActiveTrustedKeyGroups` of a distribution: the groups with their keys."""
    groups = dict.fromkeys(
        group
        for behavior in behaviors_of(config)
        if (behavior.get("TrustedKeyGroups") or {}).get("Enabled")
        for group in behavior["TrustedKeyGroups"].get("Items") or ()
    )
    items = []
    for identifier in groups:
        found = store.find(view, ctx.account_id, KEY_GROUP.name, identifier)
        keys = found.config["Items"] if found is not None else []
        items.append({
            "KeyGroupId": identifier, "KeyPairIds": {"Quantity": len(keys), "Items": keys},
        })  # fmt: skip
    shown: dict[str, Any] = {"Enabled": bool(items), "Quantity": len(items)}
    if items:
        shown["Items"] = items
    return shown
