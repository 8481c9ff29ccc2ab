"""A multipart/form-data body, read as it arrives: fields first, then the file as a stream.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTForms.html
"""

import re
from collections.abc import AsyncIterator

from airside.kernel import Body
from airside.services.s3 import errors

FIELDS_BYTES_MAX = 20 << 10
"""All fields before the file, together: S3 takes 20 KB."""
_HEAD_BYTES_MAX = 8 << 10
_BOUNDARY = re.compile(r'boundary=(?:"([^"]{1,70})"|([^;,\s]{1,70}))', re.IGNORECASE)
_NAME = re.compile(r'(?:^|[;\s])name="((?:[^"\\]|\\.)*)"', re.IGNORECASE)
_FILENAME = re.compile(r'filename="((?:[^"\\]|\\.)*)"', re.IGNORECASE)


class Form:
    """The fields of a form, and its file."""

    def __init__(self, source: AsyncIterator[bytes], boundary: bytes) -> None:
        self.fields: dict[str, str] = {}
        """Lower-case names; the values as sent."""
        self.file_name = ""
        self.file_type = ""
        self.length: int | None = None
        self.size = 0
        """Bytes of the file that have been read."""
        self._source = source
        self._delimiter = b"\r\n--" + boundary
        self._held = b"\r\n"  # the first delimiter stands at the very beginning

    async def _more(self) -> bool:
        async for chunk in self._source:
            if chunk:
                self._held += chunk
                return True
        return False

    async def read_fields(self) -> None:
        """Read up to where the file's bytes begin. Raises MalformedPOSTRequest."""
        await self._take_until(self._delimiter)
        total = 0
        while True:
            if not await self._next_part():
                raise errors.InvalidArgument(
                    "POST requires exactly one file upload per request.",
                    ArgumentName="file",
                    ArgumentValue="0",
                )
            head = await self._take_until(b"\r\n\r\n", _HEAD_BYTES_MAX)
            name, kind = self._read_head(head)
            if name == "file":
                self.file_type = kind
                return
            value = await self._take_until(self._delimiter, FIELDS_BYTES_MAX)
            total += len(value) + len(name)
            if total > FIELDS_BYTES_MAX:
                raise errors.MaxPostPreDataLengthExceededError(
                    "Your POST request fields preceding the upload file were too large."
                )
            try:
                self.fields[name] = value.decode()
            except UnicodeDecodeError:
                raise _malformed() from None

    async def _next_part(self) -> bool:
        """Step over the end of a delimiter; False after the last one."""
        while len(self._held) < 2:
            if not await self._more():
                raise _malformed()
        ending, self._held = self._held[:2], self._held[2:]
        if ending not in (b"\r\n", b"--"):
            raise _malformed()
        return ending == b"\r\n"

    def _read_head(self, head: bytes) -> tuple[str, str]:
        """(field name, content type) of a part."""
        text = head.decode("utf-8", "replace")
        kind = ""
        name = None
        for line in text.split("\r\n"):
            header, _, value = line.partition(":")
            if header.strip().lower() == "content-disposition":
                found = _NAME.search(value)
                name = found[1] if found else None
                file_name = _FILENAME.search(value)
                if name is not None and name.lower() == "file":
                    self.file_name = file_name[1] if file_name else ""
            elif header.strip().lower() == "content-type":
                kind = value.strip()
        if name is None:
            raise _malformed()
        return name.lower(), kind

    async def _take_until(self, mark: bytes, limit: int = FIELDS_BYTES_MAX) -> bytes:
        start = 0
        while (end := self._held.find(mark, start)) < 0:
            if len(self._held) > limit + len(mark):
                raise errors.MaxPostPreDataLengthExceededError(
                    "Your POST request fields preceding the upload file were too large."
                )
            start = max(0, len(self._held) - len(mark))
            if not await self._more():
                raise _malformed()
        taken, self._held = self._held[:end], self._held[end + len(mark) :]
        return taken

    # The file, as a Body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The file's bytes. Fields behind it are ignored, as S3 does."""
        mark = self._delimiter
        while (end := self._held.find(mark)) < 0:
            safe = len(self._held) - len(mark)
            if safe > 0:
                piece, self._held = self._held[:safe], self._held[safe:]
                self.size += len(piece)
                yield piece
            if not await self._more():
                raise _malformed()
        piece = self._held[:end]
        self.size += len(piece)
        if piece:
            yield piece
        async for _ in self._source:
            pass

    async def read(self, limit: int | None = None) -> bytes:
        """The whole file."""
        return b"".join([piece async for piece in self])


def _malformed() -> errors.MalformedPOSTRequest:
    return errors.MalformedPOSTRequest(
        "The body of your POST request is not well-formed multipart/form-data."
    )


def open_form(body: Body, content_type: str) -> Form:
    """A form to be read. Raises PreconditionFailed for bodies that are none."""
    found = _BOUNDARY.search(content_type)
    if not content_type.lower().startswith("multipart/form-data") or found is None:
        raise errors.PreconditionFailed(
            "At least one of the pre-conditions you specified did not hold",
            Condition="Bucket POST must be of the enclosure-type multipart/form-data",
        )
    boundary = (found[1] or found[2]).encode()
    return Form(aiter(body), boundary)
