"""``chatlab messages FILE``: every message of a saved session or capture, and its frames."""

import json
from contextlib import ExitStack
from pathlib import Path

from chatlab.analysis.session_file import message_records
from chatlab.cli.reading import read_capture
from chatlab.cli.table import print_records


def messages(file: Path, *, keys: Path | None = None, as_json: bool = False) -> int:
    """Print the messages in the order of their time; a damaged file as far as it can be read.

    Raises FileError when nothing of it can be read.
    """
    with ExitStack() as stack:
        read = read_capture(stack, file, keys)
        records = list(message_records(read.messages, read.correlator))
    if as_json:
        for record in records:
            print(json.dumps(record, ensure_ascii=False))
    else:
        print_records(records)
    return 0
