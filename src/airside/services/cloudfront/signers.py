"""Public keys and the groups that behaviours trust: whose signed URLs and cookies open doors."""

from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from airside.kernel import Context, Request, Result, Snapshot
from airside.services.cloudfront import entities, errors, limits, store
from airside.services.cloudfront.entities import Kind, behaviors_of
from airside.services.cloudfront.store import Entity

_INVALID_KEY = "Your request contains empty/invalid/out of limits RSA Encoded Key"


def _group_is_used(config: Mapping[str, Any], identifier: str) -> bool:
    return any(
        identifier in ((behavior.get("TrustedKeyGroups") or {}).get("Items") or ())
        for behavior in behaviors_of(config)
    )


def _check_key(
    view: Snapshot, ctx: Context, config: Mapping[str, Any], former: Entity | None
) -> None:
    """RSA of 2048 bits or ECDSA on P-256; of a key that is there, only the comment may change."""
    if former is not None and any(
        config[name] != former.config[name] for name in ("CallerReference", "Name", "EncodedKey")
    ):
        raise errors.CannotChangeImmutablePublicKeyFields(
            "You can't change the value of a public key."
        )
    try:
        key = load_pem_public_key(config["EncodedKey"].strip().encode())
    except (ValueError, UnsupportedAlgorithm):
        raise errors.InvalidArgument(_INVALID_KEY) from None
    rsa_2048 = isinstance(key, rsa.RSAPublicKey) and key.key_size == limits.RSA_KEY_BITS
    p_256 = isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name == "secp256r1"
    if not rsa_2048 and not p_256:
        raise errors.InvalidArgument(_INVALID_KEY)


def _check_members(
    view: Snapshot, ctx: Context, config: Mapping[str, Any], former: Entity | None
) -> None:
    keys = config["Items"]
    if not keys:
        raise errors.InvalidArgument("A key group must contain at least one public key.")
    if len(keys) > limits.KEYS_OF_GROUP_MAX:
        raise errors.TooManyPublicKeysInKeyGroup(
            "The number of public keys in this key group is more than the maximum allowed."
        )
    for key in keys:
        if store.find(view, ctx.account_id, "public-key", key) is None:
            raise errors.InvalidArgument(f"The public key {key} does not exist.")


async def _list_keys(ctx: Context, kind: Kind, request: Request) -> Result:
    found, more, limit = await entities.page(ctx, kind.name, request)
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


async def _list_groups(ctx: Context, kind: Kind, request: Request) -> Result:
    found, more, limit = await entities.page(ctx, kind.name, request)
    items = [{"KeyGroup": kind.show(entity)} for entity in found]
    return {"KeyGroupList": entities.listed_briefly(items, more, limit)}


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
    listed=_list_keys,
    check=_check_key,
    new_id=lambda ctx: "K" + ctx.ids.upper(13),
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
    listed=_list_groups,
    check=_check_members,
)  # fmt: skip


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
