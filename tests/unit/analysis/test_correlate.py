"""Messages and frames, joined by offsets in whatever order the facts come."""

import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatlab.analysis.binding import Anchor
from chatlab.analysis.correlate import BULK, Correlator
from chatlab.analysis.streams import Streams
from chatlab.core.attribution import Evidence
from chatlab.core.flow import ByteRange, ConnectionId, Direction, Endpoint, FlowKey, Transport
from chatlab.core.message import MessageId
from tests.helpers.tcp_talk import (
    ETHERNET,
    LOCAL,
    RECEIVED,
    SENT,
    START_NS,
    Talk,
    connection,
    udp_packet,
    wire,
)
from tests.unit.analysis.conftest import OpenLog

A, B = MessageId("a"), MessageId("b")
C1 = ConnectionId("c1")
Correlate = Callable[[Path], Correlator]


@pytest.fixture
def correlate(open_log: OpenLog) -> Correlate:
    return lambda file: Correlator(Streams(open_log(file, is_growing=True)))


def test_a_message_has_its_frames_acks_and_echo(tmp_path: Path, correlate: Correlate) -> None:
    talk = Talk().handshake()
    (hello,) = talk.send(SENT, b"PRIVMSG #lab :hello\r\n")
    ack = talk.ack(RECEIVED)
    (echo,) = talk.send(RECEIVED, b":alice PRIVMSG #lab :hello\r\n")
    found = correlate(talk.write(tmp_path / "a.pcapng"))
    found.opened(connection())
    found.assign(A, wire(SENT, 0, 21), wire(RECEIVED, 0, 28))
    changes = found.update()
    assert changes.frames == range(1, 7)
    assert changes.messages == {A}
    known = found.attribution(A)
    assert (known.stream, known.frames, known.acks, known.echo_frames) == (
        0,
        (hello,),
        (ack,),
        (echo,),
    )
    assert (known.evidence, known.is_complete, known.is_acknowledged) == (
        Evidence.OFFSET,
        True,
        True,
    )
    assert found.messages_of(hello) == (A,)
    assert found.messages_of(echo) == (A,)
    assert found.messages_of(ack) == ()
    assert found.acknowledged_messages(ack) == (A,)
    assert found.acknowledged(C1) == 21
    assert found.connection_of(hello) == connection()
    assert found.direction_of(hello) is SENT
    assert found.direction_of(echo) is RECEIVED


def test_facts_may_come_after_the_frames(tmp_path: Path, correlate: Correlate) -> None:
    talk = Talk().handshake()
    (hello,) = talk.send(SENT, b"PRIVMSG #lab :hello\r\n")
    found = correlate(talk.write(tmp_path / "a.pcapng"))
    found.update()
    found.assign(A, wire(SENT, 0, 21))
    assert found.attribution(A).frames == ()
    found.opened(connection())
    assert found.attribution(A).frames == (hello,)
    assert found.update().messages == {A}


def test_an_answer_is_renewed_when_frames_touch_it(tmp_path: Path, correlate: Correlate) -> None:
    file = tmp_path / "a.pcapng"
    talk = Talk().handshake()
    first = talk.again(SENT, 0, b"PRIVMSG ")
    found = correlate(talk.write(file))
    found.opened(connection())
    found.assign(A, wire(SENT, 0, 21))
    found.assign(B, wire(SENT, 21, 30))
    found.update()
    assert (found.attribution(A).frames, found.attribution(A).is_complete) == ((first,), False)
    second = talk.again(SENT, 8, b"#lab :hello\r\n")
    talk.write(file)
    assert found.update().messages == {A}
    assert found.attribution(A).frames == (first, second)
    assert found.attribution(A).is_complete
    ack = talk.ack(RECEIVED, 21)
    talk.write(file)
    assert found.update().messages == {A}
    assert found.attribution(A).acks == (ack,)
    assert found.attribution(B).frames == ()


