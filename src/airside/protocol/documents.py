"""JSON and YAML that somebody else wrote: broken in whatever way, it is refused with ValueError.

The parsers themselves answer hostile nesting in ways of their own: `json` and msgspec raise
RecursionError, which no handler of bad input expects, and libyaml's composer overflows the stack
of the process.
"""

from typing import Any

import msgspec
import yaml

YAML_DEPTH_MAX = 200
"""Far deeper than any template or API description, far from the end of the stack."""


def load_json(text: str | bytes) -> Any:
    """The value of a JSON text. Raises ValueError."""
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise ValueError(str(error)) from None
    except RecursionError:
        raise ValueError("JSON is nested too deeply") from None


def compose_yaml(text: str) -> yaml.Node | None:
    """The tree of nodes of a YAML text, None for an empty one. Raises ValueError, YAMLError."""
    check_yaml_depth(text)
    root: yaml.Node | None = yaml.compose(text, Loader=yaml.CSafeLoader)
    return root


def load_yaml(text: str) -> Any:
    """The value of a YAML text. Raises ValueError, also for aliases: a bomb is made of them."""
    try:
        check_yaml_depth(text, aliases=False)
        return yaml.load(text, yaml.CSafeLoader)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None


def check_yaml_depth(text: str, *, aliases: bool = True) -> None:
    """Raise ValueError for a YAML text nested beyond YAML_DEPTH_MAX. Raises YAMLError, too."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > YAML_DEPTH_MAX:
                raise ValueError("YAML is nested too deeply")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif not aliases and isinstance(event, yaml.AliasEvent):
            raise ValueError("YAML aliases are not allowed")
