"""Names, addresses, plans and paths of a site's deploy: no server, no disk."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airside.cli.addresses import local_twin
from airside.cli.sites.edge import Distribution, _bucket_of, gathered
from airside.cli.sites.files import content_type, is_hashed, is_page
from airside.cli.sites.plan import Former, make_plan


@pytest.mark.parametrize("name", [
    "assets/index-DkLfX3aB.js", "assets/index-BxYz12_a.css", "main.8c2f7f3e.chunk.js",
    "app-5KJ3FVPE.js", "_next/static/chunks/main.js", "_app/immutable/nodes/0.js",
    "static/media/logo.6ce24c58023cc2f8fd88fe9d219db6c6.svg", "runtime.1a2b3c4d5e6f.js.map",
    "fonts/inter-0a1b2c3d.woff2",
])  # fmt: skip
def test_names_with_a_hash(name):
    assert is_hashed(name)


@pytest.mark.parametrize("name", [
    "index.html", "app.js", "photo-20240115.jpg", "report-2024final.pdf", "jquery-3.7.1.min.js",
    "my-JavaScript.js", "photo-iPhone15.png", "facade-defaced.css", "index-DkLfX3aB.html",
    "release-notes.json", "background.png", "bootstrap.bundle.min.js", "deadbeef-cafe.txt",
])  # fmt: skip
def test_names_without_one(name):
    assert not is_hashed(name)


def test_types_do_not_depend_on_the_machine():
    assert content_type("a.JS") == "text/javascript; charset=utf-8"
    assert content_type(".well-known/apple-app-site-association").startswith("application/json")
    assert content_type("movie.unheard") == "application/octet-stream"


names = st.sets(st.sampled_from(
    ["index.html", "a/index.html", "app.js", "x-1a2b3c4d.js", "y-1a2b3c4e.js", "z.css"]
))  # fmt: skip


@given(wanted=names, live=names, changed=names, former=names, delete=st.booleans())
def test_a_plan_is_whole_and_in_order(wanted, live, changed, former, delete):
    changed = (changed & wanted) | (wanted - live)
    plan = make_plan(wanted, live, changed, Former(former), delete=delete)
    phases = plan.phases()
    assert sorted(name for phase in phases for name in phase) == sorted(changed)
    order = [is_page(name) for phase in phases for name in phase]
    assert order == sorted(order), "pages come after all assets"
    gone = live - wanted if delete else set()
    assert {*plan.remove, *plan.kept} == gone
    assert all(is_hashed(name) and name in former for name in plan.kept)
    assert plan.unchanged == len(wanted) - len(changed)
    assert set(plan.stale()) >= changed & live, "what is replaced is always stale"


def distribution(**more):
    given = {
        "id": "E1", "domain": "d1.cloudfront.net", "aliases": (), "origin_path": "",
        "root_object": "index.html", "is_website": False, "error_pages": frozenset(),
        "varies_by_query": False,
    }  # fmt: skip
    return Distribution(**{**given, **more})


def test_paths_to_invalidate():
    assert distribution().paths(["index.html", "a b.css"]) == ["/", "/index.html", "/a%20b.css"]
    assert distribution(origin_path="/web").paths(["web/a.css", "other.css"]) == ["/a.css"]
    website = distribution(is_website=True, root_object="")
    assert website.paths(["docs/index.html"]) == ["/docs/", "/docs/index.html"]
    assert distribution(varies_by_query=True).paths(["a.css"]) == ["/a.css*"]
    fallback = distribution(error_pages=frozenset({"/index.html"}))
    assert fallback.paths(["app.js", "index.html"]) == ["/*"], "any path may hold that page"
    assert fallback.paths(["app.js"]) == ["/app.js"]


def test_many_paths_become_few():
    assert gathered([f"/css/{n}.css" for n in range(20)]) == ["/css/*"]
    assert gathered(["/a", *(f"/js/{n}.js" for n in range(20))]) == ["/a", "/js/*"]
    assert gathered([f"/{n}" for n in range(20)]) == ["/*"]


@pytest.mark.parametrize(("domain", "bucket"), [
    ("shop.s3.amazonaws.com", "shop"), ("my.s3.site.s3.eu-west-1.amazonaws.com", "my.s3.site"),
    ("shop.s3-website-us-east-1.amazonaws.com", "shop"), ("shop.s3.localhost", "shop"),
    ("api.execute-api.us-east-1.amazonaws.com", None), ("www.example.com", None),
])  # fmt: skip
def test_the_bucket_of_an_origin(domain, bucket):
    assert _bucket_of(domain) == bucket


def test_addresses_of_aws_and_where_they_answer_here():
    def here(address, environment="main"):
        sites = {"d1.cloudfront.net": "http://127.0.0.1:8000/"}
        return local_twin(address, "http://127.0.0.1:4566", environment, sites)

    api = "https://abc123.execute-api.us-east-1.amazonaws.com/api?x=1"
    assert here(api) == "http://127.0.0.1:4566/_aws/execute-api/abc123/api?x=1"
    assert here(api, "dev") == "http://127.0.0.1:4566/_env/dev/_aws/execute-api/abc123/api?x=1"
    assert here("https://d1.cloudfront.net") == "http://127.0.0.1:8000/"
    assert here("https://d1.cloudfront.net/a") == "http://127.0.0.1:8000/a"
    assert here("https://u1.lambda-url.us-east-1.on.aws/") == (
        "http://127.0.0.1:4566/_aws/lambda-url/u1/"
    )
    assert here("http://shop.s3-website-us-east-1.amazonaws.com") == (
        "http://shop.s3-website.localhost:4566/"
    )
    for other in ("shop-table", "https://example.com/", "d1.cloudfront.net", "arn:aws:s3:::x"):
        assert here(other) is None
