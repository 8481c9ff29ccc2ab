"""PartiQL text to tokens."""

import re
from typing import NamedTuple

from airside.services.dynamodb.errors import ValidationException

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


class Token(NamedTuple):
    """`kind` is word, quoted, string, number, sign, end or junk; `text` is without quotes."""

    kind: str
    text: str
    start: int
    end: int


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


class Cursor:
    """A position in the tokens of one statement."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._tokens = tokens(text)
        self._at = 0

    @property
    def token(self) -> Token:
        """The token that comes next."""
        return self._tokens[self._at]

    @property
    def following(self) -> Token:
        """The token after that."""
        return self._tokens[min(self._at + 1, len(self._tokens) - 1)]

    def advance(self) -> Token:
        """Take the next token."""
        token = self._tokens[self._at]
        self._at += token.kind != "end"
        return token

    def at_sign(self, text: str) -> bool:
        """Whether the next token is this sign."""
        token = self._tokens[self._at]
        return token.kind == "sign" and token.text == text

    def sign(self, text: str) -> bool:
        """Take the next token if it is this sign."""
        found = self.at_sign(text)
        self._at += found
        return found

    def at_keyword(self, *words: str) -> bool:
        """Whether the next token is one of these keywords, in any letter case."""
        token = self._tokens[self._at]
        return token.kind == "word" and token.text.upper() in words

    def keyword(self, word: str) -> bool:
        """Take the next token if it is this keyword."""
        found = self.at_keyword(word)
        self._at += found
        return found

    def expect(self, text: str) -> None:
        """Take this sign or fail."""
        if not self.sign(text):
            raise malformed("Unexpected token")

    def position(self, token: Token) -> str:
        """Line, column and length of a token, as messages give them."""
        before = self.text[: token.start]
        column = len(before) - (before.rfind("\n") + 1) + 1
        return f"{before.count(chr(10)) + 1}:{column}:{token.end - token.start}"
