"""Whether ChatLab runs as root, which it never needs to: it reads what strangers send."""

import os
import sys

WORDS = "ChatLab runs as root, which it never needs to."


def is_root() -> bool:
    return sys.platform != "win32" and os.geteuid() == 0
