"""Items as Amazon Ion text, one to a line, as exports write them and imports read them.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html and
https://amazon-ion.github.io/ion-docs/docs/spec.html. Of Ion's types those are read that DynamoDB
has: no timestamps, symbols, clobs and s-expressions, and no numbers that are not finite.
"""

import re
from collections.abc import Iterator
from typing import Any

from airside.services.dynamodb.values import Item

_VERSION = "$ion_1_0"
_SETS = {"SS": "S", "NS": "N", "BS": "B"}
_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_WORDS = {"null", "true", "false", "nan"}
_ESCAPES = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "v": "\v",
    '"': '"', "'": "'", "?": "?", "\\": "\\", "/": "/", "\n": "",
}  # fmt: skip
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)
_UNSAFE = re.compile(r"[\x00-\x1f\x7f\"'\\]")
_ZEROS_MAX = 6
_DEPTH_MAX = 200

_TOKEN = re.compile(
    r"""(?:\s|//[^\n]*|/\*.*?\*/)*
    (?: (?P<string>"(?:[^"\\]|\\.)*")
      | (?P<long>'''(?:[^\\]|\\.)*?''')
      | (?P<quoted>'(?:[^'\\]|\\.)*')
      | (?P<blob>\{\{[A-Za-z0-9+/=\s]*\}\})
      | (?P<hex>-?0[xX][0-9a-fA-F]{1,64}(?![0-9a-zA-Z]))
      | (?P<binary>-?0[bB][01]{1,256}(?![0-9a-zA-Z]))
      | (?P<number>-?[0-9][0-9_]*(?:\.[0-9_]*)?(?:[dDeE][+-]?[0-9]+)?)
      | (?P<word>[A-Za-z_$][A-Za-z0-9_$]*(?:\.[a-z]+)?)
      | (?P<mark>::|[{}\[\]:,])
      | (?P<end>\Z)
    )""",
    re.DOTALL | re.VERBOSE,
)


class NotIon(Exception):
    """A text is not Ion, or holds what DynamoDB has no type for."""


def line(*members: tuple[str, Item], under: str | None = None) -> bytes:
    """A line of an export: a struct of items, by name; `under` is the name of another around it."""
    text = ",".join(f"{name}:{_struct(item)}" for name, item in members)
    text = f"{{{text}}}" if under is None else f"{{{under}:{{{text}}}}}"
    return f"{_VERSION} {text}\n".encode()


def _struct(item: Item) -> str:
    return "{" + ",".join(f"{_symbol(n)}:{_value(v)}" for n, v in item.items()) + "}"


def _symbol(name: str) -> str:
    if _NAME.fullmatch(name) and name not in _WORDS:
        return name
    return f"'{_escaped(name)}'"


def _escaped(text: str) -> str:
    def escape(match: re.Match[str]) -> str:
        return f"\\{match[0]}" if match[0] in "\"'\\" else f"\\x{ord(match[0]):02x}"

    return _UNSAFE.sub(escape, text)


def _value(value: dict[str, Any]) -> str:
    ((kind, inner),) = value.items()
    if kind in _SETS:
        one = _SETS[kind]
        return f"$dynamodb_{kind}::[{','.join(_value({one: each}) for each in inner)}]"
    match kind:
        case "S":
            return f'"{_escaped(inner)}"'
        case "N":
            return _decimal(inner)
        case "B":
            return f"{{{{{inner}}}}}"
        case "BOOL":
            return "true" if inner else "false"
        case "NULL":
            return "null"
        case "L":
            return f"[{','.join(_value(each) for each in inner)}]"
    return _struct(inner)


def _decimal(text: str) -> str:
    """A canonical number: `103.`, `6d2`, `1.5`, `1d-130`."""
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
    whole, _, fraction = digits.partition(".")
    if not fraction:
        kept = whole.rstrip("0")
        if whole in ("0", kept):
            return f"{sign}{whole}."
        return f"{sign}{kept}d{len(whole) - len(kept)}"
    if whole == "0" and len(fraction) - len(fraction.lstrip("0")) >= _ZEROS_MAX:
        return f"{sign}{fraction.lstrip('0')}d-{len(fraction)}"
    return f"{sign}{whole}.{fraction}"


def read(text: str) -> Iterator[Any]:
    """The values of a text, as DynamoDB's JSON has them. Raises NotIon."""
    reader = _Reader(text)
    while reader.kind != "end":
        if (reader.kind, reader.text) == ("word", _VERSION):
            reader.advance()
        else:
            yield reader.value(0)