def test_the_bytes_of_a_message_are_found_in_the_frame(
    tmp_path: Path, correlate: Correlate
) -> None:
    talk = Talk().handshake()
    (both,) = talk.send(SENT, b"PRIVMSG #lab :one\r\nPRIVMSG #lab :two\r\n")
    found = correlate(talk.write(tmp_path / "a.pcapng"))
    found.opened(connection())
    found.assign(A, wire(SENT, 0, 19))
    found.assign(B, wire(SENT, 19, 38))
    found.update()
    assert found.messages_of(both) == (A, B)
    start = 54
    assert found.frame_span(both, A) == ByteRange(start, start + 19)
    assert found.frame_span(both, B) == ByteRange(start + 19, start + 38)
    assert found.messages_at(both, ByteRange(start + 18, start + 19)) == (A,)
    assert found.messages_at(both, ByteRange(start + 18, start + 20)) == (A, B)
    assert found.messages_at(both, ByteRange(0, start)) == ()
    assert not len(found.frame_span(1, A))


def test_a_message_sent_anew_leaves_its_old_frames(tmp_path: Path, correlate: Correlate) -> None:
    talk = Talk().handshake()
    old, new = *talk.send(SENT, b"PRIVMSG #lab :x\r\n"), *talk.send(SENT, b"PRIVMSG #lab :x\r\n")
    found = correlate(talk.write(tmp_path / "a.pcapng"))
    found.opened(connection())
    found.assign(A, wire(SENT, 0, 17))
    found.assign(A, wire(SENT, 17, 34))
    found.update()
    assert found.attribution(A).frames == (new,)
    assert found.messages_of(old) == ()


def test_a_reused_four_tuple_belongs_to_the_connection_of_its_time(
    tmp_path: Path, correlate: Correlate
) -> None:
    talk = Talk().handshake()
    (first,) = talk.send(SENT, b"PRIVMSG #lab :one\r\n")
    again = Talk(isn={SENT: 5, RECEIVED: 6}, clock=talk.clock)
    again.frames = talk.frames
    again.handshake()
    (second,) = again.send(SENT, b"PRIVMSG #lab :two\r\n")
    reopened_ns = talk.frames[first][0] - 1000
    found = correlate(talk.write(tmp_path / "a.pcapng"))
    found.opened(connection())
    found.opened(connection(name="c2", opened_ns=reopened_ns))
    found.assign(A, wire(SENT, 0, 19))
    found.assign(B, wire(SENT, 0, 19, "c2"))
    found.update()
    assert found.attribution(A).frames == (first,)
    assert found.attribution(B).frames == (second,)
    assert (found.attribution(A).stream, found.attribution(B).stream) == (0, 1)


def test_a_connection_that_both_ends_of_are_ours_is_one_stream(
    tmp_path: Path, correlate: Correlate
) -> None:
    talk = Talk().handshake()
    (there,) = talk.send(SENT, b"hello\n")
    (back,) = talk.send(RECEIVED, b"and to you\n")
    found = correlate(talk.write(tmp_path / "a.pcapng"))
    flow = talk.flow
    found.opened(connection())
    found.opened(connection(FlowKey(flow.remote, flow.local, flow.transport), name="c2"))
    found.assign(A, wire(SENT, 0, 6))
    found.assign(B, wire(RECEIVED, 0, 6, "c2"))
    found.update()
    assert found.attribution(A).frames == found.attribution(B).frames == (there,)
    assert (found.attribution(A).stream, found.attribution(B).stream) == (0, 0)
    assert set(found.messages_of(there)) == {A, B}
    assert found.messages_of(back) == ()


def test_datagrams_belong_to_the_look_up_of_their_time(
    tmp_path: Path, correlate: Correlate
) -> None:
    talk = Talk()
    resolver = Endpoint("10.0.0.53", 53)
    flow = FlowKey(LOCAL, resolver, Transport.UDP)
    for _ in range(2):
        talk.frames.append((next(talk.clock), SENT, ETHERNET + udp_packet(LOCAL, resolver, b"?")))
    found = correlate(talk.write(tmp_path / "a.pcapng"))
    found.opened(connection(flow, name="one"))
    found.opened(connection(flow, name="two", opened_ns=START_NS + 500_000))
    found.update()
    owners = [found.connection_of(number) for number in (1, 2)]
    assert [owner.id for owner in owners if owner] == ["one", "two"]
    assert found.direction_of(2) is SENT


