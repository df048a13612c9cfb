"""Lines and records in streams that begin late, have gaps, change speech or hold anything."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatlab.analysis.byte_source import ACKED_PATIENCE, GAP_PATIENCE, CapturedBytes
from chatlab.analysis.contents import Contents
from chatlab.analysis.correlate import Correlator
from chatlab.analysis.explain import Explainer
from chatlab.analysis.layers import LayerBuilder
from chatlab.analysis.rows import RowBuilder
from chatlab.analysis.streams import Streams
from chatlab.analysis.units import Speech, Units, looks_like_irc
from chatlab.core.account import Application
from chatlab.core.flow import ByteRange
from tests.helpers.tcp_talk import RECEIVED, SENT, Talk, connection
from tests.unit.analysis.conftest import OpenLog

LINES = b"".join(b"PRIVMSG #lab :line %d\r\n" % number for number in range(4))


def record(content_type: int, size: int) -> bytes:
    return bytes([content_type, 3, 3]) + size.to_bytes(2, "big") + b"\xee" * size


def units_of(
    talk: Talk,
    tmp_path: Path,
    open_log: OpenLog,
    *,
    speaks: Application | None = None,
    first: int = 1,
    is_growing: bool = False,
) -> Units:
    file = talk.write(tmp_path / "a.pcapng", first)
    streams = Streams(open_log(file, is_growing=is_growing))
    streams.update()
    return Units(CapturedBytes(streams, streams.direction(0, 0)), speaks)


def spans(units: Units) -> list[tuple[int, int, int]]:
    found = units.overlapping(ByteRange(-(1 << 40), 1 << 40))
    return [(unit.span.start, unit.span.stop, unit.content_type) for unit in found]


def test_lines_are_found_however_they_are_cut(tmp_path: Path, open_log: OpenLog) -> None:
    talk = Talk().handshake()
    talk.send(SENT, LINES, mss=7)
    units = units_of(talk, tmp_path, open_log, speaks=Application.IRC)
    assert spans(units) == [(n * 22, n * 22 + 22, 0) for n in range(4)]
    (middle,) = units.overlapping(ByteRange(30, 31))
    assert units.read(middle) == b"PRIVMSG #lab :line 1\r\n"


def test_starttls_turns_lines_into_records(tmp_path: Path, open_log: OpenLog) -> None:
    talk = Talk().handshake()
    talk.send(SENT, b"STARTTLS\r\n")
    talk.send(SENT, record(22, 100) + record(20, 1) + record(23, 40), mss=33)
    units = units_of(talk, tmp_path, open_log, speaks=Application.IRC)
    assert spans(units) == [(0, 10, 0), (10, 115, 22), (115, 121, 20), (121, 166, 23)]
    assert units.speech is Speech.RECORDS
    assert units.sealed_from == 115


def test_records_are_found_by_a_capture_that_began_in_one(
    tmp_path: Path, open_log: OpenLog
) -> None:
    talk = Talk().handshake()
    first, *_ = talk.send(SENT, record(23, 60), mss=30)
    talk.send(SENT, record(23, 20))
    units = units_of(talk, tmp_path, open_log, first=first + 1)
    assert spans(units) == [(35, 60, 23)]


def test_a_gap_is_waited_for_and_then_stepped_over(tmp_path: Path, open_log: OpenLog) -> None:
    talk = Talk().handshake()
    talk.send(SENT, LINES[:22])
    talk.reached[SENT] += 10
    talk.send(SENT, LINES)
    irc = Application.IRC
    units = units_of(talk, tmp_path, open_log, speaks=irc, is_growing=True)
    assert len(spans(units)) == 1
    talk.send(SENT, (b"x" * 98 + b"\r\n") * (GAP_PATIENCE // 100 + 2))
    units = units_of(talk, tmp_path, open_log, speaks=irc, is_growing=True)
    assert (32, 54, 0) in spans(units)


@pytest.mark.parametrize("is_acknowledged", [False, True])
def test_a_gap_that_the_receiver_has_closed_is_stepped_over_sooner(
    *, is_acknowledged: bool, tmp_path: Path, open_log: OpenLog
) -> None:
    talk = Talk().handshake()
    talk.send(SENT, LINES[:22])
    talk.reached[SENT] += 10
    talk.send(SENT, LINES * (ACKED_PATIENCE // len(LINES) + 1))
    if is_acknowledged:
        talk.ack(RECEIVED)
    irc = Application.IRC
    units = units_of(talk, tmp_path, open_log, speaks=irc, is_growing=True)
    assert ((32, 54, 0) in spans(units)) is is_acknowledged


def test_in_a_finished_file_nothing_is_waited_for(tmp_path: Path, open_log: OpenLog) -> None:
    talk = Talk().handshake()
    talk.send(SENT, LINES[:22])
    talk.reached[SENT] += 10
    talk.send(SENT, LINES)
    units = units_of(talk, tmp_path, open_log, speaks=Application.IRC)
    assert spans(units)[:2] == [(0, 22, 0), (32, 54, 0)]


def test_bytes_that_are_neither_are_left_alone(tmp_path: Path, open_log: OpenLog) -> None:
    talk = Talk().handshake()
    talk.send(SENT, bytes(range(128, 256)) * 200)
    units = units_of(talk, tmp_path, open_log)
    assert spans(units) == []
    assert units.speech in (Speech.OPAQUE, Speech.UNKNOWN)


@pytest.mark.parametrize("before", [b"PASS hunter2\r\n", b"PASS x\r\nPING :y\r\n"])
def test_lines_before_the_first_telling_one_are_lines_too(
    before: bytes, tmp_path: Path, open_log: OpenLog
) -> None:
    talk = Talk().handshake()
    talk.send(SENT, before + b"NICK alice\r\n")
    units = units_of(talk, tmp_path, open_log)
    assert spans(units)[0] == (0, before.index(b"\n") + 1, 0)
    assert spans(units)[-1] == (len(before), len(before) + 12, 0)


def test_the_rest_of_a_line_is_not_taken_for_one(tmp_path: Path, open_log: OpenLog) -> None:
    talk = Talk().handshake()
    first, *_ = talk.send(SENT, b"PRIVMSG #lab :half of\r\nPING :x\r\nNICK bob\r\n", mss=14)
    units = units_of(talk, tmp_path, open_log, first=first + 1)
    assert spans(units) == [(9, 18, 0), (18, 28, 0)]


@pytest.mark.parametrize(
    ("client", "server", "infos"),
    [
        (
            b"STARTTLS\r\n",
            b":irc.example 670 * :go on\r\n",
            ["STARTTLS", ":irc.example 670 * :go on"],
        ),
        (b"EHLO me\r\nSTARTTLS\r\n", b"220 go on\r\n", []),
    ],
)
def test_starttls_is_irc_where_the_other_side_speaks_it(
    client: bytes, server: bytes, infos: list[str], tmp_path: Path, open_log: OpenLog
) -> None:
    talk = Talk().handshake()
    talk.send(SENT, client)
    talk.send(RECEIVED, server)
    talk.send(SENT, record(22, 100))
    log = open_log(talk.write(tmp_path / "a.pcapng"))
    correlator = Correlator(Streams(log))
    correlator.update()
    builder = RowBuilder(log, correlator.streams, correlator)
    rows = [builder.row(number) for number in range(4, 7)]
    assert [row.info for row in rows if row.protocol == "IRC"] == infos


def test_a_line_without_end_is_given_up(tmp_path: Path, open_log: OpenLog) -> None:
    talk = Talk().handshake()
    talk.send(SENT, b"NICK " + b"x" * 40_000)
    units = units_of(talk, tmp_path, open_log, speaks=Application.IRC)
    assert spans(units) == []
    assert units.speech is Speech.OPAQUE


def test_only_irc_looks_like_irc() -> None:
    for line in (
        b"NICK alice\r\n",
        b"USER alice 0 * :Alice\r\n",
        b"@time=x :bob!u@h PRIVMSG #lab :hi\r\n",
        b":irc.example 001 alice :Welcome\r\n",
        b"CAP LS 302\r\n",
        b"cap * ls :sasl\r\n",
    ):
        assert looks_like_irc(line)
    for line in (
        b"GET / HTTP/1.1\r\n",
        b"220 mail.example ESMTP\r\n",
        b"USER anonymous\r\n",
        b"PASS guest\r\n",
        b"<stream:stream xmlns='jabber:client'>",
        b"\x16\x03\x01\x02\x00",
    ):
        assert not looks_like_irc(line)


PIECES = st.sampled_from(
    [
        *(LINES, b"PASS x\r\n", b"\r\n", b"@a :b", b"\x16\x03\x01", b"\0\xff", b":\r\n", b" \n"),
        *(record(22, 9), record(23, 30), record(21, 2), record(20, 1), b"\x01ACTION\x01\n"),
        b"\x16\x03\x01\x00\x06\x01\x00\x00\x02\x03\x03",
    ]
)


@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    st.lists(st.tuples(st.booleans(), st.one_of(PIECES, st.binary(min_size=1, max_size=40)))),
    st.integers(1, 40),
    st.integers(0, 6),
    st.booleans(),
)
def test_nothing_that_crosses_a_wire_breaks_its_description(
    tmp_path: Path,
    open_log: OpenLog,
    pieces: list[tuple[bool, bytes]],
    mss: int,
    lost: int,
    is_ours: bool,
) -> None:
    talk = Talk().handshake()
    for is_sent, piece in pieces:
        talk.send(SENT if is_sent else RECEIVED, piece, mss)
    del talk.frames[lost : lost + 2]
    log = open_log(talk.write(tmp_path / "a.pcapng"))
    streams = Streams(log)
    correlator = Correlator(streams)
    if is_ours:
        correlator.opened(connection())
    correlator.update()
    contents = Contents(streams, correlator)
    rows = RowBuilder(log, streams, correlator, contents)
    explainer = Explainer(log, streams, correlator, contents)
    layers = LayerBuilder(log, streams, correlator, contents)
    for number in range(1, len(log) + 1):
        row = rows.row(number)
        assert row.info
        assert explainer.frame(number)
        for layer in layers.layers(number, {}):
            assert 0 <= layer.span.start <= layer.span.stop <= row.length
