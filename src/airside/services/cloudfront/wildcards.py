"""Patterns of path behaviours and signed policies: `*` for anything, `?` for one letter. Pure."""

import re


def wildcards(text: str) -> "re.Pattern[str]":
    """`text` as a pattern for the whole of something.

    What a `*` in the middle took is never given back (the first fit of what follows is as good as
    any later one), so that no address makes the search slow.
    """
    first, *rest = (_literal(piece) for piece in text.split("*"))
    if not rest:
        return re.compile(first, re.DOTALL)
    middle = "".join(f"(?>.*?{piece})" for piece in rest[:-1])
    return re.compile(f"{first}{middle}.*{rest[-1]}", re.DOTALL)


def _literal(piece: str) -> str:
    return "".join("." if letter == "?" else re.escape(letter) for letter in piece)
