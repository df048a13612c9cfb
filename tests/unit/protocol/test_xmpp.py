"""Stanzas keep their bytes, however TCP cuts them up, and hostile streams are refused by name."""

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatlab.core.flow import ByteRange
from chatlab.protocol.xmpp import (
    MAX_ATTRIBUTES,
    MAX_DEPTH,
    StanzaSplitter,
    StreamFault,
    StreamUnit,
    UnitKind,
)

HEADER = (
    b"<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
    b"version='1.0' from='lab.test'>"
)
PIECES = (
    b"<?xml version='1.0'?>",
    HEADER,
    b"<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>",
    b"\n",
    b"<message to='bob@lab.test' id=\"a>b/\"><body>caf\xc3\xa9 \xf0\x9f\x98\x80 &amp; &#38;</body>"
    b"</message>",
    b"<r xmlns='urn:xmpp:sm:3'/>",
    b" ",
    b"<message><body><![CDATA[</message> & <b>]] ]]></body><x a='/'/></message >",
    b"<iq type='result' id='1'></iq>",
    b"</stream:stream>",
)
STREAM = b"".join(PIECES)


def split(data: bytes, splitter: StanzaSplitter | None = None) -> list[StreamUnit]:
    splitter = splitter or StanzaSplitter()
    return list(splitter.feed(data, ByteRange(0, len(data)), True))


def in_stream(data: bytes, limit: int = 1 << 20) -> list[StreamUnit]:
    return split(data, StanzaSplitter(limit, is_inside=True))


@given(st.lists(st.integers(1, len(STREAM) - 1), max_size=30))
def test_units_keep_their_exact_bytes_however_tcp_cuts_the_stream(cuts: list[int]) -> None:
    borders = sorted({0, *cuts, len(STREAM)})
    splitter = StanzaSplitter()
    units: list[StreamUnit] = []
    for start, stop in pairwise(borders):
        units += splitter.feed(STREAM[start:stop], ByteRange(start, stop).shifted(7), True)
    assert b"".join(unit.data for unit in units) == STREAM
    assert [unit.data for unit in units] == list(PIECES)
    for unit in units:
        assert STREAM[unit.span.start - 7 : unit.span.stop - 7] == unit.data
    assert splitter.is_between_units


def test_a_stream_dripped_byte_by_byte_gives_the_same_units() -> None:
    splitter = StanzaSplitter()
    units = [
        unit
        for position in range(len(STREAM))
        for unit in splitter.feed(
            STREAM[position : position + 1], ByteRange(position, position + 1), True
        )
    ]
    assert [(unit.kind, unit.data, unit.span) for unit in units] == [*split(STREAM)]


def test_kinds_tell_the_parts_of_a_stream_apart() -> None:
    assert [unit.kind.name for unit in split(STREAM)] == [
        *("DECLARATION", "OPENED", "ELEMENT", "BLANK", "ELEMENT", "ELEMENT", "BLANK"),
        *("ELEMENT", "ELEMENT", "CLOSED"),
    ]


def test_under_tls_a_stanza_owns_the_whole_records_that_carry_it() -> None:
    splitter = StanzaSplitter(is_inside=True)
    first = list(splitter.feed(b"<a/><message><bo", ByteRange(100, 140), False))
    second = list(splitter.feed(b"dy/></message> ", ByteRange(140, 177), False))
    assert [unit.span for unit in (*first, *second)] == [
        ByteRange(100, 140),
        ByteRange(100, 177),
        ByteRange(140, 177),
    ]


def test_a_stream_that_starts_anew_keeps_counting_its_bytes() -> None:
    splitter = StanzaSplitter()
    data = HEADER + b"<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>" + HEADER + b"<a/>"
    found: list[StreamUnit] = []
    for unit in splitter.feed(data, ByteRange(0, len(data)), True):
        found.append(unit)
        if unit.data.startswith(b"<success"):
            splitter.reset()
    assert [unit.kind for unit in found].count(UnitKind.OPENED) == 2
    assert found[-1].span == ByteRange(len(data) - 4, len(data))


def test_a_second_header_that_nobody_asked_for_is_refused() -> None:
    with pytest.raises(StreamFault, match="second stream"):
        split(HEADER + HEADER)


def test_an_observer_takes_restarts_as_they_come() -> None:
    data = (
        HEADER
        + b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/><?xml version='1.0'?>"
        + HEADER
        + b"<a/></stream:stream>"
        + HEADER
    )
    units = split(data, StanzaSplitter(is_observer=True))
    assert [unit.kind for unit in units].count(UnitKind.OPENED) == 3


PROCEED = b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"


@pytest.mark.parametrize("behind", [b"<message/>", b" ", b"<", b"\x16\x03"])
def test_nothing_behind_proceed_in_the_same_clear_bytes_is_accepted(behind: bytes) -> None:
    with pytest.raises(StreamFault, match="in clear behind <proceed/>"):
        split(HEADER + PROCEED + behind)
    splitter = StanzaSplitter()
    assert split(HEADER + PROCEED, splitter)[-1].data == PROCEED
    with pytest.raises(StreamFault, match="in clear behind <proceed/>"):
        split(behind, splitter)


