"""Asks the opener for a packet socket: the caller's side of ``opener``. Linux only."""

import asyncio
import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from chatlab.core.errors import CaptureError
from chatlab.core.flow import FlowKey

PATIENCE_S = 5.0
POLKIT_PATIENCE_S = 120.0
"""Somebody may have to type a password first."""
_POLKIT_REFUSALS = (126, 127)
"""pkexec(1): dismissed, and not authorised."""
_ANSWER_LIMIT = 1024
OWN_OPENER = (sys.executable, "-I", "-S", str(Path(__file__).with_name("opener.py")))
"""Has just the rights of this program; an installed opener may have more."""


class OpenerRefused(CaptureError):
    """The opener said no; ``code`` tells a missing right from a mistake."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(f"The packet socket was refused: {reason}.")
        self.code = code

    @property
    def is_permission(self) -> bool:
        return self.code in ("permission", "unlisted")


async def open_packet_socket(
    fileno: int, flow: FlowKey, command: Sequence[str] = OWN_OPENER
) -> int:
    """A descriptor that sees the frames of the bound socket ``fileno`` to ``flow.remote``.

    The filter is in place when this returns. Raises OpenerRefused, or CaptureError when the
    opener cannot even be run.
    """
    request = f"{flow.remote.address} {flow.remote.port}".encode()
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours:
        with theirs:
            ours.setblocking(False)
            # The request waits in the socket until the opener is up.
            socket.send_fds(ours, [request], [fileno])
            process = await _run(command, theirs)
        try:
            patience_s = POLKIT_PATIENCE_S if is_polkit(command) else PATIENCE_S
            await asyncio.wait_for(process.wait(), patience_s)
        except TimeoutError:
            raise CaptureError("The opener does not answer.", "Connect again.") from None
        finally:
            if process.returncode is None:
                await _end(process)
        if is_polkit(command) and process.returncode in _POLKIT_REFUSALS:
            raise OpenerRefused("permission", "polkit did not allow it")
        return _read_answer(ours)


async def _end(process: asyncio.subprocess.Process) -> None:
    try:
        process.kill()
    except PermissionError:
        return  # polkit has made it root's; it gives up by itself.
    await process.wait()


def is_polkit(command: Sequence[str]) -> bool:
    """Whether pkexec starts the opener."""
    return Path(command[0]).name == "pkexec"


async def _run(command: Sequence[str], channel: socket.socket) -> asyncio.subprocess.Process:
    try:
        return await asyncio.create_subprocess_exec(
            *command,
            stdin=channel.fileno(),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError as error:
        raise CaptureError(f"{command[0]} cannot be run: {error.strerror}.") from None


def _read_answer(channel: socket.socket) -> int:
    try:
        answer, descriptors, _, _ = socket.recv_fds(channel, _ANSWER_LIMIT, 1)
    except ConnectionError:
        answer, descriptors = b"", []
    except OSError as error:
        raise CaptureError(f"The opener gave no answer: {error.strerror}.") from None
    words = answer.decode("utf-8", "replace").strip()
    if not words:
        raise CaptureError("The opener ended without an answer.", "Connect again.")
    if words == "opened" and len(descriptors) == 1:
        os.set_inheritable(descriptors[0], False)
        return descriptors[0]
    for descriptor in descriptors:
        os.close(descriptor)
    code, _, reason = words.removeprefix("refused ").partition(": ")
    raise OpenerRefused(code, reason or "no reason was given")
