"""Where template URLs lead."""

import pytest

from airside.services.cloudformation.location import Location, locate
from airside.services.cloudformation.template import TemplateError


@pytest.mark.parametrize(
    ("url", "bucket", "key"),
    [
        ("http://127.0.0.1:4566/bucket/a/b.template", "bucket", "a/b.template"),
        ("http://localhost:4566/bucket/key", "bucket", "key"),
        ("https://s3.amazonaws.com/bucket/key", "bucket", "key"),
        ("https://s3.eu-west-1.amazonaws.com/bucket/a%20b", "bucket", "a b"),
        ("https://s3-eu-west-1.amazonaws.com/bucket/key", "bucket", "key"),
        ("https://bucket.s3.amazonaws.com/key", "bucket", "key"),
        ("https://my.bucket.s3.us-east-1.amazonaws.com/a/b", "my.bucket", "a/b"),
        ("https://bucket.s3-us-west-2.amazonaws.com/key", "bucket", "key"),
        ("http://bucket.s3.localhost:4566/key", "bucket", "key"),
        ("http://bucket.s3.us-east-1.localhost:4566/key", "bucket", "key"),
        ("http://bucket.localhost:4566/key", "bucket", "key"),
    ],
)
def test_every_shape(url: str, bucket: str, key: str) -> None:
    assert locate(url) == Location(bucket, key)


def test_versions() -> None:
    assert locate("http://x/bucket/key?versionId=v1") == Location("bucket", "key", "v1")


@pytest.mark.parametrize(
    "url", ["", "file:///etc/passwd", "http://127.0.0.1/key", "s3://bucket/key"]
)
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(TemplateError, match="TemplateURL must be a supported URL"):
        locate(url)
