"""Sequence numbers as offsets: cut, lost, reordered, doubled and wrapped."""

from hypothesis import given
from hypothesis import strategies as st

from chatlab.core.attribution import Evidence
from chatlab.core.flow import ByteRange
from chatlab.protocol import tcp
from chatlab.protocol.packet import ACK, FIN, PSH, SYN
from chatlab.protocol.tcp import StreamDirection, TcpStream

ISNS = st.sampled_from([0, 1, 1000, 2**31 - 3, 2**32 - 1, 2**32 - 5, 2**32 - 40])
CUTS = st.lists(st.integers(1, 9), min_size=1, max_size=14)


def talk(isn: int = 1000) -> TcpStream:
    stream = TcpStream()
    one, other = stream.sides
    one.take(1, isn, 0, SYN, 100, 0)
    other.take(2, 9000, (isn + 1) % 2**32, SYN | ACK, 100, 0)
    one.take(3, (isn + 1) % 2**32, 9001, ACK, 100, 0)
    return stream


def sent(stream: TcpStream, frame: int, offset: int, length: int, isn: int = 1000) -> int:
    sequence = (isn + 1 + offset) % 2**32
    _, notes = stream.sides[0].take(frame, sequence, 9001, PSH | ACK, 100, length)
    return notes


def acked(stream: TcpStream, frame: int, offset: int, isn: int = 1000, window: int = 100) -> int:
    number = (isn + 1 + offset) % 2**32
    _, notes = stream.sides[1].take(frame, 9001, number, ACK, window, 0)
    return notes


@given(ISNS, CUTS, st.data())
def test_every_byte_keeps_its_frames(isn: int, cuts: list[int], data: st.DataObject) -> None:
    """Segments lost, doubled, reordered and cut anew: frames are those that hold the byte."""
    stream = talk(isn)
    length = sum(cuts)
    segments = [(sum(cuts[:n]), size) for n, size in enumerate(cuts)]
    extra = data.draw(
        st.lists(st.tuples(st.integers(0, length - 1), st.integers(1, 12)), max_size=8)
    )
    segments += [(start, min(size, length - start)) for start, size in extra]
    arrived = data.draw(st.permutations(segments))
    arrived = arrived[: data.draw(st.integers(1, len(arrived)))]
    holders: dict[int, list[int]] = {}
    for frame, (start, size) in enumerate(arrived, 4):
        sent(stream, frame, start, size, isn)
        for place in range(start, start + size):
            holders.setdefault(place, []).append(frame)
    direction = stream.sides[0]
    assert direction.evidence is Evidence.OFFSET
    low = data.draw(st.integers(0, length - 1))
    high = data.draw(st.integers(low + 1, length))
    found = direction.carriers(ByteRange(low, high))
    want = sorted({frame for place in range(low, high) for frame in holders.get(place, [])})
    assert list(found.frames) == want
    assert direction.covers(ByteRange(low, high)) == all(
        place in holders for place in range(low, high)
    )
    bringers = {holders[place][0] for place in range(low, high) if place in holders}
    assert set(found.retransmissions) == set(want) - bringers


@given(ISNS, st.lists(st.integers(1, 50), min_size=1, max_size=20))
def test_acks_are_those_that_newly_cover_a_span(isn: int, steps: list[int]) -> None:
    stream = talk(isn)
    total = sum(steps)
    sent(stream, 4, 0, total, isn)
    reached, frames = 0, []
    for frame, step in enumerate(steps, 5):
        reached += step
        acked(stream, frame, reached, isn)
        frames.append((frame, reached))
    direction = stream.sides[0]
    assert direction.acknowledged == total
    for low in range(0, total, 7):
        span = ByteRange(low, min(total, low + 5))
        want: list[int] = []
        for frame, offset in frames:
            if offset > span.start:
                want.append(frame)
                if offset >= span.stop:
                    break
        assert list(direction.acks(span)) == want


def test_sequence_numbers_may_wrap_many_times() -> None:
    stream = talk(2**32 - 10)
    size = 2**20 * 900
    for frame, offset in enumerate(range(0, size * 12, size), 4):
        assert sent(stream, frame, offset, size, 2**32 - 10) == 0
    assert stream.sides[0].high == size * 12
    assert stream.sides[0].carriers(ByteRange(size * 11, size * 11 + 1)).frames == (15,)


def test_without_a_syn_there_are_no_offsets_until_they_are_told() -> None:
    direction = StreamDirection()
    position, _ = direction.take(1, 5000, 0, PSH, 100, 10)
    assert position == 0
    assert direction.offset(0) is None
    direction.anchor(2**33, 5005)
    assert direction.offset(0) == 2**33 - 5
    assert direction.position(2**33) == 5
    assert direction.evidence is Evidence.CONTENT


def test_a_syn_overrules_known_bytes_and_nothing_overrules_a_syn() -> None:
    direction = StreamDirection()
    direction.anchor(500, 1000)
    direction.take(1, 999, 0, SYN, 100, 0)
    assert direction.offset(0) == 0
    direction.anchor(77, 1000)
    assert (direction.offset(0), direction.evidence) == (0, Evidence.OFFSET)


