"""``chatlab messages FILE``: every message of a saved session or capture, and its frames."""

import json
import sys
from pathlib import Path

from chatlab.analysis.correlate import Correlator
from chatlab.analysis.frame_log import FrameLog
from chatlab.analysis.session_file import message_records, restore
from chatlab.analysis.streams import Streams
from chatlab.app.opening import OpenedFile
from chatlab.cli.table import print_records
from chatlab.core.errors import FileError


def messages(file: Path, *, as_json: bool) -> int:
    """Print the messages in the order of their time; a damaged file as far as it can be read.

    Raises FileError when nothing of it can be read.
    """
    if not file.is_file():
        raise FileError(f"There is no file {file}.", "Check the name.")
    with OpenedFile(file) as opened, FrameLog(opened.capture) as log:
        correlator = Correlator(Streams(log))
        saved = opened.session(log)
        restore(saved, correlator)
        correlator.update()
        records = list(message_records(saved.messages, correlator))
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
