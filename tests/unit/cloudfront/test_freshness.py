"""How long responses stay, against the table of CloudFront's guide."""

import pytest

from airside.services.cloudfront.freshness import directives, freshness
from airside.services.cloudfront.plan import CacheRule, ErrorRule


def seconds(rule, status=200, error=None, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return freshness(rule, status, named, error, 1_700_000_000.0, 10).seconds


ZERO = CacheRule(min_ttl=0, default_ttl=100, max_ttl=1000)
SOME = CacheRule(min_ttl=50, default_ttl=100, max_ttl=1000)


@pytest.mark.parametrize(
    ("rule", "headers", "kept"),
    [
        (ZERO, {}, 100),
        (ZERO, {"cache_control": "max-age=60"}, 60),
        (ZERO, {"cache_control": "max-age=5000"}, 1000),
        (ZERO, {"cache_control": "max-age=60, s-maxage=70"}, 70),
        (ZERO, {"expires": "Tue, 14 Nov 2023 22:14:20 GMT"}, 60),
        (ZERO, {"expires": "0"}, 0),
        (ZERO, {"cache_control": "max-age=60", "expires": "0"}, 60),
        (ZERO, {"cache_control": "no-store"}, 0),
        (ZERO, {"cache_control": "no-cache, max-age=60"}, 0),
        (ZERO, {"cache_control": 'private="x", max-age=60'}, 0),
        (ZERO, {"pragma": "no-cache"}, 100),
        (SOME, {"cache_control": "max-age=1"}, 50),
        (SOME, {"cache_control": "max-age=60"}, 60),
        (SOME, {"cache_control": "no-store"}, 50),
        (SOME, {"cache_control": "private"}, 50),
        (SOME, {"vary": "*"}, 50),
    ],
)
def test_successes(rule, headers, kept):
    assert seconds(rule, **headers) == kept


def test_errors():
    assert seconds(ZERO, 404) == 10
    assert seconds(ZERO, 403) == 0
    assert seconds(ZERO, 403, ErrorRule(403, "", 30)) == 30
    assert seconds(ZERO, 404, cache_control="max-age=60") == 60
    assert seconds(ZERO, 404, ErrorRule(404, "", 300), cache_control="max-age=60") == 300
    assert seconds(ZERO, 200 + 1) == 0


def test_what_browsers_must_do_is_not_what_the_edge_must():
    named = {"cache-control": "max-age=60, must-revalidate"}
    assert freshness(ZERO, 200, named, None, 0.0, 10).stale_if_error is None
    named = {"cache-control": "max-age=60, stale-if-error=0"}
    assert freshness(ZERO, 200, named, None, 0.0, 10).stale_if_error == 0


def test_values_may_be_quoted():
    found = directives('max-age="60", no-cache="Set-Cookie, X-Own" , private')
    assert found == {"max-age": "60", "no-cache": "Set-Cookie, X-Own", "private": ""}
