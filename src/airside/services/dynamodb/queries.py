"""Query and Scan."""

from typing import Any

from airside.kernel.context import Context
from airside.kernel.operation import Request, Result, operation
from airside.kernel.store import Snapshot
from airside.services.dynamodb import (
    capacity,
    key_ranges,
    keys,
    parameters,
    problems,
    reading,
    validation,
    values,
)
from airside.services.dynamodb.arns import table_arn
from airside.services.dynamodb.charging import charge
from airside.services.dynamodb.errors import ValidationException
from airside.services.dynamodb.expressions.key_condition import KeyTerm
from airside.services.dynamodb.expressions.placeholders import NONE, Placeholders
from airside.services.dynamodb.expressions.projection import Projection
from airside.services.dynamodb.parameters import Filter
from airside.services.dynamodb.reading import Page, Plan
from airside.services.dynamodb.store import Tables
from airside.services.dynamodb.table import Layout, Table
from airside.services.dynamodb.validation import (
    CAPACITY,
    CONDITIONAL,
    SELECT,
    each_condition,
    enum,
    table_name,
)
from airside.services.dynamodb.values import Item

_INVALID = "One or more parameter values were invalid: "
_QUERY_RULES = validation.Rules(
    (
        enum("Select", SELECT),
        validation.index_name,
        enum("ReturnConsumedCapacity", CAPACITY),
        each_condition("QueryFilter", operator_required=True),
        table_name,
        enum("ConditionalOperator", CONDITIONAL),
        validation.length("AttributesToGet", 1, 255),
        each_condition("KeyConditions", operator_required=True),
    )
)
_SCAN_RULES = validation.Rules(
    (
        enum("Select", SELECT),
        validation.index_name,
        validation.at_least("TotalSegments", 1),
        validation.at_most("TotalSegments", 1_000_000),
        enum("ReturnConsumedCapacity", CAPACITY),
        table_name,
        enum("ConditionalOperator", CONDITIONAL),
        each_condition("ScanFilter", operator_required=True),
        validation.at_least("Segment", 0),
        validation.at_most("Segment", 999_999),
        validation.at_least("Limit", 1),
        validation.length("AttributesToGet", 1, 255),
    )
)


class _Reading:
    """A checked Query or Scan, before its table is known."""

    __slots__ = ("filter", "projection", "request", "start_key", "terms")

    def __init__(
        self,
        request: Request,
        terms: list[KeyTerm] | None,
        filter_: Filter | None,
        projection: Projection | None,
    ) -> None:
        self.request = request
        self.terms = terms
        self.filter = filter_
        self.projection = projection
        self.start_key: Item | None = request.get("ExclusiveStartKey")


@operation("Query", resource=table_arn)
async def query(ctx: Context, request: Request) -> Result:
    """Read the items of one partition, in the order of their sort keys."""
    validation.check(request, _QUERY_RULES)
    limit = request.get("Limit")
    if limit is not None and limit < 1:
        raise ValidationException(
            "1 validation error detected: Value at 'Limit' failed to satisfy constraint: "
            "Member must have value greater than or equal to 1"
        )
    validation.check_mixing(
        request,
        ("ProjectionExpression", "FilterExpression", "KeyConditionExpression"),
        ("AttributesToGet", "QueryFilter", "ConditionalOperator", "KeyConditions"),
    )
    older = _NO_LEGACY if _LEGACY.isdisjoint(request) else _Legacy(request, "QueryFilter")
    check_start_key(request.get("ExclusiveStartKey"))
    if "KeyConditions" not in request and "KeyConditionExpression" not in request:
        raise ValidationException(
            "Either the KeyConditions or KeyConditionExpression parameter must be specified "
            "in the request."
        )
    given = Placeholders.of(request)
    try:
        terms = parameters.key_terms_of(request, given)
    except ValidationException:
        parameters.check_key_syntax(request, given)
        parameters.filter_of(request, given, "QueryFilter")
        parameters.projection_of(request, given)
        raise
    filter_ = older.filter or parameters.filter_of(request, given, "QueryFilter")
    projection = older.projection or parameters.projection_of(request, given)
    given.check_all_used()
    if "KeyConditions" in request and not 1 <= len(terms) <= (8 if "IndexName" in request else 2):
        raise _wrong_number()
    return await _run(ctx, _Reading(request, terms, filter_, projection))


