"""AWS's addresses and where the same thing answers here.

Outputs keep AWS's form, as a template makes them; people are shown both.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from airside.cli.connection import Connection

_FRONT = re.compile(
    r"(?P<label>[a-z0-9.-]+?)\.(?P<zone>execute-api|lambda-url|s3-website)"
    r"(?:[.-][a-z]{2}(?:-[a-z]+)+-\d)?\.(?:amazonaws\.com(?:\.cn)?|on\.aws)"
)


def local_twin(
    address: str, endpoint: str, environment: str, sites: Mapping[str, str]
) -> str | None:  # fmt: skip
    """Where `address` answers here, or None if it is no address of ours.

    `sites`: host name of a distribution -> its local address, which has a port of its own.
    """
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https", "wss"} or not parts.hostname:
        return None
    rest = parts.path + (f"?{parts.query}" if parts.query else "")
    site = sites.get(parts.hostname)
    if site:
        return site.rstrip("/") + (rest or "/")
    found = _FRONT.fullmatch(parts.hostname)
    if found is None:
        return None
    here = urlsplit(endpoint)
    scheme = {"wss": "ws" if here.scheme == "http" else "wss"}.get(parts.scheme, here.scheme)
    if found["zone"] == "s3-website":  # pages name each other from the root on
        inner = "" if environment == "main" else f".{environment}"
        return f"{scheme}://{found['label']}.s3-website{inner}.localhost:{here.port}{rest or '/'}"
    inner = "" if environment == "main" else f"/_env/{environment}"
    return f"{scheme}://{here.netloc}{inner}/_aws/{found['zone']}/{found['label']}{rest}"


def site_urls(connection: Connection) -> dict[str, str]:
    """Name -> local address of each site: by its stack's name where it has one to itself."""
    here = connection.site_addresses()
    found = {distribution: _owner(connection, distribution) for distribution in here}
    stacks = [stack for stack, _ in found.values()]
    urls = {}
    for distribution, url in here.items():
        stack, logical = found[distribution]
        alone = stacks.count(stack) == 1
        urls[(stack if alone else logical) if stack else distribution] = url
    return urls


def _owner(connection: Connection, distribution: str) -> tuple[str, str]:
    """Stack and logical id, or nothing."""
    from botocore.exceptions import ClientError

    client = connection.client("cloudformation")
    try:
        (one, *_) = client.describe_stack_resources(PhysicalResourceId=distribution)[
            "StackResources"
        ]
    except (ClientError, ValueError):
        return "", ""
    return one["StackName"], one["LogicalResourceId"]


def stack_outputs(connection: Connection) -> dict[str, dict[str, Any]]:
    """Name -> status and outputs of every stack, and where the addresses among them are here."""
    found = {}
    cloudformation = connection.client("cloudformation")
    for page in cloudformation.get_paginator("describe_stacks").paginate():
        for stack in page["Stacks"]:
            outputs = {one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", [])}
            found[stack["StackName"]] = {
                "status": stack["StackStatus"], "outputs": outputs,
                "local": local_outputs(connection, outputs),
            }  # fmt: skip
    return found


def local_outputs(connection: Connection, outputs: Mapping[str, str]) -> dict[str, str]:
    """Of those outputs that are addresses: where they answer here."""
    sites: dict[str, str] = {}
    if any(".cloudfront.net" in value for value in outputs.values()):
        here = connection.site_addresses()
        pages = connection.client("cloudfront").get_paginator("list_distributions").paginate()
        for page in pages:
            for one in page["DistributionList"].get("Items", []):
                sites[one["DomainName"].lower()] = here.get(one["Id"], "")
    twins = {
        key: local_twin(value, connection.endpoint, connection.environment, sites)
        for key, value in outputs.items()
    }  # fmt: skip
    return {key: twin for key, twin in twins.items() if twin}


def output_rows(outputs: Mapping[str, str], local: Mapping[str, str]) -> list[tuple[str, str]]:
    """Name and value for a table; an address is followed by where it answers here."""
    rows = []
    for key, value in outputs.items():
        rows.append((key, value))
        if key in local:
            rows.append((f"{key} here", local[key]))
    return rows
