"""SSE-C: objects encrypted with a key that only the caller keeps. AES-256 in counter mode."""

import base64
import binascii
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from hashlib import md5
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes

from airside.services.s3 import errors
from airside.services.s3.object import Version

NONCE_BYTES = 16
_BLOCK = 16


@dataclass(frozen=True, slots=True)
class CustomerKey:
    """The caller's key, for the length of one request."""

    key: bytes
    key_md5: str

    @property
    def shown(self) -> dict[str, str]:
        """What is remembered and answered: never the key."""
        return {"SSECustomerAlgorithm": "AES256", "SSECustomerKeyMD5": self.key_md5}

    def cipher(self, nonce: bytes, offset: int = 0) -> CipherContext:
        """The key stream from `offset` on; encrypting and decrypting are the same."""
        counter = (int.from_bytes(nonce, "big") + offset // _BLOCK) % (1 << 128)
        cipher = Cipher(algorithms.AES(self.key), modes.CTR(counter.to_bytes(_BLOCK, "big")))
        stream = cipher.encryptor()
        stream.update(bytes(offset % _BLOCK))
        return stream


def customer_key(request: Mapping[str, Any], prefix: str = "") -> CustomerKey | None:
    """The SSE-C headers of a request (of a copy's source with `prefix` CopySource)."""
    algorithm = request.get(f"{prefix}SSECustomerAlgorithm")
    encoded = request.get(f"{prefix}SSECustomerKey")
    digest = request.get(f"{prefix}SSECustomerKeyMD5")
    if algorithm is None and encoded is None and digest is None:
        return None
    if algorithm is None:
        raise errors.InvalidArgument(
            "Requests specifying Server Side Encryption with Customer provided keys must provide "
            "a valid encryption algorithm.",
            ArgumentName="x-amz-server-side-encryption",
        )
    if algorithm != "AES256":
        raise errors.InvalidEncryptionAlgorithmError(
            "The Encryption request you specified is not valid. Supported value: AES256.",
            ArgumentName="x-amz-server-side-encryption",
            ArgumentValue=algorithm,
        )
    if encoded is None:
        raise errors.InvalidArgument(
            "Requests specifying Server Side Encryption with Customer provided keys must provide "
            "an appropriate secret key.",
            ArgumentName="x-amz-server-side-encryption",
        )
    if digest is None:
        raise errors.InvalidArgument(
            "Requests specifying Server Side Encryption with Customer provided keys must provide "
            "the client calculated MD5 of the secret key.",
            ArgumentName="x-amz-server-side-encryption",
        )
    return _checked(encoded, digest)


def _checked(encoded: str, digest: str) -> CustomerKey:
    try:
        key = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != 32:
        raise errors.InvalidArgument(
            "The secret key was invalid for the specified algorithm.",
            ArgumentName="x-amz-server-side-encryption",
        )
    if base64.b64encode(md5(key).digest()).decode() != digest:
        raise errors.InvalidArgument(
            "The calculated MD5 hash of the key did not match the hash that was provided.",
            ArgumentName="x-amz-server-side-encryption",
        )
    return CustomerKey(key, digest)


def check_key(version: Version, key: CustomerKey | None) -> None:
    """Raise unless `key` is the one (or the none) that a version was written with."""
    wanted = version.encryption.get("SSECustomerKeyMD5")
    if wanted is None:
        if key is not None:
            raise errors.InvalidRequest(
                "The encryption parameters are not applicable to this object."
            )
        return
    if key is None:
        raise errors.InvalidRequest(
            "The object was stored using a form of Server Side Encryption. The correct parameters "
            "must be provided to retrieve the object."
        )
    if key.key_md5 != wanted:
        raise errors.AccessDenied(
            "Requests specifying Server Side Encryption with Customer provided keys must provide "
            "the correct secret key."
        )


async def deciphered(
    chunks: AsyncIterator[bytes], key: CustomerKey, nonce: bytes, offset: int
) -> AsyncIterator[bytes]:
    """Chunks that begin `offset` bytes into what was encrypted, in the clear."""
    cipher = key.cipher(nonce, offset)
    async for chunk in chunks:
        yield cipher.update(chunk)