class _Reader:
    """One text, a token ahead."""

    def __init__(self, text: str) -> None:
        self._whole = text
        self._at = 0
        self.kind = self.text = ""
        self.advance()

    def advance(self) -> None:
        """To the next token."""
        match = _TOKEN.match(self._whole, self._at)
        if match is None or match.lastgroup is None:
            raise NotIon(f"unexpected text at {self._at}")
        self._at = match.end()
        self.kind, self.text = match.lastgroup, match[match.lastgroup]

    def value(self, depth: int) -> dict[str, Any]:
        """A value with its annotations."""
        if depth > _DEPTH_MAX:
            raise NotIon("nested too deeply")
        kind, text = self.kind, self.text
        self.advance()
        if self._is("::") and kind in ("word", "quoted"):
            self.advance()
            name = text if kind == "word" else _unquoted(text[1:-1])
            return _annotated(name, self.value(depth))
        if kind == "mark":
            return self._collection(text, depth)
        return self._scalar(kind, text)

    def _scalar(self, kind: str, text: str) -> dict[str, Any]:
        match kind:
            case "string":
                return {"S": _unquoted(text[1:-1])}
            case "long":
                return {"S": self._long(text)}
            case "blob":
                return {"B": "".join(text[2:-2].split())}
            case "hex" | "binary":
                return {"N": str(int(text, 16 if kind == "hex" else 2))}
            case "number":
                return {"N": _number(text)}
            case "word":
                return _word(text)
        raise NotIon(f"unexpected {text!r}")

    def _collection(self, text: str, depth: int) -> dict[str, Any]:
        if text == "[":
            return {"L": list(self._list(depth))}
        if text == "{":
            return {"M": dict(self._fields(depth))}
        raise NotIon(f"unexpected {text!r}")

    def _is(self, mark: str) -> bool:
        return self.kind == "mark" and self.text == mark

    def _long(self, first: str) -> str:
        found = _unquoted(first[3:-3])
        while self.kind == "long":
            found += _unquoted(self.text[3:-3])
            self.advance()
        return found

    def _list(self, depth: int) -> Iterator[dict[str, Any]]:
        while not self._is("]"):
            yield self.value(depth + 1)
            self._separate("]")
        self.advance()

    def _fields(self, depth: int) -> Iterator[tuple[str, dict[str, Any]]]:
        while not self._is("}"):
            if self.kind == "word":
                name = self.text
            elif self.kind in ("string", "quoted"):
                name = _unquoted(self.text[1:-1])
            else:
                raise NotIon(f"no name of a field: {self.text!r}")
            self.advance()
            if not self._is(":"):
                raise NotIon(f"no value of a field: {self.text!r}")
            self.advance()
            yield name, self.value(depth + 1)
            self._separate("}")
        self.advance()

    def _separate(self, end: str) -> None:
        if self._is(","):
            self.advance()
        elif not self._is(end):
            raise NotIon(f"unexpected {self.text!r}")


def _annotated(name: str, value: dict[str, Any]) -> dict[str, Any]:
    kind = name.removeprefix("$dynamodb_")
    if kind == name or kind not in _SETS:
        return value
    members = value.get("L")
    if members is None or any(_SETS[kind] not in each for each in members):
        raise NotIon(f"no {name}: {value!r}")
    return {kind: [each[_SETS[kind]] for each in members]}


def _word(text: str) -> dict[str, Any]:
    if text in ("true", "false"):
        return {"BOOL": text == "true"}
    if text == "null" or text.startswith("null."):
        return {"NULL": True}
    raise NotIon(f"a symbol: {text}")


def _number(text: str) -> str:
    plain = text.replace("_", "").replace("d", "e").replace("D", "e")
    return plain.rstrip(".").replace(".e", "e")


def _unquoted(text: str) -> str:
    """What stands between quotes, without escapes."""
    if "\\" not in text:
        return text
    try:
        return _ESCAPE.sub(_plain, text).encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        raise NotIon("half a character") from None


def _plain(match: re.Match[str]) -> str:
    code = match[1] or match[2] or match[3]
    try:
        return chr(int(code, 16)) if code else _ESCAPES[match[4]]
    except (KeyError, ValueError):
        raise NotIon(f"no such escape: {match[0]}") from None
