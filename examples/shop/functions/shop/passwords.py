"""Passwords, kept as scrypt hashes: slow and hungry for memory, so that guessing is expensive."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from shop.web import ShopError

LENGTH_MIN = 8
LENGTH_MAX = 256
SALT_BYTES = 16


@dataclass(frozen=True)
class Cost:
    """What one guess costs: 128 * n * r bytes of memory, p times over."""

    n: int
    r: int
    p: int


# OWASP's choice for 16 MiB. Each hash carries its own cost, so this can be raised at any time.
COST = Cost(n=2**14, r=8, p=5)


def check_acceptable(password: object) -> str:
    """A password somebody may choose. Length is the only rule that helps."""
    if not isinstance(password, str) or not LENGTH_MIN <= len(password) <= LENGTH_MAX:
        message = f"Choose a password of {LENGTH_MIN} to {LENGTH_MAX} characters."
        raise ShopError(400, "invalid_password", message)
    return password


def check_given(password: object) -> str:
    """A password somebody signs in with. Only its size matters: hashing takes time."""
    if not isinstance(password, str) or not 0 < len(password) <= LENGTH_MAX:
        raise ShopError(400, "invalid_password", "Please type your password.")
    return password


def hash_password(password: str) -> str:
    """The text to store: cost, salt and digest."""
    cost = COST
    salt = secrets.token_bytes(SALT_BYTES)
    digest = _scrypt(password, salt, cost)
    return f"scrypt${cost.n}${cost.r}${cost.p}${salt.hex()}${digest.hex()}"


def matches(password: str, stored: str | None) -> bool:
    """Whether this is the password. Without a stored hash it is not, after the same work."""
    if stored is None:
        _scrypt(password, bytes(SALT_BYTES), COST)
        return False
    _, n, r, p, salt, digest = stored.split("$")
    attempt = _scrypt(password, bytes.fromhex(salt), Cost(int(n), int(r), int(p)))
    return hmac.compare_digest(attempt, bytes.fromhex(digest))


def _scrypt(password: str, salt: bytes, cost: Cost) -> bytes:
    memory_bytes = 128 * cost.r * (cost.n + cost.p + 2)
    return hashlib.scrypt(
        password.encode("utf-8", "surrogatepass"),
        salt=salt,
        n=cost.n,
        r=cost.r,
        p=cost.p,
        maxmem=2 * memory_bytes,
    )
