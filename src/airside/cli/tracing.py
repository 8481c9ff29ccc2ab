"""`airside trace`: what one request touched, as a waterfall."""

import sys
from pathlib import Path
from typing import Any

from rich.text import Text

from airside.cli.connection import Connection
from airside.cli.display import out
from airside.cli.errors import CommandError
from airside.cli.main import print_json

WIDTH = 40
_COLOURS = {"lambda": "magenta", "dynamodb": "blue", "sqs": "yellow", "apigatewayv2": "cyan",
            "apigateway": "cyan",
            "s3": "green"}  # fmt: skip


def run_trace(data_dir: Path, environment: str | None, request: str, *, as_json: bool) -> None:
    """Print the steps of a request. Raises CommandError when none is known."""
    connection = Connection.find(data_dir, environment)
    spans = connection.admin("trace", request=request)["spans"]
    if as_json:
        print_json({"spans": spans})
        return
    if not spans:
        raise CommandError(
            f"Nothing is known of '{request}'.",
            "Requests in which a function took part are remembered until the server ends: name a "
            "request id from `airside logs`, or the root of a trace.",
        )
    for line in waterfall(spans):
        if out.is_terminal:
            out.print(line)
        else:
            sys.stdout.write(line.plain.rstrip() + "\n")


def waterfall(spans: list[dict[str, Any]]) -> list[Text]:
    """A line for each step: when it began, how long it took, where it lies in the whole."""
    first = min(span["began_at"] for span in spans)
    whole = max(span["began_at"] + span["seconds"] for span in spans) - first or 1e-9
    lines = []
    for span in spans:
        began = span["began_at"] - first
        start = min(int(began / whole * WIDTH), WIDTH - 1)
        length = max(1, round(span["seconds"] / whole * WIDTH))
        length = min(length, WIDTH - start)
        init = min(round(span["init_seconds"] / whole * WIDTH), length)
        colour = "red" if span["error"] else _COLOURS.get(span["service"], "white")
        bar = " " * start + "░" * init + "█" * (length - init) + " " * (WIDTH - start - length)
        lines.append(Text.assemble(
            (f"{began * 1000:9.1f} ms ", "dim"), f"{span['seconds'] * 1000:9.1f} ms  ",
            (bar, colour), "  ", (f"{span['service']} {span['operation']}", colour), " ",
            (_short(span["resource"]), "dim"), ("  " + span["error"], "red"), (_init(span), "dim"),
        ))  # fmt: skip
    return lines


def _init(span: dict[str, Any]) -> str:
    seconds = span["init_seconds"]
    return f"  init {seconds * 1000:.1f} ms" if seconds else ""


def _short(arn: str) -> str:
    return arn.split(":", 5)[-1] if arn.startswith("arn:") else arn
