"""The command line against the session's server, with a home folder of the test's own."""

import contextlib
import io
import itertools
import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest

from airside.cli.main import main


@dataclass
class Done:
    """What a command has printed, and how it ended."""

    returncode: int
    stdout: str
    stderr: str


@dataclass
class Airside:
    """`airside("sync", ...)` runs it; `airside.json(...)` reads what it prints with --json.

    In this process, which saves the second that a new one takes to start.
    """

    data_dir: Path
    home: Path

    def __call__(
        self, *words: str, status: int = 0, data_dir: bool = True, **environment: str
    ) -> Done:
        more = ["--data-dir", str(self.data_dir)] if data_dir else []
        clean = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
        clean |= {"HOME": str(self.home), "COLUMNS": "120", **environment}
        out, err, ended = io.StringIO(), io.StringIO(), 0
        with (
            mock.patch.dict(os.environ, clean, clear=True),
            mock.patch.object(sys, "argv", ["airside", *words, *more]),
            contextlib.chdir(self.home), contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):  # fmt: skip
            try:
                main()
            except SystemExit as end:
                ended = end.code if isinstance(end.code, int) else int(bool(end.code))
        done = Done(ended, out.getvalue(), err.getvalue())
        assert done.returncode == status, done.stdout + done.stderr
        return done

    def json(self, *words: str, **more: Any) -> Any:
        done = self(*words, "--json", **more)
        (line,) = done.stdout.splitlines()
        return json.loads(line)


@pytest.fixture
def airside(server: Any, tmp_path: Path) -> Airside:
    """The command line."""
    home = tmp_path / "home"
    home.mkdir()
    return Airside(server.data_dir, home)


@pytest.fixture
def site(tmp_path: Path) -> Callable[[dict[str, str]], Path]:
    """`site({"index.html": "..."})` makes the folder hold exactly these files."""
    folder = tmp_path / "site"

    def write(files: dict[str, str]) -> Path:
        folder.mkdir(exist_ok=True)
        for path in sorted(folder.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return folder

    return write


ids = itertools.count(1)


@pytest.fixture
def s3(server):
    return server.client("s3")


@pytest.fixture
def bucket(s3):
    name = f"site-{os.getpid()}-{next(ids)}"
    s3.create_bucket(Bucket=name)
    return name


@pytest.fixture
def published(server, s3, bucket):
    """The bucket behind a distribution: its address and id."""
    cloudfront = server.client("cloudfront")
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "cloudfront.amazonaws.com"},
                       "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}],
    }))  # fmt: skip
    control = cloudfront.create_origin_access_control(OriginAccessControlConfig={
        "Name": bucket, "SigningProtocol": "sigv4", "SigningBehavior": "always",
        "OriginAccessControlOriginType": "s3",
    })["OriginAccessControl"]["Id"]  # fmt: skip
    made = cloudfront.create_distribution(DistributionConfig={
        "CallerReference": bucket, "Comment": "", "Enabled": True,
        "DefaultRootObject": "index.html",
        "Origins": {"Quantity": 1, "Items": [{
            "Id": "site", "DomainName": f"{bucket}.s3.us-east-1.amazonaws.com",
            "OriginAccessControlId": control, "S3OriginConfig": {"OriginAccessIdentity": ""},
        }]},
        "DefaultCacheBehavior": {
            "TargetOriginId": "site", "ViewerProtocolPolicy": "allow-all",
            "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
        },
    })["Distribution"]  # fmt: skip
    return SimpleNamespace(
        id=made["Id"], address=f"{server.endpoint}/_aws/cloudfront/{made['Id']}/"
    )


def get(url):
    try:
        with urllib.request.urlopen(url) as answer:
            return answer.status, answer.read().decode(), answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), error.headers


def page(version):
    """A page and the asset it refers to, which exists in this version only."""
    asset = f"assets/app-{version:08x}e1.js"
    return {"index.html": f'<script src="{asset}"></script>{version}', asset: f"// {version}"}
