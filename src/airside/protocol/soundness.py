"""Whether a request satisfies every constraint of its model: yes or no, and quickly.

Almost every request does. Only for one that does not is it found out what is wrong with it, and
where, which is `validation`'s work.
"""

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

from airside.protocol.shapes import Shape

Holds = Callable[[Any], bool]


class SoundnessCompiler:
    """Compiles tests for the shapes below one request; None where there is nothing to test."""

    def __init__(
        self, skip: frozenset[str], rules: Callable[[Shape], Sequence[tuple[Holds, str]]], *,
        not_null: bool,
    ) -> None:  # fmt: skip
        self._skip = skip
        self._rules_of = rules
        self._not_null = not_null
        self._made: dict[str, Holds | None] = {}
        self._open: set[str] = set()

    def shape(self, shape: Shape) -> Holds | None:
        """The test of values of a shape."""
        if shape.opaque or shape.name in self._skip or shape.streaming or shape.event_stream:
            return None
        if shape.name in self._made:
            return self._made[shape.name]
        if shape.name in self._open:  # recursive: decided only when called
            return lambda value: self._again(shape.name, value)
        self._open.add(shape.name)
        made = self._made[shape.name] = self._compile(shape)
        self._open.discard(shape.name)
        return made

    def _again(self, name: str, value: Any) -> bool:
        holds = self._made[name]
        return holds is None or holds(value)

    def _compile(self, shape: Shape) -> Holds | None:
        if shape.type == "structure":
            return self._structure(shape)
        own = self._rules(shape)
        if shape.type == "list":
            return _both(own, self._elements(shape))
        if shape.type == "map":
            return _both(own, self._entries(shape))
        return own

    def _rules(self, shape: Shape, *, inline: bool = False) -> Holds | None:
        """What a shape asks of its own values; of elements also that they are there."""
        rules = [holds for holds, _ in self._rules_of(shape)]
        if not rules:
            return None
        if inline and self._not_null:
            rules.append(_is_there)
        if len(rules) == 3:  # a name's, usually: its length and what it is made of
            first, second, third = rules
            return lambda value: first(value) and second(value) and third(value)
        return reduce(_both_of, rules)

    def _structure(self, shape: Shape) -> Holds | None:
        tests = {}
        for member in shape.members.values():
            test = self.shape(member.shape)
            if test is not None:
                tests[member.name] = test
        required = [name for name in shape.required if not shape.members[name].idempotency_token]
        union = shape.union
        if not tests and not required and not union:
            return None
        find = tests.get

        def is_sound(value: Any) -> bool:
            for name in required:
                if name not in value:
                    return False
            for name, item in value.items():
                test = find(name)
                if test is not None and not test(item):
                    return False
            return not union or len(value) == 1

        return is_sound

    def _elements(self, shape: Shape) -> Holds | None:
        element = shape.element.shape
        inline = element.type not in {"structure", "list", "map"}
        test = self._rules(element, inline=True) if inline else self.shape(element)
        return _every(test)

    def _entries(self, shape: Shape) -> Holds | None:
        keys = _every(self._rules(shape.key.shape))
        target = shape.value.shape
        inline = target.type not in {"structure", "list", "map"}
        test = _every(self._rules(target, inline=True) if inline else self.shape(target))
        if test is None:
            return keys
        return _both(keys, lambda value: test(value.values()))


def _is_there(value: Any) -> bool:
    return value is not None


def _every(test: Holds | None) -> Holds | None:
    if test is None:
        return None

    def is_sound(values: Any) -> bool:
        for value in values:  # noqa: SIM110  a generator would cost more than most tests
            if not test(value):
                return False
        return True

    return is_sound


def _both(first: Holds | None, second: Holds | None) -> Holds | None:
    if first is None or second is None:
        return first or second
    return _both_of(first, second)


def _both_of(first: Holds, second: Holds) -> Holds:
    return lambda value: first(value) and second(value)
