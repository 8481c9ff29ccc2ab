"""Local files that a template names beside code: nested templates, API definitions, inclusions.

They go up to a bucket under a name made of their content, as `aws cloudformation package` does it:
https://docs.aws.amazon.com/cli/latest/reference/cloudformation/package.html
"""

import hashlib
import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airside.cli.connection import Connection
from airside.cli.errors import CommandError

if TYPE_CHECKING:
    from airside.cli.project import Project

_INCLUDE = "AWS::Include"
_REMOTE = ("s3://", "https://", "http://")


@dataclass(frozen=True)
class Place:
    """Where a file lies after its upload."""

    endpoint: str
    bucket: str
    key: str

    @property
    def url(self) -> str:
        """Its address in path style."""
        return f"{self.endpoint}/{self.bucket}/{self.key}"


Form = Callable[[Place], Any]
"""How a property names a place."""


def _as_url(place: Place) -> str:
    return place.url


def _as_uri(place: Place) -> str:
    return f"s3://{place.bucket}/{place.key}"


def _as_object(place: Place) -> dict[str, str]:
    return {"Bucket": place.bucket, "Key": place.key}


_TEMPLATES: dict[str, str] = {
    "AWS::CloudFormation::Stack": "TemplateURL",
    "AWS::Serverless::Application": "Location",
}
_DEFINITIONS: dict[str, tuple[str, Form]] = {
    "AWS::Serverless::Api": ("DefinitionUri", _as_uri),
    "AWS::Serverless::HttpApi": ("DefinitionUri", _as_uri),
    "AWS::Serverless::StateMachine": ("DefinitionUri", _as_uri),
    "AWS::ApiGateway::RestApi": ("BodyS3Location", _as_object),
    "AWS::ApiGatewayV2::Api": ("BodyS3Location", _as_object),
}


@dataclass(frozen=True)
class Artifact:
    """A local file and the place in the template's body that names it."""

    path: Path
    holder: dict[str, Any]
    member: str
    form: Form
    nested: "Project | None" = None
    """The file as a project of its own, when it is a template."""
    zipped: bool = False
    """Whether it goes up in a zip, in which code has to come."""

    def upload(self, connection: Connection, bucket: str) -> None:
        """Put the file, and what it names itself, into the bucket; name it in the body."""
        if self.nested is not None:
            upload(connection, self.nested)
            content = self.nested.document().encode()
        else:
            content = self.path.read_bytes()
            if self.zipped and not zipfile.is_zipfile(self.path):
                content = _zip(self.path.name, content)
        key = f"{hashlib.sha256(content).hexdigest()[:32]}{self.path.suffix}"
        connection.client("s3").put_object(Bucket=bucket, Key=key, Body=content)
        self.holder[self.member] = self.form(Place(connection.endpoint, bucket, key))


def package(path: Path, holder: dict[str, Any], member: str, bucket: str, key: str) -> Artifact:
    """A package that is one file, a zip or what goes into one; `bucket` and `key` name members."""

    def form(place: Place) -> dict[str, str]:
        return {bucket: place.bucket, key: place.key}

    return Artifact(path, holder, member, form, zipped=True)


def _zip(name: str, content: bytes) -> bytes:
    """The same bytes for the same file, or every deploy would be a change."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        entry = zipfile.ZipInfo(name)
        entry.external_attr = 0o644 << 16
        archive.writestr(entry, content)
    return buffer.getvalue()


def upload(connection: Connection, project: "Project") -> None:
    """Bring all that a project's template names to where the deployment finds it."""
    if project.artifacts:
        bucket = bucket_of(connection)
        for artifact in project.artifacts:
            artifact.upload(connection, bucket)


def bucket_of(connection: Connection) -> str:
    """The bucket for templates and what they name, made when it is not there."""
    account = connection.client("sts").get_caller_identity()["Account"]
    bucket = f"airside-templates-{account}"
    connection.client("s3").create_bucket(Bucket=bucket)
    return bucket


def find(folder: Path, body: dict[str, Any], load: Callable[[Path], "Project"]) -> list[Artifact]:
    """What `body` names by local paths below `folder`; `load` reads a nested template.

    Raises CommandError for a file that is not there.
    """
    found: list[Artifact] = []
    for logical_id, resource in (body.get("Resources") or {}).items():
        if not isinstance(resource, dict) or not isinstance(resource.get("Properties"), dict):
            continue
        properties, kind = resource["Properties"], str(resource.get("Type"))
        if kind in _TEMPLATES:
            member = _TEMPLATES[kind]
            path = _local(folder, properties.get(member), logical_id)
            if path is not None:
                found.append(Artifact(path, properties, member, _as_url, load(path)))
        elif kind in _DEFINITIONS:
            member, form = _DEFINITIONS[kind]
            path = _local(folder, properties.get(member), logical_id)
            if path is not None:
                found.append(Artifact(path, properties, member, form))
    found += _inclusions(folder, body)
    return found


def _inclusions(folder: Path, value: Any) -> Iterator[Artifact]:
    if isinstance(value, list):
        for item in value:
            yield from _inclusions(folder, item)
    elif isinstance(value, dict):
        parameters = value.get("Parameters")
        if value.get("Name") == _INCLUDE and isinstance(parameters, dict):
            path = _local(folder, parameters.get("Location"), _INCLUDE)
            if path is not None:
                yield Artifact(path, parameters, "Location", _as_uri)
        for item in value.values():
            yield from _inclusions(folder, item)


def _local(folder: Path, value: Any, what: str) -> Path | None:
    """The file, when `value` names one on this machine."""
    if not isinstance(value, str) or value.startswith(_REMOTE):
        return None
    path = (folder / value.removeprefix("file://")).resolve()
    if not path.is_file():
        raise CommandError(f"{what} names '{value}', but there is no such file in {folder}.")
    return path
