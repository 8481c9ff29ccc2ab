"""TLS and HTTP/2 on request: an authority of our own, every port speaks both."""

import base64
import hashlib
import shutil
import socket
import ssl
import stat
import urllib.error
import urllib.request

import boto3
import h2.config
import h2.connection
import h2.events
import pytest
from botocore.config import Config
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from tests.conftest import start_server
from tests.services.cloudfront.conftest import make_site

from airside.cli.connection import Connection

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)


@pytest.fixture(scope="module")
def secure(tmp_path_factory):
    running = start_server(tmp_path_factory.mktemp("tls") / "data", tls=True)
    yield running
    running.stop()
    log = (running.data_dir / "server.log").read_text()
    assert "Traceback" not in log, log[-4000:]


@pytest.fixture(scope="module")
def site(secure):
    made = make_site(secure.client, "tls", secure)
    made.put("index.html", b"<title>secure</title>")
    made.put("large.bin", b"0123456789" * 300_000, ContentType="application/octet-stream")
    return made


@pytest.fixture
def authority(secure):
    return secure.data_dir / "tls" / "authority.pem"


def over_tls(server, authority):
    """An S3 client of the HTTPS endpoint."""
    return boto3.client(
        "s3", endpoint_url=f"https://localhost:{server.port}", region_name="us-east-1",
        aws_access_key_id="test", aws_secret_access_key="test", verify=str(authority),
        config=Config(s3={"addressing_style": "path"}, signature_version="s3v4"),
    )  # fmt: skip


class Client:
    """An HTTP/2 client, one request at a time."""

    def __init__(self, port: int, authority, protocols=("h2",)) -> None:
        context = ssl.create_default_context(cafile=authority)
        context.set_alpn_protocols(list(protocols))
        raw = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.socket = context.wrap_socket(raw, server_hostname="localhost")
        self.port = port
        self.http = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        self.http.initiate_connection()
        self.socket.sendall(self.http.data_to_send())

    def begin(self, path: str, method: str = "GET", body: bytes = b"", **headers: str) -> int:
        stream = self.http.get_next_available_stream_id()
        named = [(":method", method), (":path", path), (":scheme", "https"),
                 (":authority", f"localhost:{self.port}")]  # fmt: skip
        named += [(name.replace("_", "-"), value) for name, value in headers.items()]
        self.http.send_headers(stream, named, end_stream=not body)
        self.socket.sendall(self.http.data_to_send())
        while body:
            size = min(self.http.local_flow_control_window(stream), 16_384, len(body))
            if size:
                self.http.send_data(stream, body[:size], end_stream=size == len(body))
                body = body[size:]
                self.socket.sendall(self.http.data_to_send())
            else:
                self.receive()
        return stream

    def receive(self) -> list:
        data = self.socket.recv(65_536)
        assert data, "the server closed the connection"
        events = self.http.receive_data(data)
        for event in events:
            if isinstance(event, h2.events.DataReceived):
                self.http.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        self.socket.sendall(self.http.data_to_send())
        return events

    def receive_for_ever(self) -> None:
        while True:
            self.receive()

    def give_up_often(self, path: str, count: int) -> None:
        for _ in range(count):
            self.http.reset_stream(self.begin(path))
            self.socket.sendall(self.http.data_to_send())
        self.receive_for_ever()

    def finish(self, *streams: int) -> dict[int, tuple[dict, bytes]]:
        found = {stream: ({}, b"") for stream in streams}
        open_ = set(streams)
        while open_:
            for event in self.receive():
                stream = getattr(event, "stream_id", None)
                if isinstance(event, h2.events.ResponseReceived):
                    found[stream] = (dict(event.headers), b"")
                elif isinstance(event, h2.events.DataReceived):
                    found[stream] = (found[stream][0], found[stream][1] + event.data)
                elif isinstance(event, h2.events.StreamEnded | h2.events.StreamReset):
                    open_.discard(stream)
        return found

    def get(self, path: str, method: str = "GET", body: bytes = b"", **headers: str):
        stream = self.begin(path, method, body, **headers)
        return self.finish(stream)[stream]


def test_clients_that_trust_the_authority_are_served(secure, authority):
    https = f"https://localhost:{secure.port}"
    assert secure.state["tls"] == {"endpoint": https, "authority": str(authority)}
    s3 = over_tls(secure, authority)
    s3.create_bucket(Bucket="over-tls")
    s3.put_object(Bucket="over-tls", Key="key", Body=b"x" * 200_000)
    assert s3.get_object(Bucket="over-tls", Key="key")["Body"].read() == b"x" * 200_000
    assert secure.client("s3").get_object(Bucket="over-tls", Key="key")["ContentLength"] == 200_000
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"{https}/")


def test_the_key_is_private_and_signs_for_local_names_only(secure, authority):
    key = authority.with_name("authority.key")
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    certificate = x509.load_pem_x509_certificate(authority.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.NameConstraints).value
    assert x509.DNSName("localhost") in names.permitted_subtrees
    assert sorted(path.name for path in authority.parent.iterdir()) == [
        "authority.key",
        "authority.pem",
    ]


