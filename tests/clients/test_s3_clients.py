"""Other people's S3 clients, each as its users set it up, against one server.

The tools come from `scripts/test-tools.sh`; a test whose tool is missing is skipped and says so.
"""

import os
import shutil
import subprocess
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from boto3.s3.transfer import TransferConfig
from botocore.config import Config

Run = Callable[..., subprocess.CompletedProcess[str]]
ROOT = Path(__file__).parent.parent.parent
PYTHON_TOOLS = ROOT / ".venv-s3" / "bin"
NODE_TOOLS = ROOT / ".node-s3"
LARGE = 20 * 1024 * 1024 + 7


def tool(name: str) -> str:
    """Where a tool is; skips the test when it is nowhere."""
    ours = PYTHON_TOOLS / name
    found = str(ours) if ours.exists() else shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed; scripts/test-tools.sh does it")
    return found


def script_runner(package: str) -> str:
    """A Python that has a package; skips the test when there is none."""
    python = PYTHON_TOOLS / "python"
    if not python.exists() or subprocess.run(
        [python, "-c", f"import {package}"], capture_output=True, check=False
    ).returncode:  # fmt: skip
        pytest.skip(f"{package} is not installed; scripts/test-tools.sh does it")
    return str(python)


@pytest.fixture
def bucket(aws: Callable[..., Any], account: str) -> str:
    name = f"clients-{account}"
    aws("s3").create_bucket(Bucket=name)
    return name


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large.bin"
    path.write_bytes(os.urandom(LARGE))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A few files, with names that need care."""
    site = tmp_path / "site"
    (site / "sub dir").mkdir(parents=True)
    for name in ("index.html", "a+b.txt", "sub dir/ä&=.css", "sub dir/empty"):
        (site / name).write_text(name if "empty" not in name else "")
    return site


def keys(s3: Any, bucket: str) -> list[str]:
    return [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket).get("Contents", ())]


FOLDER = ["a+b.txt", "index.html", "sub dir/empty", "sub dir/ä&=.css"]


# The AWS CLI --------------------------------------------------------------------------------


def test_aws_cli_syncs_both_ways(run: Run, aws, bucket, folder, tmp_path) -> None:
    tool("aws")
    run("aws", "s3", "sync", "site", f"s3://{bucket}")
    assert keys(aws("s3"), bucket) == FOLDER
    (folder / "index.html").unlink()
    run("aws", "s3", "sync", "site", f"s3://{bucket}", "--delete")
    assert "index.html" not in keys(aws("s3"), bucket)
    run("aws", "s3", "sync", f"s3://{bucket}", "back")
    assert (tmp_path / "back" / "sub dir" / "ä&=.css").read_text() == "sub dir/ä&=.css"
    head = aws("s3").head_object(Bucket=bucket, Key="sub dir/ä&=.css")
    assert head["ContentType"] == "text/css"


def test_aws_cli_presigns(run: Run, aws, bucket) -> None:
    tool("aws")
    aws("s3").put_object(Bucket=bucket, Key="a b", Body=b"signed")
    url = run("aws", "s3", "presign", f"s3://{bucket}/a b", "--expires-in", "60").stdout.strip()
    assert urllib.request.urlopen(url).read() == b"signed"
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(url[:-3])


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_boto3_presigns_with_either_signature(aws, bucket, version) -> None:
    s3 = aws("s3", config=Config(signature_version=version))
    place = {"Bucket": bucket, "Key": "a b"}
    put = s3.generate_presigned_url("put_object", Params=place, ExpiresIn=60)
    assert ("X-Amz-Signature" in put) == (version == "s3v4")
    request = urllib.request.Request(put, b"signed", {"Content-Type": ""}, method="PUT")
    assert urllib.request.urlopen(request).status == 200
    get = s3.generate_presigned_url("get_object", Params=place, ExpiresIn=60)
    assert urllib.request.urlopen(get).read() == b"signed"
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(get.replace("a%20b", "other"))


def test_aws_cli_makes_websites_and_buckets(run: Run, server, account, folder) -> None:
    tool("aws")
    name = f"website-{account}"
    run("aws", "s3", "mb", f"s3://{name}")
    run("aws", "s3api", "delete-public-access-block", "--bucket", name)
    policy = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*",'
        f'"Action":"s3:GetObject","Resource":"arn:aws:s3:::{name}/*"}}]}}'
    )
    run("aws", "s3api", "put-bucket-policy", "--bucket", name, "--policy", policy)
    run("aws", "s3", "website", f"s3://{name}", "--index-document", "index.html")
    run("aws", "s3", "cp", "site", f"s3://{name}", "--recursive")
    request = urllib.request.Request(
        server.endpoint + "/", headers={"Host": f"{name}.s3-website.localhost:{server.port}"}
    )
    assert urllib.request.urlopen(request).read() == b"index.html"
    assert "BucketNotEmpty" in run("aws", "s3", "rb", f"s3://{name}", status=1).stderr
    run("aws", "s3", "rb", f"s3://{name}", "--force")


def test_aws_cli_low_level_commands(run: Run, bucket, folder) -> None:
    tool("aws")
    place = ("--bucket", bucket, "--key", "k")
    enable = ("--versioning-configuration", "Status=Enabled")
    run("aws", "s3api", "put-bucket-versioning", "--bucket", bucket, *enable)
    run("aws", "s3api", "put-object", *place, "--body", "site/a+b.txt", "--metadata", "a=b",
        "--checksum-algorithm", "SHA256", "--tagging", "x=y")  # fmt: skip
    query = ("--query", "Metadata.a", "--output", "text")
    assert run("aws", "s3api", "head-object", *place, *query).stdout == "b\n"
    run("aws", "s3api", "get-object", *place, "--range", "bytes=2-4", "part")
    assert (folder.parent / "part").read_text() == "b.t"
    attributes = run("aws", "s3api", "get-object-attributes", *place, "--object-attributes",
                     "Checksum", "--query", "Checksum.ChecksumType", "--output", "text")  # fmt: skip
    assert attributes.stdout == "FULL_OBJECT\n"
    run("aws", "s3api", "delete-object", *place)
    markers = run("aws", "s3api", "list-object-versions", "--bucket", bucket, "--query",
                  "DeleteMarkers[].Key", "--output", "text")  # fmt: skip
    assert markers.stdout == "k\n"


# boto3's transfer manager -------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "SHA256", "CRC64NVME"])
def test_boto3_transfers_large_files_in_parts(aws, bucket, large, tmp_path, algorithm) -> None:
    s3 = aws("s3")
    config = TransferConfig(multipart_threshold=1 << 20, multipart_chunksize=5 << 20)
    extra = {"ChecksumAlgorithm": algorithm, "ContentType": "x/y"}
    s3.upload_file(str(large), bucket, "large", Config=config, ExtraArgs=extra)
    s3.copy({"Bucket": bucket, "Key": "large"}, bucket, "copy", Config=config)
    s3.download_file(bucket, "copy", str(tmp_path / "back"), Config=config)
    assert (tmp_path / "back").read_bytes() == large.read_bytes()
    assert s3.head_object(Bucket=bucket, Key="copy")["ContentType"] == "x/y"
    head = s3.head_object(Bucket=bucket, Key="large", ChecksumMode="ENABLED")
    assert f"Checksum{algorithm}" in head


def test_boto3_transfers_with_a_key_of_the_customers(aws, bucket, large, tmp_path) -> None:
    s3 = aws("s3")
    secret = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}
    config = TransferConfig(multipart_threshold=1 << 20, multipart_chunksize=5 << 20)
    s3.upload_file(str(large), bucket, "secret", Config=config, ExtraArgs=secret)
    s3.download_file(bucket, "secret", str(tmp_path / "back"), ExtraArgs=secret)
    assert (tmp_path / "back").read_bytes() == large.read_bytes()


# The AWS SDK for JavaScript -----------------------------------------------------------------

JAVASCRIPT = """
const { S3Client, CreateBucketCommand, PutObjectCommand, GetObjectCommand, DeleteObjectsCommand,
        paginateListObjectsV2, HeadObjectCommand } = require("@aws-sdk/client-s3");
