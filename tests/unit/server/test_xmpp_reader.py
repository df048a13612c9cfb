"""From bytes to stanzas: cuts anywhere, and what XMPP forbids in XML."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatlab.server.xmpp.element import Element
from chatlab.server.xmpp.limits import MAX_DEPTH
from chatlab.server.xmpp.namespaces import CLIENT
from chatlab.server.xmpp.reader import (
    ReaderEvent,
    Received,
    StreamClosed,
    StreamFailed,
    StreamOpened,
    StreamReader,
)
from tests.unit.server.xmpp_harness import HEADER

_STREAM = (
    f"<?xml version='1.0'?>{HEADER}<message to='bob@localhost'><body>Grüße &amp; “Käse” 🧀"
    "</body></message> \n <iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>"
    "<presence xml:lang='de'/></stream:stream>"
).encode()


def _read(data: bytes, cuts: list[int], **options: int) -> list[ReaderEvent]:
    reader = StreamReader(**options)
    events: list[ReaderEvent] = []
    for start, stop in zip([0, *cuts], [*cuts, len(data)], strict=True):
        events += reader.feed(data[start:stop])
    return events


def _shape(events: list[ReaderEvent]) -> list[str]:
    return [str(one.element) if isinstance(one, Received) else type(one).__name__ for one in events]


@given(st.sets(st.integers(0, len(_STREAM)), max_size=30))
def test_stanzas_are_the_same_however_tcp_cuts_them(cuts: set[int]) -> None:
    assert _shape(_read(_STREAM, sorted(cuts))) == _shape(_read(_STREAM, []))


def test_bytes_come_one_by_one() -> None:
    events = _read(_STREAM, list(range(1, len(_STREAM))))

    assert isinstance(events[0], StreamOpened)
    assert events[0].attributes["to"] == "localhost"
    assert isinstance(events[-1], StreamClosed)
    message = events[1]
    assert isinstance(message, Received)
    assert message.element.text_of("body") == "Grüße & “Käse” 🧀"


@pytest.mark.parametrize(
    "text",
    [
        "<auth xmlns='a'>x</auth >",
        "<auth xmlns='a'>/></auth>",
        "<auth xmlns='a'></auth>",
        "<auth xmlns='a'><b/></auth>",
        "<starttls xmlns='b'/>",
        "<starttls xmlns='b' a='>'/>",
        "<starttls xmlns='b' a='/>' />",
    ],
)
@pytest.mark.parametrize("rest", [" rest", "</stream:stream>", "<a/>", ""])
def test_the_end_of_an_element_is_known_however_it_is_cut(text: str, rest: str) -> None:
    data = (text + rest).encode()
    for cut in range(len(text)):
        reader = StreamReader()
        reader.feed(HEADER.encode())
        early, late = reader.feed(data[:cut]), reader.feed(data[cut:])
        assert early == []
        assert isinstance(late[0], Received)
        assert data[cut:][late[0].end :] == rest.encode()


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("<!DOCTYPE a [<!ENTITY b 'c'>]>" + HEADER, "restricted-xml"),
        (HEADER + "<!-- hello -->", "restricted-xml"),
        (HEADER + "<message><!-- hello --></message>", "restricted-xml"),
        (HEADER + "<?php ?>", "restricted-xml"),
        (HEADER + "<message>&unknown;</message>", "restricted-xml"),
        (HEADER + "<message>\x01</message>", "not-well-formed"),
        (HEADER + "<a></b>", "not-well-formed"),
        (HEADER + "<p:a/>", "not-well-formed"),
        (HEADER + "words between stanzas<a/>", "not-well-formed"),
        (HEADER + "<a>" * (MAX_DEPTH + 1), "policy-violation"),
        (HEADER + "<a " + " ".join(f"a{n}='x'" for n in range(200)) + "/>", "policy-violation"),
        ("<?xml version='1.0' encoding='ISO-8859-1'?>" + HEADER, "unsupported-encoding"),
        ("<html/>", "bad-format"),
        ("GET / HTTP/1.1\r\n\r\n", "not-well-formed"),
    ],
)
def test_what_xmpp_forbids_ends_the_stream(text: str, condition: str) -> None:
    reader = StreamReader()
    events = reader.feed(text.encode())

    assert isinstance(events[-1], StreamFailed)
    assert events[-1].error.condition == condition
    assert reader.feed(b"<message/>") == []


def test_a_broken_character_ends_the_stream() -> None:
    events = StreamReader().feed(HEADER.encode() + b"<a>\xff\xfe</a>")
    assert isinstance(events[-1], StreamFailed)


@pytest.mark.parametrize("size", [100, 5000])
def test_a_stanza_that_is_too_long_ends_the_stream(size: int) -> None:
    reader = StreamReader(max_length=200)
    reader.feed(HEADER.encode())
    long = b"<message>" + b"x" * size
    is_refused = any(isinstance(one, StreamFailed) for one in reader.feed(long))
    assert is_refused == (size > 200)


def test_many_short_stanzas_are_no_long_one() -> None:
    reader = StreamReader(max_length=200)
    reader.feed(HEADER.encode())
    for data in (b"<message/>" * 100, b" " * 20, b"<message/>"):
        assert not any(isinstance(one, StreamFailed) for one in reader.feed(data))


_text = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=30).filter(
    lambda text: not set(text) & {"\ufffe", "\uffff"}
)


@given(_text, _text)
def test_what_is_written_is_read_as_it_was(text: str, value: str) -> None:
    child = Element("b", "urn:other", {"c": value, "xml:lang": "de", "urn:third d": value}, text)
    element = Element("message", CLIENT, {"to": value}, child, text)
    reader = StreamReader()
    reader.feed(HEADER.encode())
    (event,) = reader.feed(element.to_bytes())

    assert isinstance(event, Received)
    read = event.element
    assert read.attributes == element.attributes
    assert read.text == text
    assert read.first is not None
    assert read.first.attributes == child.attributes
    assert (read.first.name, read.first.namespace) == ("b", "urn:other")
    assert read.first.text == text
