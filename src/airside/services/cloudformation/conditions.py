"""The Conditions of a template, evaluated once per deployment. Pure."""

from dataclasses import replace

from airside.services.cloudformation.intrinsics import Scope, holds
from airside.services.cloudformation.template import Template, TemplateError


def evaluate_conditions(template: Template, scope: Scope) -> dict[str, bool]:
    """Every condition's value. Raises TemplateError, also for conditions that need each other."""
    return _Conditions(template, scope).all()


class _Conditions(dict[str, bool]):
    """A mapping that evaluates a condition when it is first asked for."""

    def __init__(self, template: Template, scope: Scope) -> None:
        super().__init__()
        self._expressions = template.section("Conditions")
        self._scope = replace(scope, conditions=self)
        self._open: list[str] = []

    def all(self) -> dict[str, bool]:
        return {name: self[name] for name in self._expressions}

    def __contains__(self, name: object) -> bool:
        return name in self._expressions

    def __missing__(self, name: str) -> bool:
        if name in self._open:
            raise TemplateError(
                "Template error: Circular dependency between conditions: "
                f"[{', '.join(self._open)}]",
                ("Conditions", name),
            )
        self._open.append(name)
        self[name] = holds(self._expressions[name], self._scope, ("Conditions", name))
        self._open.remove(name)
        return self[name]
