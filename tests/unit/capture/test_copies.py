"""What a system shows twice is kept once; what was sent twice is kept twice."""

from chatlab.capture.copies import LoopbackCopies, StackedCopies, TwinCopies

MILLISECOND = 1_000_000


def test_a_frame_seen_on_a_bridge_and_on_its_port_counts_once() -> None:
    copies = StackedCopies()
    assert not copies.is_copy("br0", 0, b"packet")
    assert copies.is_copy("eth0", 1000, b"packet")
    assert not copies.is_copy("eth0", 2000, b"another")
    assert copies.is_copy("br0", 3000, b"another")


def test_a_real_duplicate_is_kept() -> None:
    copies = StackedCopies()
    assert not copies.is_copy("eth0", 0, b"packet")
    assert not copies.is_copy("eth0", MILLISECOND, b"packet")


def test_the_same_packet_much_later_is_no_copy() -> None:
    copies = StackedCopies()
    assert not copies.is_copy("eth0", 0, b"packet")
    assert not copies.is_copy("wlan0", 1000 * MILLISECOND, b"packet")


def test_the_memory_for_copies_is_bounded() -> None:
    copies = StackedCopies()
    for number in range(10 * StackedCopies.WINDOW):
        copies.is_copy("eth0", number, b"%d" % number)
    assert len(copies._seen) == StackedCopies.WINDOW


def test_a_loopback_that_shows_everything_twice_is_halved() -> None:
    copies = LoopbackCopies()
    frames = [b"SYN", b"SYN", b"SYN ACK", b"SYN ACK", b"data", b"ACK", b"data", b"ACK"]
    kept = [data for at, data in enumerate(frames) if not copies.is_copy(at * MILLISECOND, data)]
    assert kept == [b"SYN", b"SYN ACK", b"data", b"ACK"]


def test_a_loopback_that_shows_everything_once_keeps_its_duplicates() -> None:
    copies = LoopbackCopies()
    frames = [b"SYN", b"SYN ACK", b"ACK", b"ACK", b"SYN"]
    times = [0, 1, 2, 3, 1000]
    assert not any(
        copies.is_copy(at * MILLISECOND, data) for at, data in zip(times, frames, strict=True)
    )


def test_a_frame_between_two_of_our_own_sockets_counts_once() -> None:
    copies = TwinCopies()
    assert not copies.is_copy(1, b"data")
    assert not copies.is_copy(1, b"data")  # A real duplicate.
    assert copies.is_copy(2, b"data")
    assert copies.is_copy(2, b"data")
    assert not copies.is_copy(2, b"more")
    assert copies.is_copy(1, b"more")


def test_what_is_remembered_of_twins_is_bounded() -> None:
    copies = TwinCopies()
    for number in range(TwinCopies.WINDOW + 10):
        assert not copies.is_copy(1, str(number).encode())
    assert len(copies._seen) == TwinCopies.WINDOW
