"""SELECT: a walk through ranges of a table or an index, page by page."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct

from airside.kernel.store import Snapshot
from airside.services.dynamodb import key_ranges, reading, values
from airside.services.dynamodb.capacity import Cost
from airside.services.dynamodb.errors import SerializationException, ValidationException
from airside.services.dynamodb.expressions.condition import Predicate
from airside.services.dynamodb.expressions.condition import bind as bind_condition
from airside.services.dynamodb.parameters import paths_of
from airside.services.dynamodb.partiql import targets
from airside.services.dynamodb.partiql.bindings import Bindings
from airside.services.dynamodb.partiql.columns import Columns
from airside.services.dynamodb.partiql.syntax import Select
from airside.services.dynamodb.partiql.targets import Target
from airside.services.dynamodb.reading import Plan
from airside.services.dynamodb.store import Record
from airside.services.dynamodb.table import Layout, Table
from airside.services.dynamodb.values import Item

_INVALID = "One or more parameter values were invalid: "
_RANGES_MAX = 10
"""Partitions that one page of an IN visits."""


class Token(Struct):
    """Where a SELECT goes on: after a key in a range, or at the start of one."""

    digest: bytes
    number: int
    last: dict[str, Any] | None


class Selection(Struct):
    """A page of a SELECT."""

    items: list[Any]
    cost: Cost
    is_scan: bool
    last: Item | None = None
    token: Token | None = None


class Reader:
    """A SELECT, checked as far as it can be without its table."""

    def __init__(self, select: Select, bindings: Bindings) -> None:
        self.select = select
        self.bindings = bindings
        where = select.where
        self.predicate: Predicate | None = (
            bind_condition(where, bindings) if where is not None else None
        )
        self.columns = Columns(select.paths) if select.paths is not None else None
        self.heads = frozenset(str(path.parts[0]) for path in paths_of(where)) if where else ()

    def read(
        self,
        view: Snapshot,
        table: Table,
        *,
        consistent: bool,
        limit: int | None,
        token: Token | None,
    ) -> Selection:
        """One page. Raises ValidationException."""
        layout = layout_of(table, self.select.source.index)
        if consistent and layout is not None and layout.index.is_global:
            raise ValidationException(
                "Strongly consistent read is not supported on Global Secondary Indexes"
            )
        target = targets.of(table, layout, self.select.where, self.bindings)
        reverse = self._order(table, layout, target)
        fetching = self._check_projected(layout, target)
        plan = Plan(
            table, layout, b"", b"", reverse, None, consistent, self.predicate, self.columns,
            fetching=fetching,
        )  # fmt: skip
        return self._walk(view, plan, target, limit, token)

    def show(self, record: Record | None) -> Any:
        """An item read by its key, if it satisfies the clause: all of it, or its columns."""
        if record is None or (self.predicate is not None and not self.predicate(record.item)):
            return None
        return record.json if self.columns is None else self.columns.apply(record.item)

    def _order(self, table: Table, layout: Layout | None, target: Target) -> bool:
        """Check ORDER BY; whether sort keys descend. Partitions are put in order here."""
        order = self.select.order
        if not order:
            return False
        if self.select.where is None:
            raise ValidationException(
                "Must have WHERE clause in the statement when using ORDER BY clause."
            )
        if target.is_scan:
            raise ValidationException(
                "Must have at least one non-optional hash key condition in WHERE clause when "
                "using ORDER BY clause."
            )
        schema = layout.index.schema if layout is not None else table.schema
        reverse = False
        for ordering in order:
            if ordering.name not in schema.names:
                raise ValidationException(
                    f"Variable reference {ordering.name} in ORDER BY clause must be part of the "
                    "primary key"
                )
            if ordering.name in schema.sort:
                reverse = ordering.descending
            else:  # the partition key itself stands behind four bytes of its hash
                at = len(layout.prefix if layout is not None else table.prefix) + 4
                target.ranges.sort(key=lambda r: r[0][at:], reverse=ordering.descending)
        return reverse

    def _check_projected(self, layout: Layout | None, target: Target) -> bool:
        """What an index does not carry; whether the items themselves must be read for it."""
        if layout is None:
            return False
        index = layout.index
        wanted = self.columns.heads if self.columns is not None else frozenset[str]()
        missing = [name for name in _in_order(self.select) if not layout.carries((name,))]
        if index.is_global and missing:
            raise ValidationException(
                f"{_INVALID}Global secondary index {index.name} does not project "
                f"[{', '.join(missing)}]"
            )
        unseen = [name for name in sorted(self.heads) if not layout.carries((name,))]
        if target.keyed and unseen:
            raise ValidationException(
                f"{_INVALID}Secondary index {index.name} does not project one or more filter "
                f"attributes: [{', '.join(unseen)}]"
            )
        return bool(wanted) and bool(missing)

    def _walk(
        self, view: Snapshot, plan: Plan, target: Target, limit: int | None, token: Token | None
    ) -> Selection:
        number = token.number if token is not None else 0
        if number >= len(target.ranges):
            raise _invalid_token()
        last = token.last if token is not None else None
        found = Selection([], Cost(), target.is_scan)
        scanned = 0
        stop = min(len(target.ranges), number + _RANGES_MAX)
        while number < stop:
            plan.start, plan.end = target.ranges[number]
            if last is not None:
                self._go_on(plan, last)
                last = None
            plan.limit = limit - scanned if limit is not None else None
            page = reading.read_page(view, plan)
            found.items += page.items
            found.cost.add(page.cost)
            scanned += page.scanned
            if page.last is not None:
                found.last = reading.key_after(plan, page.last)
                found.token = Token(b"", number, found.last)
                return found
            number += 1
        if number < len(target.ranges):
            found.token = Token(b"", number, None)
        return found

    def _go_on(self, plan: Plan, last: Item) -> None:
        try:
            for value in last.values():
                values.check(value)
            position = key_ranges.of_scan(plan.table, plan.layout, last, (plan.start, plan.end), "")
        except (ValidationException, SerializationException):
            raise _invalid_token() from None
        if plan.reverse:
            plan.end = position
        else:
            plan.start = position + b"\0"


def _in_order(select: Select) -> list[str]:
    return list(dict.fromkeys(str(path.parts[0]) for path in select.paths or ()))


def layout_of(table: Table, index: str | None) -> Layout | None:
    """The index that a FROM clause names."""
    if index is None:
        return None
    for layout in table.layouts:
        if layout.index.name == index:
            if layout.index.backfilling:
                raise ValidationException(
                    f"Cannot read from backfilling global secondary index: {index}"
                )
            return layout
    raise ValidationException("The table does not have the specified index")


def digest_of(statement: str, given: Any) -> bytes:
    """What a token belongs to."""
    text = msgspec.json.encode([statement, given], order="deterministic")
    return sha256(text).digest()[:12]


def pack(token: Token, digest: bytes) -> str:
    """A NextToken."""
    token.digest = digest
    return urlsafe_b64encode(msgspec.msgpack.encode(token)).decode()


def unpack(text: str | None, digest: bytes) -> Token | None:
    """The other way. Raises ValidationException for one that is not of this statement."""
    if text is None:
        return None
    try:
        token = msgspec.msgpack.decode(urlsafe_b64decode(text.encode()), type=Token)
    except (ValueError, Base64Error, msgspec.DecodeError):
        raise _invalid_token() from None
    if token.digest != digest:
        raise ValidationException("NextToken does not match request")
    if token.number < 0:
        raise _invalid_token()
    return token


def _invalid_token() -> ValidationException:
    return ValidationException("Invalid NextToken")