const { Upload } = require("@aws-sdk/lib-storage");
const { getSignedUrl } = require("@aws-sdk/s3-request-presigner");
const { Readable } = require("stream");
const assert = require("assert");
(async () => {
  const s3 = new S3Client({ forcePathStyle: process.env.PATH_STYLE === "1" });
  const Bucket = process.env.BUCKET;
  await s3.send(new PutObjectCommand({ Bucket, Key: "a b/ä", Body: "small", Metadata: { x: "y" } }));
  const got = await s3.send(new GetObjectCommand({ Bucket, Key: "a b/ä" }));
  assert.equal(await got.Body.transformToString(), "small");
  assert.equal(got.Metadata.x, "y");
  const part = Buffer.alloc(3 << 20, "p");
  const stream = Readable.from((function* () { for (let i = 0; i < 4; i++) yield part; })());
  const upload = new Upload({ client: s3, params: { Bucket, Key: "large", Body: stream } });
  await upload.done();
  const head = await s3.send(new HeadObjectCommand({ Bucket, Key: "large" }));
  assert.equal(head.ContentLength, 12 << 20);
  const url = await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key: "a b/ä" }));
  const answer = await fetch(url);
  assert.equal(await answer.text(), "small");
  const empty = await getSignedUrl(s3, new PutObjectCommand({ Bucket, Key: "signed" }));
  assert.equal((await fetch(empty, { method: "PUT", body: "by url" })).status, 400);  // its CRC32 is of no body
  const lax = new S3Client({ forcePathStyle: process.env.PATH_STYLE === "1",
                             requestChecksumCalculation: "WHEN_REQUIRED" });
  const put = await getSignedUrl(lax, new PutObjectCommand({ Bucket, Key: "signed" }));
  assert.equal((await fetch(put, { method: "PUT", body: "by url" })).status, 200);
  const keys = [];
  for await (const page of paginateListObjectsV2({ client: s3, pageSize: 2 }, { Bucket }))
    keys.push(...page.Contents.map((entry) => entry.Key));
  assert.deepEqual(keys, ["a b/ä", "large", "signed"]);
  await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: keys.map((Key) => ({ Key })) } }));
  await assert.rejects(s3.send(new GetObjectCommand({ Bucket, Key: "large" })), { name: "NoSuchKey" });
  console.log("done");
})().catch((error) => { console.error(error); process.exit(1); });
"""


def test_the_sdk_for_javascript(run: Run, bucket, tmp_path, monkeypatch) -> None:
    node = tool("node")
    if not (NODE_TOOLS / "node_modules" / "@aws-sdk" / "client-s3").exists():
        pytest.skip("@aws-sdk/client-s3 is not installed; scripts/test-tools.sh does it")
    (tmp_path / "node_modules").symlink_to(NODE_TOOLS / "node_modules")
    (tmp_path / "script.js").write_text(JAVASCRIPT)
    settings = [f"BUCKET={bucket}", "PATH_STYLE=1", "AWS_REGION=us-east-1"]
    done = run("env", *settings, node, "script.js")
    assert done.stdout == "done\n"


# rclone, s3cmd ------------------------------------------------------------------------------


def test_rclone_syncs_checks_and_streams(run: Run, server, aws, bucket, folder, large) -> None:
    program = tool("rclone")
    remote = f":s3,provider=Other,env_auth=true,endpoint='{server.endpoint}':{bucket}"
    more = [
        "--s3-upload-cutoff=6M",
        "--s3-chunk-size=5M",
        "--s3-acl=bucket-owner-full-control",
        "-q",
    ]
    run(program, "sync", "site", remote, *more)
    assert keys(aws("s3"), bucket) == FOLDER
    run(program, "check", "site", remote, *more)
    run(program, "copyto", "large.bin", f"{remote}/large", *more)
    assert aws("s3").head_object(Bucket=bucket, Key="large")["ETag"].endswith('-5"')
    run(program, "check", ".", remote, "--include", "large.bin", "--one-way", *more, status=1)
    run(program, "copyto", f"{remote}/large", "back", *more)
    assert (folder.parent / "back").read_bytes() == large.read_bytes()
    assert run(program, "cat", f"{remote}/a+b.txt", *more).stdout == "a+b.txt"
    run(program, "moveto", f"{remote}/a+b.txt", f"{remote}/moved", *more)
    run(program, "delete", remote, *more)
    assert keys(aws("s3"), bucket) == []


@pytest.mark.parametrize("signature", ["v4", "v2"])
def test_s3cmd(run: Run, server, aws, account, folder, large, signature) -> None:
    program = tool("s3cmd")
    address = f"127.0.0.1:{server.port}"
    common = [program, "--no-ssl", f"--host={address}", f"--host-bucket={address}", "--no-progress",
              f"--access_key={account}", "--secret_key=test", "--region=us-east-1"]  # fmt: skip
    if signature == "v2":
        common.append("--signature-v2")
    name = f"s3cmd-{account}"
    run(*common, "mb", f"s3://{name}")
    run(*common, "sync", "site/", f"s3://{name}/")
    assert keys(aws("s3"), name) == FOLDER
    run(*common, "put", "large.bin", f"s3://{name}/large", "--multipart-chunk-size-mb=5")
    run(*common, "get", f"s3://{name}/large", "back")
    assert (folder.parent / "back").read_bytes() == large.read_bytes()
    assert "20971527" in run(*common, "info", f"s3://{name}/large").stdout
    run(*common, "cp", f"s3://{name}/index.html", f"s3://{name}/copy.html")
    assert len(run(*common, "ls", "-r", f"s3://{name}/").stdout.splitlines()) == 6
    run(*common, "rb", "--recursive", "--force", f"s3://{name}")


# Python readers -----------------------------------------------------------------------------

S3FS = """
import sys, s3fs
fs = s3fs.S3FileSystem(endpoint_url=sys.argv[1], key=sys.argv[2], secret="test")
bucket = sys.argv[3]
with fs.open(f"{bucket}/dir/small", "wb") as file:
    file.write(b"small")
