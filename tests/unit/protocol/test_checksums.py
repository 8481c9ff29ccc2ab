"""The checksums S3 knows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airside.protocol.checksums import (
    ALGORITHMS,
    COMBINABLE,
    WIDTHS,
    checksum,
    combine,
    composite,
    decode,
    encode,
)

CHECK = b"123456789"
"""What the catalogues of CRCs give the check value of."""
KNOWN = {
    "CRC32": "cbf43926",
    "CRC32C": "e3069283",
    "CRC64NVME": "ae8b14860a799888",
    "SHA1": "f7c3bc1d808e04732adf679965ccc34ca7ae3441",
    "SHA256": "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225",
    "MD5": "25f9e794323b453885f5181f1b624d0b",
    "XXHASH64": "8cb841db40e6ae83",
}


def digest(algorithm: str, data: bytes) -> bytes:
    started = checksum(algorithm)
    started.update(data)
    return started.digest()


@pytest.mark.parametrize(("algorithm", "value"), KNOWN.items())
def test_known_values(algorithm, value):
    assert digest(algorithm, CHECK).hex() == value


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@given(st.lists(st.binary(max_size=50), max_size=5))
def test_in_pieces_it_is_the_same(algorithm, pieces):
    started = checksum(algorithm)
    for piece in pieces:
        started.update(piece)
    assert started.digest() == started.digest() == digest(algorithm, b"".join(pieces))
    assert len(started.digest()) == WIDTHS[algorithm]


@pytest.mark.parametrize("algorithm", sorted(COMBINABLE))
@given(st.lists(st.binary(max_size=50), max_size=6))
def test_parts_combine_to_the_whole(algorithm, parts):
    combined = combine(algorithm, [(digest(algorithm, part), len(part)) for part in parts])
    assert combined == digest(algorithm, b"".join(parts))


def test_shas_do_not_combine_but_compose():
    with pytest.raises(KeyError):
        combine("SHA256", [])
    parts = [digest("SHA256", b"a"), digest("SHA256", b"b")]
    assert composite("SHA256", parts) == digest("SHA256", b"".join(parts))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_text(algorithm):
    value = digest(algorithm, CHECK)
    assert decode(algorithm, encode(value)) == value
    for text in ("", "====", "AAAA", "ü", encode(value) + "\n", encode(value)[:-1]):
        with pytest.raises(ValueError):  # noqa: PT011
            decode(algorithm, text)


def test_another_algorithm_is_a_key_error():
    with pytest.raises(KeyError):
        checksum("CRC8")
