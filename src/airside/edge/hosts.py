"""From host and path to who is meant. Pure.

Front doors are plain web addresses in a zone (`execute-api`, `s3-website`, `cloudfront`,
`lambda-url`): `ID.execute-api.localhost`, AWS's own form of the name
(`ID.execute-api.us-east-1.amazonaws.com`), or the path-style twin `/_aws/execute-api/ID/...` for
clients whose resolver does not know `*.localhost`. `/_env/NAME/...` before it chooses an
environment, as `ID.execute-api.NAME.localhost` does.
"""

from collections.abc import Collection
from typing import NamedTuple

_AMAZON = ("amazonaws.com", "amazonaws.com.cn", "cloudfront.net", "on.aws")


class Front(NamedTuple):
    """A front door: which zone, which label before it, in which environment, and the path."""

    zone: str
    label: str
    environment: str
    path: str


def front_by_path(path: str, zones: Collection[str]) -> Front | None:
    """`/_env/NAME/_aws/ZONE/LABEL/rest` and `/_aws/ZONE/LABEL/rest`."""
    environment = ""
    if path.startswith("/_env/"):
        environment, _, path = path[6:].partition("/")
        path = "/" + path
    if not path.startswith("/_aws/"):
        return None
    zone, _, rest = path[6:].partition("/")
    if zone not in zones:
        return None
    label, slash, rest = rest.partition("/")
    return Front(zone, label, environment, slash + rest or "/")


def front_by_host(host: str, path: str, zones: Collection[str]) -> Front | None:
    """`LABEL.ZONE.localhost`, `LABEL.ZONE.ENVIRONMENT.localhost` and AWS's own names."""
    labels = host.split(".")
    for position in range(1, len(labels)):
        zone = _zone(labels[position], zones)
        if zone is None:
            continue
        rest = labels[position + 1 :]
        environment = ""
        if not host.endswith(_AMAZON) and len(rest) == 2 and rest[1] == "localhost":
            environment = rest[0] if "-" not in rest[0] or not _is_region(rest[0]) else ""
        return Front(zone, ".".join(labels[:position]), environment, path)
    return None


def _zone(label: str, zones: Collection[str]) -> str | None:
    if label in zones:
        return label
    if label.startswith("s3-website-") and "s3-website" in zones:
        return "s3-website"
    return None


def _is_region(label: str) -> bool:
    parts = label.split("-")
    return len(parts) >= 3 and parts[-1].isdigit()


def bucket_of(host: str) -> str | None:
    """The bucket in a virtual-host name, or None when the path names it.

    `BUCKET.s3.localhost`, `BUCKET.s3.REGION.amazonaws.com`, `BUCKET.s3-REGION.amazonaws.com` and
    `BUCKET.localhost`, which the JavaScript SDK makes of the endpoint `http://localhost:4566`.
    """
    labels = host.split(".")
    for position in range(1, len(labels)):
        label = labels[position]
        if label == "s3" or (label.startswith("s3-") and not label.startswith("s3-website")):
            return ".".join(labels[:position])
    if labels[-1] == "localhost" and len(labels) > 1 and labels[0] != "s3":
        return ".".join(labels[:-1])
    return None
