"""Compressed bodies: requests that say so, and responses that clients are glad to get smaller.

DynamoDB takes requests in gzip or deflate and compresses answers of more than 4 KB for clients
that accept it; what it makes of odd `Accept-Encoding` headers was tried on AWS by others:
https://github.com/scylladb/scylladb/blob/master/test/alternator/test_compressed_response.py
"""

import gzip
import re
import zlib
from functools import lru_cache

COMPRESSED_BYTES_MIN = 4096
_LEVEL = 1
_QUALITY = re.compile(r"q=([^;]*)")


class Undecodable(Exception):
    """The body is not what its Content-Encoding says, or grows beyond the limit."""


def expand(body: bytes, encoding: str, limit: int) -> bytes:
    """The body behind a Content-Encoding. Raises Undecodable."""
    match encoding.strip().lower():
        case "gzip":
            return _inflate(body, 31, limit, several=True)
        case "deflate":
            return _inflate(body, 15, limit, several=False)
        case "" | "identity":
            return body
    raise Undecodable


def _inflate(body: bytes, window: int, limit: int, *, several: bool) -> bytes:
    """Inflate one stream, or as many as follow each other; junk behind them is ignored."""
    found = bytearray()
    while True:
        stream = zlib.decompressobj(window)
        try:
            found += stream.decompress(body, limit + 1 - len(found))
        except zlib.error:
            raise Undecodable from None
        if len(found) > limit or not stream.eof:
            raise Undecodable
        body = stream.unused_data
        if not several or not body.startswith(b"\x1f\x8b"):
            return bytes(found)


def compress(body: bytes, encoding: str) -> bytes:
    """The body in `gzip` or `deflate`."""
    if encoding == "gzip":
        return gzip.compress(body, _LEVEL, mtime=0)
    return zlib.compress(body, _LEVEL)


@lru_cache(maxsize=64)
def choose(accepted: str) -> str | None:
    """The encoding that an Accept-Encoding header likes best: gzip, deflate or none."""
    weights: dict[str, float] = {}
    for entry in accepted.lower().split(","):
        name, _, parameters = entry.partition(";")
        name = name.strip()
        if name in ("gzip", "deflate", "*"):
            weights[name] = max(weights.get(name, 0.0), _weight(parameters))
    others = weights.pop("*", 0.0)
    for name in ("gzip", "deflate"):
        weights.setdefault(name, others)
    best = max(weights, key=lambda name: weights[name])
    return best if weights[best] > 0 else None


def _weight(parameters: str) -> float:
    """The first `q=`; what is no number counts as 1."""
    match = _QUALITY.search(parameters)
    if match is None:
        return 1.0
    try:
        return min(1.0, float(match[1]))
    except ValueError:
        return 1.0
