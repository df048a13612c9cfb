"""How long a pair of ends is ours: told by initial sequence numbers, or by a moment."""

import struct

from chatlab.capture.lease import Lease
from chatlab.core.flow import Endpoint, FlowKey, Transport

TCP = FlowKey(Endpoint("127.0.0.1", 40_000), Endpoint("127.0.0.1", 6667))
UDP = FlowKey(Endpoint("127.0.0.1", 40_000), Endpoint("127.0.0.1", 53), Transport.UDP)
SYN, SYN_ACK, ACK, FIN, RST = 0x02, 0x12, 0x10, 0x11, 0x04
OURS, THEIRS = 40_000, 6667


def segment(port: int, sequence: int, flags: int) -> bytes:
    """An IPv4 header and a TCP header, as far as anybody looks at them."""
    head = struct.pack(">BBHHHBBH8x", 0x45, 0, 40, 0, 0, 64, 6, 0)
    target = THEIRS if port == OURS else OURS
    return head + struct.pack(">HHIIBBHHH", port, target, sequence, 0, 0x50, flags, 0, 0, 0)


def kept(lease: Lease, *segments: bytes) -> list[bool]:
    return [lease.covers(each, 0, number) for number, each in enumerate(segments)]


def test_a_connection_is_ours_from_its_syn_to_its_last_segment() -> None:
    talk = [
        segment(OURS, 100, SYN),
        segment(OURS, 100, SYN),  # sent once more
        segment(THEIRS, 900, SYN_ACK),
        segment(OURS, 101, ACK),
        segment(OURS, 100, SYN),  # overtaken by others
        segment(THEIRS, 901, FIN),
    ]
    assert kept(Lease(TCP), *talk) == [True] * len(talk)


def test_the_next_connection_between_the_same_ends_is_foreign() -> None:
    lease = Lease(TCP)
    assert all(kept(lease, segment(OURS, 100, SYN), segment(THEIRS, 0, RST)))
    others = [segment(OURS, 5, SYN), segment(THEIRS, 7, SYN_ACK), segment(OURS, 6, ACK)]
    assert not any(kept(lease, *others))


def test_a_port_that_others_connect_to_is_foreign() -> None:
    lease = Lease(TCP)
    assert all(kept(lease, segment(OURS, 100, SYN), segment(THEIRS, 900, SYN_ACK)))
    assert kept(lease, segment(THEIRS, 3, SYN)) == [False]


def test_an_attempt_that_nobody_answers_does_not_cover_the_next_program() -> None:
    lease = Lease(TCP)
    assert kept(lease, segment(OURS, 100, SYN), segment(OURS, 7, SYN)) == [True, False]


def test_remains_of_an_earlier_connection_do_not_end_ours() -> None:
    talk = [segment(THEIRS, 5, FIN), segment(OURS, 6, RST), segment(OURS, 100, SYN)]
    assert kept(Lease(TCP), *talk) == [True] * 3


def test_both_ends_may_open_at_once() -> None:
    talk = [segment(OURS, 100, SYN), segment(THEIRS, 900, SYN), segment(OURS, 100, SYN_ACK)]
    assert kept(Lease(TCP), *talk) == [True] * 3


def test_a_connection_that_was_open_already_sends_no_syn() -> None:
    lease = Lease(TCP)
    lease.begin_late()
    assert kept(lease, segment(OURS, 500, ACK), segment(OURS, 7, SYN)) == [True, False]


def test_a_later_fragment_has_no_flags() -> None:
    fragment = bytearray(segment(OURS, 7, SYN))
    fragment[6:8] = b"\x00\x10"
    lease = Lease(TCP)
    assert all(kept(lease, segment(OURS, 100, SYN), bytes(fragment)))


def test_a_look_up_is_ours_until_its_socket_is_closed() -> None:
    lease = Lease(UDP)
    assert lease.covers(bytes(60), 0, 1_000)
    lease.end(2_000)
    assert lease.covers(bytes(60), 0, 2_000)
    assert not lease.covers(bytes(60), 0, 2_001)


def test_the_end_of_a_socket_is_not_the_end_of_its_tcp_connection() -> None:
    lease = Lease(TCP)
    lease.end(0)
    assert kept(lease, segment(OURS, 100, SYN), segment(THEIRS, 900, FIN)) == [True, True]


LISTENING = FlowKey(Endpoint("127.0.0.1", OURS), Endpoint("127.0.0.1", 0))


def test_whoever_knocks_at_a_listening_socket_knocks_at_ours() -> None:
    lease = Lease(LISTENING)
    assert kept(lease, segment(THEIRS, 3, SYN), segment(OURS, 9, SYN_ACK)) == [True, True]
    assert kept(lease, segment(THEIRS, 4, ACK), segment(THEIRS, 77, SYN)) == [True, True]


def test_a_listening_socket_that_was_closed_covers_no_later_connection() -> None:
    lease = Lease(LISTENING)
    assert all(kept(lease, segment(THEIRS, 3, SYN), segment(OURS, 9, SYN_ACK)))
    lease.end(5)
    assert kept(lease, segment(THEIRS, 4, FIN), segment(OURS, 10, FIN)) == [True, True]
    assert kept(lease, segment(THEIRS, 500, SYN), segment(OURS, 10, ACK)) == [False, False]
