"""Tags of tables."""

import re
from collections.abc import Iterable, Mapping

from airside.kernel.context import Context
from airside.kernel.operation import Request, Result, operation
from airside.kernel.store import Transaction
from airside.services.dynamodb import store, validation
from airside.services.dynamodb.errors import (
    AccessDeniedException,
    ResourceNotFoundException,
    ValidationException,
)
from airside.services.dynamodb.limits import TAGS_MAX
from airside.services.dynamodb.store import Tables, table_id
from airside.services.dynamodb.table import Table
from airside.services.dynamodb.validation import Problems


def _resource_arn(ctx: Context, request: Request) -> str:
    return str(request.get("ResourceArn") or "*")


def tags_of(given: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Tags by key, checked."""
    found: dict[str, str] = {}
    for position, tag in enumerate(given, 1):
        _check_tag(position, tag)
        key, value = tag["Key"], tag["Value"]
        if not 1 <= len(key) <= 128:
            raise ValidationException(
                "One or more parameter values were invalid: "
                "Tag keys must have a length between 1 and 128"
            )
        if len(value) > 256:
            raise ValidationException(
                "One or more parameter values were invalid: "
                "Tag values must have a length of at most 256"
            )
        if key in found:
            raise ValidationException(
                "One or more parameter values were invalid: "
                "The Tag key set cannot have repeated keys"
            )
        found[key] = value
    check_count(found)
    return found


_TAG = re.compile(r"[\w\s+\-=._:/@]*")


def _check_tag(position: int, tag: Mapping[str, str]) -> None:
    problems = Problems()
    for member in ("Key", "Value"):
        text = tag.get(member)
        if text is None:
            place = f"tags.{position}.member.{member.lower()}"
            problems.add(place, None, "Member must not be null")
        elif not _TAG.fullmatch(text):
            raise ValidationException(
                "One or more parameter values were invalid: "
                f"The Tag {member.lower()} contains characters that are not allowed: {text}"
            )
    problems.raise_all()


def check_count(tags: Mapping[str, str]) -> None:
    """How many tags a table may have."""
    if len(tags) > TAGS_MAX:
        raise ValidationException(
            "One or more parameter values were invalid: "
            f"Too many tags: {len(tags)}, the limit is {TAGS_MAX}"
        )


def _table_of(ctx: Context, arn: str) -> tuple[str, str, str]:
    if not arn.startswith("arn:"):
        raise ValidationException(f"ARNs must start with 'arn:': {arn}")
    parts = arn.split(":", 5)
    if len(parts) != 6 or not parts[5].startswith("table/"):
        raise ValidationException(f"Invalid TableArn: Invalid ResourceArn provided as input {arn}")
    if "/index/" in parts[5]:
        raise ValidationException(
            "One or more parameter values were invalid: Invalid resource arn provided, "
            f"only table or stream is accepted. Provided resource arn: {arn}"
        )
    return table_id(ctx, arn)


async def _change(ctx: Context, request: Request, change: "Change") -> None:
    validation.check(request, (validation.required("ResourceArn"),))
    where = _table_of(ctx, request["ResourceArn"])

    def body(tx: Transaction) -> None:
        table = store.load_table(tx, where)
        if table is None:
            raise ResourceNotFoundException(
                f"Requested resource not found: ResourcArn: {request['ResourceArn']} not found"
            )
        change.apply(table)
        store.save_table(tx, table)

    with ctx.component(Tables).changing(where):
        await ctx.store.transact(body)


class Change:
    """Adding and removing tags."""

    def __init__(self, added: Mapping[str, str], removed: Iterable[str] = ()) -> None:
        self._added = added
        self._removed = removed

    def apply(self, table: Table) -> None:
        """Change the table's tags."""
        for key in self._removed:
            table.tags.pop(key, None)
        table.tags.update(self._added)
        check_count(table.tags)


@operation("TagResource", resource=_resource_arn)
async def tag_resource(ctx: Context, request: Request) -> Result:
    """Add tags, or change their values."""
    given = request.get("Tags") or []
    if not given:
        raise ValidationException("Atleast one Tag needs to be provided as Input.")
    await _change(ctx, request, Change(tags_of(given)))
    return {}


@operation("UntagResource", resource=_resource_arn)
async def untag_resource(ctx: Context, request: Request) -> Result:
    """Remove tags."""
    keys = request.get("TagKeys") or []
    if not keys:
        raise ValidationException("Atleast one Tag Key needs to be provided as Input.")
    await _change(ctx, request, Change({}, keys))
    return {}


@operation("ListTagsOfResource", resource=_resource_arn)
async def list_tags_of_resource(ctx: Context, request: Request) -> Result:
    """A table's tags."""
    validation.check(request, (validation.required("ResourceArn"),))
    where = _table_of(ctx, request["ResourceArn"])
    tables = ctx.component(Tables)
    table = await ctx.store.read(lambda view: tables.find(view, where))
    if table is None:
        raise AccessDeniedException(
            f"User: {ctx.principal.arn} is not authorized to perform: dynamodb:ListTagsOfResource "
            f"on resource: {request['ResourceArn']}"
        )
    return {"Tags": [{"Key": key, "Value": value} for key, value in sorted(table.tags.items())]}
