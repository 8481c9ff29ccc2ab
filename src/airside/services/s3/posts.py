"""Uploads by an HTML form: PostObject, which botocore's model does not have (ours adds it)."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urlsplit
from xml.sax.saxutils import escape  # writes only

from airside.identity.keys import KeyRegistry
from airside.identity.sessions import SessionTokens
from airside.identity.sigv4 import explanation
from airside.kernel import Context, Principal, Request, Result, operation
from airside.kernel.principal import ANONYMOUS
from airside.protocol.xml_tree import Element, parse
from airside.services.s3 import errors, post_policy
from airside.services.s3.checksum import ALGORITHMS, header_of, member_of
from airside.services.s3.common import on_bucket
from airside.services.s3.encoded_words import verbatim
from airside.services.s3.form import Form, open_form
from airside.services.s3.objects import store_object

_MEMBERS = {
    "acl": "ACL",
    "cache-control": "CacheControl",
    "content-disposition": "ContentDisposition",
    "content-encoding": "ContentEncoding",
    "content-type": "ContentType",
    "expires": "Expires",
    "x-amz-storage-class": "StorageClass",
    "x-amz-website-redirect-location": "WebsiteRedirectLocation",
    "x-amz-server-side-encryption": "ServerSideEncryption",
    "x-amz-server-side-encryption-aws-kms-key-id": "SSEKMSKeyId",
    "x-amz-server-side-encryption-customer-algorithm": "SSECustomerAlgorithm",
    "x-amz-server-side-encryption-customer-key": "SSECustomerKey",
    "x-amz-server-side-encryption-customer-key-md5": "SSECustomerKeyMD5",
    "x-amz-object-lock-mode": "ObjectLockMode",
    "x-amz-object-lock-legal-hold": "ObjectLockLegalHoldStatus",
    "x-amz-checksum-algorithm": "ChecksumAlgorithm",
    **{header_of(name): member_of(name) for name in ALGORITHMS},
}


class _Bounded:
    """A form's file as a Body that has the size its policy asks for, or fails."""

    def __init__(self, form: Form, span: tuple[int, int]) -> None:
        self.length: int | None = None
        self._form = form
        self._span = span

    async def __aiter__(self) -> AsyncIterator[bytes]:
        least, most = self._span
        held: bytes | None = None
        async for piece in self._form:
            if self._form.size > most:
                raise errors.EntityTooLarge(
                    "Your proposed upload exceeds the maximum allowed size",
                    ProposedSize=str(self._form.size),
                    MaxSizeAllowed=str(most),
                )
            if held is not None:
                yield held
            held = piece
        if self._form.size < least:
            raise errors.EntityTooSmall(
                "Your proposed upload is smaller than the minimum allowed size",
                ProposedSize=str(self._form.size),
                MinSizeAllowed=str(least),
            )
        if held is not None:
            yield held

    async def read(self, limit: int | None = None) -> bytes:
        """The whole file."""
        return b"".join([piece async for piece in self])


@operation("PostObject", resource=on_bucket)
async def post_object(ctx: Context, request: Request) -> Result:
    """Store what a browser's form brings, as its signed policy allows."""
    form = open_form(request["Body"], request.get("ContentType", ""))
    await form.read_fields()
    fields, bucket = form.fields, request["Bucket"]
    if not fields.get("key"):
        raise errors.InvalidArgument(
            "Bucket POST must contain a field named 'key'.  If it is specified, please check the "
            "order of the fields.",
            ArgumentName="key",
            ArgumentValue="",
        )
    if form.file_name:
        fields["key"] = fields["key"].replace("${filename}", form.file_name)
    who = _signer(ctx, fields)
    span = (0, 5 << 30)
    if "policy" in fields:
        policy = post_policy.read(fields["policy"])
        post_policy.check_time(policy, ctx.clock.now())
        span = post_policy.check_fields(policy, fields, bucket)
    key = fields["key"]
    wanted = _request(fields, bucket, key)
    if "ContentType" not in wanted and form.file_type and not fields.get("policy"):
        wanted["ContentType"] = form.file_type
    wanted["Body"] = _Bounded(form, span)
    acting = Context(ctx.cloud, who, ctx.region, ctx.request_id, "s3", "PostObject", ctx.trace_id)
    acting.http = ctx.http
    stored = await store_object(acting, wanted, "ObjectCreated:Post")
    return _answer(ctx, fields, bucket, key, stored)


