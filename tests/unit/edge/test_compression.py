"""Compressed bodies: what Accept-Encoding means, and what a Content-Encoding promises."""

import gzip
import zlib

import pytest

from airside.edge.compression import Undecodable, choose, compress, expand


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [
        ("", None),
        ("identity", None),
        ("br, zstd, x-gzip", None),
        ("gzip, deflate", "gzip"),
        ("br, identity, deflate, gzip", "deflate"),
        ("GZIP, identity", "gzip"),
        ("dog, gzip ,, cat", "gzip"),
        ("gzip;q=0.8, deflate;q=0.5", "gzip"),
        ("br, gzip;q=0, deflate; q = 0.5", "deflate"),
        ("*", "gzip"),
        ("*, deflate", "deflate"),
        ("*, gzip;q=0.5", "deflate"),
        ("*;q=0", None),
        ("gzip ;q=0", None),
        ("gzip;q=31,deflate;q=51", "gzip"),
        ("deflate;q=0.5, gzip;q=1;q=0.2", "gzip"),
        ("deflate;q=0.5,gzip;q=0.x", "gzip"),
        ("deflate;q=-0.5,gzip;q=0.2", "gzip"),
        ("gzip;q=0, gzip;q=1, gzip;q=0", "gzip"),
        ('"gzip"', None),
        ("gzip:q=1", None),
    ],
)
def test_what_a_client_gets(accepted, chosen):
    assert choose(accepted) == chosen


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_there_and_back(encoding):
    assert expand(compress(b"x" * 10_000, encoding), encoding, 10_000) == b"x" * 10_000


def test_streams_that_follow_each_other():
    assert expand(gzip.compress(b"one ") + gzip.compress(b"two"), "gzip", 100) == b"one two"


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (b"", "gzip"),
        (b"", "deflate"),
        (b"plain", "gzip"),
        (b"plain", "deflate"),
        (b"plain", "br"),
        (gzip.compress(b"short", mtime=0)[:-1], "gzip"),
        (gzip.compress(b"x" * 101, mtime=0), "gzip"),
        (zlib.compress(b"x" * 101), "deflate"),
    ],
)
def test_what_is_no_such_body(body, encoding):
    with pytest.raises(Undecodable):
        expand(body, encoding, 100)
