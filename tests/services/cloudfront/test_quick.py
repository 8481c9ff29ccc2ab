"""Pages that are asked for again and again, at the port that the site has for itself."""

import gzip
import http.client
import time

import pytest
from tests.services.cloudfront.conftest import OPTIMIZED, Reply

from airside.cli.connection import Connection


class Port:
    """One kept connection to a site's own port."""

    def __init__(self, server, distribution: str) -> None:
        deadline = time.monotonic() + 10
        while True:
            found = Connection.find(server.data_dir).site_addresses().get(distribution)
            if found is not None or time.monotonic() > deadline:
                break
        assert found is not None
        host, _, port = found.removeprefix("http://").rstrip("/").rpartition(":")
        self.connection = http.client.HTTPConnection(host, int(port), timeout=20)

    def get(self, path: str = "/", method: str = "GET", **headers: str) -> Reply:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        self.connection.request(method, path, headers=given)
        answer = self.connection.getresponse()
        return Reply(answer.status, answer.headers, answer.read())


@pytest.fixture
def port(server, edge) -> Port:
    return Port(server, edge.id)


def test_hits_are_complete_responses(edge, origin, port):
    origin.answers(b"page", Content_Type="text/plain", ETag='"v"', X_Own="kept")
    replies = [port.get() for _ in range(4)]
    assert [reply.cache for reply in replies] == ["Miss", "Hit", "Hit", "Hit"]
    assert {reply.body for reply in replies} == {b"page"}
    slow, quick = replies[1], replies[3]
    assert {name for name, _ in slow.headers.items()} == {name for name, _ in quick.headers.items()}
    assert (quick.headers["Content-Length"], quick.headers["X-Own"]) == ("4", "kept")
    assert len({reply.headers["X-Amz-Cf-Id"] for reply in replies}) == 4
    assert len(quick.headers["X-Amz-Cf-Id"]) == 56
    deadline = time.monotonic() + 10
    while int(port.get().headers["Age"]) < 1:
        assert time.monotonic() < deadline
    head = port.get(method="HEAD")
    assert (head.headers["Content-Length"], head.body, head.cache) == ("4", b"", "Hit")
    assert len(origin.asked) == 1


def test_what_is_special_goes_the_long_way(edge, origin, port):
    origin.answers(b"0123456789", ETag='"v"')
    for _ in range(3):
        port.get()
    assert port.get(Range="bytes=2-3").body == b"23"
    assert port.get(If_None_Match='"v"').status == 304
    assert port.get(If_None_Match='"other"').status == 200
    assert port.get(method="POST").status == 403
    assert port.get("/?query=1").cache == "Hit"
    assert port.get(Via="1.1 x.cloudfront.net (CloudFront)").status == 200


def test_changes_count_for_hits_too(edge, origin, port):
    origin.answers(b"old")
    for _ in range(3):
        port.get()
    origin.answers(b"new")
    assert port.get().body == b"old"
    edge.invalidate("/*")
    assert port.get().body == b"new"
    for _ in range(3):
        port.get()
    edge.change(Enabled=False)
    assert port.get().status == 403
    edge.change(Enabled=True)
    assert port.get().cache == "Hit"


def test_hits_expire(edge, origin, port):
    origin.answers(b"page", Cache_Control="max-age=1")
    for _ in range(3):
        port.get()
    deadline = time.monotonic() + 10
    while len(origin.asked) < 2:
        assert port.get().body == b"page"
        assert time.monotonic() < deadline


def test_codings_are_apart(edge, origin, port):
    text = b"all work and no play " * 100
    origin.answers(text, Content_Type="text/html")
    edge.behave(CachePolicyId=OPTIMIZED, Compress=True)
    for _ in range(3):
        assert port.get().body == text
        assert gzip.decompress(port.get(Accept_Encoding="gzip").body) == text
    assert port.get(Accept_Encoding="gzip, deflate").headers["Content-Encoding"] == "gzip"


def test_the_length_of_what_is_not_kept_is_told(edge, origin, site):
    origin.answers(b"0123456789")
    assert edge.get("/", "HEAD").headers["Content-Length"] == "10"
    site.put("index.html", b"12345")
    assert site.get("/", "HEAD").headers["Content-Length"] == "5"


def test_what_is_stale_may_be_shown_while_it_is_renewed(edge, origin):
    origin.answers(b"one", Cache_Control="max-age=1, stale-while-revalidate=60")
    edge.get("/")
    origin.answers(b"two", Cache_Control="max-age=60")
    deadline = time.monotonic() + 10
    replies = []
    while not replies or replies[-1].body == b"one":
        replies.append(edge.get("/"))
        assert time.monotonic() < deadline
    assert {reply.cache for reply in replies} == {"Hit"}
    assert len(origin.asked) == 2
