"""AWS's own managed policies, as data: `managed_policies.json`, ARN path -> document.

https://docs.aws.amazon.com/aws-managed-policy/latest/reference/
"""

from functools import lru_cache
from importlib import resources
from typing import Any

import msgspec

from airside.services.iam.entities import ManagedPolicy, PolicyVersion

AWS_PREFIX = "arn:aws:iam::aws:policy/"


class _Entry(msgspec.Struct):
    document: dict[str, Any]
    description: str = ""
    version: str = "v1"


@lru_cache(maxsize=1)
def _all() -> dict[str, ManagedPolicy]:
    file = resources.files("airside.services.iam") / "managed_policies.json"
    entries = msgspec.json.decode(file.read_bytes(), type=dict[str, _Entry])
    return {AWS_PREFIX + tail: _policy(tail, entry) for tail, entry in entries.items()}


def _policy(tail: str, entry: _Entry) -> ManagedPolicy:
    folder, _, name = tail.rpartition("/")
    document = msgspec.json.encode(entry.document).decode()
    return ManagedPolicy(
        name=name,
        id=ManagedPolicy.ID_PREFIX + (name.upper() + "A" * 17)[:17],
        path=f"/{folder}/" if folder else "/",
        account_id="aws",
        created_at=0.0,
        updated_at=0.0,
        description=entry.description,
        versions=[PolicyVersion(entry.version, document, 0.0)],
        default_version=entry.version,
    )


def aws_managed(arn: str) -> ManagedPolicy | None:
    """The policy of AWS behind an ARN; None when its document is not known here."""
    return _all().get(arn)


def aws_managed_policies() -> list[ManagedPolicy]:
    """All whose documents are known here."""
    return list(_all().values())
