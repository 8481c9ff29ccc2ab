"""PartiQL text to tokens, of kind word, quoted, string, number, sign, end or junk.

Texts and quoted names stand in their tokens without the quotes.
"""

import re

from airside.services.dynamodb.errors import ValidationException
from airside.services.dynamodb.tokens import Cursor, Token

_TOKEN = re.compile(
    r"(?:[ \t\r\n\f]|--[^\n]*(?:\n|\Z))*"
    r"(?:(?P<word>[A-Za-z_$][A-Za-z0-9_$]*)"
    r'|"(?P<quoted>(?:[^"]|"")*)"'
    r"|'(?P<string>(?:[^']|'')*)'"
    r"|(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<sign><<|>>|<=|>=|<>|!=|[=<>()\[\]{},.+\-*?:])"
    r"|(?P<end>;?[ \t\r\n\f]*\Z)"
    r"|(?P<junk>.))",
    re.ASCII | re.DOTALL,
)


def malformed(detail: str) -> ValidationException:
    """The statement is not PartiQL."""
    return ValidationException(f"Statement wasn't well formed, can't be processed: {detail}")


def tokens(text: str) -> list[Token]:
    """All tokens of `text`, the last of them of kind `end`."""
    found: list[Token] = []
    position = 0
    while True:
        match = _TOKEN.match(text, position)
        assert match is not None
        kind = match.lastgroup
        assert kind is not None
        content = match[kind]
        if kind == "quoted":
            content = content.replace('""', '"')
        elif kind == "string":
            content = content.replace("''", "'")
        elif kind == "junk":
            raise malformed("Invalid character")
        quotes = kind in ("quoted", "string")
        found.append(Token(kind, content, match.start(kind) - quotes, match.end()))
        if kind == "end":
            return found
        position = match.end()


class StatementCursor(Cursor):
    """A position in the tokens of one statement."""

    def __init__(self, text: str) -> None:
        super().__init__(text, tokens(text), "word")

    def unexpected(self) -> ValidationException:
        """The next token cannot stand here."""
        return malformed("Unexpected token")

    def position(self, token: Token) -> str:
        """Line, column and length of a token, as messages give them."""
        before = self.text[: token.start]
        column = len(before) - (before.rfind("\n") + 1) + 1
        return f"{before.count(chr(10)) + 1}:{column}:{token.end - token.start}"
