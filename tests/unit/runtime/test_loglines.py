"""Splitting output into log events."""

from hypothesis import given
from hypothesis import strategies as st

from airside.runtime.guest.frames import LOG_HEAD, LOG_MAGIC, LOG_TEXT
from airside.runtime.loglines import EVENT_BYTES_MAX, Splitter, billed_ms, report_line
from airside.runtime.spec import Outcome

LINE = st.text(st.characters(blacklist_characters="\n\r", codec="ascii"), max_size=30)


def frame(text: str) -> bytes:
    body = text.encode()
    return LOG_HEAD.pack(LOG_MAGIC, LOG_TEXT, len(body), 1_700_000_000_000_000) + body


@given(
    parts=st.lists(st.tuples(st.booleans(), st.lists(LINE, min_size=1, max_size=3)), max_size=8),
    cuts=st.lists(st.integers(0, 400), max_size=10),
)
def test_lines_and_records_come_out_whole_however_they_are_cut(parts, cuts):
    data, expected = b"", []
    for framed, lines in parts:
        text = "\n".join(lines) + "\n"
        if framed:
            data += frame(text)
            expected.append(text)
        else:
            data += text.encode()
            expected += [line + "\n" for line in lines]
    splitter, events, at = Splitter(), [], 0
    for cut in sorted({min(cut, len(data)) for cut in cuts} | {len(data)}):
        events += splitter.feed(data[at:cut])
        at = cut
    assert events + splitter.finish() == expected


def test_a_line_that_does_not_end_waits_for_its_end():
    splitter = Splitter()
    assert splitter.feed(b"half") == []
    assert splitter.feed(b" whole\nnext") == ["half whole\n"]
    assert splitter.finish() == ["next"]


def test_a_line_that_is_too_long_becomes_several_events():
    events = Splitter().feed(b"x" * (EVENT_BYTES_MAX + 10) + b"\n")
    assert [len(event) for event in events] == [EVENT_BYTES_MAX, 11]


def test_the_report_line():
    outcome = Outcome(b"", duration_ms=1.234, billed_ms=billed_ms(1.234, 100.9), peak_mb=40)
    outcome.init_ms = 100.9
    assert report_line("id", outcome, 128) == (
        "REPORT RequestId: id\tDuration: 1.23 ms\tBilled Duration: 103 ms\tMemory Size: 128 MB\t"
        "Max Memory Used: 40 MB\tInit Duration: 100.90 ms\t\n"
    )


def test_init_and_duration_are_rounded_up_once():
    assert billed_ms(1049.63, 1293.83) == 2344
    assert billed_ms(0.01, None) == 1
