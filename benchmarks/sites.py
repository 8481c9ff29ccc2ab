"""Sites side by side with nginx, MiniStack and s3rver, in one run.

python -m benchmarks.sites                     pages, objects, a large file, parts, a sync
python -m benchmarks.sites pages sync          some of them
python -m benchmarks.sites listing             1,000 keys out of 1,000,000: minutes to fill

Whoever is on the PATH takes part: `nginx` and `wrk` (Debian packages; wrk sends the unsigned
requests faster than Python could), `ministack` (PyPI), `s3rver` (npm). Rounds are short and
interleaved, so that a busy machine is busy for all of them; a figure is the median of its rounds.
CPU is the server's per request, which is steadier than rates.
"""

import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.command import chosen
from benchmarks.dynamodb import compare, free_port, ministack, started
from benchmarks.harness import Target, cpu_seconds, load, memory_mib, say, server

CONNECTIONS = 16
ROUNDS = 5
SECONDS = 1.0
OBJECTS = 200
OBJECT = os.urandom(10 << 10)
PAGE = b"<!doctype html><title>x</title>" + b"<p>A page of ordinary size.</p>" * 60
LARGE_BYTES = 100 << 20
PARTS_BYTES = 1 << 30
FILES = 10_000
KEYS = 1_000_000
BUCKET = "bench-site"


def main() -> None:
    """Print the figures asked for."""
    known = {"pages": pages, "objects": objects, "large": large, "parts": parts, "sync": sync,
             "listing": listing}  # fmt: skip
    for name in chosen("benchmarks.sites", __doc__, known, unless_named=["listing"]):
        known[name]()


def peers(stack: ExitStack, names: list[str]) -> dict[str, Target]:
    """Us and whoever of `names` is there."""
    targets = {"airside": stack.enter_context(server())}
    for name in names:
        found = stack.enter_context(PEERS[name]())
        if found is None:
            say(name, "is not on the PATH, left out")
        else:
            targets[name] = found
    return targets


def pages() -> None:
    """A page from the edge's cache."""
    with ExitStack() as stack:
        targets = peers(stack, ["nginx", "ministack", "s3rver"])
        paths = {}
        for name, target in targets.items():
            if name == "airside":
                paths[name] = deploy(target)
            elif name == "nginx":
                paths[name] = "/index.html"
            else:
                client = target.client("s3")
                client.create_bucket(Bucket=BUCKET)
                client.put_object(Bucket=BUCKET, Key="index.html", Body=PAGE)
                paths[name] = f"/{BUCKET}/index.html"
        rounds: dict[str, list[tuple[float, float]]] = {name: [] for name in targets}
        for _ in range(ROUNDS):
            for name, target in targets.items():
                rounds[name].append(page_round(target, paths[name]))
        ours = statistics.median(rate for rate, _ in rounds["airside"])
        for name, found in rounds.items():
            rate = statistics.median(one for one, _ in found)
            cpu = statistics.median(one for _, one in found)
            text = f"{rate:,.0f}/s, {cpu:.3f} ms CPU"
            say(f"page, {CONNECTIONS} connections: {name}", text + ratio(name, ours, rate))


def page_round(target: Target, path: str) -> tuple[float, float]:
    """Requests per second, CPU milliseconds per request."""
    wrk = shutil.which("wrk")
    if wrk is None:
        host = urlsplit(target.endpoint).netloc
        request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
        figures = load(target, [request], CONNECTIONS, SECONDS)
        return figures.rate, figures.cpu
    before = cpu_seconds(target.pid)
    said = subprocess.run(
        [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS:.0f}s", target.endpoint + path],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    if "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(said)
    count = int(re.search(r"(\d+) requests in", said)[1])
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])
    return rate, (cpu_seconds(target.pid) - before) / count * 1000


def objects() -> None:
    """GET and PUT of 10 KiB, signed; our PUT is fsynced before it is answered."""
    with ExitStack() as stack:
        targets = peers(stack, ["ministack", "s3rver"])
        for target in targets.values():
            client = target.client("s3")
            client.create_bucket(Bucket=BUCKET)
            for number in range(OBJECTS):
                client.put_object(Bucket=BUCKET, Key=f"object-{number}", Body=OBJECT)
        compare("GET of 10 KiB", targets, lambda one: [
            one.signed("s3", "GET", f"/{BUCKET}/object-{number}") for number in range(OBJECTS)
        ])  # fmt: skip
        compare("PUT of 10 KiB", targets, lambda one: [
            one.signed("s3", "PUT", f"/{BUCKET}/object-{number}", OBJECT)
            for number in range(OBJECTS)
        ])  # fmt: skip


