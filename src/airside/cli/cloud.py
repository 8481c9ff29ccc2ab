"""Where a command goes: the running Airside, or AWS with the credentials people have there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from airside.cli.connection import STATE_FILE, Connection
from airside.cli.errors import CommandError

if TYPE_CHECKING:
    from airside.cli.sites.transport import Keys


class Cloud(Protocol):
    """One account in one region, here or there."""

    @property
    def region(self) -> str: ...  # noqa: D102
    @property
    def ca_bundle(self) -> str | None: ...  # noqa: D102
    @property
    def is_aws(self) -> bool: ...  # noqa: D102
    @property
    def place(self) -> str:
        """What people are told: where this is."""

    def client(self, service: str, region: str | None = None, **config: Any) -> Any:
        """A boto3 client."""

    def keys(self) -> "Keys":
        """What signs requests now."""

    def account(self) -> str:
        """The caller's account. Raises CommandError."""

    def caller(self) -> str:
        """The caller's ARN."""

    def bucket_region(self, bucket: str) -> str:
        """Where a bucket lies. Raises Refused."""

    def s3_endpoint(self, region: str) -> str:
        """The address of S3, without the bucket."""


@dataclass
class Aws:
    """AWS, as boto3 finds it: environment, profile, instance, single sign-on."""

    profile: str | None
    region: str = field(init=False)
    ca_bundle: str | None = field(init=False)
    is_aws: bool = field(default=True, init=False)
    _identity: dict[str, str] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        import boto3
        from botocore.exceptions import ProfileNotFound

        try:
            self._session = boto3.session.Session(profile_name=self.profile)
        except ProfileNotFound as error:
            raise CommandError(f"{error}.", "`aws configure list-profiles` names them.") from None
        self._credentials = self._session.get_credentials()
        if self._credentials is None:
            raise CommandError(
                "There are no AWS credentials.",
                "Set AWS_PROFILE, or name a profile with --profile.",
            )
        self.region = self._session.region_name or "us-east-1"
        core = self._session._session  # boto3 offers no other way to this
        bundle = core.get_config_variable("ca_bundle")
        self.ca_bundle = str(bundle) if bundle else None

    @property
    def place(self) -> str:
        """Account, region, profile."""
        named = f", profile {self.profile}" if self.profile else ""
        return f"AWS account {self.account()}, {self.region}{named}"

    def client(self, service: str, region: str | None = None, **config: Any) -> Any:
        """A boto3 client with the default endpoint."""
        from botocore.config import Config

        return self._session.client(
            service, region_name=region or self.region,
            config=Config(retries={"mode": "standard", "max_attempts": 5}, **config),
        )  # fmt: skip

    def keys(self) -> "Keys":
        """The session's credentials, renewed by boto3 when they expire."""
        from airside.cli.sites.transport import Keys

        frozen = self._credentials.get_frozen_credentials()
        return Keys(frozen.access_key, frozen.secret_key, frozen.token)

    def account(self) -> str:
        """As STS says."""
        return self._who()["Account"]

    def caller(self) -> str:
        """As STS says."""
        return self._who()["Arn"]

    def bucket_region(self, bucket: str) -> str:
        """Asked of S3, which says it even when it refuses."""
        from botocore.exceptions import ClientError

        from airside.cli.sites.transport import Refused

        try:
            answer: Mapping[str, Any] = self.client("s3").head_bucket(Bucket=bucket)
        except ClientError as error:
            answer = error.response
        head = answer["ResponseMetadata"]
        status = int(head["HTTPStatusCode"])
        if status == 404:
            raise Refused("NoSuchBucket", f"There is no bucket '{bucket}' in {self.place}.", 404)
        if status >= 400 and status != 403:
            raise Refused(str(answer["Error"]["Code"]), str(answer["Error"]["Message"]), status)
        return str(head["HTTPHeaders"].get("x-amz-bucket-region") or self.region)

    def s3_endpoint(self, region: str) -> str:
        """As boto3 would call it, AWS_ENDPOINT_URL and the profile's settings included."""
        return str(self.client("s3", region=region).meta.endpoint_url)

    def _who(self) -> dict[str, str]:
        if not self._identity:
            self._identity = self.client("sts").get_caller_identity()
        return self._identity


def choose(
    data_dir: Path, environment: str | None, profile: str | None, *, aws: bool
) -> "Connection | Aws":
    """AWS where it is asked for by name; else the running server. Raises CommandError."""
    if profile is not None or aws:
        return Aws(profile)
    try:
        return Connection.find(data_dir, environment)
    except CommandError as error:
        # Never by accident: only where no Airside has ever been, and with credentials set on
        # purpose, as a build machine has them.
        if (data_dir / STATE_FILE).exists() or data_dir.exists() or environment:
            raise
        if not _credentials_in_environment():
            error.hint += " `--aws` or `--profile NAME` goes to AWS instead."
            raise
    return Aws(None)


def _credentials_in_environment() -> bool:
    import os

    return bool({"AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_ROLE_ARN"} & set(os.environ))