def test_foreign_frames_are_nobodys(tmp_path: Path, correlate: Correlate) -> None:
    talk = Talk().handshake()
    (frame,) = talk.send(SENT, b"x")
    found = correlate(talk.write(tmp_path / "a.pcapng"))
    found.update()
    assert found.connection_of(frame) is None
    assert found.messages_of(frame) == ()
    assert found.attribution(A).frames == ()
    assert found.acknowledged(C1) is None
    assert found.anchors(C1) == {}


# --- a capture that began late --------------------------------------------------------------------

LINES = [b"PRIVMSG #lab :line %d, long enough to be told apart\r\n" % n for n in range(6)]


def late(file: Path, first: int) -> tuple[Talk, list[int]]:
    """A talk of which only the frames from ``first`` on were captured."""
    talk = Talk().handshake()
    numbers = [number for line in LINES for number in talk.send(SENT, line)]
    talk.ack(RECEIVED)
    talk.write(file, first)
    return talk, [number - first + 1 for number in numbers]


def test_a_late_capture_is_anchored_on_known_bytes(tmp_path: Path, correlate: Correlate) -> None:
    file = tmp_path / "a.pcapng"
    _, numbers = late(file, 6)
    found = correlate(file)
    found.opened(connection())
    for line in LINES:
        found.carried(connection(), SENT, line)
    offset = sum(map(len, LINES[:4]))
    found.assign(A, wire(SENT, offset, offset + len(LINES[4])))
    found.update()
    known = found.attribution(A)
    assert (known.frames, known.evidence) == ((numbers[4],), Evidence.CONTENT)
    assert known.is_acknowledged
    anchor = found.anchors(C1)[SENT]
    assert anchor.evidence is Evidence.CONTENT
    assert anchor.sequence - anchor.offset == 1001


def test_bytes_that_are_read_later_anchor_frames_captured_before(
    tmp_path: Path, correlate: Correlate
) -> None:
    file = tmp_path / "a.pcapng"
    _, numbers = late(file, 6)
    found = correlate(file)
    found.opened(connection())
    found.assign(A, wire(SENT, 0, 1))
    found.assign(B, wire(SENT, sum(map(len, LINES[:3])), sum(map(len, LINES[:3])) + 3))
    found.update()
    assert found.attribution(B).frames == ()
    for line in LINES:
        found.carried(connection(), SENT, line)
    assert found.attribution(B).frames == (numbers[3],)
    assert found.attribution(A).frames == ()
    assert {A, B} <= found.update().messages


def test_what_occurs_twice_anchors_nothing(tmp_path: Path, correlate: Correlate) -> None:
    file, line = tmp_path / "a.pcapng", b"PRIVMSG #lab :the same words once more\r\n"
    talk = Talk().handshake()
    talk.send(SENT, line)
    talk.send(SENT, line)
    found = correlate(talk.write(file, 5))
    found.opened(connection())
    found.carried(connection(), SENT, line + line)
    found.assign(A, wire(SENT, 0, len(line)))
    found.update()
    assert found.attribution(A).evidence is None


def test_a_received_line_that_resembles_an_older_one_is_not_taken_for_it(
    tmp_path: Path, correlate: Correlate
) -> None:
    file, line = tmp_path / "a.pcapng", b":bob PRIVMSG #lab :the same words once more\r\n"
    talk = Talk().handshake()
    talk.send(RECEIVED, line)
    (number,) = talk.send(RECEIVED, line)
    found = correlate(talk.write(file, number))
    found.opened(connection())
    found.carried(connection(), RECEIVED, line)
    found.update()
    found.assign(A, wire(RECEIVED, 0, len(line)))
    assert found.attribution(A).frames == ()
    found.carried(connection(), RECEIVED, line)
    assert found.attribution(A).frames == ()
    found.carried(connection(), RECEIVED, b":bob PRIVMSG #lab :other words\r\n")
    assert found.attribution(A).frames == ()


def test_a_saved_anchor_stands_in_for_the_syn(tmp_path: Path, correlate: Correlate) -> None:
    file = tmp_path / "a.pcapng"
    _, numbers = late(file, 6)
    found = correlate(file)
    found.opened(connection())
    found.anchor(C1, SENT, Anchor(0, 1001, Evidence.OFFSET))
    offset = sum(map(len, LINES[:5]))
    found.assign(A, wire(SENT, offset, offset + 4))
    found.update()
    assert found.attribution(A).frames == (numbers[5],)
    assert found.attribution(A).evidence is Evidence.OFFSET


