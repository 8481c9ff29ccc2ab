"""The Rules of a template: what must hold of its parameters. Pure.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html
"""

from typing import Any

from airside.services.cloudformation.intrinsics import Scope, evaluate, holds, text_of
from airside.services.cloudformation.template import Path, Template, TemplateError


def check_rules(template: Template, scope: Scope) -> None:
    """Raise TemplateError for the first assertion that does not hold."""
    for name, rule in template.section("Rules").items():
        path: Path = ("Rules", name)
        if "RuleCondition" in rule and not _holds(rule["RuleCondition"], scope, path):
            continue
        for assertion in rule.get("Assertions", []):
            if not _holds(assertion["Assert"], scope, path):
                said = assertion.get("AssertDescription", "an assertion does not hold")
                raise TemplateError(f"Rule '{name}' failed: {said}", path)


def _holds(value: Any, scope: Scope, path: Path) -> bool:
    name, argument = next(iter(value.items())) if isinstance(value, dict) and value else ("", None)
    match name, argument:
        case "Fn::Not", [operand]:
            return not _holds(operand, scope, path)
        case "Fn::And", list():
            return all(_holds(operand, scope, path) for operand in argument)
        case "Fn::Or", list():
            return any(_holds(operand, scope, path) for operand in argument)
        case "Fn::EachMemberEquals", [items, wanted]:
            expected = text_of(evaluate(wanted, scope, path))
            return all(text_of(item) == expected for item in evaluate(items, scope, path))
        case "Fn::EachMemberIn", [items, among]:
            allowed = {text_of(item) for item in evaluate(among, scope, path)}
            return all(text_of(item) in allowed for item in evaluate(items, scope, path))
    return holds(value, scope, path)