def test_the_stream_goes_on_behind_proceed_once_it_was_reset() -> None:
    splitter = StanzaSplitter()
    split(HEADER + PROCEED, splitter)
    splitter.reset()
    assert split(HEADER, splitter)[0].kind is UnitKind.OPENED


@pytest.mark.parametrize(
    ("data", "reason", "condition"),
    [
        (b"<!DOCTYPE x [<!ENTITY a 'b'>]>", "a DOCTYPE", "restricted-xml"),
        (b"<!ENTITY a 'b'>", "an entity of its own", "restricted-xml"),
        (b"<!-- hidden -->", "a comment", "restricted-xml"),
        (b"<message><!-- hidden --></message>", "a comment", "restricted-xml"),
        (b"<message><?php x?></message>", "a processing instruction", "restricted-xml"),
        (b"<?xml-stylesheet x?>", "a processing instruction", "restricted-xml"),
        (b"<message><body>&lol;</body></message>", "an entity of its own", "restricted-xml"),
        (b"<message to='&lol;'/>", "an entity of its own", "restricted-xml"),
        (b"<message><body>&</body></message>", "an entity of its own", "restricted-xml"),
        (b"hello", "Text between stanzas: “hello”", "not-well-formed"),
        (b"<![CDATA[x]]>", "Text between stanzas", "not-well-formed"),
        (b"<message to='<'/>", "holds a “<”", "not-well-formed"),
        (b"<message <a/>", "inside a tag", "not-well-formed"),
        (b"< message/>", "without a name", "not-well-formed"),
        (b"<a>\xff</a>", "no UTF-8", "bad-format"),
        (b"<a>\xed\xa0\x80</a>", "no UTF-8", "bad-format"),
        (b"</stream:stream><message/>", "behind the end", "bad-format"),
    ],
)
def test_what_rfc_6120_forbids_is_refused_by_name(data: bytes, reason: str, condition: str) -> None:
    with pytest.raises(StreamFault, match=reason) as caught:
        in_stream(data)
    assert caught.value.condition == condition


@pytest.mark.parametrize("start", [b"HTTP/1.1 400\r\n", b"<html>", b"<stream:stream/>", b"</a>"])
def test_what_is_no_stream_is_refused_at_its_first_bytes(start: bytes) -> None:
    with pytest.raises(StreamFault):
        split(start)


def test_only_utf_8_is_spoken() -> None:
    with pytest.raises(StreamFault, match="ISO-8859-1; XMPP is UTF-8"):
        split(b"<?xml version='1.0' encoding='ISO-8859-1'?>")
    assert split(b"<?xml version='1.0' encoding='utf-8'?>")[0].kind is UnitKind.DECLARATION


def test_nesting_is_bounded_before_a_parser_sees_it() -> None:
    depth = MAX_DEPTH - 1
    assert len(in_stream(b"<a>" * depth + b"</a>" * depth)) == 1
    with pytest.raises(StreamFault, match=f"more than {MAX_DEPTH} deep"):
        in_stream(b"<a>" * (depth + 1))


def test_attributes_are_bounded() -> None:
    most = b"".join(b" a%d='x'" % number for number in range(MAX_ATTRIBUTES))
    assert len(in_stream(b"<a%b/>" % most)) == 1
    with pytest.raises(StreamFault, match="attributes"):
        in_stream(b"<a%b b='x'/>" % most)


@pytest.mark.parametrize("start", [b"<message><body>", b"<message to='", b"<a><![CDATA["])
def test_a_stanza_that_never_ends_is_refused_at_the_limit(start: bytes) -> None:
    splitter = StanzaSplitter(10_000, is_inside=True)
    for piece in (start, *[b"x" * 1000] * 9):
        assert not split(piece, splitter)
    with pytest.raises(StreamFault, match="more than 10,000 bytes"):
        split(b"x" * 1000, splitter)


def test_units_before_a_fault_are_still_given() -> None:
    units: list[StreamUnit] = []
    with pytest.raises(StreamFault):
        units.extend(StanzaSplitter(is_inside=True).feed(b"<a/><b/><!--", ByteRange(0, 12), True))
    found = StanzaSplitter(is_inside=True).feed(b"<a/><b/><!--", ByteRange(0, 12), True)
    assert next(found).data == b"<a/>"


@pytest.mark.parametrize("chunk", [1, 7, 1 << 20])
def test_a_large_stanza_takes_linear_time_in_any_pieces(chunk: int) -> None:
    data = b"<message to='" + b"x" * 100_000 + b"'><body>" + b"y" * 100_000 + b"</body></message>"
    splitter = StanzaSplitter(is_inside=True)
    started = time.process_time()
    units = [
        unit
        for start in range(0, len(data), chunk)
        for unit in splitter.feed(
            data[start : start + chunk], ByteRange(start, start + chunk), True
        )
    ]
    assert [unit.data for unit in units] == [data]
    assert time.process_time() - started < 5
