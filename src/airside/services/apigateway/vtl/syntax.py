"""Reads templates: text, references, directives. Pure.

https://docs.aws.amazon.com/apigateway/latest/developerguide/models-mappings.html
https://velocity.apache.org/engine/1.7/user-guide.html
"""

import re
from collections.abc import Callable
from typing import Any

from airside.services.apigateway.vtl.expressions import Reader
from airside.services.apigateway.vtl.run import (
    TURNS_MAX,
    Break,
    Run,
    Step,
    Stop,
    TemplateError,
    Value,
    run_all,
    text,
    truth,
)

_SPECIAL = re.compile(r"(\\*)([$#])")
_DIRECTIVE = re.compile(r"#(?:\{([a-z]+)\}|([a-z]+))")
_LINE_END = re.compile(r"[ \t]*\r?\n")
_KNOWN = frozenset({"set", "if", "elseif", "else", "end", "foreach", "define", "stop", "break"})
_DEPTH_MAX = 60

Template = Callable[[dict[str, Any]], str]


def compile_template(source: str) -> Template:
    """A template as a function of its variables. Both raise TemplateError."""
    parser = _Parser(source, 0)
    steps, ended_by = parser.block()
    if ended_by:
        raise TemplateError(f"#{ended_by} without a beginning")

    def render(scope: dict[str, Any]) -> str:
        run = Run(scope)
        try:
            run_all(steps, run)
        except (Stop, Break):
            pass
        except RecursionError:
            raise TemplateError("the template nests too deeply") from None
        return "".join(run.out)

    return render


def _interpolated(content: str, depth: int) -> Value:
    """A text in double quotes."""
    steps, _ = _Parser(content, depth).block()

    def value(run: Run) -> str:
        outside, run.out = run.out, []
        try:
            run_all(steps, run)
            return "".join(run.out)
        finally:
            run.out = outside

    return value


