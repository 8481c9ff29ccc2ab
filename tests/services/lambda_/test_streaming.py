"""Answers that arrive while the function still gives them."""

import shutil
import threading
import urllib.request

import pytest
from tests.services.lambda_.conftest import eventually
from tests.services.lambda_.programs import archive
from tests.services.lambda_.test_urls import send

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="needs node")

STREAM = """
exports.handler = awslambda.streamifyResponse(async (event, stream, context) => {
  stream.setContentType('text/plain');
  if (event.early) throw new RangeError('early');
  stream.write('one,');
  await new Promise((done) => setTimeout(done, event.wait ?? 300));
  if (event.late) throw new RangeError('late');
  if (event.much) { for (let i = 0; i < 160; i++) await new Promise((done) => stream.write('x'.repeat(65536), done)); }
  stream.end('two');
});
"""
SITE = """
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  stream = awslambda.HttpResponseStream.from(stream, {
    statusCode: 201, headers: { 'Content-Type': 'text/html', 'X-Own': 'yes' }, cookies: ['a=1'],
  });
  stream.write('<p>');
  await new Promise((done) => setTimeout(done, 300));
  stream.end('</p>');
});
"""


@pytest.fixture
def stream(function, client):
    function("", Runtime="nodejs20.x", Handler="index.handler", Timeout=10,
             Code={"ZipFile": archive(index_js=STREAM)})  # fmt: skip

    def call(payload=b"{}", **more):
        return client.invoke_with_response_stream(FunctionName="function", Payload=payload, **more)

    return call


def test_chunks_arrive_as_they_are_written(stream):
    result = stream(b'{"wait": 500}', LogType="Tail")
    headers = result["ResponseMetadata"]["HTTPHeaders"]
    assert headers["content-type"] == "application/vnd.amazon.eventstream"
    parts, done = [], threading.Event()

    def read():
        for event in result["EventStream"]:
            parts.append(event)
        done.set()

    threading.Thread(target=read).start()
    eventually(lambda: parts)
    assert not done.is_set()
    assert done.wait(10)
    *chunks, last = parts
    assert b"".join(part["PayloadChunk"]["Payload"] for part in chunks) == b"one,two"
    assert list(last["InvokeComplete"]) == ["LogResult"]


def test_an_error_is_told_at_the_end(stream):
    for payload, before in ((b'{"early": 1}', []), (b'{"late": 1}', [b"one,"])):
        *chunks, last = stream(payload)["EventStream"]
        assert [part["PayloadChunk"]["Payload"] for part in chunks] == before
        assert last["InvokeComplete"]["ErrorCode"] == "RangeError"
        assert payload[2:6].rstrip(b'"').decode() in last["InvokeComplete"]["ErrorDetails"]


def test_an_answer_may_be_larger_than_one_that_is_not_streamed(stream):
    size = sum(
        len(event["PayloadChunk"]["Payload"])
        for event in stream(b'{"much": 1, "wait": 1}')["EventStream"] if "PayloadChunk" in event
    )  # fmt: skip
    assert size == 160 * 65536 + len("one,two")


def test_a_reader_who_leaves_harms_nobody(stream):
    result = stream(b'{"much": 1, "wait": 1}')
    next(iter(result["EventStream"]))
    result["EventStream"].close()
    *_, last = stream(b'{"wait": 1}')["EventStream"]
    assert last == {"InvokeComplete": {}}


def test_a_function_url_streams(function, client):
    function("", Runtime="nodejs20.x", Handler="index.handler", Timeout=10,
             Code={"ZipFile": archive(index_js=SITE)})  # fmt: skip
    url = client.create_function_url_config(
        FunctionName="function", AuthType="NONE", InvokeMode="RESPONSE_STREAM"
    )["FunctionUrl"]
    with urllib.request.urlopen(url) as answer:
        assert (answer.status, answer.headers["X-Own"]) == (201, "yes")
        assert answer.headers["Set-Cookie"] == "a=1"
        assert answer.read(3) == b"<p>"
        assert answer.read() == b"</p>"
    assert send(url)[2] == b"<p></p>"


def test_a_function_that_does_not_stream_answers_there_whole(function, client):
    function("def handler(e, c):\n    return {'a': 1}")
    url = client.create_function_url_config(
        FunctionName="function", AuthType="NONE", InvokeMode="RESPONSE_STREAM"
    )["FunctionUrl"]
    status, _, body = send(url)
    assert (status, body) == (200, b'{"a": 1}')
