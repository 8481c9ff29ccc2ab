"""What is wrong with a template is said before anything happens, with its line."""

import pytest

from airside.services.cloudformation.graph import dependencies, order, reverse
from airside.services.cloudformation.template import TemplateError, parse
from airside.services.cloudformation.validation import check


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("Resourcen: {}", "Invalid template property or properties [Resourcen]", 1),
        ("Description: x",
         "Template format error: At least one Resources member must be defined.", None),
        ("Resources:\n  A:\n    Properties: {}",
         "Template format error: [/Resources/A] Every Resources object must contain a Type member.",
         2),
        ("Resources:\n  A-B:\n    Type: T",
         "Template format error: Resource name A-B is non alphanumeric.", 2),
        ("Resources:\n  A:\n    Type: T\n    Propertys: {}",
         "Invalid template resource property 'Propertys'", 4),
        ("Resources:\n  A:\n    Type: T\n    Properties:\n      X: !Ref B",
         "Template format error: Unresolved resource dependencies [B] in the Resources block of the "
         "template", 5),
        ("Resources:\n  A:\n    Type: T\n    DependsOn: [B]",
         "Template format error: Unresolved resource dependencies [B] in the Resources block of the "
         "template", 4),
        ("Resources:\n  A: {Type: T}\nOutputs:\n  O:\n    Value: !Sub '${Nope}'",
         "Template format error: Unresolved resource dependencies [Nope] in the Outputs block of "
         "the template", 5),
        ("Resources:\n  A: {Type: T}\nOutputs:\n  O: {}",
         "Template format error: Every Outputs member must contain a Value object", 4),
        ("Resources:\n  A:\n    Type: T\n    Condition: C",
         "Template format error: Unresolved condition dependency C in the Resources block of the "
         "template", 4),
        ("Resources:\n  A: {Type: T}\nConditions:\n  C: !Equals [!Ref A, x]",
         "Template format error: Unresolved dependencies [A]. Cannot reference resources in the "
         "Conditions block of the template", 4),
        ("Parameters:\n  P: {Default: x}\nResources:\n  A: {Type: T}",
         "Template format error: Every Parameters object must contain a Type member.", 2),
        ("Resources:\n  X: {Type: T, Properties: {R: !Ref B}}\n"
         "  A: {Type: T, DependsOn: B}\n  B: {Type: T, Properties: {R: !GetAtt A.Arn}}",
         "Circular dependency between resources: [A, B]", 3),
        ("Resources:\n  A: {Type: T, Properties: {R: !Ref A}}",
         "Circular dependency between resources: [A]", 2),
    ],
)  # fmt: skip
def test_mistakes(text: str, message: str, line: int | None) -> None:
    template = parse(text)
    with pytest.raises(TemplateError) as caught:
        check(template)
    assert caught.value.message == message
    assert template.line(caught.value.path) == line
    explained = template.explain(caught.value)
    assert explained == (f"{message} (line {line})" if line else message)


def test_dependencies_follow_the_branch_that_is_taken() -> None:
    template = parse(
        """
Conditions: {C: !Equals [a, b]}
Resources:
  A: {Type: T, Condition: C}
  B: {Type: T}
  D:
    Type: T
    DependsOn: B
    Properties: {X: !If [C, !Ref A, !Sub "${B.Arn} ${AWS::Region}"], Y: [!GetAtt E.Arn]}
  E: {Type: T}
"""
    )
    check(template)
    graph = dependencies(template, {"C": False})
    assert graph == {"B": frozenset(), "D": frozenset({"B", "E"}), "E": frozenset()}
    assert order(graph) == ["B", "E", "D"]
    assert reverse(graph) == {"B": frozenset({"D"}), "D": frozenset(), "E": frozenset({"D"})}
    assert "A" in dependencies(template)["D"]
