"""A page of a site from the edge's cache.

python -m benchmarks.site [ADDRESS OF A PAGE ON A PEER]
"""

import sys
from urllib.parse import urlsplit

from benchmarks.harness import Target, load, say, server

PAGE = b"<!doctype html><title>x</title>" + b"<p>A page of ordinary size.</p>" * 60


def main() -> None:
    """Print the figures."""
    if len(sys.argv) > 1:
        address = urlsplit(sys.argv[1])
        measure(Target(f"{address.scheme}://{address.netloc}"), address.path or "/")
        return
    with server() as target:
        measure(target, deploy(target))


def deploy(target: Target) -> str:
    """A bucket with a page behind a distribution; the page's path."""
    s3, cloudfront = target.client("s3"), target.client("cloudfront")
    s3.create_bucket(Bucket="bench-site")
    s3.put_object(Bucket="bench-site", Key="index.html", Body=PAGE, ContentType="text/html",
                  CacheControl="max-age=3600")  # fmt: skip
    control = cloudfront.create_origin_access_control(OriginAccessControlConfig={
        "Name": "bench", "SigningProtocol": "sigv4", "SigningBehavior": "always",
        "OriginAccessControlOriginType": "s3",
    })["OriginAccessControl"]["Id"]  # fmt: skip
    made = cloudfront.create_distribution(DistributionConfig={
        "CallerReference": "bench", "Comment": "", "Enabled": True,
        "DefaultRootObject": "index.html",
        "Origins": {"Quantity": 1, "Items": [{
            "Id": "site", "DomainName": "bench-site.s3.us-east-1.amazonaws.com",
            "OriginAccessControlId": control, "S3OriginConfig": {"OriginAccessIdentity": ""},
        }]},
        "DefaultCacheBehavior": {
            "TargetOriginId": "site", "ViewerProtocolPolicy": "allow-all",
            "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
        },
    })["Distribution"]  # fmt: skip
    s3.put_bucket_policy(Bucket="bench-site", Policy=(
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject",'
        '"Principal":{"Service":"cloudfront.amazonaws.com"},'
        '"Resource":"arn:aws:s3:::bench-site/*"}]}'
    ))  # fmt: skip
    return f"/_aws/cloudfront/{made['Id']}/"


def measure(target: Target, path: str) -> None:
    """Measure one server."""
    host = urlsplit(target.endpoint).netloc
    request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
    for connections in (1, 16):
        say(f"site page, {connections} connection(s)", load(target, [request], connections))


if __name__ == "__main__":
    main()
