"""Has an administrator install the opener, or take it away: one question for a password.

``opener_install`` does it, as root. Who is root already just runs it; else polkit asks, where a
desktop's password dialog, or pkexec's own in a terminal, can be shown. Where it cannot, the exact
command for a terminal is told.
"""

import asyncio
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence

from chatlab.capture.facts import install_words, user_name
from chatlab.capture.permission import PKEXEC_ARGUMENTS
from chatlab.core.errors import CaptureError

_DISMISSED, _NOT_AUTHORISED = 126, 127
"""pkexec(1)."""


async def enable() -> str:
    """For a window: install the opener for this user; says what was done. Raises CaptureError."""
    wanted = (user_name(),)
    command = command_for(wanted, is_terminal=False)
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
    except OSError as error:
        raise CaptureError(f"{command[0]} cannot be run: {error.strerror}.") from None
    out, errors = await process.communicate()
    return _judge(wanted, process.returncode or 0, out, errors)


def change(wanted: Sequence[str]) -> str:
    """For a terminal: run ``opener_install`` with these arguments. Raises CaptureError."""
    command = command_for(wanted, is_terminal=sys.stdin.isatty())
    try:
        run = subprocess.run(command, capture_output=True, check=False)
    except OSError as error:
        raise CaptureError(f"{command[0]} cannot be run: {error.strerror}.") from None
    return _judge(wanted, run.returncode, run.stdout, run.stderr)


def command_for(wanted: Sequence[str], *, is_terminal: bool) -> tuple[str, ...]:
    """The command that does it as root. Raises CaptureError where none can."""
    if sys.platform != "linux":
        raise CaptureError(
            "ChatLab installs nothing of its own on this system.",
            "“chatlab doctor” says what lets you capture here.",
        )
    if os.geteuid() == 0:
        return install_words(*wanted)
    if (pkexec := shutil.which("pkexec")) is None:
        raise CaptureError(
            "This takes an administrator, and polkit (pkexec) is not here to ask for one.",
            _by_hand(wanted),
        )
    arguments = () if is_terminal else PKEXEC_ARGUMENTS
    return (pkexec, *arguments, *install_words(*wanted))


def _by_hand(wanted: Sequence[str]) -> str:
    return f"In a terminal: {shlex.join(('sudo', *install_words(*wanted)))}"


def _judge(wanted: Sequence[str], code: int, out: bytes, errors: bytes) -> str:
    last = (errors.decode("utf-8", "replace").strip().splitlines() or [""])[-1]
    if code == 0:
        return out.decode("utf-8", "replace").strip()
    if code == _DISMISSED:
        raise CaptureError("Nothing was changed: the password was not given.", "Try again.")
    if code == _NOT_AUTHORISED:
        words = "polkit could not ask for a password, or did not accept it."
        raise CaptureError(words, _by_hand(wanted))
    raise CaptureError(last or "The opener could not be installed.", _by_hand(wanted))
