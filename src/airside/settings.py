"""Every setting: name, default, help. The only reader of the process environment.

A setting comes from the command line, else from `AIRSIDE_<NAME>` in the environment, else from its
default. `docs/reference/settings.md` is generated from this list.
"""

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


def _setting(default: Any, text: str) -> Any:
    return field(default=default, metadata={"help": text})


@dataclass(frozen=True, slots=True)
class Settings:
    """How one server is set up. Sizes in bytes, times in seconds."""

    host: str = _setting("127.0.0.1", "Address to listen on.")
    port: int = _setting(4566, "Port of every AWS API; 0 lets the system choose.")
    site_port: int = _setting(8000, "First port for deployed sites; 0 lets the system choose.")
    data_dir: Path = _setting(Path(".airside"), "Folder that holds everything Airside keeps.")
    region: str = _setting("us-east-1", "Region of calls that name none.")
    synchronous: str = _setting("FULL", "SQLite durability: FULL, or NORMAL for throw-away runs.")
    function_cpu: bool = _setting(
        False, "Give functions processor time in proportion to their memory, as AWS does."
    )
    function_freeze_seconds: float = _setting(
        0.02, "Idle time after which environments are frozen until their next event; 0: never."
    )
    function_idle_seconds: float = _setting(300.0, "Idle time after which environments end.")
    account_concurrency: int = _setting(1000, "Concurrent executions an account may have.")
    memory_reserve_mib: int = _setting(
        256, "Free memory below which no further execution environments are made."
    )
    sandbox: bool = _setting(True, "Isolate functions as far as the kernel allows.")
    dynamodb_throttling: bool = _setting(
        False, "Refuse what goes beyond the throughput of DynamoDB's tables and indexes."
    )
    dynamodb_conflicts: bool = _setting(
        False,
        "Refuse what meets a DynamoDB transaction before its end, as AWS does; otherwise it is "
        "done as if it had come after.",
    )
    dynamodb_change_seconds: float = _setting(
        0.0,
        "How long DynamoDB's tables are being created, updated and deleted; 0: answers say so, and "
        "by the next call it is done.",
    )
    dynamodb_expiry_seconds: float = _setting(
        1.0, "How often DynamoDB looks for items whose time to live is over."
    )
    queue_wait_seconds: float = _setting(
        60.0,
        "How long after a purge of a queue the next one is refused, and after a queue is deleted "
        "another of the same name; 0 for tests that do either again and again.",
    )
    body_bytes_max: int = _setting(72 << 20, "Largest request body that is not streamed.")
    tls: bool = _setting(False, "Speak HTTPS and HTTP/2 too, with certificates made here.")
    log_level: str = _setting("INFO", "How much the server writes to its log.")
    bucket_defaults: str = _setting(
        "2023",
        "What new buckets are like: `2023`, as S3 makes them since then (encrypted, no ACLs, "
        "public access blocked), or `2022`, as it did before (nothing of that).",
    )
    lifecycle_day_seconds: float = _setting(
        86_400.0, "Length of a day to the lifecycle rules of buckets; shorter to see them act."
    )
    edge_log_seconds: float = _setting(
        120.0, "How often distributions that have a log write a file of it."
    )
    viewer_country: str = _setting(
        "US",
        "Country that CloudFront takes its local viewers to be in (two letters, ISO 3166-1): what "
        "geographic restrictions and CloudFront-Viewer-Country go by.",
    )
    blob_grace_seconds: float = _setting(
        900.0, "Age at which files that nothing names (left by crashes, deleted) are removed."
    )
    endpoint: str = _setting("", "Address printed and given to functions; empty: host and port.")

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        return self.host in {"127.0.0.1", "::1", "localhost"}

    @classmethod
    def load(cls, **given: Any) -> "Settings":
        """Settings from `given` (None means not given), the environment and the defaults."""
        values = dict(_from_environment(os.environ))
        values.update({name: value for name, value in given.items() if value is not None})
        return cls(**values)

    def but(self, **changes: Any) -> "Settings":
        """A copy with some settings changed."""
        return dataclasses.replace(self, **changes)


def _from_environment(environ: Mapping[str, str]) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    for setting in dataclasses.fields(Settings):
        text = environ.get(f"AIRSIDE_{setting.name.upper()}")
        if text is not None:
            found[setting.name] = _convert(text, type(setting.default), setting.name)
    return found


def _convert(text: str, kind: Any, name: str) -> Any:
    if kind is bool:
        return text.lower() not in {"0", "false", "no", "off", ""}
    try:
        return Path(text) if issubclass(kind, Path) else kind(text)
    except ValueError:
        raise ValueError(f"AIRSIDE_{name.upper()}={text!r} is not a {kind.__name__}") from None