@operation("Scan", resource=table_arn)
async def scan(ctx: Context, request: Request) -> Result:
    """Read a table, an index, or one of the segments of either."""
    validation.check(request, _SCAN_RULES)
    validation.check_mixing(
        request,
        ("ProjectionExpression", "FilterExpression"),
        ("AttributesToGet", "ScanFilter", "ConditionalOperator"),
    )
    older = _NO_LEGACY if _LEGACY.isdisjoint(request) else _Legacy(request, "ScanFilter")
    check_start_key(request.get("ExclusiveStartKey"))
    _check_segments(request)
    try:
        given = Placeholders.of(request)
        filter_ = older.filter or parameters.filter_of(request, given, "ScanFilter")
    except ValidationException as problem:
        raise problems.older(problem) from None
    projection = older.projection or parameters.projection_of(request, given)
    given.check_all_used()
    return await _run(ctx, _Reading(request, None, filter_, projection))


class _Legacy:
    """What the old parameters mean. They are looked at before all expressions."""

    __slots__ = ("filter", "projection")

    def __init__(self, request: Request, old_name: str) -> None:
        self.filter: Filter | None = None
        self.projection: Projection | None = None
        if old_name == "ScanFilter":
            self._project(request)
        if "FilterExpression" not in request:
            self.filter = parameters.filter_of(request, NONE, old_name)
        self._project(request)

    def _project(self, request: Request) -> None:
        if "AttributesToGet" in request:
            self.projection = parameters.projection_of(request, NONE)


_LEGACY = frozenset({"AttributesToGet", "QueryFilter", "ScanFilter", "ConditionalOperator"})
_NO_LEGACY = _Legacy({}, "QueryFilter")
_BARE = ("number set", "contains duplicates", "numeric value", "significant digits", "magnitude")


def check_start_key(key: Item | None) -> None:
    """The values of an ExclusiveStartKey."""
    for value in (key or {}).values():
        try:
            values.check(value)
        except ValidationException as problem:
            if any(words in problem.message for words in _BARE):
                raise
            raise key_ranges.bad_start(problem.message) from None


def _check_segments(request: Request) -> None:
    segment, total = request.get("Segment"), request.get("TotalSegments")
    if segment is not None and total is None:
        raise ValidationException(
            "The TotalSegments parameter is required but was not present in the request "
            "when Segment parameter is present"
        )
    if total is not None and segment is None:
        raise ValidationException(
            "The Segment parameter is required but was not present in the request "
            "when parameter TotalSegments is present"
        )
    if segment is not None and total is not None and segment >= total:
        raise ValidationException(
            "The Segment parameter is zero-based and must be less than parameter TotalSegments: "
            f"Segment: {segment} is not less than TotalSegments: {total}"
        )


async def _run(ctx: Context, wanted: _Reading) -> Result:
    request = wanted.request
    tables = ctx.component(Tables)
    name: str = request["TableName"]

    def body(view: Snapshot) -> tuple[Plan, Page]:
        plan = _plan(tables.require(view, ctx, name), wanted)
        return plan, reading.read_page(view, plan)

    plan, page = await ctx.store.read(body)
    table = plan.table
    charge(ctx, "ReadRequestUnits", page.cost, table.arn)
    result: Result = {"Count": page.count, "ScannedCount": page.scanned}
    if not plan.counting:
        result["Items"] = page.items
    if page.last is not None:
        result["LastEvaluatedKey"] = reading.key_after(plan, page.last)
    mode = request.get("ReturnConsumedCapacity")
    if mode is not None:
        result["ConsumedCapacity"] = capacity.consumed(mode, table.name, page.cost)
    return result


def _plan(table: Table, wanted: _Reading) -> Plan:
    request = wanted.request
    layout = _layout_of(table, request)
    consistent = bool(request.get("ConsistentRead", False))
    if consistent and layout is not None and layout.index.is_global:
        raise ValidationException("Consistent reads are not supported on global secondary indexes")
    start, end, position = _bounds(table, layout, wanted)
    plan = Plan(
        table, layout, start, end, not request.get("ScanIndexForward", True),
        request.get("Limit"), consistent,
        wanted.filter.predicate if wanted.filter is not None else None,
        wanted.projection,
    )  # fmt: skip
    if wanted.projection is not None and wanted.projection.nested:
        table.check_scalars(wanted.projection.nested)
    if wanted.filter is not None and wanted.terms is not None:
        schema = layout.index.schema if layout is not None else table.schema
        _check_filter(wanted, wanted.filter, schema.names)
    _select(plan, wanted)
    if wanted.filter is not None and wanted.filter.nested:
        table.check_scalars(wanted.filter.nested)
    if position is not None:
        if plan.reverse:
            plan.end = position
        else:
            plan.start = position + b"\0"
    return plan