def _signer(ctx: Context, fields: dict[str, str]) -> Principal:
    """Who signed the form. Raises for signatures that are not genuine."""
    found = post_policy.signed(fields)
    if found is None:
        return ANONYMOUS
    if found.session_token:
        opened = ctx.cloud.resource(SessionTokens).open(found.session_token)
        if opened is None or opened[0].environment != ctx.cloud.name:
            raise errors.InvalidToken("The provided token is malformed or otherwise invalid.")
        if opened[0].expires_at < ctx.clock.now():
            raise errors.ExpiredToken("The provided token has expired.")
        principal, secret = opened[0].principal, opened[1]
    else:
        key = ctx.cloud.resource(KeyRegistry).find(found.access_key_id)
        if key is None or key.environment != ctx.cloud.name:
            raise errors.InvalidAccessKeyId(
                "The AWS Access Key Id you provided does not exist in our records.",
                AWSAccessKeyId=found.access_key_id,
            )
        principal, secret = key.principal, key.secret_access_key
    if not post_policy.is_genuine(found, fields["policy"], secret):
        raise errors.SignatureDoesNotMatch(
            "The request signature we calculated does not match the signature you provided. Check "
            "your key and signing method.",
            **explanation(found.access_key_id, found.signature, fields["policy"]),
        )
    return principal


def _request(fields: dict[str, str], bucket: str, key: str) -> dict[str, Any]:
    """The PutObject that the form stands for."""
    wanted: dict[str, Any] = {"Bucket": bucket, "Key": key}
    for field, member in _MEMBERS.items():
        if fields.get(field):
            wanted[member] = fields[field]
    metadata = {
        name.removeprefix("x-amz-meta-"): verbatim(value)
        for name, value in fields.items()
        if name.startswith("x-amz-meta-")
    }
    if metadata:
        wanted["Metadata"] = metadata
    if fields.get("tagging"):
        wanted["Tagging"] = urlencode(_tags(parse(fields["tagging"].encode())))
    return wanted


def _tags(document: Element) -> list[tuple[str, str]]:
    """The tags of a Tagging document."""
    found = []
    for tag_set in document.children:
        for tag in tag_set.children:
            members = {child.name: child.text for child in tag.children}
            found.append((members.get("Key", ""), members.get("Value", "")))
    return found


def _address(text: str) -> SplitResult | None:
    """Where to send the browser; None for what is no address of the web: as if nothing was said."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    return parts if parts.scheme in ("http", "https") else None


def _answer(ctx: Context, fields: dict[str, str], bucket: str, key: str, stored: Result) -> Result:
    etag = stored["ETag"]
    location = f"{ctx.cloud.settings.endpoint}/{bucket}/{quote(key)}"
    result: Result = {"ETag": etag, "Location": location, "VersionId": stored.get("VersionId")}
    result.update({name: value for name, value in stored.items() if name.startswith("Checksum")})
    redirect = fields.get("success_action_redirect") or fields.get("redirect")
    parts = _address(redirect) if redirect else None
    if parts is not None:
        query = [*parse_qsl(parts.query), ("bucket", bucket), ("key", key), ("etag", etag)]
        result["Location"] = parts._replace(query=urlencode(query)).geturl()
        result["StatusCode"] = 303
        return result
    status = fields.get("success_action_status", "")
    result["StatusCode"] = int(status) if status in ("200", "201") else 204
    if status == "201":
        result["ContentType"] = "application/xml"
        result["Body"] = (
            '<?xml version="1.0" encoding="UTF-8"?>\n<PostResponse>'
            f"<Location>{escape(location)}</Location><Bucket>{escape(bucket)}</Bucket>"
            f"<Key>{escape(key)}</Key><ETag>{escape(etag)}</ETag></PostResponse>"
        ).encode()
    return result