def test_the_answer_to_a_lost_syn_tells_its_number() -> None:
    stream = TcpStream()
    one, other = stream.sides
    one.take(1, 9000, 1001, SYN | ACK, 100, 0)
    position, _ = other.take(2, 1001, 9001, PSH | ACK, 100, 5)
    assert other.offset(position) == 0
    assert other.evidence is Evidence.OFFSET


def test_a_late_syn_shifts_what_came_before_it() -> None:
    direction = StreamDirection()
    direction.take(1, 1011, 0, ACK, 100, 5)
    direction.take(2, 1000, 0, SYN, 100, 0)
    assert direction.offset(0) == 10


def test_a_fin_ends_the_stream_and_its_ack_counts_no_byte() -> None:
    stream = talk()
    sent(stream, 4, 0, 10)
    stream.sides[0].take(5, 1011, 9001, FIN | ACK, 100, 0)
    acked(stream, 6, 11)
    assert stream.sides[0].fin == 10
    assert stream.sides[0].acknowledged == 10


def test_what_is_remarkable_is_named() -> None:
    stream = talk()
    assert sent(stream, 4, 0, 10) == 0
    assert sent(stream, 5, 20, 10) == tcp.LOST_BEFORE
    assert sent(stream, 6, 10, 10) == tcp.OUT_OF_ORDER
    assert sent(stream, 7, 0, 10) == tcp.RETRANSMISSION
    assert acked(stream, 8, 10) == 0
    assert acked(stream, 9, 10) == tcp.DUPLICATE_ACK
    assert acked(stream, 10, 10) == tcp.DUPLICATE_ACK
    assert stream.sides[1].duplicate(10) == (8, 2)
    assert acked(stream, 11, 10, window=90) == tcp.WINDOW_UPDATE
    assert acked(stream, 12, 30, window=0) == tcp.ZERO_WINDOW


def test_a_syn_and_a_fin_may_be_sent_again() -> None:
    one, other = TcpStream().sides
    assert one.take(1, 1000, 0, SYN, 100, 0) == (0, 0)
    assert one.take(2, 1000, 0, SYN, 100, 0) == (0, tcp.RETRANSMISSION)
    assert other.take(3, 9000, 1001, SYN | ACK, 100, 0) == (0, 0)
    assert other.take(4, 9000, 1001, SYN | ACK, 100, 0) == (0, tcp.RETRANSMISSION)
    assert one.take(5, 1001, 9001, FIN | ACK, 100, 0) == (0, 0)
    assert one.take(6, 1001, 9001, FIN | ACK, 100, 0) == (0, tcp.RETRANSMISSION)


def test_a_syn_behind_its_answer_is_no_retransmission() -> None:
    one, other = TcpStream().sides
    other.take(1, 9000, 1001, SYN | ACK, 100, 0)
    assert one.take(2, 1000, 0, SYN, 100, 0) == (0, 0)


def test_both_ends_may_ask_at_once() -> None:
    one, other = TcpStream().sides
    one.take(1, 1000, 0, SYN, 100, 0)
    other.take(2, 9000, 0, SYN, 100, 0)
    assert one.take(3, 1000, 9001, SYN | ACK, 100, 0) == (0, 0)


def test_a_fin_tells_that_bytes_before_it_are_missing() -> None:
    one, _ = talk().sides
    assert one.take(4, 1011, 9001, FIN | ACK, 100, 0) == (10, tcp.LOST_BEFORE)
    assert one.take(5, 1011, 9001, FIN | ACK, 100, 0) == (10, tcp.RETRANSMISSION)
    assert one.take(6, 1001, 9001, PSH | ACK, 100, 10) == (0, tcp.OUT_OF_ORDER)
    assert one.take(7, 1011, 9001, FIN | ACK, 100, 0) == (10, tcp.RETRANSMISSION)


def test_a_keep_alive_carries_no_byte_of_a_message() -> None:
    stream = talk()
    sent(stream, 4, 0, 10)
    acked(stream, 5, 10)
    assert sent(stream, 6, 9, 1) == tcp.KEEP_ALIVE
    assert sent(stream, 7, 9, 0) == tcp.KEEP_ALIVE
    assert acked(stream, 8, 10) == tcp.KEEP_ALIVE_ACK
    assert stream.sides[0].carriers(ByteRange(0, 10)).frames == (4,)


def test_a_byte_not_yet_acknowledged_is_a_retransmission_not_a_keep_alive() -> None:
    stream = talk()
    sent(stream, 4, 0, 1)
    assert sent(stream, 5, 0, 1) == tcp.RETRANSMISSION


def test_a_segment_outside_any_window_is_nobodys() -> None:
    stream = talk()
    sent(stream, 4, 0, 10)
    sent(stream, 5, 2**30 + 2**20, 10)
    assert stream.sides[0].high == 10
    assert acked(stream, 6, 2**30 + 2**20) == 0
    assert stream.sides[0].acknowledged == 0


def test_relative_numbers_begin_at_the_syn() -> None:
    stream = talk(2**32 - 2)
    assert stream.sides[0].relative(2**32 - 2) == 0
    assert stream.sides[0].relative(3) == 5
