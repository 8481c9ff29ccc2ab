"""Filter patterns: terms, phrases, regular expressions, JSON conditions, delimited fields. Pure.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
"""

import re
from collections.abc import Callable
from functools import lru_cache

from airside.services.logs.delimited_pattern import compile_delimited
from airside.services.logs.errors import InvalidParameterException
from airside.services.logs.json_pattern import compile_json
from airside.services.logs.patterns import regex

Matches = Callable[[str], bool]

_TERM = re.compile(r'\s*([?-]?)(?:"((?:[^"\\]|\\.)*)"|%((?:[^%\\]|\\.)+)%|([^\s"%]+))')


@lru_cache(maxsize=512)
def compile_pattern(pattern: str) -> Matches:
    """A test for messages. Raises InvalidParameterException for what is no pattern."""
    text = pattern.strip()
    if not text:
        return lambda _: True
    if text.startswith("{"):
        return compile_json(text)
    if text.startswith("["):
        return compile_delimited(text)
    return _compile_terms(text)


def _compile_terms(text: str) -> Matches:
    required: list[Matches] = []
    excluded: list[Matches] = []
    optional: list[Matches] = []
    position = 0
    while position < len(text):
        found = _TERM.match(text, position)
        if found is None:
            raise InvalidParameterException("Invalid filter pattern")
        position = found.end()
        sign, phrase, expression, word = found.groups()
        kind = {"": required, "-": excluded, "?": optional}[sign]
        if expression is not None:
            kind.append(regex(expression))
        else:
            kind.append(_term(_unescaped(phrase) if phrase is not None else word))
    if required or excluded:
        # Optional terms beside others are ignored.
        return lambda message: (
            all(test(message) for test in required) and not any(test(message) for test in excluded)
        )
    return lambda message: any(test(message) for test in optional)


def _term(text: str) -> Matches:
    """A term is found as a whole word: no letter or digit may go on at its ends."""
    left = r"(?<![A-Za-z0-9])" if text[:1].isalnum() else ""
    right = r"(?![A-Za-z0-9])" if text[-1:].isalnum() else ""
    search = re.compile(left + re.escape(text) + right).search
    return lambda message: search(message) is not None


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)
