"""A project on disk: its template, the local code it names, the sites it brings. Reads only.

Code that a template names by a local path is not copied: the function runs from that folder, so
that a saved file is in use by the next event. The template itself stays as it would go to AWS.
"""

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from airside.cli.artifacts import Artifact, find, package
from airside.cli.errors import CommandError
from airside.services.cloudformation.template import Template, TemplateError, parse

TEMPLATE_NAMES = ("template.yaml", "template.yml", "template.json")
LOCAL_BUCKET = "airside-local"
"""The bucket name by which the Lambda service knows a local folder."""

_SAM = "AWS::Serverless::"
_CODE_OF = {
    f"{_SAM}Function": ("CodeUri", "Bucket", "Key"),
    f"{_SAM}LayerVersion": ("ContentUri", "Bucket", "Key"),
    "AWS::Lambda::Function": ("Code", "S3Bucket", "S3Key"),
    "AWS::Lambda::LayerVersion": ("Content", "S3Bucket", "S3Key"),
}


@dataclass(frozen=True)
class SiteSource:
    """A folder whose files belong into a bucket of the template."""

    bucket_logical_id: str
    folder: Path


@dataclass
class Project:
    """One template and what stands around it."""

    path: Path
    template: Template
    body: dict[str, Any]
    """The template with local paths made absolute, for Airside."""
    sites: list[SiteSource]
    code: dict[str, Path] = field(default_factory=dict)
    """Logical id of a function -> its folder."""
    artifacts: list[Artifact] = field(default_factory=list)
    """What else the template names by local paths."""

    @property
    def name(self) -> str:
        """What the stack is called: the folder's name, as CloudFormation allows it."""
        name = "".join(c if c.isalnum() else "-" for c in self.path.parent.resolve().name)
        return name.strip("-") if name[:1].isalpha() else f"stack-{name}".strip("-")

    @property
    def files(self) -> set[Path]:
        """The template and all that it names beside code; a change of one asks for a deploy."""
        found = {self.path.resolve()}
        for artifact in self.artifacts:
            found |= artifact.nested.files if artifact.nested else {artifact.path}
        return found

    def document(self) -> str:
        """The template as it is sent."""
        return json.dumps(self.body)

    def line(self, logical_id: str) -> str:
        """`template.yaml:12` for a resource, or just the file."""
        line = self.template.line(("Resources", logical_id))
        return f"{self.path.name}:{line}" if line else self.path.name


def find_template(path: Path) -> Path | None:
    """The template at `path`, which is a file or a folder that has one.

    What `sam build` made wins when it is newer than the template it was made from.
    """
    if path.is_file():
        return path
    for name in TEMPLATE_NAMES:
        found = path / name
        if found.is_file():
            built = path / ".aws-sam" / "build" / "template.yaml"
            if built.is_file() and built.stat().st_mtime >= found.stat().st_mtime:
                return built
            return found
    return None


def load(path: Path) -> Project:
    """Read the template at `path`. Raises CommandError with the line of what is wrong."""
    found = find_template(path)
    if found is None:
        raise CommandError(
            f"There is no template in {path}.",
            f"A template is a file named {', '.join(TEMPLATE_NAMES)}.",
        )
    try:
        template = parse(found.read_text())
    except TemplateError as error:
        raise CommandError(f"{found}: {error.message}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{found} cannot be read: {error}") from None
    body = copy.deepcopy(template.body)
    project = Project(found, template, body, list(_sites(found, template)))
    _point_at_local_code(project)
    project.artifacts += find(found.parent, body, load)
    for artifact in project.artifacts:
        if artifact.nested is not None:
            project.code |= artifact.nested.code
    return project


def _sites(path: Path, template: Template) -> Iterator[SiteSource]:
    for logical_id, resource in template.section("Resources").items():
        if not isinstance(resource, dict) or resource.get("Type") != "AWS::S3::Bucket":
            continue
        site = (resource.get("Metadata") or {}).get("Site") or {}
        if not isinstance(site, dict) or "Source" not in site:
            continue
        folder = (path.parent / str(site["Source"])).resolve()
        if not folder.is_dir():
            line = template.line(("Resources", logical_id, "Metadata", "Site", "Source"))
            raise CommandError(
                f"{path}:{line}: {logical_id} takes its site from '{site['Source']}', "
                "but there is no such folder."
            )
        yield SiteSource(logical_id, folder)


def _point_at_local_code(project: Project) -> None:
    body = project.body
    shared = ((body.get("Globals") or {}).get("Function") or {}).get("CodeUri")
    if isinstance(shared, str):
        body["Globals"]["Function"].pop("CodeUri")
    for logical_id, resource in (body.get("Resources") or {}).items():
        if not isinstance(resource, dict) or resource.get("Type") not in _CODE_OF:
            continue
        member, bucket, key = _CODE_OF[resource["Type"]]
        properties = resource.setdefault("Properties", {})
        if not isinstance(properties, dict):
            continue
        code = properties.get(member)
        if code is None and resource["Type"] == f"{_SAM}Function":
            if "InlineCode" in properties or properties.get("PackageType") == "Image":
                continue
            code = shared if shared is not None else "."
        if not isinstance(code, str) or code.startswith(("s3://", "https://")):
            continue
        folder = _local(project, logical_id, member, code)
        if folder.is_file():
            project.artifacts.append(package(folder, properties, member, bucket, key))
            continue
        properties[member] = {bucket: LOCAL_BUCKET, key: str(folder)}
        if resource["Type"].endswith("Function"):
            project.code[logical_id] = folder


def _local(project: Project, logical_id: str, member: str, code: str) -> Path:
    folder = (project.path.parent / code).resolve()
    if not folder.exists():
        line = (
            project.template.line(("Resources", logical_id, "Properties", member))
            or project.template.line(("Globals", "Function", member))
        )  # fmt: skip
        raise CommandError(
            f"{project.path}:{line}: {logical_id} takes its code from '{code}', but there is no "
            "such folder or file."
        )
    return folder
