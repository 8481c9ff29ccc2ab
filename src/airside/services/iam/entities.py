"""What IAM keeps: roles, users, groups, managed policies, instance profiles, access keys. Pure.

Names are unique in an account whatever their case. Times are epoch seconds.
"""

from collections.abc import Mapping
from typing import ClassVar

import msgspec

MANAGED_VERSIONS_MAX = 5
INSTANCE_PROFILE_ROLES_MAX = 1
ACCESS_KEYS_MAX = 2
ATTACHED_MAX = 25
TAGS_MAX = 50
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""


class Entity(msgspec.Struct, kw_only=True):
    """What all of them have."""

    KIND: ClassVar[str]
    ID_PREFIX: ClassVar[str]
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html"""

    name: str
    id: str
    path: str
    account_id: str
    created_at: float
    tags: dict[str, str] = {}

    @property
    def arn(self) -> str:
        """Its Amazon Resource Name."""
        return f"arn:aws:iam::{self.account_id}:{self.KIND}{self.path}{self.name}"


class Grantee(Entity, kw_only=True):
    """What policies can be attached to."""

    inline: dict[str, str] = {}
    """Documents by policy name."""
    attached: list[str] = []
    """ARNs of managed policies, in the order in which they were attached."""

    def attach(self, policy_arn: str) -> None:
        """Attach a managed policy; doing so again changes nothing."""
        if policy_arn not in self.attached:
            self.attached = [*self.attached, policy_arn]

    def detach(self, policy_arn: str) -> bool:
        """Detach a managed policy; whether it was attached."""
        was_attached = policy_arn in self.attached
        self.attached = [arn for arn in self.attached if arn != policy_arn]
        return was_attached


class Role(Grantee, kw_only=True):
    """An identity that others assume."""

    KIND = "role"
    ID_PREFIX = "AROA"

    trust_policy: str
    description: str | None = None
    session_seconds_max: int = 3600
    boundary: str | None = None


class User(Grantee, kw_only=True):
    """An identity with long-term credentials."""

    KIND = "user"
    ID_PREFIX = "AIDA"

    groups: list[str] = []
    boundary: str | None = None


class Group(Grantee, kw_only=True):
    """Users that share policies."""

    KIND = "group"
    ID_PREFIX = "AGPA"


class PolicyVersion(msgspec.Struct, frozen=True):
    """One document of a managed policy."""

    id: str
    document: str
    created_at: float


class ManagedPolicy(Entity, kw_only=True):
    """A policy of its own, attached to any number of grantees. Versions in order of creation."""

    KIND = "policy"
    ID_PREFIX = "ANPA"

    description: str | None = None
    updated_at: float
    versions: list[PolicyVersion]
    default_version: str = "v1"
    last_version: int = 1

    def version(self, version_id: str) -> PolicyVersion | None:
        """One version, or None."""
        return next((found for found in self.versions if found.id == version_id), None)

    @property
    def document(self) -> str:
        """The document in force."""
        version = self.version(self.default_version)
        assert version is not None, "the default version always exists"
        return version.document

    def add_version(self, document: str, now: float, *, default: bool) -> PolicyVersion:
        """Add a document, perhaps as the one in force."""
        self.last_version += 1
        version = PolicyVersion(f"v{self.last_version}", document, now)
        self.versions = [*self.versions, version]
        self.updated_at = now
        if default:
            self.default_version = version.id
        return version


class InstanceProfile(Entity, kw_only=True):
    """A role's container for EC2."""

    KIND = "instance-profile"
    ID_PREFIX = "AIPA"

    roles: list[str] = []


class KeyRecord(msgspec.Struct, kw_only=True):
    """What IAM knows about an access key of a user; the registry of keys authenticates it."""

    id: str
    account_id: str
    user_id: str
    environment: str
    """A branch of the data has records of keys that do not lead to it."""
    created_at: float
    secret: str | None = None
    """Kept here while the key is inactive, and does not authenticate."""

    @property
    def status(self) -> str:
        """`Active` or `Inactive`."""
        return "Active" if self.secret is None else "Inactive"


def tags_of(listed: list[Mapping[str, str]] | None) -> dict[str, str]:
    """Wire tags as a mapping."""
    return {tag["Key"]: tag["Value"] for tag in listed or []}


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """A mapping as wire tags."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]
