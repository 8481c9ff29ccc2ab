"""Tokens of expressions and of PartiQL statements, and a position among them."""

from typing import NamedTuple


class Token(NamedTuple):
    """What stands from `start` to `end` of a text; the lexers say which kinds there are."""

    kind: str
    text: str
    start: int
    end: int


class Cursor:
    """A position in the tokens of one text, the last of them of kind `end`.

    Signs are of kind `sign`, keywords of the kind `words`.
    """

    def __init__(self, text: str, tokens: list[Token], words: str) -> None:
        self.text = text
        self.tokens = tokens
        self._words = words
        self._at = 0

    @property
    def token(self) -> Token:
        """The token that comes next."""
        return self.tokens[self._at]

    @property
    def following(self) -> Token:
        """The token after that."""
        return self.tokens[min(self._at + 1, len(self.tokens) - 1)]

    def advance(self) -> Token:
        """Take the next token."""
        token = self.tokens[self._at]
        self._at += token.kind != "end"
        return token

    def at_sign(self, text: str) -> bool:
        """Whether the next token is this sign."""
        token = self.tokens[self._at]
        return token.text == text and token.kind == "sign"

    def sign(self, text: str) -> bool:
        """Take the next token if it is this sign."""
        token = self.tokens[self._at]
        if token.text == text and token.kind == "sign":
            self._at += 1
            return True
        return False

    def at_keyword(self, *words: str) -> bool:
        """Whether the next token is one of these keywords, in any letter case."""
        token = self.tokens[self._at]
        return token.kind == self._words and token.text.upper() in words

    def keyword(self, word: str) -> bool:
        """Take the next token if it is this keyword."""
        found = self.at_keyword(word)
        self._at += found
        return found

    def expect(self, text: str) -> None:
        """Take this sign or fail."""
        if not self.sign(text):
            raise self.unexpected()

    def mark(self) -> int:
        """A position to come back to."""
        return self._at

    def reset(self, mark: int) -> None:
        """Come back to it."""
        self._at = mark

    def unexpected(self) -> Exception:
        """The next token cannot stand here."""
        raise NotImplementedError
