"""Definitions of tables and indexes: checked, and turned into what is stored."""

from collections.abc import Mapping, Sequence
from typing import Any

from airside.services.dynamodb.errors import ValidationException
from airside.services.dynamodb.limits import (
    CAPACITY_MAX,
    GLOBAL_INDEXES_MAX,
    LOCAL_INDEXES_MAX,
    PROJECTED_ATTRIBUTES_MAX,
)
from airside.services.dynamodb.table import Index, KeySchema, Throughput
from airside.services.dynamodb.validation import (
    Problems,
    Request,
    Rule,
    check_name,
    java,
    rule,
    when_given,
)

_INVALID = "One or more parameter values were invalid: "
_ENUM = "Member must satisfy enum value set: "
_KEY_NAME_MAX = 255
KEY_PART_MAX = 4
"""Attributes in either part of the key of a global index."""

Definition = Mapping[str, Any]


@rule
def attribute_definitions(request: Request, problems: Problems) -> None:
    """Rule: names and types of AttributeDefinitions."""
    for position, definition in enumerate(request.get("AttributeDefinitions") or (), 1):
        place = f"attributeDefinitions.{position}.member"
        _attribute_name(problems, f"{place}.attributeName", definition.get("AttributeName"))
        _word(problems, f"{place}.attributeType", definition.get("AttributeType"), ("B", "N", "S"))


@rule
def key_schema(request: Request, problems: Problems) -> None:
    """Rule: the table's own KeySchema."""
    _key_schema(problems, "keySchema", request.get("KeySchema"), 2)


def _key_schema(problems: Problems, place: str, schema: Any, most: int) -> None:
    if schema is None:
        problems.add(place, None, "Member must not be null")
        return
    if not schema:
        problems.add(place, schema, "Member must have length greater than or equal to 1")
    elif len(schema) > most:
        shown = ", ".join(map(_shown, schema))
        problems.add(place, f"[{shown}]", f"Member must have length less than or equal to {most}")
    for position, element in enumerate(schema, 1):
        member = f"{place}.{position}.member"
        _attribute_name(problems, f"{member}.attributeName", element.get("AttributeName"))
        _word(problems, f"{member}.keyType", element.get("KeyType"), ("HASH", "RANGE"))


def _shown(element: Definition) -> str:
    name, kind = element.get("AttributeName"), element.get("KeyType")
    return f"KeySchemaElement(attributeName={name}, keyType={kind})"


def _attribute_name(problems: Problems, place: str, name: str | None) -> None:
    if name is None:
        problems.add(place, None, "Member must not be null")
    elif not name:
        problems.add(place, name, "Member must have length greater than or equal to 1")
    elif len(name) > _KEY_NAME_MAX:
        problems.add(place, name, f"Member must have length less than or equal to {_KEY_NAME_MAX}")


def _word(problems: Problems, place: str, value: str | None, allowed: Sequence[str]) -> None:
    if value is None:
        problems.add(place, None, "Member must not be null")
    elif value not in allowed:
        problems.add(place, value, f"{_ENUM}[{', '.join(allowed)}]")


@rule
def throughput(request: Request, problems: Problems) -> None:
    """Rule: ProvisionedThroughput of the table."""
    check_throughput(problems, "provisionedThroughput", request.get("ProvisionedThroughput"))


def check_throughput(problems: Problems, place: str, given: Definition | None) -> None:
    """Note what is wrong with a ProvisionedThroughput."""
    if given is None:
        return
    for member in ("writeCapacityUnits", "readCapacityUnits"):
        value = given.get(member[0].upper() + member[1:])
        if value is None:
            problems.add(f"{place}.{member}", None, "Member must not be null")
        elif value < 1:
            problems.add(
                f"{place}.{member}", value, "Member must have value greater than or equal to 1"
            )


def indexes(member: str) -> Rule:
    """Rule: LocalSecondaryIndexes or GlobalSecondaryIndexes."""
    most = 2 if member[0] == "L" else 2 * KEY_PART_MAX

    @when_given(member)
    def note(request: Request, problems: Problems) -> None:
        for position, given in enumerate(request.get(member) or (), 1):
            place = f"{member[0].lower()}{member[1:]}.{position}.member"
            check_index(problems, place, given, most)

    return note


def check_index(problems: Problems, place: str, given: Definition, most: int) -> None:
    """Note what is wrong with the members of one index definition."""
    name = given.get("IndexName")
    if name is None:
        problems.add(f"{place}.indexName", None, "Member must not be null")
    else:
        check_name(problems, f"{place}.indexName", name, 3)
    _key_schema(problems, f"{place}.keySchema", given.get("KeySchema"), most)
    projection = given.get("Projection")
    if projection is None:
        problems.add(f"{place}.projection", None, "Member must not be null")
    else:
        _check_projection(problems, f"{place}.projection", projection)
    check_throughput(problems, f"{place}.provisionedThroughput", given.get("ProvisionedThroughput"))


