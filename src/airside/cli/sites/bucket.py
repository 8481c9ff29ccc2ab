"""A bucket, or the part of it below a prefix, as a site needs it."""

import base64
import hashlib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape, unescape
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from airside.cli.cloud import Cloud
from airside.cli.sites.transport import Refused, Transport

PART_BYTES = 8 << 20
"""Files above this size go up in parts of it: what the AWS CLI does, so that ETags agree."""

_DELETE_MAX = 1000
_ENTRY = re.compile(r"<Contents>(.*?)</Contents>", re.DOTALL)
_FIELD = {
    name: re.compile(f"<{name}>(.*?)</{name}>", re.DOTALL)
    for name in ("Key", "ETag", "Size", "NextContinuationToken")
}
_ERROR = re.compile(r"<Error>.*?<Key>(.*?)</Key>.*?<Code>(.*?)</Code>", re.DOTALL)


class Entry(NamedTuple):
    """An object, as listed."""

    etag: str
    size: int


@dataclass
class Bucket:
    """Objects by name. A name is the key without the prefix."""

    cloud: Cloud
    name: str
    transport: Transport
    path: str
    """What stands before the key in the URL: empty, or `/BUCKET`."""
    region: str
    prefix: str = ""

    def list(self, below: str = "") -> dict[str, Entry]:
        """Everything there, by name, in the order of keys."""
        found: dict[str, Entry] = {}
        start = len(self.prefix)
        query = "list-type=2" + _query(prefix=self.prefix + below)
        token = ""
        while True:
            more = _query(**{"continuation-token": token}) if token else ""
            page = self.transport.send("GET", self.path or "/", query + more).body.decode()
            for entry in _ENTRY.findall(page):
                key = unescape(_field("Key", entry))
                etag = unescape(_field("ETag", entry)).strip('"')
                found[key[start:]] = Entry(etag, int(_field("Size", entry) or 0))
            token = unescape(_field("NextContinuationToken", page))
            if not token:
                return found

    def get(self, name: str) -> bytes | None:
        """An object's content, or None."""
        try:
            return self.transport.send("GET", self._url(name)).body
        except Refused as refused:
            if refused.code == "NoSuchKey":
                return None
            raise

    def put(self, name: str, body: bytes, headers: dict[str, str]) -> str:
        """Store an object; its ETag. Raises Refused."""
        digest = base64.b64encode(hashlib.md5(body).digest()).decode()
        answer = self.transport.send(
            "PUT", self._url(name), headers={**headers, "content-md5": digest}, body=body
        )
        return answer.headers["etag"].strip('"')

    def put_file(self, name: str, path: Path, headers: dict[str, str]) -> str:
        """Store a file, in parts when it is large; its ETag."""
        with path.open("rb", buffering=0) as file:
            content = file.readall() if os.fstat(file.fileno()).st_size <= PART_BYTES else None
        if content is not None:
            return self.put(name, content, headers)
        from boto3.s3.transfer import TransferConfig

        client = self.cloud.client("s3", region=self.region)
        client.upload_file(
            str(path), self.name, self.prefix + name,
            ExtraArgs={"ContentType": headers["content-type"],
                       "CacheControl": headers["cache-control"]},
            Config=TransferConfig(multipart_threshold=PART_BYTES, multipart_chunksize=PART_BYTES,
                                  max_concurrency=4),
        )  # fmt: skip
        answer = self.transport.send("HEAD", self._url(name))
        return answer.headers["etag"].strip('"')

    def copy(self, source: "Bucket", source_name: str, name: str, etag: str = "") -> str:
        """Copy an object here with all that it carries, if it still has `etag`; the copy's ETag."""
        origin = f"/{source.name}/{quote(source.prefix + source_name)}"
        headers = {"x-amz-copy-source": origin}
        if etag:
            headers["x-amz-copy-source-if-match"] = f'"{etag}"'
        answer = self.transport.send("PUT", self._url(name), headers=headers)
        text = answer.body.decode()
        if "<CopyObjectResult" not in text:  # an error after the head had been sent
            raise Refused("InternalError", f"{name} could not be copied.", 500)
        return unescape(_field("ETag", text)).strip('"')

    def delete(self, names: Iterable[str]) -> None:
        """Delete objects. Raises Refused for the first that stays."""
        names = list(names)
        for start in range(0, len(names), _DELETE_MAX):
            objects = "".join(
                f"<Object><Key>{escape(self.prefix + name, quote=False)}</Key></Object>"
                for name in names[start : start + _DELETE_MAX]
            )
            body = (
                '<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
                f"<Quiet>true</Quiet>{objects}</Delete>"
            ).encode()
            digest = base64.b64encode(hashlib.md5(body).digest()).decode()
            answer = self.transport.send(
                "POST", self.path or "/", "delete=", {"content-md5": digest}, body
            )
            stayed = _ERROR.search(answer.body.decode())
            if stayed:
                raise Refused(stayed[2], f"{unescape(stayed[1])} could not be deleted.", 403)

    def _url(self, name: str) -> str:
        return f"{self.path}/{quote(self.prefix + name, safe='/~')}"


def open_bucket(cloud: Cloud, name: str, prefix: str = "") -> Bucket:
    """A bucket where it really lies. Raises Refused with NoSuchBucket, or what access says."""
    region = cloud.bucket_region(name)
    base = cloud.s3_endpoint(region)
    scheme, _, host = base.partition("://")
    if host.partition(":")[0].endswith((".amazonaws.com", ".amazonaws.com.cn")) and "." not in name:
        endpoint, path = f"{scheme}://{name}.{host}", ""
    else:
        endpoint, path = base, f"/{name}"
    transport = Transport(endpoint, region, cloud.keys, cloud.ca_bundle)
    return Bucket(cloud, name, transport, path, region, f"{prefix}/" if prefix else "")


def _field(name: str, text: str) -> str:
    found = _FIELD[name].search(text)
    return found[1] if found else ""


def _query(**given: str) -> str:
    return "".join(f"&{name}={quote(value, safe='')}" for name, value in given.items() if value)