with fs.open(f"{bucket}/dir/large", "wb", block_size=5 << 20) as file:
    for _ in range(12):
        file.write(bytes(1 << 20))
assert fs.info(f"{bucket}/dir/large")["size"] == 12 << 20
with fs.open(f"{bucket}/dir/small") as file:
    file.seek(2)
    assert file.read() == b"all"
assert fs.glob(f"{bucket}/dir/*") == [f"{bucket}/dir/large", f"{bucket}/dir/small"]
fs.copy(f"{bucket}/dir/small", f"{bucket}/copy")
assert fs.cat(f"{bucket}/copy") == b"small"
assert not fs.exists(f"{bucket}/none")
fs.rm(f"{bucket}/dir", recursive=True)
assert fs.find(bucket) == [f"{bucket}/copy"]
print("done")
"""

PYARROW = """
import sys, pyarrow, pyarrow.dataset, pyarrow.parquet
from pyarrow import fs
where = sys.argv[1].partition("//")[2]
s3 = fs.S3FileSystem(endpoint_override=where, scheme="http", access_key=sys.argv[2],
                     secret_key="test", region="us-east-1")
table = pyarrow.table({"n": range(200_000), "s": [str(n % 7) for n in range(200_000)]})
path = sys.argv[3] + "/data"
pyarrow.dataset.write_dataset(table, path, filesystem=s3, format="parquet", partitioning=["s"])
found = pyarrow.dataset.dataset(path, filesystem=s3, format="parquet", partitioning=["s"])
assert found.count_rows() == 200_000
some = found.to_table(filter=(pyarrow.dataset.field("s") == 3), columns=["n"])
assert sorted(some["n"].to_pylist()) == list(range(3, 200_000, 7))  # threads wrote in any order
files = s3.get_file_info(fs.FileSelector(path, recursive=True))
assert sum(file.is_file for file in files) == 7
with s3.open_output_stream(sys.argv[3] + "/stream") as out:
    for _ in range(12):
        out.write(bytes(1 << 20))
assert s3.get_file_info(sys.argv[3] + "/stream").size == 12 << 20
s3.delete_dir(path)
print("done")
"""


@pytest.mark.parametrize(
    ("package", "script"), [("s3fs", S3FS), ("pyarrow", PYARROW)], ids=["s3fs", "pyarrow"]
)
def test_python_readers(run: Run, server, account, bucket, tmp_path, package, script) -> None:
    python = script_runner(package)
    (tmp_path / "script.py").write_text(script)
    assert run(python, "script.py", server.endpoint, account, bucket).stdout == "done\n"
