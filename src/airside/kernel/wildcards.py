"""Wildcards in texts that users wrote: `*` for anything, `?` for one letter. Pure."""

import re
from collections.abc import Mapping
from types import MappingProxyType

_NONE: Mapping[str, str] = MappingProxyType({})


def wildcards(text: str, literal: Mapping[str, str] = _NONE) -> "re.Pattern[str]":
    """`text` as a pattern for the whole of something.

    Letters in `literal` stand for the text that is given there. What a `*` in the middle took is
    never given back (the first fit of what follows is as good as any later one), so that nothing
    makes the search slow.
    """
    first, *rest = (_piece(piece, literal) for piece in text.split("*"))
    if not rest:
        return re.compile(first, re.DOTALL)
    middle = "".join(f"(?>.*?{piece})" for piece in rest[:-1])
    return re.compile(f"{first}{middle}.*{rest[-1]}", re.DOTALL)


def _piece(piece: str, literal: Mapping[str, str]) -> str:
    return "".join(
        re.escape(literal[letter]) if letter in literal else "." if letter == "?"
        else re.escape(letter)
        for letter in piece
    )  # fmt: skip
