"""What the edge compresses, and how. Pure.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/ServingCompressedFiles.html
"""

import gzip

import brotli

from airside.services.cloudfront import limits

_BROTLI_QUALITY = 5
"""Smaller than gzip's default, in about the same time."""

_TYPES = frozenset(
    {
        "application/dash+xml", "application/eot", "application/font", "application/font-sfnt",
        "application/javascript", "application/json", "application/opentype", "application/otf",
        "application/pdf", "application/pkcs7-mime", "application/protobuf", "application/rss+xml",
        "application/truetype", "application/ttf", "application/vnd.apple.mpegurl",
        "application/vnd.mapbox-vector-tile", "application/vnd.ms-fontobject", "application/wasm",
        "application/xhtml+xml", "application/xml", "application/x-font-opentype",
        "application/x-font-truetype", "application/x-font-ttf", "application/x-httpd-cgi",
        "application/x-javascript", "application/x-mpegurl", "application/x-opentype",
        "application/x-otf", "application/x-perl", "application/x-ttf", "font/eot", "font/opentype",
        "font/otf", "font/ttf", "image/svg+xml", "text/css", "text/csv", "text/html",
        "text/javascript", "text/js", "text/plain", "text/richtext", "text/tab-separated-values",
        "text/xml", "text/x-component", "text/x-java-source", "text/x-script", "vnd.apple.mpegurl",
    }
)  # fmt: skip


def compressible(status: int, content_type: str, content_encoding: str, size: int) -> bool:
    """Whether a response is one that the edge compresses."""
    return (
        status in (200, 403, 404)
        and not content_encoding
        and limits.COMPRESSED_BYTES_MIN <= size <= limits.COMPRESSED_BYTES_MAX
        and content_type.partition(";")[0].strip().lower() in _TYPES
    )


def compress(data: bytes, coding: str) -> bytes:
    """`data` in a content coding."""
    if coding == "br":
        packed: bytes = brotli.compress(data, quality=_BROTLI_QUALITY)
        return packed
    return gzip.compress(data, 6, mtime=0)
