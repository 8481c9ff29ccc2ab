"""Event streams, with botocore reading what we write."""

import contextlib

import botocore.eventstream
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airside.protocol.codec import CODECS
from airside.protocol.event_stream import FrameDecoder, InvalidFrame, encode_frame
from airside.protocol.models import load

HEADERS = st.dictionaries(
    st.text(st.characters(codec="ascii", exclude_characters="\0"), min_size=1, max_size=20),
    st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.binary(max_size=50)
    | st.text(max_size=50),
    max_size=4,
)


@given(HEADERS, st.binary(max_size=300), st.integers(1, 50))
def test_a_frame_reads_as_it_was_written(headers, payload, size):
    wire = encode_frame(headers, payload) * 2
    decoder = FrameDecoder()
    found = [
        frame for at in range(0, len(wire), size) for frame in decoder.feed(wire[at : at + size])
    ]
    assert [(frame.headers, frame.payload) for frame in found] == [(headers, payload)] * 2
    assert decoder.pending == 0


@given(HEADERS, st.binary(max_size=300))
def test_botocore_reads_it_so_too(headers, payload):
    buffer = botocore.eventstream.EventStreamBuffer()
    buffer.add_data(encode_frame(headers, payload))
    message = next(iter(buffer))
    assert (message.headers, message.payload) == (headers, payload)


@given(HEADERS, st.binary(max_size=50), st.data())
def test_a_damaged_frame_is_refused(headers, payload, data):
    wire = bytearray(encode_frame(headers, payload))
    at = data.draw(st.integers(0, len(wire) - 1))
    wire[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(InvalidFrame):
        list(FrameDecoder().feed(bytes(wire)))


@given(st.binary(max_size=100))
def test_any_bytes_are_frames_or_refused(data):
    with contextlib.suppress(InvalidFrame):
        list(FrameDecoder().feed(data))


async def test_a_streaming_answer_of_lambda():
    model = load("lambda")
    operation = model.operation("InvokeWithResponseStream")

    async def events():
        yield {"PayloadChunk": {"Payload": b"hel"}}
        yield {"PayloadChunk": {"Payload": b"lo"}}
        yield {"InvokeComplete": {"ErrorCode": None, "LogResult": "bG9n"}}

    result = {"StatusCode": 200, "ExecutedVersion": "$LATEST", "EventStream": events()}
    answer = CODECS["rest-json"].serialize(model, operation, result, "id")
    assert answer.header("Content-Type") == "application/vnd.amazon.eventstream"
    assert answer.header("X-Amz-Executed-Version") == "$LATEST"
    buffer = botocore.eventstream.EventStreamBuffer()
    async for chunk in answer.body:
        buffer.add_data(chunk)
    found = [(m.headers[":event-type"], m.headers[":message-type"], m.payload) for m in buffer]
    assert found == [
        ("PayloadChunk", "event", b"hel"),
        ("PayloadChunk", "event", b"lo"),
        ("InvokeComplete", "event", b'{"LogResult":"bG9n"}'),
    ]
