"""Constraints of the models, in AWS's words."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airside.kernel import ServiceError
from airside.protocol import models, schema
from airside.protocol.validation import validate

SHAPES = {
    "Input": {"type": "structure", "required": ["Name", "Token"], "members": {
        "Name": {"shape": "Name"}, "Count": {"shape": "Count"}, "Ratio": {"shape": "Ratio"},
        "Mode": {"shape": "Mode"}, "Token": {"shape": "Text", "idempotencyToken": True},
        "Secret": {"shape": "Secret"}, "Data": {"shape": "Data"}, "Names": {"shape": "Names"},
        "Modes": {"shape": "Modes"}, "Items": {"shape": "Items"}, "Tags": {"shape": "Tags"},
        "ByName": {"shape": "ByName"}, "Choice": {"shape": "Choice"}, "Tree": {"shape": "Tree"},
    }},
    "Text": {"type": "string"},
    "Name": {"type": "string", "min": 3, "max": 5, "pattern": "[a-z]+"},
    "Count": {"type": "integer", "min": 1, "max": 10},
    "Ratio": {"type": "double", "min": 0, "max": 0.5},
    "Mode": {"type": "string", "enum": ["ON", "OFF"]},
    "Secret": {"type": "string", "min": 8, "sensitive": True},
    "Data": {"type": "blob", "max": 2},
    "Names": {"type": "list", "member": {"shape": "Name"}, "max": 2},
    "Modes": {"type": "list", "member": {"shape": "Mode"}},
    "Item": {"type": "structure", "required": ["Name"], "members": {"Name": {"shape": "Name"}}},
    "Items": {"type": "list", "member": {"shape": "Item"}, "min": 1},
    "Tags": {"type": "map", "key": {"shape": "Name"}, "value": {"shape": "Mode"}},
    "ByName": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Item"}, "max": 1},
    "Choice": {"type": "structure", "union": True, "members": {
        "A": {"shape": "Text"}, "B": {"shape": "Text"}}},
    "Tree": {"type": "structure", "members": {
        "Children": {"shape": "Trees"}, "Mode": {"shape": "Mode"}}},
    "Trees": {"type": "list", "member": {"shape": "Tree"}},
}  # fmt: skip


def model(**overlay):
    document = msgspec.convert({
        "metadata": {"apiVersion": "1", "endpointPrefix": "x", "protocol": "json"},
        "operations": {"Do": {"name": "Do", "input": {"shape": "Input"}}},
        "shapes": SHAPES,
    }, schema.ModelDocument)  # fmt: skip
    return models.ServiceModel("x", document, msgspec.convert(overlay, schema.Overlay))


def refusal(request, **overlay):
    made = model(**overlay)
    with pytest.raises(ServiceError) as caught:
        validate(made, made.operation("Do"), {"Name": "abc", **request})
    return caught.value


def constraint(request):
    message = refusal(request).message
    head, _, rest = message.partition(" validation error detected: Value ")
    assert head == "1"
    return rest.replace(" failed to satisfy constraint: Member must", " must")


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({"Name": "ab"}, "'ab' at 'name' must have length greater than or equal to 3"),
        ({"Name": "abcdef"}, "'abcdef' at 'name' must have length less than or equal to 5"),
        ({"Name": "a c"}, "'a c' at 'name' must satisfy regular expression pattern: [a-z]+"),
        ({"Name": "abc\n"}, "'abc\n' at 'name' must satisfy regular expression pattern: [a-z]+"),
        ({"Count": 0}, "'0' at 'count' must have value greater than or equal to 1"),
        ({"Count": 11}, "'11' at 'count' must have value less than or equal to 10"),
        ({"Ratio": 0.75}, "'0.75' at 'ratio' must have value less than or equal to 0.5"),
        ({"Mode": "on"}, "'on' at 'mode' must satisfy enum value set: [ON, OFF]"),
        ({"Data": b"abc"}, "'java.nio.HeapByteBuffer[pos=0 lim=3 cap=3]' at 'data' "
                           "must have length less than or equal to 2"),
        ({"Items": []}, "'[]' at 'items' must have length greater than or equal to 1"),
        ({"Items": [{"Name": "abc"}, {"Name": "x"}]},
         "'x' at 'items.2.member.name' must have length greater than or equal to 3"),
        ({"Items": [{}]}, "null at 'items.1.member.name' must not be null"),
        ({"Names": ["abc", "abc", "abc"]},
         "'[abc, abc, abc]' at 'names' must have length less than or equal to 2"),
        ({"Modes": ["ON", "x"]},
         "'[ON, x]' at 'modes' must satisfy constraint: "
         "[Member must satisfy enum value set: [ON, OFF]]"),
        ({"Tags": {"abc": "x"}},
         "'{abc=x}' at 'tags' failed to satisfy constraint: Map value must satisfy constraint: "
         "[Member must satisfy enum value set: [ON, OFF]]"),
        ({"Tags": {"x": "ON"}},
         "'{x=ON}' at 'tags' failed to satisfy constraint: Map keys must satisfy constraint: "
         "[Member must have length less than or equal to 5, Member must have length greater than "
         "or equal to 3, Member must satisfy regular expression pattern: [a-z]+]"),
        ({"ByName": {"k": {}}}, "null at 'byName.k.member.name' must not be null"),
        ({"Tree": {"Children": [{"Children": [{"Mode": "x"}]}]}},
         "'x' at 'tree.children.1.member.children.1.member.mode' "
         "must satisfy enum value set: [ON, OFF]"),
    ],
)  # fmt: skip
def test_constraints(request_, expected):
    assert constraint(request_) == expected


def test_what_is_right_passes():
    made = model()
    validate(made, made.operation("Do"), {
        "Name": "abc", "Count": 1, "Ratio": 0.5, "Mode": "ON", "Data": b"ab", "Names": ["abc"],
        "Modes": [], "Items": [{"Name": "abcde"}], "Tags": {}, "Choice": {"A": ""},
        "Tree": {"Children": []},
    })  # fmt: skip


def test_all_violations_are_told_at_once():
    message = refusal({"Name": "A", "Count": 0}).message
    assert message == (
        "3 validation errors detected: "
        "Value 'A' at 'name' failed to satisfy constraint: "
        "Member must have length greater than or equal to 3; "
        "Value 'A' at 'name' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: [a-z]+; "
        "Value '0' at 'count' failed to satisfy constraint: "
        "Member must have value greater than or equal to 1"
    )


def test_secrets_are_not_repeated():
    assert refusal({"Secret": "hunter2"}).message == (
        "1 validation error detected: Value at 'secret' failed to satisfy constraint: "
        "Member must have length greater than or equal to 8"
    )


def test_a_union_has_one_member():
    assert refusal({"Choice": {"A": "1", "B": "2"}}).name == "ValidationException"
    assert refusal({"Choice": {}}).name == "ValidationException"


def test_the_overlay_names_the_error():
    assert refusal({"Count": 0}).name == "ValidationException"
    entry = {"error": "BadRequestException", "requiredError": "MissingParameter"}
    assert refusal({"Count": 0}, validation=entry).name == "BadRequestException"
    missing = refusal({"Items": [{}]}, validation=entry)
    assert missing.name == "MissingParameter"
    assert missing.message == "The request must contain the parameter Name."


def test_the_overlay_words_an_enum():
    entry = {"enumErrors": {"Mode": ["NoSuchMode", "{value} at {path}: not in {enum}"]}}
    error = refusal({"Tree": {"Mode": "x"}}, validation=entry)
    assert (error.name, error.message) == ("NoSuchMode", "x at tree.mode: not in ON, OFF")


def test_newer_services_point_instead():
    error = refusal({"Items": [{"Name": "abc"}, {}]}, validation={"style": "smithy"})
    assert error.message == (
        "1 validation error detected: Value at '/Items/1/Name' failed to satisfy constraint: "
        "Member must not be null"
    )


@pytest.mark.parametrize("skip", ["*", "Do", "Input", "Count"])
def test_what_checks_itself_is_skipped(skip):
    made = model(validation={"skip": [skip]})
    validate(made, made.operation("Do"), {"Name": "abc", "Count": 99})


def test_java_patterns_that_python_lacks():
    role = models.load("iam")
    request = {"RoleName": "r", "AssumeRolePolicyDocument": "{}",
               "Tags": [{"Key": "k", "Value": "Straße 1_a/b=c+d-e@f"}]}  # fmt: skip
    validate(role, role.operation("CreateRole"), request)
    request["Tags"] = [{"Key": "k", "Value": "no|pipe"}]
    with pytest.raises(ServiceError) as caught:
        validate(role, role.operation("CreateRole"), request)
    assert "at 'tags.1.member.value'" in caught.value.message


TEXTS = st.sampled_from(["", "a", "abc", "abcdef", "ABC", "ON", "OFF", "secret12"])
ITEMS = st.lists(st.one_of(st.just({}), st.builds(dict, Name=TEXTS)), max_size=2)
TREES = st.recursive(
    st.fixed_dictionaries({}, optional={"Mode": TEXTS}),
    lambda below: st.fixed_dictionaries({"Children": st.lists(below, max_size=2)}),
    max_leaves=4,
)
REQUESTS = st.fixed_dictionaries({}, optional={
    "Name": TEXTS, "Count": st.integers(-1, 12), "Ratio": st.floats(-1, 1), "Mode": TEXTS,
    "Token": TEXTS, "Secret": TEXTS, "Data": st.binary(max_size=3),
    "Names": st.lists(TEXTS, max_size=3), "Modes": st.lists(TEXTS, max_size=2), "Items": ITEMS,
    "Tags": st.dictionaries(TEXTS, TEXTS, max_size=2),
    "ByName": st.dictionaries(TEXTS, st.builds(dict, Name=TEXTS), max_size=2),
    "Choice": st.fixed_dictionaries({}, optional={"A": TEXTS, "B": TEXTS}), "Tree": TREES,
})  # fmt: skip


@given(REQUESTS)
def test_what_is_sound_violates_nothing_and_all_else_does(request):
    made = model(validation={"notNullElements": True})
    operation = made.operation("Do")
    refused = False
    try:
        validate(made, operation, request)
    except ServiceError:
        refused = True
    violations = []
    operation.programs["validation"].check(request, (), violations)
    assert refused == bool(violations)