def _bounds(
    table: Table, layout: Layout | None, wanted: _Reading
) -> tuple[bytes, bytes, bytes | None]:
    """Where the entries lie that are read, and the entry after which to start."""
    request, terms, start_key = wanted.request, wanted.terms, wanted.start_key
    prefix = layout.prefix if layout is not None else table.prefix
    if terms is None:
        segment, total = request.get("Segment") or 0, request.get("TotalSegments") or 1
        start, end = keys.segment(prefix, segment, total)
        if start_key is None:
            return start, end, None
        shown = f" TotalSegments: {total} Segment: {segment}"
        return start, end, key_ranges.of_scan(table, layout, start_key, (start, end), shown)
    schema = layout.index.schema if layout is not None else table.schema
    if len(terms) > max(2, len(schema.names)) and "KeyConditions" in request:
        raise _wrong_number()
    key_range, position = key_ranges.of_query(table, layout, terms, start_key)
    start, end = keys.of_range(prefix, key_range)
    return start, end, position


def _wrong_number() -> ValidationException:
    return ValidationException("Conditions can be of length 1 or 2 only")


def _layout_of(table: Table, request: Request) -> Layout | None:
    name = request.get("IndexName")
    if name is None:
        return None
    for layout in table.layouts:
        if layout.index.name == name:
            if layout.index.backfilling:
                raise ValidationException(
                    f"Cannot read from backfilling global secondary index: {name}"
                )
            return layout
    raise ValidationException(f"The table does not have the specified index: {name}")


def _check_filter(wanted: _Reading, filter_: Filter, names: tuple[str, ...]) -> None:
    for name in names:
        if name in filter_.heads:
            noun = "QueryFilter" if "QueryFilter" in wanted.request else "Filter Expression"
            raise ValidationException(
                f"{noun} can only contain non-primary key attributes: Primary key attribute: {name}"
            )


def _select(plan: Plan, wanted: _Reading) -> None:
    """What to return: the Select parameter and its rules."""
    request, layout = wanted.request, plan.layout
    select = request.get("Select")
    named = wanted.projection is not None
    problem = None
    if named and select not in (None, "SPECIFIC_ATTRIBUTES"):
        member = "ProjectionExpression" if "ProjectionExpression" in request else "AttributesToGet"
        noun = "only the Count" if select == "COUNT" else select
        problem = f"Cannot specify the {member} when choosing to get {noun}"
    elif select == "SPECIFIC_ATTRIBUTES" and not named:
        problem = (
            "Must specify the AttributesToGet or ProjectionExpression when choosing to get "
            "SPECIFIC_ATTRIBUTES"
        )
    elif select == "ALL_PROJECTED_ATTRIBUTES" and layout is None:
        problem = "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"
    if problem is not None:
        found = ValidationException(problem)
        raise found if wanted.terms is None else problems.enveloped(found)
    plan.counting = select == "COUNT"
    if layout is not None:
        _select_from_index(plan, layout, select, wanted)


def _select_from_index(plan: Plan, layout: Layout, select: str | None, wanted: _Reading) -> None:
    index = layout.index
    if select == "ALL_ATTRIBUTES" and index.projection != "ALL":
        if index.is_global:
            raise ValidationException(
                f"{_INVALID}Select type ALL_ATTRIBUTES is not supported for global secondary "
                f"index {index.name} because its projection type is not ALL"
            )
        plan.fetching = True
    needed: Any = wanted.projection.heads if wanted.projection is not None else frozenset()
    if needed and not layout.carries(needed):
        if index.is_global:
            missing = [name for name in sorted(needed) if not layout.carries((name,))]
            raise ValidationException(
                f"{_INVALID}Global secondary index {index.name} does not project "
                f"[{', '.join(missing)}]"
            )
        plan.fetching = True
