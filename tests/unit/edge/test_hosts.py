"""Which host and path mean what."""

import pytest

from airside.edge.hosts import Front, bucket_of, front_by_host, front_by_path

ZONES = {"execute-api", "s3-website", "cloudfront", "lambda-url"}


@pytest.mark.parametrize(
    ("host", "zone", "label", "environment"),
    [
        ("abc.execute-api.localhost", "execute-api", "abc", ""),
        ("abc.execute-api.us-east-1.amazonaws.com", "execute-api", "abc", ""),
        ("abc.execute-api.eu-central-1.localhost", "execute-api", "abc", ""),
        ("abc.execute-api.dev.localhost", "execute-api", "abc", "dev"),
        ("my.site.s3-website.localhost", "s3-website", "my.site", ""),
        ("site.s3-website-us-east-1.amazonaws.com", "s3-website", "site", ""),
        ("site.s3-website.eu-west-1.amazonaws.com", "s3-website", "site", ""),
        ("u1.lambda-url.us-east-1.on.aws", "lambda-url", "u1", ""),
        ("d1.cloudfront.localhost", "cloudfront", "d1", ""),
        ("d1.cloudfront.net", "cloudfront", "d1", ""),
    ],
)
def test_front_doors_by_host(host, zone, label, environment):
    assert front_by_host(host, "/x", ZONES) == Front(zone, label, environment, "/x")


@pytest.mark.parametrize("host", ["localhost", "execute-api.localhost", "example.com", "a.b.c"])
def test_other_hosts_are_no_front_doors(host):
    assert front_by_host(host, "/", ZONES) is None


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/_aws/execute-api/abc/prod/x", Front("execute-api", "abc", "", "/prod/x")),
        ("/_aws/execute-api/abc", Front("execute-api", "abc", "", "/")),
        ("/_env/dev/_aws/cloudfront/d1/", Front("cloudfront", "d1", "dev", "/")),
        ("/_aws/nowhere/abc", None),
        ("/bucket/_aws/execute-api", None),
    ],
)
def test_front_doors_by_path(path, expected):
    assert front_by_path(path, ZONES) == expected


@pytest.mark.parametrize(
    ("host", "bucket"),
    [
        ("photos.s3.localhost", "photos"),
        ("my.photos.s3.us-east-1.amazonaws.com", "my.photos"),
        ("photos.s3-eu-west-1.amazonaws.com", "photos"),
        ("photos.localhost", "photos"),
        ("s3.localhost", None),
        ("localhost", None),
        ("127.0.0.1", None),
        ("s3.us-east-1.amazonaws.com", None),
    ],
)
def test_buckets_in_host_names(host, bucket):
    assert bucket_of(host) == bucket


def test_a_label_may_begin_with_a_digit():
    host = "7ds9lhgm87.execute-api.us-east-1.amazonaws.com"
    assert front_by_host(host, "/", ZONES) == Front("execute-api", "7ds9lhgm87", "", "/")