def _check_projection(problems: Problems, place: str, projection: Definition) -> None:
    kind = projection.get("ProjectionType")
    if kind is not None:
        _word(problems, f"{place}.projectionType", kind, ("ALL", "INCLUDE", "KEYS_ONLY"))
    names = projection.get("NonKeyAttributes")
    if names is None:
        return
    if not names:
        problems.add(
            f"{place}.nonKeyAttributes", names, "Member must have length greater than or equal to 1"
        )
    for position, name in enumerate(names, 1):
        _attribute_name(problems, f"{place}.nonKeyAttributes.{position}.member", name)


def schema_of(elements: Sequence[Definition], types: Mapping[str, str]) -> KeySchema:
    """The keys of a table or a local index: one partition and at most one sort attribute."""
    names = [element["AttributeName"] for element in elements]
    _check_defined(names, types)
    if len(names) == 2 and names[0] == names[1]:
        raise ValidationException(
            "Both the Hash Key and the Range Key element in the KeySchema have the same name"
        )
    if elements[0]["KeyType"] != "HASH":
        raise ValidationException(
            "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"
        )
    if len(elements) == 2 and elements[1]["KeyType"] != "RANGE":
        raise ValidationException(
            "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type"
        )
    return KeySchema((names[0],), tuple(names[1:]))


def _check_defined(names: Sequence[str], types: Mapping[str, str]) -> None:
    if any(name not in types for name in names):
        raise ValidationException(
            f"{_INVALID}Some index key attributes are not defined in AttributeDefinitions. "
            f"Keys: [{', '.join(names)}], AttributeDefinitions: [{', '.join(types)}]"
        )


def _global_schema_of(elements: Sequence[Definition], types: Mapping[str, str]) -> KeySchema:
    """The keys of a global index: up to four attributes in either part."""
    partition = [e["AttributeName"] for e in elements if e["KeyType"] == "HASH"]
    sort = [e["AttributeName"] for e in elements if e["KeyType"] == "RANGE"]
    if len(elements) <= 2 and len(partition) <= 1 and len(sort) <= 1:
        return schema_of(elements, types)
    names = [element["AttributeName"] for element in elements]
    _check_defined(names, types)
    if elements[0]["KeyType"] != "HASH":
        raise ValidationException(
            "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"
        )
    kinds = [element["KeyType"] for element in elements]
    if kinds != sorted(kinds):
        raise ValidationException(
            f"{_INVALID}HASH key attributes must precede RANGE key attributes in the KeySchema"
        )
    if len(set(names)) != len(names):
        raise ValidationException(
            "Both the Hash Key and the Range Key element in the KeySchema have the same name"
        )
    for noun, part in (("HASH", partition), ("RANGE", sort)):
        if len(part) > KEY_PART_MAX:
            raise ValidationException(
                f"{_INVALID}Number of {noun} key attributes in the KeySchema exceeds "
                f"the limit of {KEY_PART_MAX}"
            )
    return KeySchema(tuple(partition), tuple(sort))


def table_schema(request: Request) -> tuple[KeySchema, dict[str, str]]:
    """The keys of a new table, and the types of all key attributes."""
    definitions = request.get("AttributeDefinitions") or []
    types = {d["AttributeName"]: d["AttributeType"] for d in definitions}
    if len(types) != len(definitions):
        raise ValidationException(
            f"{_INVALID}Duplicate AttributeName in AttributeDefinitions: {_duplicate(definitions)}"
        )
    elements = request["KeySchema"]
    if len(elements) > len(definitions):
        raise ValidationException("Invalid KeySchema: Some index key attribute have no definition")
    schema = schema_of(elements, types)
    indexed = request.get("LocalSecondaryIndexes") or request.get("GlobalSecondaryIndexes")
    if not indexed and len(schema.names) != len(types):
        raise ValidationException(
            f"{_INVALID}Number of attributes in KeySchema does not exactly match number of "
            "attributes defined in AttributeDefinitions"
        )
    return schema, types


def _duplicate(definitions: Sequence[Definition]) -> str:
    seen: set[str] = set()
    for definition in definitions:
        if definition["AttributeName"] in seen:
            return str(definition["AttributeName"])
        seen.add(definition["AttributeName"])
    return ""


def table_indexes(
    request: Request, schema: KeySchema, types: Mapping[str, str], *, on_demand: bool
) -> list[Index]:
    """The indexes of a new table, numbered from 1."""
    found: list[Index] = []
    for is_global, member in ((False, "LocalSecondaryIndexes"), (True, "GlobalSecondaryIndexes")):
        given = request.get(member)
        if given is None:
            continue
        if not given:
            raise ValidationException(f"{_INVALID}List of {member} is empty")
        if not is_global and not schema.sort:
            raise ValidationException(
                f"{_INVALID}Table KeySchema does not have a range key, "
                "which is required when specifying a LocalSecondaryIndex"
            )
        for definition in given:
            index = index_of(
                definition, len(found) + 1, schema, types,
                is_global=is_global, on_demand=on_demand,
            )  # fmt: skip
            if any(other.name == index.name for other in found):
                raise ValidationException(f"{_INVALID}Duplicate index name: {index.name}")
            found.append(index)
    check_counts(found)
    check_all_keys_used(schema, found, types)
    return found


