"""Expression text to tokens."""

import re
from typing import NamedTuple

_TOKEN = re.compile(
    r"[ \t\r\n]*(?:(?P<name>[A-Za-z][A-Za-z0-9_]*)"
    r"|(?P<alias>\#[A-Za-z0-9_]+)"
    r"|(?P<value>:[A-Za-z0-9_]+)"
    r"|(?P<index>[0-9]+)"
    r"|(?P<sign><=|>=|<>|[=<>()\[\],.+\-])"
    r"|(?P<end>\Z)"
    r"|(?P<junk>.))",
    re.ASCII | re.DOTALL,
)


class Token(NamedTuple):
    """`kind` is name, alias, value, index, sign, end or junk."""

    kind: str
    text: str
    start: int
    end: int


class ExpressionError(Exception):
    """What is wrong with an expression, without the `Invalid ...Expression:` that clients see."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def tokens(text: str) -> list[Token]:
    """All tokens of `text`, the last of them of kind `end`."""
    found: list[Token] = []
    position = 0
    while True:
        match = _TOKEN.match(text, position)
        assert match is not None
        assert match.lastgroup is not None
        kind = match.lastgroup
        found.append(Token(kind, match[kind], match.start(kind), match.end(kind)))
        if kind == "end":
            return found
        position = match.end()


class Cursor:
    """A position in the tokens of one expression."""

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

    def sign(self, text: str) -> bool:
        """Take the next token if it is this sign."""
        token = self._tokens[self._at]
        if token.text == text and token.kind == "sign":
            self._at += 1
            return True
        return False

    def at_keyword(self, word: str) -> bool:
        """Whether the next token is this keyword, in any letter case."""
        token = self._tokens[self._at]
        return token.kind == "name" and token.text.upper() == word

    def keyword(self, word: str) -> bool:
        """Take the next token if it is this keyword."""
        if self.at_keyword(word):
            self._at += 1
            return True
        return False

    def expect(self, text: str) -> None:
        """Take this sign or fail."""
        if not self.sign(text):
            raise self.unexpected()

    @property
    def tokens(self) -> list[Token]:
        """All of them."""
        return self._tokens

    def mark(self) -> int:
        """A position to come back to."""
        return self._at

    def reset(self, mark: int) -> None:
        """Come back to it."""
        self._at = mark

    def unexpected(self) -> ExpressionError:
        """The next token cannot stand here. AWS shows the tokens before and after it as well."""
        token = self.token
        first = self._tokens[self._at - 1] if self._at else token
        last = self.following if token.kind != "end" else first
        if last.kind == "end":
            last = token
        near = self.text[first.start : last.end]
        shown = token.text if token.kind != "end" else "<EOF>"
        return ExpressionError(f'Syntax error; token: "{shown}", near: "{near}"')
