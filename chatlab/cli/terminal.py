"""What goes to a terminal: the words of strangers must not steer it."""

import io
import os
import sys

_STEERING = {code: "�" for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\n\t"}
"""Control characters: ESC, and CSI of the upper ones, move the cursor and hide what was written."""


def prepare() -> None:
    """Nothing that is printed fails for want of a letter: a pipe of Windows has 256 of them."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        is_pipe = sys.platform == "win32" and not sys.stdout.isatty()
        sys.stdout.reconfigure(encoding="utf-8" if is_pipe else None, errors="replace")


def harmless(text: object) -> str:
    """The text with its control characters made visible."""
    return str(text).translate(_STEERING)


def show(text: object) -> None:
    """Print for a person to read."""
    print(harmless(text))


def flush() -> None:
    """Bring what was printed to whoever reads it. Raises OSError, BrokenPipeError among others."""
    if sys.stdout is not None:  # Without a console on Windows there is none.
        sys.stdout.flush()


def give_up_output() -> None:
    """Nobody takes what is printed any more; the interpreter must not try again at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def complain(text: object) -> None:
    """The same on standard error."""
    print(harmless(text), file=sys.stderr)
