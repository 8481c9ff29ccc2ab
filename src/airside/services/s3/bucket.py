"""A bucket: who owns it and how it behaves. Pure."""

from typing import Any

from msgspec import Struct

ENFORCED = "BucketOwnerEnforced"

Grant = dict[str, Any]
"""`{"Grantee": {"Type", "ID" | "URI"}, "Permission"}`, as the model has it."""


class Bucket(Struct, array_like=True, kw_only=True):
    """What every request about a bucket needs to know. Rarely needed settings lie beside it."""

    name: str
    owner: str
    region: str
    created_at: float
    versioning: str = ""
    """Empty until it is first set, then Enabled or Suspended."""
    ownership: str = ENFORCED
    object_lock: bool = False
    encryption: dict[str, Any] = {}
    """What new objects get unless they ask otherwise, as members of PutObject's result."""
    public_access_block: dict[str, bool] = {}
    grants: list[Grant] = []
    notifies: bool = False
    mfa_delete: str = ""
    payer: str = "BucketOwner"
    has_cors: bool = False
    has_lifecycle: bool = False
    default_retention: dict[str, Any] = {}
    has_policy: bool = False

    @property
    def is_versioned(self) -> bool:
        """Whether older versions are, or may be, around."""
        return bool(self.versioning)

    def blocks(self, switch: str) -> bool:
        """Whether one of the four public access block switches is on."""
        return self.public_access_block.get(switch, False)


ALL_BLOCKED = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}
"""What a new bucket gets since April 2023."""

DEFAULT_ENCRYPTION = {"ServerSideEncryption": "AES256"}
"""What every object gets since January 2023."""


def canonical_id(account_id: str) -> str:
    """The 64-digit canonical user id of an account; ours is derived, AWS's is random."""
    return f"{int(account_id or 0):064x}"[::-1] if account_id.isdigit() else "0" * 64


def owner_of(account_id: str) -> dict[str, str]:
    """The owner as listings show it.

    AWS has dropped DisplayName from November 2025 on; older clients look for it and none minds.
    """
    return {"DisplayName": account_id, "ID": canonical_id(account_id)}
