"""The running server, found through its data folder, and clients for it."""

import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airside.cli.errors import CommandError

if TYPE_CHECKING:
    import boto3

    from airside.cli.sites.transport import Keys, Transport

STATE_FILE = "server.json"


@dataclass
class Connection:
    """One server and the credentials to talk to it with."""

    state: dict[str, Any]
    data_dir: Path
    access_key_id: str
    secret_access_key: str
    environment: str = "main"
    is_aws: bool = field(default=False, init=False)
    ca_bundle: str | None = field(default=None, init=False)
    _identity: dict[str, str] = field(default_factory=dict, init=False, repr=False)
    _session: "boto3.session.Session | None" = field(default=None, repr=False)

    @classmethod
    def find(cls, data_dir: Path, environment: str | None = None) -> "Connection":
        """The server of a data folder. Raises CommandError when none runs there."""
        path = data_dir / STATE_FILE
        try:
            state = json.loads(path.read_text())
        except FileNotFoundError:
            raise CommandError(
                f"No Airside is running with the data folder {data_dir}.",
                "Start one with `airside up`, or name its folder with --data-dir.",
            ) from None
        if not is_alive(int(state["pid"])):
            raise CommandError(
                f"The server of {data_dir} (pid {state['pid']}) is not running any more.",
                "Start it again with `airside up`: nothing that was acknowledged is lost.",
            )
        keys = state["credentials"]
        found = cls(state, data_dir, keys["access_key_id"], keys["secret_access_key"])
        return found.enter(environment) if environment and environment != "main" else found

    @property
    def endpoint(self) -> str:
        """Where every AWS API is served."""
        return str(self.state["endpoint"])

    @property
    def region(self) -> str:
        """The server's region."""
        return str(self.state["region"])

    def enter(self, environment: str) -> "Connection":
        """The same server with the keys of another environment, as `env create` saved them."""
        path = self.data_dir / "environments" / f"{environment}.json"
        if not path.exists():
            raise CommandError(
                f"No keys for an environment '{environment}' in {self.data_dir}.",
                "`airside env list` names the environments there are.",
            )
        keys = json.loads(path.read_text())
        return Connection(
            self.state, self.data_dir, keys["access_key_id"], keys["secret_access_key"], environment
        )

    @property
    def place(self) -> str:
        """What people are told: where this is."""
        named = "" if self.environment == "main" else f", environment {self.environment}"
        return f"Airside at {self.endpoint}{named}"

    def keys(self) -> "Keys":
        """What signs requests."""
        from airside.cli.sites.transport import Keys

        return Keys(self.access_key_id, self.secret_access_key)

    def account(self) -> str:
        """The caller's account."""
        return self._who()["Account"]

    def caller(self) -> str:
        """The caller's ARN."""
        return self._who()["Arn"]

    def bucket_region(self, bucket: str) -> str:
        """Where a bucket lies. Raises Refused."""
        from airside.cli.sites.transport import Refused

        try:
            answer = self._transport().send("HEAD", f"/{bucket}")
        except Refused as refused:
            if refused.status == 404:
                text = f"There is no bucket '{bucket}' in {self.place}."
                raise Refused("NoSuchBucket", text, 404) from None
            raise
        return answer.headers.get("x-amz-bucket-region") or self.region

    def s3_endpoint(self, region: str) -> str:
        """The address of S3: that of everything here."""
        return self.endpoint

    def site_addresses(self) -> dict[str, str]:
        """Distribution -> its local address, on a port of its own."""
        tls = self.state.get("tls")
        host = "https://localhost" if tls else self.endpoint.rsplit(":", 1)[0]
        return {
            site["id"]: f"{host}:{site['port']}/" for site in self.admin("state")["sites"]
            if site["environment"] == self.environment
        }  # fmt: skip

    def _transport(self) -> "Transport":
        from airside.cli.sites.transport import Transport

        return Transport(self.endpoint, self.region, self.keys)

    def _who(self) -> dict[str, str]:
        if not self._identity:
            answer = self._transport().send(
                "POST", "/", service="sts", body=b"Action=GetCallerIdentity&Version=2011-06-15",
                headers={"content-type": "application/x-www-form-urlencoded"},
            )  # fmt: skip
            text = answer.body.decode()
            self._identity = {
                name: re.findall(f"<{name}>(.*?)</{name}>", text)[0] for name in ("Account", "Arn")
            }
        return self._identity

    def client(self, service: str, region: str | None = None, **config: Any) -> Any:
        """A boto3 client for a service of this server."""
        import boto3  # costs 0.2 s, and not every command needs it
        from botocore.config import Config

        if self._session is None:
            self._session = boto3.session.Session()
        return self._session.client(
            service, endpoint_url=self.endpoint, region_name=region or self.region,
            aws_access_key_id=self.access_key_id, aws_secret_access_key=self.secret_access_key,
            config=Config(retries={"max_attempts": 2}, read_timeout=900, **config),
        )  # fmt: skip

    def admin(self, action: str, **asked: Any) -> dict[str, Any]:
        """Ask one of Airside's own addresses, `/_airside/ACTION`."""
        import urllib.error
        import urllib.request

        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials

        body = json.dumps(asked).encode()
        request = AWSRequest("POST", f"{self.endpoint}/_airside/{action}", data=body)
        keys = Credentials(self.access_key_id, self.secret_access_key)
        SigV4Auth(keys, "airside", self.region).add_auth(request)
        prepared = urllib.request.Request(  # our own http endpoint
            request.url, body, dict(request.headers.items()), method="POST"
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(prepared, timeout=60) as response:
                answer: dict[str, Any] = json.load(response)
        except urllib.error.HTTPError as error:
            said = json.load(error)
            raise CommandError(said.get("message") or said["code"]) from None
        except OSError as error:
            raise CommandError(f"{self.endpoint} does not answer: {error}") from None
        return answer


def is_alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    # A zombie answers to kill too.
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return not Path("/proc").is_dir()
