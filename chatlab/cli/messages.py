"""``chatlab messages FILE``: every message of a saved session or capture, and its frames."""

import json
import sys
from pathlib import Path

from chatlab.analysis.contents import Contents
from chatlab.analysis.correlate import Correlator
from chatlab.analysis.finding import find_messages
from chatlab.analysis.frame_log import FrameLog
from chatlab.analysis.session_file import message_records, restore
from chatlab.analysis.streams import Streams
from chatlab.app.key_files import keys_beside, read_key_file
from chatlab.app.opening import OpenedFile
from chatlab.cli.table import print_records
from chatlab.core.errors import FileError
from chatlab.core.message import Message, MessageId
from chatlab.protocol.tls_secrets import KeyLog


def messages(file: Path, *, keys: Path | None = None, as_json: bool = False) -> int:
    """Print the messages in the order of their time; a damaged file as far as it can be read.

    Of a capture made elsewhere they are found in the packets; what TLS had sealed, with the
    secrets in the file, in ``keys``, or in a key log beside it. Raises FileError when nothing of
    the file can be read.
    """
    if not file.is_file():
        raise FileError(f"There is no file {file}.", "Check the name.")
    with OpenedFile(file) as opened, FrameLog(opened.capture) as log:
        correlator = Correlator(Streams(log))
        saved = opened.session(log)
        restore(saved, correlator)
        correlator.update()
        found = saved.messages
        if not saved.connections and not opened.is_session:
            found = _find(file, keys, log, correlator)
        records = list(message_records(found, correlator))
        problem, is_empty = log.problem, not len(log)
    if problem and is_empty and not records:
        raise FileError(f"{file.name}: {problem}", "Give a file that ChatLab has saved.")
    if problem:
        print(f"{file.name}: {problem}", file=sys.stderr)
    if as_json:
        for record in records:
            print(json.dumps(record, ensure_ascii=False))
    else:
        print_records(records)
    return 0


def _find(
    file: Path, keys: Path | None, log: FrameLog, correlator: Correlator
) -> tuple[Message, ...]:
    """The messages that the packets tell of; ``correlator`` learns which bytes carry them."""
    secrets = KeyLog()
    for block in log.secrets:
        for line in block.data.decode("ascii", "replace").splitlines():
            secrets.add(line)
    if key_file := keys or keys_beside(file):
        for line in read_key_file(key_file):
            secrets.add(line)
    contents = Contents(correlator.streams, correlator, secrets)
    messages: dict[MessageId, Message] = {}
    for found in find_messages(contents, correlator.streams, correlator):
        for message in found.messages:
            messages[message.id] = message
            if message.wire is not None:
                correlator.assign(message.id, message.wire, message.echo)
    return tuple(messages.values())
