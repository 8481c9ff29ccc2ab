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
Row = tuple[str, ...]


def run_functions(
    data_dir: Path, environment: str | None, *, follow: bool, as_json: bool
) -> None:  # fmt: skip
    """Print the table; with `follow`, again and again in place."""
    connection = Connection.find(data_dir, environment)
    if as_json:
        print_json({"functions": _document(connection)})
        return
    if not (follow and out.is_terminal):
        table(COLUMNS, _rows(connection))
        return
    with Live(_shown(_rows(connection)), console=out.console, auto_refresh=False) as live:
        while True:
            time.sleep(REFRESH_SECONDS)
            live.update(_shown(_rows(connection)), refresh=True)


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
    for column in COLUMNS:
        right = column.startswith(">")
        shown.add_column(column.removeprefix(">"), justify="right" if right else "left")
    for row in rows:
        shown.add_row(*row, style="red" if row[5] != "0" else "")
    return shown
