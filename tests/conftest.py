"""A real server per test worker, real clients, and an account of its own for every test."""

import itertools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import botocore.config
import hypothesis
import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session

hypothesis.settings.register_profile("explore", deadline=None)
hypothesis.settings.register_profile("reproducible", deadline=None, derandomize=True)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "reproducible"))

ROOT = Path(__file__).parent.parent


@dataclass
class RunningServer:
    """A server process started by the tests."""

    process: subprocess.Popen[str]
    state: dict[str, Any]
    data_dir: Path

    @property
    def endpoint(self) -> str:
        return str(self.state["endpoint"])

    @property
    def port(self) -> int:
        return int(self.endpoint.rsplit(":", 1)[1])

    def client(self, service: str, key: str = "test", secret: str = "test", **more: Any) -> Any:
        """A boto3 client without retries, so that every answer is seen."""
        config = botocore.config.Config(retries={"max_attempts": 0}, read_timeout=60)
        config = config.merge(more.pop("config", botocore.config.Config()))
        return boto3.session.Session().client(
            service, endpoint_url=self.endpoint, region_name="us-east-1",
            aws_access_key_id=key, aws_secret_access_key=secret, config=config, **more,
        )  # fmt: skip

    def send(
        self, service: str, method: str, path: str, body: bytes = b"",
        headers: Mapping[str, str] | None = None, key: str = "test", secret: str = "test",
    ) -> AWSResponse:  # fmt: skip
        """A signed request that no client would make: its `status_code`, `content`, `headers`."""
        request = AWSRequest(
            method, f"{self.endpoint}{path}", data=body, headers=dict(headers or {})
        )
        signer = S3SigV4Auth if service == "s3" else SigV4Auth
        signer(Credentials(key, secret), service, "us-east-1").add_auth(request)
        answer: AWSResponse = URLLib3Session().send(request.prepare())
        return answer

    def kill(self) -> None:
        """kill -9, as a crash would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """End it as a user would."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()


def start_server(data_dir: Path, **settings: Any) -> RunningServer:
    """Start a server on free ports; returns when it is ready."""
    given = {"port": 0, "site_port": 0, "data_dir": str(data_dir), **settings}
    environment = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    environment["PYTHONPATH"] = str(ROOT / "src")
    data_dir.mkdir(parents=True, exist_ok=True)
    with (data_dir / "server.log").open("a") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "airside.serve", json.dumps(given)],
            stdout=subprocess.PIPE, stderr=log, text=True, env=environment, cwd=data_dir,
        )  # fmt: skip
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, (data_dir / "server.log").read_text()
    return RunningServer(process, json.loads(line), data_dir)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server for all tests of a worker; what they make is apart by account."""
    running = start_server(tmp_path_factory.mktemp("airside") / "data", function_idle_seconds=20)
    yield running
    running.stop()
    log = (running.data_dir / "server.log").read_text()
    assert "Traceback" not in log, log[-8000:]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., RunningServer]]:
    """Start servers of one's own, for tests that kill or restart them."""
    started: list[RunningServer] = []

    def begin(name: str = "data", **settings: Any) -> RunningServer:
        running = start_server(tmp_path / name, **settings)
        started.append(running)
        return running

    yield begin
    for running in started:
        running.stop()


_accounts = itertools.count(1)


@pytest.fixture
def account() -> str:
    """A 12-digit account that no other test of this server uses."""
    return f"{os.getpid() % 1_000_000:06d}{next(_accounts):06d}"


@pytest.fixture
def aws(server: RunningServer, account: str) -> Callable[..., Any]:
    """`aws("sqs")` -> a boto3 client in this test's own account."""

    def client(service: str, **more: Any) -> Any:
        return server.client(service, more.pop("key", account), **more)

    return client