def test_the_taps_bytes_stand_in_where_nothing_is_captured(
    tmp_path: Path, correlate: Correlate
) -> None:
    found = correlate(tmp_path / "none.pcapng")
    found.opened(connection())
    found.carried(connection(), SENT, b"NICK alice\r\nUSER a 0 * :a\r\n")
    assert found.update().frames == range(1, 1)
    assert found.carried_bytes(wire(SENT, 0, 12)) == b"NICK alice\r\n"
    assert found.carried_bytes(wire(SENT, 20, 99)) == b""


# --- whatever the network does ---------------------------------------------------------------------


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    sizes=st.lists(st.integers(1, 60), min_size=1, max_size=8),
    cuts=st.lists(st.tuples(st.integers(0, 400), st.integers(1, 50)), max_size=25),
    isn=st.sampled_from([0, 77, 2**32 - 1, 2**32 - 100]),
)
def test_frames_named_are_exactly_those_that_hold_a_byte(
    tmp_path: Path,
    open_log: OpenLog,
    sizes: list[int],
    cuts: list[tuple[int, int]],
    isn: int,
) -> None:
    """Any segments in any order, overlapping, repeated and lost: zero wrong, zero missing."""
    talk = Talk(isn={SENT: isn, RECEIVED: 9000}).handshake()
    total = sum(sizes)
    stream = bytes(index % 251 for index in range(total))
    holders: dict[int, set[int]] = {}
    for start, size in cuts:
        if piece := stream[start : start + size]:
            number = talk.again(SENT, start, piece)
            for place in range(start, start + len(piece)):
                holders.setdefault(place, set()).add(number)
    found = Correlator(Streams(open_log(talk.write(tmp_path / "a.pcapng"))))
    found.opened(connection())
    start = 0
    for index, size in enumerate(sizes):
        found.assign(MessageId(str(index)), wire(SENT, start, start + size))
        start += size
    found.update()
    start = 0
    for index, size in enumerate(sizes):
        places = range(start, start + size)
        known = found.attribution(MessageId(str(index)))
        want = set().union(*(holders.get(place, set()) for place in places))
        assert set(known.frames) == want
        assert known.is_complete == all(place in holders for place in places)
        for number in known.frames:
            assert MessageId(str(index)) in found.messages_of(number)
            span = found.frame_span(number, MessageId(str(index)))
            raw = found.streams.log.raw(number)[span.start : span.stop]
            assert raw
            assert raw in stream[start : start + size]
        start += size


def test_an_option_cannot_move_the_payload(tmp_path: Path, correlate: Correlate) -> None:
    talk = Talk().handshake()
    stamps = b"\1\1\x08\x0a" + struct.pack(">II", 1, 2)
    number = talk.segment(SENT, 0x18, b"PRIVMSG #lab :hi\r\n", options=stamps)
    found = correlate(talk.write(tmp_path / "a.pcapng"))
    found.opened(connection())
    found.assign(A, wire(SENT, 0, 18))
    found.update()
    assert found.frame_span(number, A) == ByteRange(66, 84)
    assert Direction.SENT in found.anchors(C1)


def test_a_long_file_is_taken_in_at_once_and_then_followed(
    tmp_path: Path, correlate: Correlate
) -> None:
    file, talk = tmp_path / "a.pcapng", Talk().handshake()
    talk.send(SENT, bytes(BULK + 10), mss=1)
    found = correlate(talk.write(file))
    found.opened(connection())
    found.assign(A, wire(SENT, 0, 3))
    found.assign(B, wire(SENT, BULK + 10, BULK + 15))
    found.update()
    assert found.attribution(A).frames == (4, 5, 6)
    (last,) = talk.send(SENT, b"later")
    ack = talk.ack(RECEIVED)
    talk.write(file)
    assert found.update().messages == {A, B}
    assert found.attribution(B).frames == (last,)
    assert found.attribution(B).acks == (ack,)
