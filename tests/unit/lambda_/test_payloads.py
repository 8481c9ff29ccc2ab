"""What an event may be, and how AWS's parser words what it may not."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airside.kernel import ServiceError
from airside.services.lambda_ import payloads

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
PLACE = (
    "\n at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, "
)


@given(VALUES, st.booleans())
def test_json_passes(value, ascii_only):
    payloads.check(json.dumps(value, ensure_ascii=ascii_only).encode(), "RequestResponse")


@pytest.mark.parametrize("payload", [b'"\\ud800"', b" [1] \n"])
def test_what_the_parser_of_aws_takes_passes(payload):
    payloads.check(payload, "Event")


@pytest.mark.parametrize(
    ("payload", "complaint"),
    [
        (b"n\x87r\x9e", f"Invalid UTF-8 start byte 0x87{PLACE}column: 3]"),
        (b"\x99\xeb,", "Unexpected character ((CTRL-CHAR, code 153)): expected a valid value (JSON "
         f"String, Number, Array, Object or token 'null', 'true' or 'false'){PLACE}column: 1]"),
        (b"{bad}", "Unexpected character ('b' (code 98)): was expecting double-quote to start field "
         f"name{PLACE}column: 2]"),
        (b"nope", "Unrecognized token 'nope': was expecting (JSON String, Number, Array, Object or "
         f"token 'null', 'true' or 'false'){PLACE}column: 5]"),
        (b"[1,", f"Unexpected end-of-input{PLACE}column: 4]"),
        (b"<xml/>", "Unexpected character ('<' (code 60)): expected a valid value (JSON String, "
         f"Number, Array, Object or token 'null', 'true' or 'false'){PLACE}column: 1]"),
        (b"[NaN]", f"Non-standard token 'NaN'{PLACE}column: 1]"),
    ],
)  # fmt: skip
def test_what_is_no_json_is_refused_in_the_words_of_aws(payload, complaint):
    with pytest.raises(ServiceError) as caught:
        payloads.check(payload, "RequestResponse")
    assert caught.value.name == "InvalidRequestContentException"
    before = "Could not parse request body into json: Could not parse payload into json: "
    assert caught.value.message == before + complaint