@pytest.mark.parametrize(
    "name", ["localhost", "b.s3.localhost", "b.localhost", "x.execute-api.dev.localhost"]
)
def test_every_local_name_has_a_certificate(secure, authority, name):
    context = ssl.create_default_context(cafile=authority)
    raw = socket.create_connection(("127.0.0.1", secure.port), 10)
    with context.wrap_socket(raw, server_hostname=name) as wrapped:
        assert wrapped.version() in ("TLSv1.3", "TLSv1.2")


def test_sites_redirect_to_https(secure, site):
    behavior = site.config["DefaultCacheBehavior"]
    try:
        site.behave(ViewerProtocolPolicy="redirect-to-https")
        reply = site.get("/?a=1")
        assert (reply.status, reply.cache) == (301, "Redirect")
        where = f"https://127.0.0.1:{secure.port}/_aws/cloudfront/{site.id}/?a=1"
        assert reply.headers["Location"] == where
        site.behave(ViewerProtocolPolicy="https-only")
        assert site.get("/").status == 403
    finally:
        site.behave(ViewerProtocolPolicy=behavior["ViewerProtocolPolicy"])


def test_http2_serves_pages_many_at_once(secure, site, authority):
    client = Client(secure.port, authority)
    assert client.socket.selected_alpn_protocol() == "h2"
    base = f"/_aws/cloudfront/{site.id}"
    headers, body = client.get(f"{base}/")
    assert (headers[":status"], body) == ("200", b"<title>secure</title>")
    assert headers["content-type"] == "text/html"
    streams = [client.begin(f"{base}/large.bin"), client.begin(f"{base}/"),
               client.begin(f"{base}/large.bin", range="bytes=0-4")]  # fmt: skip
    found = client.finish(*streams)
    assert found[streams[0]][1] == b"0123456789" * 300_000
    assert found[streams[1]][1] == b"<title>secure</title>"
    assert (found[streams[2]][0][":status"], found[streams[2]][1]) == ("206", b"01234")
    headers, body = client.get(f"{base}/", "HEAD")
    assert (headers["content-length"], body) == ("21", b"")
    assert client.get(f"{base}/none")[0][":status"] == "403"


def test_http2_takes_bodies(secure, authority):
    secure.client("s3").create_bucket(Bucket="http2")
    body, host = b"y" * 3_000_000, f"localhost:{secure.port}"
    client, local = Client(secure.port, authority), over_tls(secure, authority)

    def target(operation: str) -> str:
        signed = local.generate_presigned_url(operation, Params={"Bucket": "http2", "Key": "large"})
        return signed.removeprefix(f"https://{host}")

    headers, _ = client.get(target("put_object"), "PUT", body, content_length=str(len(body)))
    assert headers[":status"] == "200"
    assert client.get(target("get_object"))[1] == body


def test_http2_survives_clients_that_break_it(secure, site, authority):
    base = f"/_aws/cloudfront/{site.id}"
    hasty = Client(secure.port, authority)
    with pytest.raises((AssertionError, OSError)):
        hasty.give_up_often(f"{base}/large.bin", 1000)
    garbage = Client(secure.port, authority)
    garbage.socket.sendall(b"\x00" * 9 + b"\xff" * 100)
    with pytest.raises((AssertionError, OSError)):
        garbage.receive_for_ever()
    with socket.create_connection(("127.0.0.1", secure.port)) as raw:
        raw.sendall(b"\x16\x03\x01 no handshake")
    with socket.create_connection(("127.0.0.1", secure.port)) as raw:
        raw.sendall(b"\x16")
    assert Client(secure.port, authority).get(f"{base}/")[0][":status"] == "200"


def test_the_authority_stays_when_the_server_starts_again(start):
    server = start(tls=True)
    path = server.data_dir / "tls" / "authority.pem"
    before = path.read_bytes()
    server.stop()
    again = start(tls=True)
    assert path.read_bytes() == before
    urllib.request.urlopen(
        urllib.request.Request(f"https://localhost:{again.port}/_airside/health"),
        context=ssl.create_default_context(cafile=path),
    ).close()


def test_service_workers_and_secure_cookies_in_a_browser(secure, site, authority):
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed: sh scripts/test-tools.sh")
    from playwright.sync_api import sync_playwright

    site.put("worker.js", b"self.addEventListener('fetch', (e) => { if (e.request.url.endsWith('/from-worker'))"
             b" e.respondWith(new Response('worked')) })", ContentType="text/javascript")  # fmt: skip
    certificate = x509.load_pem_x509_certificate(authority.read_bytes())
    spki = certificate.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    pin = base64.b64encode(hashlib.sha256(spki).digest()).decode()
    address = Connection.find(secure.data_dir).site_addresses()[site.id]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", f"--ignore-certificate-errors-spki-list={pin}"],
        )
        page = browser.new_page()
        assert address.startswith("https://localhost:")
        page.goto(address)
        assert page.title() == "secure"
        assert (
            page.evaluate("performance.getEntriesByType('navigation')[0].nextHopProtocol") == "h2"
        )
        page.evaluate("document.cookie = 'safe=1; Secure; SameSite=Strict'")
        assert page.evaluate("document.cookie") == "safe=1"
        page.evaluate("navigator.serviceWorker.register('/worker.js')"
                      ".then(() => navigator.serviceWorker.ready).then(() => 1)")  # fmt: skip
        page.reload()
        assert page.evaluate("fetch('/from-worker').then((r) => r.text())") == "worked"
        browser.close()
