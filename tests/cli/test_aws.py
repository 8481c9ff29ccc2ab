"""The same commands with AWS credentials: everything they ask for is an AWS API, and no more."""

import http.client
import http.server
import threading
import urllib.parse

import pytest
from tests.cli.conftest import page


class Aws:
    """Stands in for AWS: hands requests on to a server, and knows what was asked of it."""

    def __init__(self, server) -> None:
        self.asked = set()
        there = urllib.parse.urlsplit(server.endpoint)
        aws = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def answer(self):
                size = int(self.headers.get("content-length", 0))
                body = self.rfile.read(size)
                scope = self.headers.get("authorization", "").partition("Credential=")[2]
                service = scope.split("/")[3] if scope.count("/") > 3 else ""
                aws.asked.add((service, self.command, self.path.partition("?")[0]))
                other = http.client.HTTPConnection(there.hostname, there.port)
                other.putrequest(self.command, self.path, skip_host=True,
                                 skip_accept_encoding=True)  # fmt: skip
                for name, value in self.headers.items():
                    other.putheader(name, value)
                other.endheaders(body)
                reply = other.getresponse()
                content = reply.read()
                self.send_response(reply.status)
                for name, value in reply.getheaders():
                    if name.lower() not in ("transfer-encoding", "content-length", "date"):
                        self.send_header(name, value)
                told = reply.headers.get("content-length", "0")
                self.send_header(
                    "Content-Length", told if self.command == "HEAD" else str(len(content))
                )
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = answer  # noqa: N815  # their names

            def log_message(self, *_arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def environment(self):
        return {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
                "AWS_ENDPOINT_URL": self.endpoint, "AWS_DEFAULT_REGION": "us-east-1"}  # fmt: skip


@pytest.fixture
def cloud(server):
    made = Aws(server)
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_a_site_lives_on_aws_as_it_does_here(airside, cloud, site, s3, bucket, published):
    def there(*words, **more):
        return airside.json(*words, "--aws", data_dir=False, **cloud.environment, **more)

    first = there("sync", str(site(page(1) | {"large.bin": "x" * (9 << 20)})), bucket)
    assert (first["release"], first["distributions"]) == (1, [published.id])
    assert there("sync", str(site(page(1) | {"large.bin": "x" * (9 << 20)})), bucket)["release"] \
        is None  # fmt: skip
    second = there("sync", str(site(page(2))), bucket, "-m", "two")
    assert second["deleted"] == ["large.bin"]
    assert second["invalidated"][:2] == ["/", "/index.html"]
    back = there("site", "rollback", bucket)
    assert (back["release"], "large.bin" in back["uploaded"]) == (3, True)
    assert s3.get_object(Bucket=bucket, Key="index.html")["Body"].read().decode() \
        == page(1)["index.html"]  # fmt: skip
    history = there("site", "releases", bucket)["releases"]
    assert [one.get("message", "") for one in history] == ["", "two", ""]
    (listed,) = [one for one in there("site", "list")["sites"] if one["bucket"] == bucket]
    assert listed["address"].endswith(".cloudfront.net/")
    opened = airside("site", "open", bucket, "--aws", data_dir=False, **cloud.environment)
    assert opened.stdout == listed["address"] + "\n"
    # Seen from here, it is the same site with the same history.
    assert airside.json("site", "releases", bucket)["releases"] == history
    assert {service for service, _, _ in cloud.asked} == {"s3", "sts", "cloudfront"}
    own = [path for _, _, path in cloud.asked if path.startswith(("/_", "/airside"))]
    assert [path for path in own if not path.startswith("/airside-releases-")] == []
