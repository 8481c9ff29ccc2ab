"""`airside costs`: the bill of what was used."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from airside.cli.connection import Connection
from airside.cli.display import amount, dollars, out, table
from airside.cli.errors import CommandError
from airside.cli.main import print_json
from airside.metering.costs import Line, bill, calls
from airside.metering.meter import UsageKey
from airside.metering.pricebook import price_book

_GROUPS = ("resource", "operation", "principal", "hour")


def run_costs(data_dir: Path, environment: str | None, by: str, *, as_json: bool) -> None:
    """Print this month's usage and its price. Raises CommandError for an unknown grouping."""
    if by not in _GROUPS:
        raise CommandError(f"--by takes one of {', '.join(_GROUPS)}, not '{by}'.")
    connection = Connection.find(data_dir, environment)
    now = datetime.now(UTC)  # the command line has no injected clock
    month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    usage = connection.admin("usage", since=month.timestamp())["usage"]
    totals = [(_key(one), float(one["quantity"])) for one in usage]
    lines = bill(totals, price_book(), lambda key: _group(key, by))
    counted = calls(totals)
    if as_json:
        print_json(_document(lines, counted, month))
        return
    _print(lines, counted, by)


def _key(one: dict[str, Any]) -> UsageKey:
    return UsageKey(**{name: one[name] for name in UsageKey._fields})


def _group(key: UsageKey, by: str) -> str:
    if by == "hour":
        return f"{datetime.fromtimestamp(key.hour, UTC):%m-%d %H:00}"
    if by == "operation":
        return key.operation
    return _short(key.resource if by == "resource" else key.principal)


def _short(arn: str) -> str:
    """The last part of an ARN, which is what people call the thing."""
    return arn.split(":", 5)[-1] if arn.startswith("arn:") else arn


def _document(
    lines: list[Line], counted: dict[tuple[str, str], int], month: datetime
) -> dict[str, Any]:
    book = price_book()
    return {
        "month": f"{month:%Y-%m}",
        "currency": book.currency,
        "prices_dated": book.dated,
        "total": sum(line.cost for line in lines),
        "total_after_free_tier": sum(line.cost_after_free_tier for line in lines),
        "lines": [line._asdict() for line in lines],
        "calls": [
            {"service": service, "operation": operation, "count": count}
            for (service, operation), count in sorted(counted.items())
        ],
    }


def _print(lines: list[Line], counted: dict[tuple[str, str], int], by: str) -> None:
    rows, service = [], ""
    for line in lines:
        shown = "" if line.service == service and out.is_terminal else line.service
        service = line.service
        rows.append((
            shown, line.name, line.group, amount(line.quantity), line.unit, dollars(line.cost),
            dollars(line.cost_after_free_tier),
        ))  # fmt: skip
    table(("service", "usage", by, ">quantity", "unit", ">AWS price", ">with free tier"), rows)
    if not out.is_terminal:
        return
    total = sum(line.cost for line in lines)
    after = sum(line.cost_after_free_tier for line in lines)
    out.print(
        f"\n[bold]{dollars(total)}[/bold] this month at AWS's prices, {dollars(after)} with its "
        f"free tier. {sum(counted.values()):,} calls. Nothing of this is charged here."
    )
    out.print(f"[dim]Prices of {price_book().dated}, {price_book().region}.[/dim]")
