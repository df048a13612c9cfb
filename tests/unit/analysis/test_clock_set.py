"""The clock is set back in the middle of a capture: frames keep their order and their messages."""

from itertools import chain, count
from pathlib import Path

from chatlab.analysis.correlate import Correlator
from chatlab.analysis.explain import Explainer
from chatlab.analysis.rows import RowBuilder
from chatlab.analysis.streams import Streams
from tests.helpers.tcp_talk import RECEIVED, SENT, START_NS, Talk, connection, message, wire
from tests.unit.analysis.conftest import OpenLog

HOUR_NS = 3600 * 10**9
SAID = b"PRIVMSG #lab :hi\r\n"


def test_an_hour_that_comes_twice_costs_no_frame(tmp_path: Path, open_log: OpenLog) -> None:
    before = range(START_NS + HOUR_NS, START_NS + HOUR_NS + 4)
    talk = Talk(clock=chain(before, count(START_NS)))  # type: ignore[arg-type]
    talk.handshake()
    (frame,) = talk.send(SENT, SAID)
    ack = talk.ack(RECEIVED)
    log = open_log(talk.write(tmp_path / "a.pcapng"))
    streams = Streams(log)
    found = Correlator(streams)
    found.opened(connection(opened_ns=START_NS + HOUR_NS))
    said = message("said", wire(SENT, 0, len(SAID)))
    assert said.wire is not None
    found.assign(said.id, said.wire)
    found.update()

    known = found.attribution(said.id)
    assert (known.frames, known.acks, known.is_acknowledged) == ((frame,), (ack,), True)
    rows = RowBuilder(log, streams, found)
    assert rows.row(frame).time_s >= 0
    assert rows.row(ack).time_s < -3599
    assert "the clock was set back in between" in Explainer(
        log, streams, found, rows.contents
    ).message(said)


def test_a_late_capture_after_the_clock_was_set_back_finds_its_connection(
    tmp_path: Path, open_log: OpenLog
) -> None:
    talk = Talk().handshake()
    line = b"PRIVMSG #lab :long enough to be known again\r\n"
    (frame,) = talk.send(SENT, line)
    found = Correlator(Streams(open_log(talk.write(tmp_path / "a.pcapng", first=frame))))
    later = connection(opened_ns=START_NS + HOUR_NS)
    found.opened(later)
    found.carried(later, SENT, line)
    said = message("said", wire(SENT, 0, len(line)))
    assert said.wire is not None
    found.assign(said.id, said.wire)
    found.update()
    assert found.attribution(said.id).frames == (1,)


def test_a_foreign_connection_of_before_is_not_ours_however_the_clock_stood(
    tmp_path: Path, open_log: OpenLog
) -> None:
    talk = Talk().handshake()
    talk.send(SENT, b"PRIVMSG #lab :of somebody else\r\n")
    found = Correlator(Streams(open_log(talk.write(tmp_path / "a.pcapng"))))
    found.opened(connection(opened_ns=START_NS + HOUR_NS))
    said = message("said", wire(SENT, 0, 20))
    assert said.wire is not None
    found.assign(said.id, said.wire)
    found.update()
    assert found.attribution(said.id).frames == ()
