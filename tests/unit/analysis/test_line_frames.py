"""The frames of any bytes of ours, be they a message or the handshake of a protocol."""

from pathlib import Path

from chatlab.analysis.correlate import Correlator
from chatlab.analysis.streams import Streams
from chatlab.core.flow import ByteRange
from tests.helpers.tcp_talk import RECEIVED, SENT, Talk, connection, wire
from tests.unit.analysis.conftest import OpenLog


def test_a_line_that_is_nobodys_message_has_its_frames_and_its_bytes_there(
    tmp_path: Path, open_log: OpenLog
) -> None:
    talk = Talk().handshake()
    (nick,) = talk.send(SENT, b"NICK a\r\nUSER a 0 * :a\r\n")
    (welcome,) = talk.send(RECEIVED, b":srv 001 a :hi\r\n")
    found = Correlator(Streams(open_log(talk.write(tmp_path / "a.pcapng"), is_growing=True)))
    found.opened(connection())
    found.update()
    line = wire(SENT, 8, 23)
    assert found.frames_of(line) == (nick,)
    assert found.frames_of(wire(RECEIVED, 0, 16)) == (welcome,)
    span = found.span_in(nick, line)
    assert len(span) == 15
    whole = found.span_in(nick, wire(SENT, 0, 23))
    assert span.start == whole.start + 8
    assert found.span_in(welcome, line) == ByteRange(0, 0)
