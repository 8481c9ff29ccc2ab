"""Patterns in policies: `*` and `?`, ARNs compared part by part, policy variables. Pure.

Inside a pattern that has been through `substitute`, a wildcard that stands for itself
(it came from a variable's value, or was written `${*}`) is one of two private-use characters.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from airside.kernel.wildcards import wildcards

_STAR, _QUESTION = "\ue000", "\ue001"
_QUOTED = str.maketrans({"*": _STAR, "?": _QUESTION})
_LITERAL = {_STAR: "*", _QUESTION: "?"}
_PLAIN = str.maketrans(_LITERAL)
_VARIABLE = re.compile(r"\$\{([^{}]*)\}")
_ESCAPES = {"*": _STAR, "?": _QUESTION, "$": "$"}
_ARN_PARTS = 6


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    return wildcards(pattern, _LITERAL)


def matches(pattern: str, text: str) -> bool:
    """Whether the whole of `text` is like `pattern`, in which `*` and `?` are wildcards."""
    if pattern in ("*", text):
        return True
    if "*" not in pattern and "?" not in pattern:
        return pattern.translate(_PLAIN) == text
    return _compiled(pattern).fullmatch(text) is not None


def arn_matches(pattern: str, arn: str) -> bool:
    """Like `matches`, but a wildcard in one of the first five parts of an ARN stays in its part."""
    if not pattern.startswith("arn:"):
        return matches(pattern, arn)
    wanted = pattern.split(":", _ARN_PARTS - 1)
    found = arn.split(":", _ARN_PARTS - 1)
    if len(wanted) < _ARN_PARTS:
        # Shorter patterns end in a wildcard that stands for all parts that follow.
        return pattern.endswith("*") and matches(pattern, arn)
    if len(found) < _ARN_PARTS:
        return False
    return all(matches(part, text) for part, text in zip(wanted, found, strict=True))


def substitute(pattern: str, variables: Mapping[str, Sequence[str]]) -> str | None:
    """`pattern` with `${key}`, `${key, 'default'}`, `${*}`, `${?}` and `${$}` replaced.

    None when a variable has no single value and no default: such a pattern matches nothing.
    """
    if "${" not in pattern:
        return pattern
    missing = False

    def value(found: re.Match[str]) -> str:
        nonlocal missing
        inner = found[1]
        if inner in _ESCAPES:
            return _ESCAPES[inner]
        name, comma, default = inner.partition(",")
        values = variables.get(name.strip().lower(), ())
        if len(values) == 1:
            return values[0].translate(_QUOTED)
        if comma:
            return default.strip().strip("'").translate(_QUOTED)
        missing = True
        return ""

    replaced = _VARIABLE.sub(value, pattern)
    return None if missing else replaced


def plain(text: str) -> str:
    """Text after substitution, for operators that know no wildcards."""
    return text.translate(_PLAIN)
