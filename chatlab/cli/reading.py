"""Opens what ``messages`` and ``compare`` read: sessions, saved captures, captures from elsewhere."""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from chatlab.analysis.compare_specimen import Specimen
from chatlab.analysis.contents import MAX_STREAMS, Contents
from chatlab.analysis.correlate import Correlator
from chatlab.analysis.finding import find_messages
from chatlab.analysis.frame_log import FrameLog
from chatlab.analysis.session_file import restore
from chatlab.analysis.streams import Streams
from chatlab.app.key_files import keys_beside, read_key_file
from chatlab.app.opening import OpenedFile
from chatlab.cli.terminal import complain
from chatlab.core.errors import FileError
from chatlab.core.message import Message, MessageId
from chatlab.protocol.tls_secrets import KeyLog

_SEALED = (
    "There is TLS in it. What it sealed can be read with its secrets: --keys KEYLOG, a file as "
    "SSLKEYLOGFILE makes it."
)


@dataclass(frozen=True, slots=True)
class ReadCapture:
    """A capture, and what is known of it."""

    log: FrameLog
    correlator: Correlator
    messages: tuple[Message, ...]
    keys: KeyLog

    def specimen(self, number: int, name: str) -> Specimen:
        """The same, to be compared."""
        streams = self.correlator.streams
        return Specimen(
            number, name, self.log, streams, self.correlator, lambda: self.messages, self.keys
        )


def read_capture(stack: ExitStack, file: Path, key_file: Path | None = None) -> ReadCapture:
    """Read a file, which ``stack`` keeps open; what is wrong with it is said on stderr.

    Of a capture made elsewhere messages are found in the packets; what TLS had sealed, with the
    secrets in the file, in ``key_file``, or in a key log beside it. Raises FileError when nothing
    of the file can be read.
    """
    if not file.is_file():
        raise FileError(f"There is no file {file}.", "Check the name.")
    opened = stack.enter_context(OpenedFile(file))
    log = stack.enter_context(FrameLog(opened.capture))
    correlator = Correlator(Streams(log))
    saved = opened.session(log)
    restore(saved, correlator)
    correlator.update()
    if log.problem and not len(log) and not saved.messages:
        raise FileError(f"{file.name}: {log.problem}", "Give a file that ChatLab has saved.")
    if log.problem:
        complain(f"{file.name}: {log.problem}")
    keys = _keys(file, key_file, log)
    messages = saved.messages
    if not saved.connections and not opened.is_session:
        messages = _found(correlator, keys)
    return ReadCapture(log, correlator, messages, keys)


def _keys(file: Path, key_file: Path | None, log: FrameLog) -> KeyLog:
    keys = KeyLog()
    for block in log.secrets:
        for line in block.data.decode("ascii", "replace").splitlines():
            keys.add(line)
    keys.update(read_key_file(key_file) if key_file is not None else log_beside(file))
    return keys


def log_beside(file: Path) -> KeyLog:
    """The key log beside a capture. One that cannot be used is said: nobody has asked for it."""
    if (beside := keys_beside(file)) is None:
        return KeyLog()
    try:
        return read_key_file(beside)
    except FileError as error:
        complain(error)
        return KeyLog()


def _found(correlator: Correlator, keys: KeyLog) -> tuple[Message, ...]:
    """The messages that the packets tell of; the correlator learns which bytes carry them."""
    contents = Contents(correlator.streams, correlator, keys)
    messages: dict[MessageId, Message] = {}
    for found in find_messages(contents, correlator.streams, correlator):
        for message in found.messages:
            messages[message.id] = message
            if message.wire is not None:
                correlator.assign(message.id, message.wire, message.echo)
    streams = range(min(len(correlator.streams.tcp), MAX_STREAMS))
    if not messages and not len(keys) and any(contents.tls(stream) for stream in streams):
        complain(_SEALED)
    return tuple(messages.values())
