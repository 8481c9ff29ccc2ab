"""The models' regular expressions, which are Java's, as Python's.

They differ in Unicode properties (`\\p{L}`), surrogate pairs, hyphens after a class (`[\\w-.]`),
`\\x{60}`, `\\z`; and `\\w`, `\\d`, `\\s` mean ASCII in Java.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from itertools import groupby

Ranges = tuple[tuple[int, int], ...]

_TOP = 0x10FFFF
_SCANNED = 0x20000
"""Beyond lie only ideographs, a few marks, and nothing."""
_IDEOGRAPHS = ((0x20000, 0x3FFFF),)
_POSIX: dict[str, Ranges] = {
    "ASCII": ((0, 127),),
    "Alpha": ((65, 90), (97, 122)),
    "Alnum": ((48, 57), (65, 90), (97, 122)),
    "Blank": ((9, 9), (32, 32)),
    "Cntrl": ((0, 31), (127, 127)),
    "Digit": ((48, 57),),
    "Graph": ((33, 126),),
    "Lower": ((97, 122),),
    "Print": ((32, 126),),
    "Punct": ((33, 47), (58, 64), (91, 96), (123, 126)),
    "Space": ((9, 13), (32, 32)),
    "Upper": ((65, 90),),
    "XDigit": ((48, 57), (65, 70), (97, 102)),
    "all": ((0, _TOP),),
}
_JOINED = {"LD": ("L", "Nd"), "IsAlphabetic": ("L", "Nl"), "IsWhitespace": ("Z", "Space")}
_TOKEN = re.compile(
    r"\\(?P<sign>[pP])(?:\{(?P<long>\w+)\}|(?P<short>[A-Z]))"
    r"|\\x\{(?P<hex>[0-9A-Fa-f]+)\}"
    r"|\\uD800\\uDC00-\\uDBFF\\uDFFF(?P<astral>)"
    r"|\\(?P<escaped>.)"
    r"|(?P<plain>.)",
    re.DOTALL,
)


@lru_cache(maxsize=4096)
def compiled(java: str) -> re.Pattern[str] | None:
    """Java's `java` for Python; None for what is no regular expression, or none Python has."""
    try:
        return re.compile(_Translation(java).text, re.ASCII)
    except (re.error, OverflowError, KeyError):
        return None


class _Translation:
    """One pass over one pattern."""

    def __init__(self, java: str) -> None:
        self._in_class = False
        self._last = ""
        """What was written last inside a class: `[`, `set` (as `\\w`), or one character."""
        self._out: list[str] = []
        for token in _TOKEN.finditer(java):
            self._token(token)
        self.text = "".join(self._out)

    def _token(self, token: re.Match[str]) -> None:
        if token["sign"]:
            ranges = _property(token["long"] or token["short"], negated=token["sign"] == "P")
            self._write(_charset(ranges), "set")
        elif token["hex"]:
            self._write(_literal(int(token["hex"], 16)), "one")
        elif token["astral"] is not None:
            self._write(_charset(((0x10000, _TOP),)), "set")
        elif token["escaped"]:
            self._escaped(token["escaped"])
        elif self._in_class:
            self._in_a_class(token["plain"])
        else:
            if token["plain"] == "[":
                self._in_class, self._last = True, "["
            self._out.append(token["plain"])

    def _write(self, text: str, kind: str) -> None:
        """Characters of a class, or a class of their own where there is none around them."""
        self._out.append(text if self._in_class or kind == "one" else f"[{text}]")
        self._last = kind

    def _escaped(self, character: str) -> None:
        self._out.append("\\Z" if character == "z" else f"\\{character}")
        self._last = "set" if character in "wWdDsS" else "one"

    def _in_a_class(self, character: str) -> None:
        if character == "]" and self._last != "[":
            self._in_class = False
            self._out.append("]")
            return
        if character == "^" and self._out[-1] == "[":
            self._out.append("^")
            return
        after_set = character == "-" and self._last == "set"
        doubled = character in "&|~-" and self._out[-1] == character
        if character == "[" or after_set or doubled:
            self._out.append("\\")
        self._out.append(character)
        self._last = "one"


def _property(name: str, *, negated: bool) -> Ranges:
    found = _ranges(name)
    if not negated:
        return found
    outside, start = [], 0
    for low, high in sorted(found):
        if low > start:
            outside.append((start, low - 1))
        start = max(start, high + 1)
    return (*outside, (start, _TOP)) if start <= _TOP else tuple(outside)


def _ranges(name: str) -> Ranges:
    """The code points of a property. Raises KeyError."""
    if name in _POSIX:
        return _POSIX[name]
    if name in _JOINED:
        return tuple(pair for part in _JOINED[name] for pair in _ranges(part))
    found = tuple(
        pair for category, pairs in _categories().items() if category.startswith(name)
        for pair in pairs
    )  # fmt: skip
    if not found:
        raise KeyError(name)
    return (*found, *_IDEOGRAPHS) if "Lo".startswith(name) else found


@lru_cache(maxsize=1)
def _categories() -> dict[str, list[tuple[int, int]]]:
    """Unicode's general categories, as ranges. Takes some 20 ms, when first needed."""
    found: dict[str, list[tuple[int, int]]] = {}
    at = 0
    for category, run in groupby(map(unicodedata.category, map(chr, range(_SCANNED)))):
        end = at + sum(1 for _ in run)
        found.setdefault(category, []).append((at, end - 1))
        at = end
    return found


def _charset(ranges: Iterable[tuple[int, int]]) -> str:
    return "".join(
        _literal(low) if low == high else f"{_literal(low)}-{_literal(high)}"
        for low, high in ranges
    )


def _literal(code: int) -> str:
    return f"\\U{code:08x}"
