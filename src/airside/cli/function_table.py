"""`airside functions`: what every function is doing, once or live."""

import time
from pathlib import Path
from typing import Any

from rich.live import Live
from rich.table import Table

from airside.cli.connection import Connection
from airside.cli.display import dollars, out, table
from airside.cli.main import print_json
from airside.metering.costs import bill
from airside.metering.meter import UsageKey
from airside.metering.pricebook import price_book

REFRESH_SECONDS = 1.0
COLUMNS = (
    "function", ">running", ">ready", ">events", ">cold", ">errors", ">throttled", ">p50", ">p99",
    ">memory", ">AWS price",
)  # fmt: skip
LEFT_OUT_FIRST = (">memory", ">ready", ">throttled", ">p50", ">running", ">cold")
"""What a narrow terminal does without, in this order: a name cut in pieces tells less."""
Row = tuple[str, ...]


def run_functions(
    data_dir: Path, environment: str | None, *, follow: bool, as_json: bool
) -> None:  # fmt: skip
    """Print the table; with `follow`, again and again in place."""
    connection = Connection.find(data_dir, environment)
    if as_json:
        print_json({"functions": _document(connection)})
        return
    if not out.is_terminal:
        table(COLUMNS, _rows(connection))
        return
    if not follow:
        table(*fitting(_rows(connection), out.console.width))
        return
    with Live(_shown(_rows(connection)), console=out.console, auto_refresh=False) as live:
        while True:
            time.sleep(REFRESH_SECONDS)
            live.update(_shown(_rows(connection)), refresh=True)


def fitting(rows: list[Row], width: int) -> tuple[tuple[str, ...], list[Row]]:
    """The columns, and the rows with those alone, that have room side by side."""
    columns: tuple[str, ...] = COLUMNS
    kept = rows
    for going in LEFT_OUT_FIRST:
        if sum(max(map(len, cells)) + 2 for cells in zip(columns, *kept, strict=True)) <= width:
            break
        at = columns.index(going)
        columns = columns[:at] + columns[at + 1 :]
        kept = [row[:at] + row[at + 1 :] for row in kept]
    return columns, kept


def _document(connection: Connection) -> list[dict[str, Any]]:
    """All functions of the caller's account, with what is known of each."""
    pages = connection.client("lambda").get_paginator("list_functions").paginate()
    known = {one["arn"]: one for one in connection.admin("report", name="functions")["report"]}
    costs = _costs(connection)
    found = []
    for page in pages:
        for function in page["Functions"]:
            arn = function["FunctionArn"]
            report = known.get(arn) or {"arn": arn, "events": 0}
            found.append({
                "name": function["FunctionName"], "memory_mb": function["MemorySize"],
                "cost": costs.get(arn, 0.0), **report,
            })  # fmt: skip
    return found


def _costs(connection: Connection) -> dict[str, float]:
    """Function ARN -> what AWS would have charged for it, without its free tier."""
    usage = connection.admin("usage")["usage"]
    totals = [
        (UsageKey(**{name: one[name] for name in UsageKey._fields}), float(one["quantity"]))
        for one in usage
        if one["service"] == "lambda" and one["resource"]
    ]
    costs: dict[str, float] = {}
    for line in bill(totals, price_book(), lambda key: key.resource):
        costs[line.group] = costs.get(line.group, 0.0) + line.cost
    return costs


def _rows(connection: Connection) -> list[Row]:
    return [_row(one) for one in _document(connection)]


def _row(one: dict[str, Any]) -> Row:
    counts = (one.get(name) or 0 for name in ("running", "idle", "events", "cold_starts",
                                              "errors", "throttles"))  # fmt: skip
    memory = f"{one['peak_mb']}/{one['memory_mb']} MB" if one.get("peak_mb") else "-"
    return (
        one["name"], *(f"{count:,}" for count in counts), _milliseconds(one.get("p50_ms")),
        _milliseconds(one.get("p99_ms")), memory, dollars(one["cost"]),
    )  # fmt: skip


def _milliseconds(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.1f} ms" if value < 1000 else f"{value / 1000:.1f} s"


def _shown(rows: list[Row]) -> Table:
    shown = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    columns, kept = fitting(rows, out.console.width)
    for column in columns:
        right = column.startswith(">")
        shown.add_column(column.removeprefix(">"), justify="right" if right else "left")
    failed = columns.index(">errors")
    for row in kept:
        shown.add_row(*row, style="red" if row[failed] != "0" else "")
    return shown