def check_counts(found: Sequence[Index]) -> None:
    """How many indexes a table may have, and how many attributes they may name."""
    if sum(not index.is_global for index in found) > LOCAL_INDEXES_MAX:
        raise ValidationException(
            f"{_INVALID}Number of LocalSecondaryIndexes exceeds per-table limit of "
            f"{LOCAL_INDEXES_MAX}"
        )
    if sum(index.is_global for index in found) > GLOBAL_INDEXES_MAX:
        raise ValidationException(
            f"{_INVALID}GlobalSecondaryIndex count exceeds the per-table limit of "
            f"{GLOBAL_INDEXES_MAX}"
        )
    named = sum(len(index.included) for index in found)
    if named > PROJECTED_ATTRIBUTES_MAX:
        raise ValidationException(
            f"{_INVALID}Number of unique non-key attributes projected exceeds "
            f"the limit of {PROJECTED_ATTRIBUTES_MAX}"
        )


def check_all_keys_used(
    schema: KeySchema, found: Sequence[Index], types: Mapping[str, str]
) -> None:
    """AWS refuses definitions of attributes that no key uses."""
    used = set(schema.names).union(*(index.schema.names for index in found))
    if used != set(types):
        raise ValidationException(
            f"{_INVALID}Some AttributeDefinitions are not used. AttributeDefinitions: "
            f"[{', '.join(types)}], keys used: [{', '.join(n for n in types if n in used)}]"
        )


def index_of(
    given: Definition,
    number: int,
    schema: KeySchema,
    types: Mapping[str, str],
    *,
    is_global: bool,
    on_demand: bool,
) -> Index:
    """One index from its definition."""
    name = given["IndexName"]
    if is_global:
        keys = _global_schema_of(given["KeySchema"], types)
    else:
        keys = schema_of(given["KeySchema"], types)
        _check_local(name, keys, schema)
    projection = given["Projection"]
    kind = projection.get("ProjectionType")
    if kind is None:
        raise ValidationException(f"{_INVALID}Unknown ProjectionType: null")
    included = projection.get("NonKeyAttributes")
    if included is not None and kind != "INCLUDE":
        raise ValidationException(
            f"{_INVALID}ProjectionType is {kind}, but NonKeyAttributes is specified"
        )
    if included is None and kind == "INCLUDE":
        raise ValidationException(
            f"{_INVALID}ProjectionType is INCLUDE, but NonKeyAttributes is not specified"
        )
    if included is not None and len(set(included)) != len(included):
        raise ValidationException(
            f"{_INVALID}Duplicate attribute name in NonKeyAttributes: {java(list(included))}"
        )
    return Index(
        name,
        number,
        is_global,
        keys,
        kind,
        tuple(included or ()),
        _index_throughput(given, name, on_demand=on_demand) if is_global else Throughput(),
        given.get("OnDemandThroughput"),
        given.get("WarmThroughput"),
    )


def _check_local(name: str, keys: KeySchema, schema: KeySchema) -> None:
    if not keys.sort:
        raise ValidationException(
            f"{_INVALID}Index KeySchema does not have a range key for index: {name}"
        )
    if keys.partition != schema.partition:
        raise ValidationException(
            f"{_INVALID}Index KeySchema does not have the same leading hash key as table "
            f"KeySchema for index: {name}. index hash key: {keys.partition[0]}, "
            f"table hash key: {schema.partition[0]}"
        )


def _index_throughput(given: Definition, name: str, *, on_demand: bool) -> Throughput:
    units = given.get("ProvisionedThroughput")
    if on_demand:
        if units is not None:
            raise ValidationException(
                f"{_INVALID}ProvisionedThroughput should not be specified for index: {name} "
                "when BillingMode is PAY_PER_REQUEST"
            )
        return Throughput()
    if units is None:
        raise ValidationException(
            f"{_INVALID}ProvisionedThroughput must be specified for index: {name}"
        )
    return throughput_of(units)


def throughput_of(units: Definition) -> Throughput:
    """ProvisionedThroughput as stored."""
    for member in ("ReadCapacityUnits", "WriteCapacityUnits"):
        if units[member] > CAPACITY_MAX:
            raise ValidationException(f"Given value {units[member]} for {member} is out of bounds")
    return Throughput(units["ReadCapacityUnits"], units["WriteCapacityUnits"])


def table_throughput(request: Request) -> Throughput:
    """The throughput of a new table; zero when billed by request."""
    units = request.get("ProvisionedThroughput")
    if request.get("BillingMode") == "PAY_PER_REQUEST":
        if units is not None:
            raise ValidationException(
                f"{_INVALID}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified "
                "when BillingMode is PAY_PER_REQUEST"
            )
        return Throughput()
    if units is None:
        raise ValidationException(
            f"{_INVALID}ReadCapacityUnits and WriteCapacityUnits must both be specified "
            "when BillingMode is PROVISIONED"
        )
    return throughput_of(units)
