"""User metadata that is not ASCII, as headers carry it: RFC 2047's encoded words. Pure.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html#UserMetadata
"""

import unicodedata
from base64 import b64encode
from email.errors import HeaderParseError
from email.header import decode_header

_ESCAPED = {
    octet: f"={octet:02X}"
    for octet in range(256)
    if not (32 < octet < 127 or octet == 9) or chr(octet) in "=?_"
}
_ESCAPED[32] = "_"


def encoded(text: str) -> str:
    """As S3 answers it: as it is if all of it is plain; else as one encoded word.

    Quoted-printable if all of it can be printed, base64 if not.
    """
    if text.isascii() and text.replace("\t", " ").isprintable():
        return text
    raw = text.encode("utf-8", "surrogatepass")
    if "\ufffd" in text or any(unicodedata.category(letter)[0] == "C" for letter in text):
        return f"=?UTF-8?B?{b64encode(raw).decode()}?="
    return f"=?UTF-8?Q?{raw.decode('latin-1').translate(_ESCAPED)}?="


def verbatim(text: str) -> str:
    """What `decoded` makes this text of, whatever it looks like; forms send no encoded words."""
    if "=?" not in text:
        return text
    return f"=?UTF-8?B?{b64encode(text.encode('utf-8', 'surrogatepass')).decode()}?="


def decoded(text: str) -> str:
    """What a client meant. Base64 that is none becomes replacement characters."""
    if "=?" not in text:
        return text
    try:
        return "".join(
            part if isinstance(part, str) else part.decode(charset or "latin-1", "replace")
            for part, charset in decode_header(text)
        )
    except HeaderParseError:
        if text.lower().startswith("=?utf-8?b?"):
            return "\ufffd" * (len(text) - 13)
        return text
    except LookupError:  # a charset that nobody knows
        return text
