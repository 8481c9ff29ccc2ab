"""What the kinds of patterns share: values that are regular expressions or wildcards."""

import re
from collections.abc import Callable

from airside.services.logs.errors import InvalidParameterException

_REGEX = re.compile(r"[A-Za-z0-9_#=@/;,:\-^$?\[\]{}|\\*+.\s]*")


def regex(source: str) -> Callable[[str], bool]:
    """A test for a regular expression between percent signs; only AWS's subset is taken."""
    if not _REGEX.fullmatch(source):
        raise InvalidParameterException("Invalid filter pattern: unsupported regular expression")
    try:
        search = re.compile(source).search
    except re.error as error:
        raise InvalidParameterException(f"Invalid filter pattern: {error}") from error
    return lambda text: search(text) is not None


def regex_or_wildcard(value: str) -> Callable[[str], bool]:
    """A test for `%regex%`, for text with `*`, or for the text itself."""
    if len(value) > 2 and value.startswith("%") and value.endswith("%"):
        return regex(value[1:-1])
    if "*" in value:
        parts = [re.escape(part) for part in value.split("*")]
        full = re.compile(".*".join(parts), re.DOTALL).fullmatch
        return lambda text: full(text) is not None
    return lambda text: text == value
