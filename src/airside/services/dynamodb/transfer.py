"""What exports to S3 and imports from it share: their documents, and S3 as they use it.

("dynamodb", account, region, "export", table, id)     an ExportDescription
("dynamodb", account, region, "import", table, id)     an ImportTableDescription
("dynamodb", "exporting", account, region, table, id)  an export at work; its `source`
("dynamodb", "importing", account, region, table, id)  an import at work
"""

import dataclasses
from collections.abc import Sequence
from typing import Any

import msgspec

from airside.kernel.cloud import Cloud
from airside.kernel.context import Context
from airside.kernel.operation import Request
from airside.kernel.principal import Principal
from airside.kernel.store import Snapshot
from airside.services.dynamodb import store
from airside.services.dynamodb.store import TableId

TOKEN_SECONDS = 8 * 3600.0
"""How long the client token of an export or import is remembered."""

Name = tuple[Any, ...]
"""Of a document."""


def name_of(kind: str, where: TableId, identifier: str) -> Name:
    """The name of the document of an export or import."""
    account_id, region, table = where
    return account_id, region, kind, table, identifier


def work_name(name: Name) -> Name:
    """The name of the document that says that it is at work."""
    account_id, region, kind, table, identifier = name
    return f"{kind}ing", account_id, region, table, identifier


def arn_of(name: Name) -> str:
    """The ARN of an export or import."""
    account_id, region, kind, table, identifier = name
    return f"arn:aws:dynamodb:{region}:{account_id}:table/{table}/{kind}/{identifier}"


def parse(arn: str, kind: str) -> Name | None:
    """The document that an ARN names, if it is one of that kind."""
    parts = arn.split(":", 5)
    path = parts[5].split("/") if len(parts) == 6 else []
    if len(path) != 4 or parts[2] != "dynamodb" or path[0] != "table" or path[2] != kind:
        return None
    return name_of(kind, (parts[4], parts[3], path[1]), path[3])


def of_account(
    view: Snapshot, ctx: Context, kind: str, table: Sequence[str] = ()
) -> list[tuple[Name, dict[str, Any]]]:
    """All exports or imports, or those of one table."""
    return list(store.scan_documents(view, ctx.account_id, ctx.region, kind, *table))


def with_token(
    found: Sequence[tuple[Name, dict[str, Any]]], token: str | None, now: float
) -> dict[str, Any] | None:
    """What the same client token has begun not long ago."""
    for _, document in found:
        young = document["description"]["StartTime"] > now - TOKEN_SECONDS
        if token is not None and document["description"].get("ClientToken") == token and young:
            return document
    return None


def digest_of(request: Request) -> bytes:
    """Tells requests with the same token apart."""
    return msgspec.json.encode(request, order="deterministic")


def owner(ctx: Context) -> dict[str, Any]:
    """Who asked, as a document keeps it; the key is left out."""
    return dataclasses.asdict(dataclasses.replace(ctx.principal, access_key_id=""))


def context(cloud: Cloud, document: dict[str, Any], region: str) -> Context:
    """A context to work in, in the name of who asked."""
    principal = Principal(**document["principal"])
    return Context(cloud, principal, region, cloud.ids.uuid(), "dynamodb")
