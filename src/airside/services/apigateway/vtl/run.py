"""One run of a template: its variables, its output, its limits. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from airside.kernel.regular_expressions import Effort

OUTPUT_CHARACTERS_MAX = 10_485_760
STEPS_MAX = 200_000
TURNS_MAX = 1000
"""Turns of one #foreach, as on AWS."""


class TemplateError(Exception):
    """A template that cannot be read, or that goes beyond its limits."""


class Stop(Exception):
    """#stop."""


class Break(Exception):
    """#break."""


@dataclass(slots=True)
class Host:
    """An object that templates are given, e.g. `$input`: what it has and what it can do."""

    methods: Mapping[str, Callable[..., Any]]
    properties: Mapping[str, Any] = field(default_factory=dict)


class Run:
    """Variables and output."""

    def __init__(self, scope: dict[str, Any]) -> None:
        self.scope = scope
        self.out: list[str] = []
        self.effort = Effort()
        """For the regular expressions of the template."""
        self._size = 0
        self._steps = 0

    def write(self, text: str) -> None:
        """Put out some text. Raises TemplateError."""
        self._size += len(text)
        if self._size > OUTPUT_CHARACTERS_MAX:
            raise TemplateError("the output is too large")
        self.out.append(text)

    def tick(self) -> None:
        """Count a step. Raises TemplateError."""
        self._steps += 1
        if self._steps > STEPS_MAX:
            raise TemplateError("the template takes too many steps")


Value = Callable[[Run], Any]
Step = Callable[[Run], None]


def run_all(steps: list[Step], run: Run) -> None:
    """One after the other."""
    for step in steps:
        run.tick()
        step(run)


def text(value: Any) -> str:
    """A value as it is put out: lists as JSON, mappings as Java shows them."""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, Host):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={text(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return msgspec.json.encode(value).decode()
    return str(value)


def truth(value: Any) -> bool:
    """Only false and null are false; what is not there counts as an empty text, which is true."""
    return value is not None and value is not False
