"""What goes wrong: crashes in the middle of uploads, a full disk."""

import contextlib
import hashlib
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

UPLOADS = 200
SIZES = (0, 100, 9_000, 70_000, 300_000, 1_500_000)


def body_of(number: int) -> bytes:
    return hashlib.shake_128(b"%d" % number).digest(SIZES[number % len(SIZES)])


def files_of(data_dir: Path) -> set[Path]:
    return {path for path in (data_dir / "blobs").rglob("*") if path.is_file()}


def test_kill_9_during_200_uploads_loses_and_tears_nothing(start):
    server = start()
    s3 = server.client("s3", config=Config(max_pool_connections=32))
    s3.create_bucket(Bucket="crash")
    acknowledged: set[int] = set()
    enough = threading.Event()

    def put(number: int) -> None:
        with contextlib.suppress(ClientError, BotoCoreError):
            s3.put_object(Bucket="crash", Key=f"k{number:03d}", Body=body_of(number))
            acknowledged.add(number)
            if len(acknowledged) >= UPLOADS // 2:
                enough.set()

    with ThreadPoolExecutor(32) as pool:
        uploads = [pool.submit(put, number) for number in range(UPLOADS)]
        assert enough.wait(60)
        server.kill()
        for upload in uploads:
            upload.result()
    assert len(acknowledged) < UPLOADS

    again = start(blob_grace_seconds=1.0)
    s3 = again.client("s3")
    there = {
        entry["Key"]: entry for page in s3.get_paginator("list_objects_v2").paginate(Bucket="crash")
        for entry in page.get("Contents", ())
    }  # fmt: skip
    for number in acknowledged:
        assert f"k{number:03d}" in there
    for key, entry in there.items():
        wanted = body_of(int(key[1:]))
        got = s3.get_object(Bucket="crash", Key=key)
        assert entry["Size"] == got["ContentLength"] == len(wanted)
        assert got["Body"].read() == wanted
    assert not list((again.data_dir / "blobs" / "new").iterdir())
    named = sum(entry["Size"] > 64 * 1024 for entry in there.values())
    until(lambda: len(files_of(again.data_dir)) == named)


def until(condition: Any, seconds: float = 20.0) -> None:
    import time

    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_kill_9_in_the_middle_of_a_multipart_upload_leaves_it_to_be_continued(start):
    server = start()
    s3 = server.client("s3")
    s3.create_bucket(Bucket="crash")
    place = {"Bucket": "crash", "Key": "big"}
    upload = s3.create_multipart_upload(**place)["UploadId"]
    first, last = bytes(5 << 20), b"end"
    s3.upload_part(**place, UploadId=upload, PartNumber=1, Body=first)
    server.kill()
    s3 = start().client("s3")
    assert "Contents" not in s3.list_objects_v2(Bucket="crash")
    parts = s3.list_parts(**place, UploadId=upload)["Parts"]
    tag = s3.upload_part(**place, UploadId=upload, PartNumber=2, Body=last)["ETag"]
    listed = [{"PartNumber": 1, "ETag": parts[0]["ETag"]}, {"PartNumber": 2, "ETag": tag}]
    s3.complete_multipart_upload(**place, UploadId=upload, MultipartUpload={"Parts": listed})
    assert s3.get_object(**place)["Body"].read() == first + last


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 48 MiB; skipped where one cannot be mounted."""
    import subprocess

    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a file system of its own needs root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_said_and_corrupts_nothing(start, small_disk):
    server = start(str(small_disk / "data"))
    s3 = server.client("s3")
    s3.create_bucket(Bucket="full")
    s3.put_object(Bucket="full", Key="before", Body=b"kept")
    kept: dict[str, bytes] = {}
    refusals = []
    for number in range(12):
        body = hashlib.shake_128(b"%d" % number).digest(6 << 20)
        try:
            s3.put_object(Bucket="full", Key=f"large{number}", Body=body)
            kept[f"large{number}"] = body
        except ClientError as error:
            refusals.append(error.response)
    assert kept
    assert refusals
    for refusal in refusals:
        assert refusal["Error"]["Code"] == "InsufficientStorage"
        assert "no space" in refusal["Error"]["Message"].lower()
        assert refusal["ResponseMetadata"]["HTTPStatusCode"] == 507
    small = 0
    with contextlib.suppress(ClientError):
        for small in range(2000):
            s3.put_object(Bucket="full", Key=f"small{small}", Body=bytes(60_000))
    assert s3.get_object(Bucket="full", Key="before")["Body"].read() == b"kept"
    for key, body in kept.items():
        assert s3.get_object(Bucket="full", Key=key)["Body"].read() == body
    server.stop()
    (small_disk / "data" / "server.log").unlink()
    again = start(str(small_disk / "data"), blob_grace_seconds=0.5)
    s3 = again.client("s3")
    assert s3.get_object(Bucket="full", Key="before")["Body"].read() == b"kept"
    for key, body in kept.items():
        assert s3.get_object(Bucket="full", Key=key)["Body"].read() == body


def test_large_objects_pass_through_little_memory(start):
    """A quarter of a GiB up in parts and down again; 5 GB differ only in patience."""
    server = start()
    s3 = server.client("s3")
    place = {"Bucket": "large", "Key": "k"}
    s3.create_bucket(Bucket="large")
    part = random.Random(1).randbytes(32 << 20)
    before = _peak_mib(server)
    upload = s3.create_multipart_upload(**place)["UploadId"]

    def send(number: int) -> dict[str, Any]:
        sent = s3.upload_part(**place, UploadId=upload, PartNumber=number, Body=part)
        return {"PartNumber": number, "ETag": sent["ETag"]}

    with ThreadPoolExecutor(4) as pool:
        parts = list(pool.map(send, range(1, 9)))
    s3.complete_multipart_upload(**place, UploadId=upload, MultipartUpload={"Parts": parts})
    got, digest = s3.get_object(**place), hashlib.sha256()
    assert got["ContentLength"] == 8 * len(part)
    for piece in got["Body"].iter_chunks(1 << 20):
        digest.update(piece)
    assert digest.digest() == hashlib.sha256(part * 8).digest()
    assert _peak_mib(server) - before < 64


def _peak_mib(server: Any) -> float:
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if "VmHWM" in line) / 1024
