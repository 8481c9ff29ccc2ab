"""What the kinds of patterns share: values that are regular expressions or wildcards."""

import re
from collections.abc import Callable

from airside.kernel.regular_expressions import Effort, PatternError
from airside.kernel.wildcards import wildcards
from airside.services.logs.errors import InvalidParameterException

_REGEX = re.compile(r"[A-Za-z0-9_#=@/;,:\-^$?\[\]{}|\\*+.\s]*")
_SECONDS_MAX = 0.02
"""For one message; one that takes longer does not fit."""


def regex(source: str) -> Callable[[str], bool]:
    """A test for a regular expression between percent signs; only AWS's subset is taken."""
    if not _REGEX.fullmatch(source):
        raise InvalidParameterException("Invalid filter pattern: unsupported regular expression")
    try:
        Effort().search(source, "")
    except PatternError as error:
        raise InvalidParameterException(f"Invalid filter pattern: {error}") from error
    return lambda text: _found(source, text)


def _found(source: str, text: str) -> bool:
    try:
        return Effort(_SECONDS_MAX).search(source, text)
    except PatternError:
        return False


def regex_or_wildcard(value: str) -> Callable[[str], bool]:
    """A test for `%regex%`, for text with `*`, or for the text itself."""
    if len(value) > 2 and value.startswith("%") and value.endswith("%"):
        return regex(value[1:-1])
    if "*" in value:
        full = wildcards(value, {"?": "?"}).fullmatch
        return lambda text: full(text) is not None
    return lambda text: text == value
