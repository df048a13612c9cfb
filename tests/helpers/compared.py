"""Built captures as the comparison reads them."""

from collections.abc import Sequence
from pathlib import Path

from chatlab.analysis.compare_specimen import Specimen
from chatlab.analysis.correlate import Correlator
from chatlab.analysis.frame_log import FrameLog
from chatlab.analysis.streams import Streams
from chatlab.core.connection import Connection
from chatlab.core.message import Message
from chatlab.protocol import pcapng
from chatlab.protocol.tls_secrets import KeyLog
from tests.helpers.tcp_talk import Talk


def specimen(
    log: FrameLog,
    connections: Sequence[Connection],
    messages: Sequence[Message] = (),
    *,
    keys: str = "",
    number: int = 0,
    name: str = "",
) -> Specimen:
    """A capture with what our own end knows about it."""
    correlator = Correlator(Streams(log))
    for each in connections:
        correlator.opened(each)
    for message in messages:
        if message.wire is not None:
            correlator.assign(message.id, message.wire, message.echo)
    correlator.update()
    secrets = KeyLog(keys.splitlines())
    return Specimen(
        number, name, log, correlator.streams, correlator, lambda: tuple(messages), secrets
    )


def write(path: Path, *talks: Talk) -> Path:
    """Several conversations in one capture, by their times."""
    frames = sorted((frame for talk in talks for frame in talk.frames), key=lambda each: each[0])
    blocks = [pcapng.section_header(application="test"), pcapng.interface("eth0", 1, 262_144)]
    blocks += [
        pcapng.enhanced_packet(0, time_ns, raw, direction=direction)
        for time_ns, direction, raw in frames
    ]
    path.write_bytes(b"".join(blocks))
    return path
