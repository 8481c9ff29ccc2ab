"""The records behind functions. Pure.

A version holds its configuration under the model's own names, because nearly all of it is only
stored and handed back; what we compute with has members of its own.
"""

import base64
import hashlib
import json
from typing import Any

import msgspec
from msgspec import Struct

from airside.kernel.clock import iso8601
from airside.services.lambda_.names import LATEST


class Code(Struct, kw_only=True, frozen=True):
    """A deployment package."""

    sha256: str
    """Base64, as the API shows it."""
    size: int
    blob_id: str = ""
    """The zip; empty for a person's own folder."""
    folder: str = ""
    """A person's own folder, used in place."""
    own_boto3: bool = False
    uses_boto3: bool = True
    unzipped: int = 0
    """Bytes of its files."""

    @property
    def folder_name(self) -> str:
        """Where it is unpacked, below the functions' folder."""
        return base64.b64decode(self.sha256).hex()


class Version(Struct, kw_only=True):
    """One version of a function; `$LATEST` is the one that can change."""

    version: str
    config: dict[str, Any]
    """Members of FunctionConfiguration that are only stored: Runtime, Handler, Role, ..."""
    code: Code
    modified_at: float
    revision_id: str
    published_from: str = ""
    """RevisionId of the $LATEST that this version was made of."""
    failed: bool = False
    """Whether its snapshot could not be taken, as INIT or a hook before it failed."""
    latest_description: str = ""
    """What $LATEST was described as then; the version may have been given words of its own."""


class Function(Struct, kw_only=True):
    """What all versions of a function share."""

    name: str
    created_at: float
    next_version: int = 1
    tags: dict[str, str] = msgspec.field(default_factory=dict)
    reserved: int | None = None
    recursive_loop: str = "Terminate"
    runtime_management: dict[str, Any] = msgspec.field(
        default_factory=lambda: {"UpdateRuntimeOn": "Auto"}
    )


class Alias(Struct, kw_only=True):
    """A name for a version, or for two with weights."""

    name: str
    version: str
    description: str
    revision_id: str
    weights: dict[str, float] = msgspec.field(default_factory=dict)
    """Of additional versions; the rest is the alias's own version's."""

    def choose(self, draw: float) -> str:
        """The version that serves an event, `draw` being uniform in [0, 1)."""
        for version, weight in self.weights.items():
            if draw < weight:
                return version
            draw -= weight
        return self.version


_STATE = frozenset({
    "State", "StateReason", "StateReasonCode", "LastUpdateStatus", "LastUpdateStatusReason",
    "LastUpdateStatusReasonCode", "RuntimeVersionConfig",
})  # fmt: skip


def listed(arn: str, version: Version, *, qualified: bool) -> dict[str, Any]:
    """FunctionConfiguration as lists have it: without the state of the function."""
    result = configuration(arn, version, qualified=qualified)
    return {name: value for name, value in result.items() if name not in _STATE}


def runtime_version(arn: str, runtime: str) -> str:
    """The ARN of a runtime's version: the runtime itself, as it is here."""
    region = arn.split(":")[3]
    digest = hashlib.sha256(f"airside/{runtime}".encode()).hexdigest()
    return f"arn:aws:lambda:{region}::runtime:{digest}"


def configuration(arn: str, version: Version, *, qualified: bool) -> dict[str, Any]:
    """FunctionConfiguration, as every operation on one function answers it."""
    published = version.version != LATEST
    suffix = f":{version.version}" if qualified or published else ""
    result = {
        "FunctionName": arn.rpartition(":")[2],
        "FunctionArn": arn + suffix,
        **version.config,
        "CodeSize": version.code.size,
        "CodeSha256": version.code.sha256,
        "LastModified": iso8601(version.modified_at).replace("Z", "+0000"),
        "Version": version.version,
        "RevisionId": version.revision_id,
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "RuntimeVersionConfig": {
            "RuntimeVersionArn": runtime_version(arn, version.config["Runtime"])
        },
    }
    if version.failed:
        why = "An error occurred during function initialization."
        result.update(State="Failed", StateReason=why, StateReasonCode="FunctionError",
                      LastUpdateStatus="Failed", LastUpdateStatusReason=why,
                      LastUpdateStatusReasonCode="FunctionError")  # fmt: skip
    if "Layers" in result:
        result["Layers"] = [
            {"Arn": layer["Arn"], "CodeSize": layer["CodeSize"]} for layer in result["Layers"]
        ]
    snap_start = version.config.get("SnapStart", {"ApplyOn": "None"})
    optimised = is_snap_start(version)
    result["SnapStart"] = {
        "ApplyOn": snap_start["ApplyOn"],
        "OptimizationStatus": "On" if optimised else "Off",
    }
    return result


def is_snap_start(version: Version) -> bool:
    """Whether environments of a version are copies of one that has run INIT."""
    applies = version.config.get("SnapStart", {}).get("ApplyOn") == "PublishedVersions"
    return applies and version.version != LATEST


def alias_configuration(arn: str, alias: Alias) -> dict[str, Any]:
    """AliasConfiguration."""
    return {
        "AliasArn": f"{arn}:{alias.name}",
        "Name": alias.name,
        "FunctionVersion": alias.version,
        "Description": alias.description,
        "RoutingConfig": {"AdditionalVersionWeights": alias.weights} if alias.weights else None,
        "RevisionId": alias.revision_id,
    }


def running_revision(version: Version) -> str:
    """Changes whenever environments made before must not serve any more."""
    material = json.dumps(
        [version.config, version.code.sha256, version.code.folder], sort_keys=True
    )
    return hashlib.sha256(material.encode()).hexdigest()[:16]
