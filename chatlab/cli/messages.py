"""``chatlab messages FILE``: every message of a saved capture and its frames."""

import json
from pathlib import Path

from chatlab.analysis.correlate import Correlator
from chatlab.analysis.frame_log import FrameLog
from chatlab.analysis.session_file import message_records, read_session, restore
from chatlab.analysis.streams import Streams
from chatlab.cli.table import print_records
from chatlab.core.errors import FileError


def messages(file: Path, *, as_json: bool) -> int:
    """Print the messages in the order of their time. Raises FileError."""
    if not file.is_file():
        raise FileError(f"There is no file {file}.", "Check the name.")
    log = FrameLog(file)
    correlator = Correlator(Streams(log))
    saved = read_session(log)
    restore(saved, correlator)
    correlator.update()
    records = list(message_records(saved.messages, correlator))
    log.close()
    if as_json:
        for record in records:
            print(json.dumps(record, ensure_ascii=False))
    else:
        print_records(records)
    return 0
