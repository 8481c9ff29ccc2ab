"""AWS Signature Version 2 as S3 still takes it: `Authorization: AWS`, presigned URLs. Pure.

boto3's `generate_presigned_url` and s3cmd's `signurl` make it unless told otherwise.
https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html
"""

import base64
import hmac
import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from urllib.parse import unquote_plus

from airside.identity import errors
from airside.identity.sigv4 import CLOCK_SKEW_SECONDS_MAX, explanation, lifetime
from airside.kernel import HttpRequest

_SUBRESOURCES = frozenset(
    {
        "accelerate", "acl", "analytics", "cors", "defaultObjectAcl", "delete", "encryption",
        "inventory", "legal-hold", "lifecycle", "location", "logging", "metrics", "notification",
        "object-lock", "partNumber", "policy", "publicAccessBlock", "replication",
        "requestPayment", "response-cache-control", "response-content-disposition",
        "response-content-encoding", "response-content-language", "response-content-type",
        "response-expires", "restore", "retention", "select", "select-type", "storageClass",
        "tagging", "torrent", "uploadId", "uploads", "versionId", "versioning", "versions",
        "website",
    }
)  # fmt: skip


_NUMBER = re.compile("-?[0-9]{1,20}")


@dataclass(slots=True)
class Signature:
    """What a request says about its own signature."""

    access_key_id: str
    signature: str
    expires_at: int | None = None
    """For presigned URLs: seconds since the epoch."""
    session_token: str | None = None
    service: str = "s3"


def find(http: HttpRequest) -> Signature | None:
    """The request's signature of version 2, or None. Raises MalformedPresignedQuery."""
    header = http.headers.get("authorization", "")
    if header.startswith("AWS "):
        key, colon, signature = header[4:].strip().rpartition(":")
        if not colon or not key:
            raise errors.IncompleteSignature("The authorization header is malformed.", "s3")
        token = http.headers.get("x-amz-security-token")
        return Signature(key, signature, session_token=token)
    if "AWSAccessKeyId=" not in http.query or "Signature=" not in http.query:
        return None
    values = _query(http)
    expires = values.get("Expires", "")
    if not _NUMBER.fullmatch(expires):
        raise errors.IncompletePresignedQuery(
            "Query-string authentication requires the Signature, Expires and AWSAccessKeyId "
            "parameters",
            "s3",
        )
    return Signature(
        values["AWSAccessKeyId"], values["Signature"], int(expires),
        values.get("x-amz-security-token"),
    )  # fmt: skip


def check_time(signature: Signature, http: HttpRequest, now: float) -> None:
    """Refuse a presigned URL past its time, and a header that is too old or from the future."""
    if signature.expires_at is not None:
        if now > signature.expires_at:
            told = lifetime(max(signature.expires_at, 0), now)
            raise errors.RequestExpired("Request has expired", "s3", **told)
        return
    text = http.headers.get("x-amz-date", http.headers.get("date", ""))
    try:
        instant = parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        instant = -1.0
    if instant < 0:
        raise errors.RequestExpired(
            "AWS authentication requires a valid Date or x-amz-date header", "s3"
        )
    if abs(now - instant) > CLOCK_SKEW_SECONDS_MAX:
        raise errors.RequestTimeTooSkewed(
            "The difference between the request time and the current time is too large.", "s3"
        )


def verify(signature: Signature, http: HttpRequest, bucket: str | None, secret: str) -> bool:
    """Whether the signature was made with `secret`; `bucket` is the one that the host names."""
    resource = _resource(http, bucket)
    forms = [resource]
    if resource.count("/") == 1 and resource != "/":
        forms.append(f"{resource}/")  # botocore signs a bucket alone as `/bucket/`
    for form in forms:
        text = _string_to_sign(signature, http, form)
        digest = hmac.digest(secret.encode(), text.encode(), "sha1")
        if hmac.compare_digest(base64.b64encode(digest), signature.signature.encode()):
            return True
    return False


def explain(signature: Signature, http: HttpRequest, bucket: str | None) -> dict[str, str]:
    """What S3 tells whoever signed wrong."""
    to_sign = _string_to_sign(signature, http, _resource(http, bucket))
    return explanation(signature.access_key_id, signature.signature, to_sign)


def _resource(http: HttpRequest, bucket: str | None) -> str:
    return f"/{bucket}{http.path}" if bucket else http.path


def _query(http: HttpRequest) -> dict[str, str]:
    """The parameters; of several with one name the first, which is the one operations read."""
    found: dict[str, str] = {}
    for pair in http.query.split("&"):
        name, _, value = pair.partition("=")
        found.setdefault(unquote_plus(name), unquote_plus(value))
    found.pop("", None)
    return found


def _string_to_sign(signature: Signature, http: HttpRequest, resource: str) -> str:
    values = _query(http)
    headers = dict(http.headers)
    if signature.expires_at is not None:  # signed headers may travel in the query
        for name, value in values.items():
            if name.lower().startswith(("x-amz-", "content-")):
                headers.setdefault(name.lower(), value)
        date = values["Expires"]
    else:
        date = "" if "x-amz-date" in headers else headers.get("date", "")
    own = "".join(
        f"{name}:{' '.join(headers[name].split())}\n"
        for name in sorted(headers)
        if name.startswith("x-amz-")
    )
    method, md5, kind = http.method, headers.get("content-md5", ""), headers.get("content-type", "")
    parts = [
        f"{name}={values[name]}" if values[name] else name
        for name in sorted(values)
        if name in _SUBRESOURCES
    ]
    query = "?" + "&".join(parts) if parts else ""
    return f"{method}\n{md5}\n{kind}\n{date}\n{own}{resource}{query}"