def large() -> None:
    """GET of 100 MiB over one connection."""
    with ExitStack() as stack:
        targets = peers(stack, ["nginx", "ministack", "s3rver"])
        content = os.urandom(1 << 20) * (LARGE_BYTES >> 20)
        requests = {}
        for name, target in targets.items():
            path = "/large.bin"
            if name != "nginx":
                client = target.client("s3")
                client.create_bucket(Bucket=BUCKET)
                client.put_object(Bucket=BUCKET, Key="large.bin", Body=content)
                path = f"/{BUCKET}/large.bin"
            requests[name] = target.signed("s3", "GET", path)
        del content
        rounds: dict[str, list[tuple[float, float]]] = {name: [] for name in targets}
        for _ in range(ROUNDS):
            for name, target in targets.items():
                rounds[name].append(large_round(target, requests[name]))
        ours = statistics.median(rate for rate, _ in rounds["airside"])
        for name, found in rounds.items():
            rate = statistics.median(one for one, _ in found)
            cpu = statistics.median(one for _, one in found)
            text = f"{rate:,.0f} MB/s, {cpu:.0f} ms CPU"
            say(f"GET of 100 MiB: {name}", text + ratio(name, ours, rate))


def large_round(target: Target, request: bytes) -> tuple[float, float]:
    """MB per second, CPU milliseconds."""
    address = urlsplit(target.endpoint)
    buffer = bytearray(1 << 20)
    before = cpu_seconds(target.pid)
    with socket.create_connection((address.hostname, address.port)) as connection:
        began = time.perf_counter()
        connection.sendall(request)
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(4096)
        assert b" 200 " in head[:20], head
        left = LARGE_BYTES - len(head.partition(b"\r\n\r\n")[2])
        while left > 0:
            left -= connection.recv_into(buffer)
        took = time.perf_counter() - began
    return LARGE_BYTES / 1e6 / took, (cpu_seconds(target.pid) - before) * 1000


def parts() -> None:
    """A file of 1 GiB in parts, by the AWS CLI; and by the same to a server that keeps nothing."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        with path.open("wb") as file:
            for _ in range(PARTS_BYTES >> 20):
                file.write(os.urandom(1 << 10) * 1024)
        with sink() as target:
            say("1 GiB in parts, AWS CLI: nothing kept", parts_round(target, path))
        with server() as target:
            target.client("s3").create_bucket(Bucket=BUCKET)
            before = memory_mib(target.pid)
            say("1 GiB in parts, AWS CLI: airside", parts_round(target, path))
            say("the server's memory", f"{memory_mib(target.pid) - before:+.0f} MiB")


def parts_round(target: Target, path: Path) -> str:
    """MB per second, the start of the CLI included; CPU of both sides."""
    command = shutil.which("aws") or str(Path(sys.executable).parent / "aws")
    environment = {**os.environ, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
                   "AWS_DEFAULT_REGION": "us-east-1", "HOME": str(path.parent)}  # fmt: skip
    there, here, began = cpu_seconds(target.pid), os.times(), time.perf_counter()
    subprocess.run(
        [command, "--endpoint-url", target.endpoint, "s3", "cp", "--quiet", str(path),
         f"s3://{BUCKET}/file"],
        env=environment, check=True,
    )  # fmt: skip
    took, ended = time.perf_counter() - began, os.times()
    spent = ended.children_user + ended.children_system - here.children_user - here.children_system
    return (
        f"{PARTS_BYTES / 1e6 / took:,.0f} MB/s; CPU: command {spent:.1f} s, "
        f"server {cpu_seconds(target.pid) - there:.1f} s"
    )


@contextmanager
def sink() -> Iterator[Target]:
    """Somewhere to send uploads to that costs next to nothing."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.sink"], stdout=subprocess.PIPE, text=True
    )
    try:
        yield Target(f"http://127.0.0.1:{process.stdout.readline().strip()}", process.pid)
    finally:
        process.terminate()
        process.wait(30)


def sync() -> None:
    """10,000 small files by `airside sync`, the start of the command included."""
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder) / "site"
        for number in range(FILES):
            path = (
                site
                / f"folder-{number % 100}"
                / f"file-{number}.{['html', 'js', 'css'][number % 3]}"
            )
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(os.urandom(1000 + number % 2000))
        rounds: dict[str, list[tuple[float, float, float]]] = {"first": [], "nothing changed": []}
        data = Path(folder) / "data"
        data.mkdir()
        with server(data_dir=str(data)) as target:
            for number in range(3):
                bucket = f"{BUCKET}-{number}"
                target.client("s3").create_bucket(Bucket=bucket)
                rounds["first"].append(sync_round(target, site, bucket, folder))
                for _ in range(2):
                    rounds["nothing changed"].append(sync_round(target, site, bucket, folder))
        for name, found in rounds.items():
            took, client, there = (statistics.median(column) for column in zip(*found, strict=True))
            say(f"sync of {FILES:,} files, {name}", f"{took:.2f} s; CPU: command {client:.2f} s, "
                f"server {there:.2f} s")  # fmt: skip


