"""A distribution in front of a bucket, and visits to it."""

import http.server
import json
import threading
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

import pytest

OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"


@dataclass
class Reply:
    status: int
    headers: Any
    body: bytes

    @property
    def cache(self) -> str:
        return self.headers["X-Cache"].removesuffix(" from cloudfront")


class _Unfollowed(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_arguments):
        return None


@dataclass
class Site:
    """A distribution in front of a bucket."""

    s3: Any
    cloudfront: Any
    bucket: str
    id: str
    endpoint: str

    def get(
        self, path: str, method: str = "GET", body: bytes | None = None, **headers: str
    ) -> Reply:
        url = f"{self.endpoint}/_aws/cloudfront/{self.id}{path}"
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(url, data=body, method=method, headers=given)
        try:
            with urllib.request.build_opener(_Unfollowed).open(request) as answer:
                return Reply(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as answer:
            return Reply(answer.code, answer.headers, answer.read())

    def put(self, key: str, body: bytes, **more: Any) -> None:
        more.setdefault("ContentType", "text/html")
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=body, **more)

    def invalidate(self, *paths: str) -> Any:
        batch = {
            "Paths": {"Quantity": len(paths), "Items": list(paths)},
            "CallerReference": str(hash((paths, self.get("/reference").headers["X-Amz-Cf-Id"]))),
        }
        return self.cloudfront.create_invalidation(DistributionId=self.id, InvalidationBatch=batch)

    @property
    def config(self) -> dict[str, Any]:
        return self.cloudfront.get_distribution_config(Id=self.id)["DistributionConfig"]

    def change(self, **changes: Any) -> None:
        found = self.cloudfront.get_distribution_config(Id=self.id)
        config = {**found["DistributionConfig"], **changes}
        self.cloudfront.update_distribution(
            Id=self.id, IfMatch=found["ETag"], DistributionConfig=config
        )

    def behave(self, **changes: Any) -> None:
        """Change the default behaviour."""
        self.change(DefaultCacheBehavior={**self.config["DefaultCacheBehavior"], **changes})

    def cache_policy(self, name: str = "", **more: Any) -> str:
        """The id of a new cache policy; TTLs and parts of the key as given."""
        made = self.cloudfront.create_cache_policy(
            CachePolicyConfig={
                "Name": f"{self.bucket}-{name}",
                "MinTTL": more.get("MinTTL", 0),
                "DefaultTTL": more.get("DefaultTTL", 60),
                "MaxTTL": more.get("MaxTTL", 600),
                "ParametersInCacheKeyAndForwardedToOrigin": {
                    "EnableAcceptEncodingGzip": more.get("gzip", False),
                    "EnableAcceptEncodingBrotli": more.get("brotli", False),
                    "HeadersConfig": more.get("headers", {"HeaderBehavior": "none"}),
                    "CookiesConfig": more.get("cookies", {"CookieBehavior": "none"}),
                    "QueryStringsConfig": more.get("query", {"QueryStringBehavior": "none"}),
                },
            }
        )
        return made["CachePolicy"]["Id"]


def some(items: list[Any]) -> dict[str, Any]:
    """A list as CloudFront's configurations write it."""
    return {"Quantity": len(items), "Items": items}


def behavior(origin: str = "site", **more: Any) -> dict[str, Any]:
    return {
        "TargetOriginId": origin,
        "ViewerProtocolPolicy": "allow-all",
        "CachePolicyId": OPTIMIZED,
        "Compress": True,
        **more,
    }


def configuration(bucket: str, control: str, **more: Any) -> dict[str, Any]:
    origin = {
        "Id": "site",
        "DomainName": f"{bucket}.s3.us-east-1.amazonaws.com",
        "S3OriginConfig": {"OriginAccessIdentity": ""},
        "OriginAccessControlId": control,
    }
    return {
        "CallerReference": bucket,
        "Comment": "",
        "Enabled": True,
        "DefaultRootObject": "index.html",
        "Origins": {"Quantity": 1, "Items": [origin]},
        "DefaultCacheBehavior": behavior(),
        **more,
    }


def make_site(aws, name: str, server) -> Site:
    s3, cloudfront, bucket = aws("s3"), aws("cloudfront"), f"site-{name}"
    s3.create_bucket(Bucket=bucket)
    control = cloudfront.create_origin_access_control(
        OriginAccessControlConfig={
            "Name": bucket, "SigningProtocol": "sigv4", "SigningBehavior": "always",
            "OriginAccessControlOriginType": "s3",
        }
    )["OriginAccessControl"]["Id"]  # fmt: skip
    made = cloudfront.create_distribution(DistributionConfig=configuration(bucket, control))
    distribution = made["Distribution"]
    statement = {
        "Effect": "Allow", "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*",
        "Condition": {"StringEquals": {"AWS:SourceArn": distribution["ARN"]}},
    }  # fmt: skip
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    return Site(s3, cloudfront, bucket, distribution["Id"], server.endpoint)


@pytest.fixture
def site(aws, account, server) -> Site:
    return make_site(aws, account, server)


class Origin:
    """A web server of the test's own that answers as told, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.status, self.headers, self.body = 200, {}, b"hello"
        self.missing = 0
        """Bytes that are announced and never sent."""
        self.chunked = False
        self.delay = threading.Event()
        self.delay.set()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def answers(self, body: bytes = b"hello", status: int = 200, **headers: str) -> None:
        self.body, self.status = body, status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def _handler(origin) -> Any:  # noqa: N805  # `self` is the handler's
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def answer(self):
                size = int(self.headers.get("content-length", 0))
                self.sent = self.rfile.read(size) if size else b""
                origin.asked.append(self)
                origin.delay.wait(30)
                status = origin.status
                asked = self.headers.get("If-None-Match")
                if asked and asked == origin.headers.get("ETag"):
                    status = 304
                body = b"" if status == 304 else origin.body
                self.send_response(status)
                for name, value in origin.headers.items():
                    self.send_header(name, value)
                if origin.chunked:
                    self.send_header("Transfer-Encoding", "chunked")
                    body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
                else:
                    self.send_header("Content-Length", str(len(body) + origin.missing))
                self.end_headers()
                self.close_connection = origin.missing > 0
                if self.command != "HEAD":
                    self.wfile.write(body)

            def __getattr__(self, name):
                if name.startswith("do_"):
                    return self.answer
                raise AttributeError(name)

            def log_message(self, *_arguments):
                pass

        return Handler

    def close(self) -> None:
        self.delay.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def origin():
    made = Origin()
    yield made
    made.close()


def custom_origin(port: int, identifier: str = "site", **more: Any) -> dict[str, Any]:
    return {
        "Id": identifier,
        "DomainName": "localhost",
        "CustomOriginConfig": {
            "HTTPPort": port, "HTTPSPort": 443, "OriginProtocolPolicy": "http-only",
            "OriginSslProtocols": some(["TLSv1.2"]), "OriginReadTimeout": 30,
            "OriginKeepaliveTimeout": 5,
        },
        **more,
    }  # fmt: skip


@pytest.fixture
def edge(aws, account, server, origin) -> Site:
    """A distribution in front of `origin`, which caches for a minute unless told otherwise."""
    cloudfront = aws("cloudfront")
    site = Site(None, cloudfront, f"edge-{account}", "", server.endpoint)
    policy = site.cache_policy()
    config = configuration(
        site.bucket, "",
        Origins=some([custom_origin(origin.port)]),
        DefaultCacheBehavior=behavior(CachePolicyId=policy, Compress=False),
    )  # fmt: skip
    site.id = cloudfront.create_distribution(DistributionConfig=config)["Distribution"]["Id"]
    return site
