"""Where requests to a bucket go, and that their signatures are those that botocore makes."""

from types import SimpleNamespace

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from airside.cli.sites.bucket import Bucket, open_bucket
from airside.cli.sites.transport import Keys, Transport


@pytest.mark.parametrize(("base", "bucket", "endpoint", "path"), [
    ("https://s3.eu-west-1.amazonaws.com", "shop", "https://shop.s3.eu-west-1.amazonaws.com", ""),
    ("https://s3.amazonaws.com", "shop", "https://shop.s3.amazonaws.com", ""),
    ("https://s3.cn-north-1.amazonaws.com.cn", "shop",
     "https://shop.s3.cn-north-1.amazonaws.com.cn", ""),
    ("https://s3.amazonaws.com", "my.shop", "https://s3.amazonaws.com", "/my.shop"),
    ("http://127.0.0.1:4566", "shop", "http://127.0.0.1:4566", "/shop"),
])  # fmt: skip
def test_virtual_hosts_on_aws_and_paths_elsewhere(base, bucket, endpoint, path):
    cloud = SimpleNamespace(
        bucket_region=lambda _: "eu-west-1", s3_endpoint=lambda _: base, keys=None, ca_bundle=None
    )
    found = open_bucket(cloud, bucket, "docs")
    assert (found.transport.endpoint, found.path, found.prefix) == (endpoint, path, "docs/")


@given(
    name=st.text(min_size=1, max_size=20).filter(lambda name: name.isprintable()),
    query=st.sampled_from(["", "list-type=2&prefix=a%2Fb%20c&continuation-token=x%2B%3D", "delete="]),
    body=st.binary(max_size=50),
    token=st.sampled_from([None, "a-token/+="]),
)  # fmt: skip
def test_signatures_are_those_of_botocore(name, query, body, token):
    transport = Transport("http://127.0.0.1:4566", "eu-west-1", lambda: Keys("id", "secret", token))
    bucket = SimpleNamespace(path="/shop", prefix="docs/")
    path = Bucket._url(bucket, name)
    ours = transport._signed("PUT", path, query, {"content-type": "text/html"}, body, "s3")
    url = f"http://127.0.0.1:4566{path}" + (f"?{query}" if query else "")
    theirs = AWSRequest("PUT", url, data=body, headers={
        name: ours[name] for name in ("content-type", "host", "content-length")
    })  # fmt: skip
    theirs.context["timestamp"] = ours["x-amz-date"]
    theirs.context["payload_signing_enabled"] = True
    signer = S3SigV4Auth(Credentials("id", "secret", token), "s3", "eu-west-1")
    signer._modify_request_before_signing(theirs)
    del theirs.headers["X-Amz-Date"]
    theirs.headers["X-Amz-Date"] = ours["x-amz-date"]
    canonical = signer.canonical_request(theirs)
    signature = signer.signature(signer.string_to_sign(theirs, canonical), theirs)
    assert ours["authorization"].endswith(f"Signature={signature}"), canonical