def sync_round(target: Target, site: Path, bucket: str, folder: str) -> tuple[float, float, float]:
    """Seconds; CPU seconds of the command and of the server."""
    there, here, began = cpu_seconds(target.pid), os.times(), time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "airside", "sync", str(site), bucket, "--json",
         "--data-dir", str(Path(folder) / "data")],
        env={**os.environ, "HOME": folder}, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    took, ended = time.perf_counter() - began, os.times()
    spent = ended.children_user + ended.children_system - here.children_user - here.children_system
    return took, spent, cpu_seconds(target.pid) - there


def listing() -> None:
    """1,000 keys at a time out of many."""
    with server() as target:
        target.client("s3").create_bucket(Bucket=BUCKET)
        for start in range(0, KEYS, 50_000):
            requests = [
                target.signed("s3", "PUT", f"/{BUCKET}/folder-{number % 1000}/{number}", b"x")
                for number in range(start, start + 50_000)
            ]
            figures = load(target, requests, CONNECTIONS * 4, count=len(requests))
            assert not figures.errors
        request = target.signed("s3", "GET", f"/{BUCKET}?list-type=2&prefix=folder-500%2F")
        say(f"1,000 keys of {KEYS:,}", load(target, [request], 1, SECONDS * 3))


def ratio(name: str, ours: float, theirs: float) -> str:
    """How we compare."""
    return "" if name == "airside" else f"; airside has {ours / theirs:.2f} times that"


def deploy(target: Target) -> str:
    """A bucket with a page behind a distribution; the page's path."""
    s3, cloudfront = target.client("s3"), target.client("cloudfront")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="index.html", Body=PAGE, ContentType="text/html",
                  CacheControl="max-age=3600")  # fmt: skip
    control = cloudfront.create_origin_access_control(OriginAccessControlConfig={
        "Name": "bench", "SigningProtocol": "sigv4", "SigningBehavior": "always",
        "OriginAccessControlOriginType": "s3",
    })["OriginAccessControl"]["Id"]  # fmt: skip
    made = cloudfront.create_distribution(DistributionConfig={
        "CallerReference": "bench", "Comment": "", "Enabled": True,
        "DefaultRootObject": "index.html",
        "Origins": {"Quantity": 1, "Items": [{
            "Id": "site", "DomainName": f"{BUCKET}.s3.us-east-1.amazonaws.com",
            "OriginAccessControlId": control, "S3OriginConfig": {"OriginAccessIdentity": ""},
        }]},
        "DefaultCacheBehavior": {
            "TargetOriginId": "site", "ViewerProtocolPolicy": "allow-all",
            "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
        },
    })["Distribution"]  # fmt: skip
    s3.put_bucket_policy(Bucket=BUCKET, Policy=(
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject",'
        '"Principal":{"Service":"cloudfront.amazonaws.com"},'
        f'"Resource":"arn:aws:s3:::{BUCKET}/*"}}]}}'
    ))  # fmt: skip
    return f"/_aws/cloudfront/{made['Id']}/"


@contextmanager
def nginx() -> Iterator[Target | None]:
    """The system's web server, with the page and the large file; a worker per core."""
    command = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        Path(folder).chmod(0o755)
        (Path(folder) / "index.html").write_bytes(PAGE)
        with (Path(folder) / "large.bin").open("wb") as file:
            for _ in range(LARGE_BYTES >> 20):
                file.write(os.urandom(1 << 10) * 1024)
        user = "user root;" if os.getuid() == 0 else ""
        (Path(folder) / "nginx.conf").write_text(f"""
            {user} worker_processes auto; pid {folder}/pid; error_log {folder}/error.log;
            events {{ worker_connections 256; }}
            http {{
                access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000;
                open_file_cache max=100;
                types {{ text/html html; }}
                client_body_temp_path {folder}/1; proxy_temp_path {folder}/2;
                fastcgi_temp_path {folder}/3; uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;
                server {{ listen 127.0.0.1:{port}; root {folder}; }}
            }}""")
        options = ["-p", folder, "-c", f"{folder}/nginx.conf", "-g", "daemon off;"]
        with started(command and [command, *options], port) as target:
            yield target


@contextmanager
def s3rver() -> Iterator[Target | None]:
    """A peer in JavaScript over plain files; it never syncs."""
    command = shutil.which("s3rver")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        port = free_port()
        options = ["-d", folder, "-a", "127.0.0.1", "-p", str(port), "-s"]
        with started(command and [command, *options], port) as target:
            if target is not None:
                target.key = target.secret = "S3RVER"
            yield target


PEERS: dict[str, Callable] = {"nginx": nginx, "ministack": ministack, "s3rver": s3rver}

if __name__ == "__main__":
    main()
