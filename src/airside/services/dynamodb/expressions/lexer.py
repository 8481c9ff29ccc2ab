"""Expression text to tokens, of kind name, alias, value, index, sign, end or junk."""

import re

from airside.services.dynamodb.tokens import Cursor, Token

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


class ExpressionCursor(Cursor):
    """A position in the tokens of one expression."""

    def __init__(self, text: str) -> None:
        super().__init__(text, tokens(text), "name")

    def unexpected(self) -> ExpressionError:
        """The next token cannot stand here. AWS shows the tokens before and after it as well."""
        token = self.token
        first = self.tokens[self._at - 1] if self._at else token
        last = self.following if token.kind != "end" else first
        if last.kind == "end":
            last = token
        near = self.text[first.start : last.end]
        shown = token.text if token.kind != "end" else "<EOF>"
        return ExpressionError(f'Syntax error; token: "{shown}", near: "{near}"')
