"""The same capture without a word of ours: what its packets alone tell about its messages."""

from collections.abc import Sequence
from pathlib import Path

from chatlab.analysis.contents import Contents
from chatlab.analysis.correlate import Correlator
from chatlab.analysis.finding import find_messages
from chatlab.analysis.frame_log import FrameLog
from chatlab.analysis.session_file import MessageRecord, message_records
from chatlab.analysis.streams import Streams
from chatlab.core.message import Message, MessageId
from chatlab.protocol import pcapng
from chatlab.protocol.tls_secrets import KeyLog

_FACTS = (
    *("direction", "sender", "target", "text", "protocol", "tls", "stream", "bytes", "frames"),
    *("acks", "retransmissions", "echo_frames", "delivery"),
)


def without_comments(file: Path) -> Path:
    """A copy with the same frames and secrets, and nothing that ChatLab noted down."""
    bare = file.with_name(f"{file.stem}-bare.pcapng")
    with FrameLog(file) as log:
        log.pull()
        blocks = [pcapng.section_header()]
        blocks += [pcapng.interface(i.name, i.link_type, i.snaplen) for i in log.interfaces]
        blocks += [pcapng.decryption_secrets(each.data, each.kind) for each in log.secrets]
        for number in range(1, len(log) + 1):
            frame, at = log.frame(number), log.interface_index(number)
            raw = log.raw(number)
            blocks.append(pcapng.enhanced_packet(at, frame.time_ns, raw, frame.wire_length))
    bare.write_bytes(b"".join(blocks))
    return bare


def records_of(file: Path) -> list[MessageRecord]:
    """The messages that a search finds."""
    with FrameLog(file) as log:
        log.pull()
        correlator = Correlator(Streams(log))
        correlator.update()
        keys = KeyLog(
            line for block in log.secrets for line in block.data.decode("ascii").splitlines()
        )
        contents = Contents(correlator.streams, correlator, keys)
        messages: dict[MessageId, Message] = {}
        for found in find_messages(contents, correlator.streams, correlator):
            for message in found.messages:
                messages[message.id] = message
                if message.wire is not None:
                    correlator.assign(message.id, message.wire, message.echo)
        return list(message_records(messages.values(), correlator))


def assert_told_by_packets(file: Path, records: Sequence[MessageRecord]) -> None:
    """A search of the bare packets finds the messages that were noted, and no other ones."""
    found = records_of(without_comments(file))
    assert {record["evidence"] for record in found} <= {"packets"}
    assert sorted(map(_facts, found)) == sorted(map(_facts, records))


def _facts(record: MessageRecord) -> str:
    return repr([(name, record[name]) for name in _FACTS])  # type: ignore[literal-required]
