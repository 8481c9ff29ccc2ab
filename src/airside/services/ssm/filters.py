"""Filters of parameter lists. Pure.

https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_ParameterStringFilter.html
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from airside.services.ssm.errors import InvalidFilterKey
from airside.services.ssm.parameter import Parameter, below

Test = Callable[[Parameter], bool]
_VALUES: dict[str, Callable[[Parameter], list[str]]] = {
    "Name": lambda parameter: [parameter.name],
    "Type": lambda parameter: [parameter.latest.type],
    "KeyId": lambda parameter: [parameter.latest.key_id] if parameter.latest.key_id else [],
    "Tier": lambda parameter: [parameter.latest.tier],
    "DataType": lambda parameter: [parameter.latest.data_type],
    "Label": lambda parameter: parameter.latest.labels,
}


def compile_filters(filters: Iterable[Mapping[str, Any]]) -> Test:
    """A test that holds when all filters do."""
    tests = [_compile(each) for each in filters]
    return lambda parameter: all(test(parameter) for test in tests)


def _compile(filter_: Mapping[str, Any]) -> Test:
    key, values = filter_["Key"], list(filter_.get("Values", ()))
    if key == "Path":
        recursive = filter_.get("Option", "OneLevel") == "Recursive"
        return lambda parameter: any(
            below(parameter.name, path, recursive=recursive) for path in values
        )
    if key.startswith("tag:"):
        name = key[len("tag:") :]
        return lambda parameter: (
            name in parameter.tags and (not values or parameter.tags[name] in values)
        )
    of = _VALUES.get(key)
    if of is None:
        raise InvalidFilterKey(f"The following filter key is not valid: {key}.")
    compare = _comparison(filter_.get("Option", "Equals"))
    return lambda parameter: any(
        compare(found, wanted) for found in of(parameter) for wanted in values
    )


def _comparison(option: str) -> Callable[[str, str], bool]:
    if option == "BeginsWith":
        return lambda found, wanted: found.lstrip("/").startswith(wanted.lstrip("/"))
    if option == "Contains":
        return lambda found, wanted: wanted in found
    return lambda found, wanted: found == wanted
