"""Which route a request takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airside.gateway.matcher import Matcher

DOCUMENTED = [
    "GET /pets/dog/1",
    "GET /pets/dog/{id}",
    "GET /pets/{proxy+}",
    "ANY /{proxy+}",
    "$default",
]
"""https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html"""


@pytest.mark.parametrize(
    ("method", "path", "key", "variables"),
    [
        ("GET", "/pets/dog/1", "GET /pets/dog/1", {}),
        ("GET", "/pets/dog/2", "GET /pets/dog/{id}", {"id": "2"}),
        ("GET", "/pets/cat/1", "GET /pets/{proxy+}", {"proxy": "cat/1"}),
        ("POST", "/test/5", "ANY /{proxy+}", {"proxy": "test/5"}),
        ("POST", "/pets/dog/1", "ANY /{proxy+}", {"proxy": "pets/dog/1"}),
        ("GET", "/", "$default", {}),
        ("GET", "/pets/dog/a%20b%2Fc", "GET /pets/dog/{id}", {"id": "a b/c"}),
    ],
)
def test_the_most_specific_route_wins(method: str, path: str, key: str, variables: dict) -> None:
    matcher = Matcher([(key, key) for key in DOCUMENTED])
    assert matcher.match(method, path) == (key, variables)


def test_the_own_method_wins_over_any_and_no_route_is_no_match() -> None:
    matcher = Matcher([(key, key) for key in ["ANY /a", "POST /a", "GET /b/{x}/c", "GET /b/{y}/d"]])
    assert matcher.match("POST", "/a") == ("POST /a", {})
    assert matcher.match("PUT", "/a") == ("ANY /a", {})
    assert matcher.match("GET", "/b/1/c") == ("GET /b/{x}/c", {"x": "1"})
    assert matcher.match("GET", "/b/1/d") == ("GET /b/{y}/d", {"y": "1"})
    assert matcher.match("GET", "/a/") is None
    assert matcher.match("GET", "/b//c") is None
    assert matcher.match("DELETE", "/b/1/c") is None


segments = st.sampled_from(["a", "b", "{x}", "{y}", "{p+}"])


def _well_formed(path: tuple[str, ...]) -> bool:
    return all(not part.endswith("+}") for part in path[:-1])


paths = st.lists(segments, min_size=1, max_size=4).map(tuple).filter(_well_formed)


def _matches(route: tuple[str, ...], path: list[str]) -> bool:
    if not route:
        return not path
    if route[0] == "{p+}":
        return bool(path)
    return bool(path) and route[0] in {path[0], "{x}", "{y}"} and _matches(route[1:], path[1:])


def _rank(route: tuple[str, ...]) -> list[int]:
    return [2 if part == "{p+}" else 1 if part.startswith("{") else 0 for part in route]


@given(st.sets(paths), st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=4))
def test_the_tree_finds_what_comparing_every_route_finds(
    routes: set[tuple[str, ...]], path: list[str]
) -> None:
    unique = {tuple("{x}" if part == "{y}" else part for part in route) for route in routes}
    matcher = Matcher([("GET /" + "/".join(route), route) for route in unique])
    candidates = [route for route in unique if _matches(route, path)]
    found = matcher.match("GET", "/" + "/".join(path))
    if not candidates:
        assert found is None
    else:
        assert found is not None
        assert _rank(found[0]) == min(map(_rank, candidates))
