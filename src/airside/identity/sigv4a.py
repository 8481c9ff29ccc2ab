"""AWS Signature Version 4A: as version 4, but for several regions, signed with a key pair. Pure.

The pair is made from the secret, so that whoever knows it can check. CloudFront's key value stores
are signed this way by every SDK.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
"""

import hmac
import re
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

ALGORITHM = "AWS4-ECDSA-P256-SHA256"

_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of the curve P-256."""
_AUTHORIZATION = re.compile(
    rf"{ALGORITHM}\s+Credential=([^,/\s]+)/(\d{{8}})/([^,/\s]+)/aws4_request,?\s*"
    r"SignedHeaders=([^,\s]+),?\s*Signature=([0-9a-fA-F]+)\s*"
)


def declared(header: str) -> tuple[str, str, str, tuple[str, ...], str] | None:
    """Key id, date, service, signed headers and signature of an Authorization header."""
    found = _AUTHORIZATION.fullmatch(header)
    if found is None:
        return None
    return found[1], found[2], found[3], tuple(found[4].split(";")), found[5]


@lru_cache(maxsize=256)
def public_key(access_key_id: str, secret: str) -> ec.EllipticCurvePublicKey:
    """The public half of the pair that belongs to an access key (NIST SP 800-108, counter mode)."""
    for counter in range(1, 255):
        fixed = b"\0\0\0\x01" + ALGORITHM.encode() + b"\0" + access_key_id.encode()
        message = fixed + bytes([counter]) + (256).to_bytes(4, "big")
        candidate = int.from_bytes(hmac.digest(f"AWS4A{secret}".encode(), message, "sha256"), "big")
        if candidate <= _ORDER - 2:
            return ec.derive_private_key(candidate + 1, ec.SECP256R1()).public_key()
    raise ValueError("No key can be made of this secret.")


def is_signed(access_key_id: str, secret: str, to_sign: str, signature: str) -> bool:
    """Whether the owner of `secret` has put this signature (hex of DER) under a text."""
    try:
        public_key(access_key_id, secret).verify(
            bytes.fromhex(signature), to_sign.encode(), ec.ECDSA(hashes.SHA256())
        )
    except (InvalidSignature, ValueError):
        return False
    return True
