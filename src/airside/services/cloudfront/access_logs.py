"""Standard logs: what a distribution was asked, as files in a bucket every few minutes.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html
"""

import asyncio
import gzip
import logging
from collections.abc import Mapping
from time import gmtime, strftime
from typing import Any
from urllib.parse import quote

from airside.kernel import (
    BytesBody,
    Cloud,
    Context,
    HttpRequest,
    HttpResponse,
    Principal,
    ServiceError,
)
from airside.kernel.written_behind import WrittenBehind
from airside.services.cloudfront import errors
from airside.services.cloudfront.plan import Log, Plan, bucket_of
from airside.services.cloudfront.viewing import POP

log = logging.getLogger("airside.cloudfront")

_FIELDS = (
    "date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) "
    "cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header "
    "cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher "
    "x-edge-response-result-type cs-protocol-version fle-status fle-encrypted-fields c-port "
    "time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len sc-range-start "
    "sc-range-end"
)
_HEAD = f"#Version: 1.0\n#Fields: {_FIELDS}\n"
_PLAIN = "!$&()*+,-./:;=?@_"
"""What stays as it is besides letters and digits; the reference lists what does not."""
_LINES_MAX = 100_000
"""More than these are not held back: a file is written at once."""

Place = tuple[str, str, Log, str]
"""Account, distribution, where its log goes, hour."""


class AccessLogs(WrittenBehind):
    """Lines that wait for the next file. As on AWS, logs are best effort: a crash loses some."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._lines: dict[Place, list[str]] = {}
        self._count = 0

    @property
    def delay_seconds(self) -> float:
        """As set: minutes on AWS."""
        return self.cloud.settings.edge_log_seconds

    def add(
        self, plan: Plan, request: HttpRequest, response: HttpResponse, seconds: float
    ) -> None:  # fmt: skip
        """Remember what was asked and answered."""
        assert plan.log is not None
        now = gmtime(self.cloud.clock.now())
        place = (plan.account_id, plan.id, plan.log, strftime("%Y-%m-%d-%H", now))
        line = strftime("%Y-%m-%d\t%H:%M:%S\t", now) + _line(plan, request, response, seconds)
        self._lines.setdefault(place, []).append(line)
        self._count += 1
        self.soon()
        if self._count > _LINES_MAX:
            self.now()

    async def write(self) -> None:
        """Write a file for each distribution that was asked something."""
        waiting, self._lines, self._count = self._lines, {}, 0
        for (account, distribution, where, hour), lines in waiting.items():
            owner = Principal("root", f"arn:aws:iam::{account}:root", account, account)
            ids = self.cloud.ids
            ctx = Context(self.cloud, owner, self.cloud.region, ids.uuid(), "cloudfront", "log")
            prefix = where.prefix if where.prefix.endswith("/") or not where.prefix else \
                f"{where.prefix}/"  # fmt: skip
            body = await asyncio.to_thread(_packed, lines)
            wanted = {
                "Bucket": where.bucket, "Body": BytesBody(body), "ContentType": "text/plain",
                "Key": f"{prefix}{distribution}.{hour}.{ids.upper(8).lower()}.gz",
                "ContentEncoding": "gzip",
            }  # fmt: skip
            try:
                await ctx.call("s3", "PutObject", wanted)
            except ServiceError as error:
                log.warning("the log of %s cannot be written: %s", distribution, error.message)


def _packed(lines: list[str]) -> bytes:
    return gzip.compress((_HEAD + "".join(lines)).encode(), 6, mtime=0)


def _line(plan: Plan, request: HttpRequest, response: HttpResponse, seconds: float) -> str:
    asked = request.headers
    said = {name.lower(): value for name, value in response.headers}
    body = response.body
    size = len(body) if isinstance(body, bytes) else getattr(body, "length", None)
    if size is None:
        size = _number(said.get("content-length"))
    length = size if request.method != "HEAD" else 0
    head = sum(len(name) + len(value) + 4 for name, value in response.headers) + 20
    sent = sum(len(name) + len(value) + 4 for name, value in asked.items())
    sent += len(request.method) + len(request.target) + 12 + _number(asked.get("content-length"))
    result = said.get("x-cache", "Miss from cloudfront").removesuffix(" from cloudfront")
    secure = request.scheme == "https"
    start, end = "-", "-"
    if response.status == 206 and "content-range" in said:
        start, _, end = (
            said["content-range"].removeprefix("bytes ").partition("/")[0].partition("-")
        )
    took = f"{seconds:.3f}"
    assert plan.log is not None
    fields = (
        POP, length + head, request.client, request.method, plan.domain, _shown(request.path),
        response.status, _shown(asked.get("referer")), _shown(asked.get("user-agent")),
        _shown(request.query), _shown(asked.get("cookie")) if plan.log.cookies else "-", result,
        said.get("x-amz-cf-id", "-"), _shown(asked.get("host")), request.scheme, sent, took,
        _shown(asked.get("x-forwarded-for")), "TLSv1.3" if secure else "-",
        "TLS_AES_128_GCM_SHA256" if secure else "-", result, "HTTP/1.1", "-", "-", 0, took, result,
        _shown(said.get("content-type")), size or "-", start, end,
    )  # fmt: skip
    return "\t".join(map(str, fields)) + "\n"


def _number(text: str | None) -> int:
    return int(text) if text is not None and text.isascii() and text.isdigit() else 0


def _shown(text: str | None) -> str:
    """A value as logs write it: `-` for none, encoded where the format would break."""
    return quote(text, safe=_PLAIN, errors="replace") if text else "-"


async def check_logging(ctx: Context, config: Mapping[str, Any]) -> None:
    """Raise InvalidArgument for a bucket that is none, or that takes no ACLs, as logs need."""
    wanted = config.get("Logging") or {}
    if not wanted.get("Enabled") or not wanted.get("Bucket"):
        return
    bucket = bucket_of(wanted["Bucket"].lower())
    account = ctx.account_id
    owner = Principal("root", f"arn:aws:iam::{account}:root", account, account)
    if not bucket:
        raise errors.InvalidArgument("The parameter Logging Bucket does not refer to a valid S3 "
                                     "bucket.")  # fmt: skip
    try:
        found = await ctx.call(
            "s3", "GetBucketOwnershipControls", {"Bucket": bucket}, principal=owner
        )
    except ServiceError as error:
        if error.name == "OwnershipControlsNotFoundError":
            return
        raise errors.InvalidArgument(
            "The parameter Logging Bucket does not refer to a valid S3 bucket."
        ) from None
    rules = found["OwnershipControls"]["Rules"]
    if any(rule["ObjectOwnership"] == "BucketOwnerEnforced" for rule in rules):
        raise errors.InvalidArgument(
            "The S3 bucket that you specified for CloudFront logs does not enable ACL access: "
            f"{wanted['Bucket']}"
        )
