"""What signing and verifying share. Pure and light: the command line signs with it, too."""

import hmac
from urllib.parse import quote, unquote_plus

ALGORITHM = "AWS4-HMAC-SHA256"
UNRESERVED = "-_.~"


def signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    """The key that signs everything of one day, region and service."""
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def canonical_query(query: str) -> str:
    """Parameters sorted by name and value, encoded in one way; the signature itself left out."""
    if not query:
        return ""
    pairs = []
    for pair in query.split("&"):
        if not pair:
            continue
        name, _, value = pair.partition("=")
        name = quote(unquote_plus(name), safe=UNRESERVED)  # SDKs send a space as +, and sign %20
        if name != "X-Amz-Signature":
            pairs.append((name, quote(unquote_plus(value), safe=UNRESERVED)))
    pairs.sort()
    return "&".join(f"{name}={value}" for name, value in pairs)