class _Parser(Reader):
    def __init__(self, source: str, depth: int) -> None:
        super().__init__(source, _interpolated, depth)

    def block(self) -> tuple[list[Step], str]:
        """Steps up to the directive that ends the block, and its name; "" at the end."""
        self.depth += 1
        if self.depth > _DEPTH_MAX:
            raise TemplateError("the template nests too deeply")
        steps: list[Step] = []
        while True:
            match = _SPECIAL.search(self.source, self.position)
            if match is None:
                steps.append(_put_out(self.source[self.position :]))
                self.position = len(self.source)
                break
            steps.append(_put_out(self.source[self.position : match.start()]))
            self.position = match.start(2)
            if match[2] == "$":
                steps.append(self._dollar(len(match[1])))
                continue
            name = self._hash(steps, len(match[1]))
            if name:
                self.depth -= 1
                return steps, name
        self.depth -= 1
        return steps, ""

    def _dollar(self, backslashes: int) -> Step:
        reference = self.reference()
        if reference is None:
            self.position += 1
            return _put_out("\\" * backslashes + "$")
        shown = "\\" * (backslashes // 2)
        if backslashes % 2:
            return _put_out(shown + reference.source)
        return lambda run: run.write(shown + text(reference.value(run)))

    def _hash(self, steps: list[Step], backslashes: int) -> str:
        """Take what starts at a `#`; the name of a directive that ends a block."""
        source, start = self.source, self.position
        escaped = backslashes % 2 == 1
        if not escaped and source.startswith(("##", "#*", "#[["), start):
            steps.append(_put_out("\\" * backslashes))
            self._comment(steps)
            return ""
        match = _DIRECTIVE.match(source, start)
        name = (match[1] or match[2]) if match else ""
        if match is None or escaped or name not in _KNOWN:
            self.position += 1
            known = escaped and name in _KNOWN
            steps.append(_put_out("\\" * (backslashes // 2 if known else backslashes) + "#"))
            return ""
        steps.append(_put_out("\\" * (backslashes // 2)))
        self.position = match.end()
        if name in {"end", "else", "elseif"}:
            if name != "elseif":
                self._end_line()
            return name
        steps.append(self._directive(name))
        return ""

    def _comment(self, steps: list[Step]) -> None:
        source, start = self.source, self.position
        if source.startswith("##", start):
            end = source.find("\n", start)
            self.position = len(source) if end < 0 else end + 1
        elif source.startswith("#*", start):
            end = source.find("*#", start + 2)
            self.position = len(source) if end < 0 else end + 2
        else:
            end = source.find("]]#", start + 3)
            if end < 0:
                raise self.fail("']]#'")
            steps.append(_put_out(source[start + 3 : end]))
            self.position = end + 3

    def _end_line(self) -> None:
        match = _LINE_END.match(self.source, self.position)
        if match is not None:
            self.position = match.end()

    def _directive(self, name: str) -> Step:
        if name == "stop":
            return _stop
        if name == "break":
            return _break
        self.need("(")
        self.blank()
        if name == "set":
            return self._set()
        if name == "if":
            return self._if()
        return self._foreach() if name == "foreach" else self._define()

    def _set(self) -> Step:
        target = self.reference() if self.source.startswith("$", self.position) else None
        if target is None:
            raise self.fail("a reference")
        self.need("=")
        value = self.expression()
        self.need(")")
        self._end_line()
        return lambda run: target.assign(run, value(run))

    def _if(self) -> Step:
        branches: list[tuple[Value, list[Step]]] = []
        otherwise: list[Step] = []
        condition = self.expression()
        self.need(")")
        self._end_line()
        while True:
            steps, ended_by = self.block()
            branches.append((condition, steps))
            if ended_by == "elseif":
                self.need("(")
                condition = self.expression()
                self.need(")")
                self._end_line()
                continue
            if ended_by == "else":
                otherwise, ended_by = self.block()
            if ended_by != "end":
                raise self.fail("#end")
            break

        def choose(run: Run) -> None:
            for test, steps in branches:
                if truth(test(run)):
                    return run_all(steps, run)
            return run_all(otherwise, run)

        return choose

    def _foreach(self) -> Step:
        variable = self.reference() if self.source.startswith("$", self.position) else None
        if variable is None:
            raise self.fail("a reference")
        self.need("in")
        items = self.expression()
        steps = self._body()
        name = variable.name

        def loop(run: Run) -> None:
            _loop(run, name, items(run), steps)

        return loop

    def _body(self) -> list[Step]:
        self.need(")")
        self._end_line()
        steps, ended_by = self.block()
        if ended_by != "end":
            raise self.fail("#end")
        return steps

    def _define(self) -> Step:
        variable = self.reference() if self.source.startswith("$", self.position) else None
        if variable is None:
            raise self.fail("a reference")
        steps = self._body()
        name = variable.name

        def value(run: Run) -> str:
            outside, run.out = run.out, []
            try:
                run_all(steps, run)
                return "".join(run.out)
            finally:
                run.out = outside

        def define(run: Run) -> None:
            run.scope[name] = value

        return define


def _put_out(literal: str) -> Step:
    return lambda run: run.write(literal)


def _stop(_: Run) -> None:
    raise Stop


def _break(_: Run) -> None:
    raise Break


def _loop(run: Run, name: str, items: Any, steps: list[Step]) -> None:
    found = list(items.values()) if isinstance(items, dict) else items
    if not isinstance(found, list):
        return
    if len(found) > TURNS_MAX:
        raise TemplateError("a #foreach has more than 1000 turns")
    names = (name, "foreach", "velocityCount", "velocityHasNext")
    outside = {held: run.scope.get(held) for held in names}
    for index, item in enumerate(list(found)):
        more = index + 1 < len(found)
        run.scope[name] = item
        run.scope["velocityCount"] = index + 1
        run.scope["velocityHasNext"] = more
        run.scope["foreach"] = {
            "count": index + 1, "index": index, "hasNext": more, "first": index == 0,
            "last": not more, "parent": outside["foreach"],
        }  # fmt: skip
        try:
            run_all(steps, run)
        except Break:
            break
    run.scope.update(outside)
