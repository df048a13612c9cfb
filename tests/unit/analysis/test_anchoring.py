"""Late captures of what was received: found when it is certain, and never in a wrong place."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatlab.analysis.correlate import Correlator
from chatlab.analysis.streams import Streams
from chatlab.core.attribution import Evidence
from chatlab.core.flow import ConnectionId
from chatlab.core.message import MessageId
from chatlab.protocol.packet import ACK, PSH
from tests.helpers.tcp_talk import RECEIVED, SENT, START_NS, Talk, connection, wire
from tests.unit.analysis.conftest import OpenLog

A = MessageId("a")
C1 = ConnectionId("c1")
LINES = [b":bob!bob@lab PRIVMSG #lab :words, number %d\r\n" % n for n in range(3)]
SIZE = len(LINES[0])
Open = Callable[[Path], Correlator]


@dataclass
class Line:
    """A connection whose capture began late, with the kernel and the tap as they are."""

    file: Path
    correlate: Open
    said: list[bytes]
    """What the server says, from the first byte on."""
    early: int
    """So many of them were said and read before the capture began."""
    talk: Talk = field(default_factory=Talk)
    arrived: set[int] = field(default_factory=set)
    """Lines that our TCP has; those behind a gap wait for it."""
    read: int = 0
    """Lines that the tap has read."""

    def __post_init__(self) -> None:
        self.arrived.update(range(self.early))
        self.file.write_bytes(self.talk.blocks())
        self.written = 0
        self.found = self.correlate(self.file)
        self.found.opened(connection(opened_ns=START_NS - 1))
        self.read_all()

    @property
    def ready(self) -> int:
        """Lines without a gap before them."""
        return next(n for n in range(len(self.said) + 1) if n not in self.arrived)

    def frame(self, line: int, *, is_taken: bool) -> None:
        """A line crosses the wire; our TCP may have to refuse it."""
        self.talk.segment(RECEIVED, PSH | ACK, self.said[line], offset=line * SIZE)
        if is_taken:
            self.arrived.add(line)

    def ack(self) -> None:
        self.talk.segment(SENT, ACK, acknowledged=self.ready * SIZE)

    def read_all(self) -> None:
        ready, before = self.ready, self.read
        self.read = ready
        if ready > before:
            self.found.carried(connection(), RECEIVED, b"".join(self.said[before:ready]))

    def pull(self) -> None:
        with self.file.open("ab") as file:
            file.write(self.talk.packets(self.written + 1))
        self.written = len(self.talk.frames)
        self.found.update()

    def settle(self) -> bool:
        """A timer of the loop goes off: by then the loop has read what there was."""
        self.read_all()
        return self.found.settle()


@pytest.fixture
def open_line(tmp_path: Path, open_log: OpenLog) -> Callable[..., Line]:
    def correlate(file: Path) -> Correlator:
        return Correlator(Streams(open_log(file, is_growing=True)))

    def opened(said: list[bytes], early: int, name: str = "late") -> Line:
        return Line(tmp_path / f"{name}.pcapng", correlate, said, early)

    return opened


def test_quiet_settles_where_a_line_lies(open_line: Callable[..., Line]) -> None:
    line = open_line([LINES[0], LINES[1]], 1)
    line.found.assign(A, wire(RECEIVED, SIZE, 2 * SIZE))
    line.frame(1, is_taken=True)
    line.read_all()
    line.ack()
    line.pull()
    assert line.found.is_settling
    assert not line.settle()
    assert line.found.attribution(A).frames == ()
    assert line.settle()
    assert line.found.attribution(A).frames == (1,)
    assert line.found.attribution(A).evidence is Evidence.CONTENT
    assert line.found.update().messages == {A}
    assert not line.found.is_settling


def test_without_an_ack_quiet_says_nothing(open_line: Callable[..., Line]) -> None:
    """TCP may have refused the segment; the tap's last line only looks like it."""
    line = open_line([LINES[0], LINES[0]], 1)
    line.frame(1, is_taken=False)
    line.pull()
    assert [line.settle() for _ in range(3)] == [False] * 3
    assert not line.found.is_settling
    line.frame(1, is_taken=True)
    line.ack()
    line.pull()
    assert [line.settle() for _ in range(3)] == [False] * 3
    assert line.found.anchors(C1).get(RECEIVED) is None
    assert not line.found.is_settling


@pytest.mark.parametrize("unread", [[LINES[0]], [LINES[0], LINES[2]]], ids=["its end", "all of it"])
def test_quiet_says_nothing_while_the_tap_is_held_back(
    unread: list[bytes], open_line: Callable[..., Line]
) -> None:
    """Reading is paused: the older line ends elsewhere, or another does not agree."""
    line = open_line([LINES[0], LINES[1], *unread], 2)
    for number in range(2, 2 + len(unread)):
        line.frame(number, is_taken=True)
    line.ack()
    line.pull()
    assert [line.found.settle() for _ in range(3)] == [False] * 3
    assert RECEIVED not in line.found.anchors(C1)


def test_what_we_sent_needs_no_quiet(open_line: Callable[..., Line]) -> None:
    line = open_line([], 0)
    line.found.carried(connection(), SENT, LINES[0] + LINES[1])
    line.talk.segment(SENT, PSH | ACK, LINES[1], offset=SIZE)
    line.pull()
    assert line.found.anchors(C1)[SENT].evidence is Evidence.CONTENT


_STEPS = st.sampled_from(["line", "lost line", "again", "ack", "read", "pull", "settle"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    early=st.integers(1, 4),
    said=st.lists(st.sampled_from(LINES), min_size=8, max_size=8),
    steps=st.lists(_STEPS, min_size=3, max_size=25),
)
def test_a_received_line_is_never_taken_for_another(
    open_line: Callable[..., Line], early: int, said: list[bytes], steps: list[str]
) -> None:
    """Whatever is lost, repeated, acknowledged late or read late, and however alike lines are."""
    line = open_line(said, early)
    crossed = early
    for step in steps:
        match step:
            case "line" | "lost line" if crossed < len(said):
                line.frame(crossed, is_taken=step == "line")
                crossed += 1
            case "again" if line.ready < crossed:
                line.frame(line.ready, is_taken=True)
            case "ack":
                line.ack()
            case "read":
                line.read_all()
            case "pull":
                line.pull()
            case "settle":
                line.settle()
        check(line)


def check(line: Line) -> None:
    """The anchor, if there is one, is the right one."""
    anchor = line.found.anchors(C1).get(RECEIVED)
    if anchor is not None:
        assert (anchor.sequence - anchor.offset) % 2**32 == line.talk.isn[RECEIVED] + 1
