"""The parent's side of the lab server: start the child process, know where it is, stop it."""

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import chatlab
from chatlab.core.errors import ConnectError
from chatlab.server.xmpp.limits import DOMAIN, LAB_ROOM, ROOMS_DOMAIN

START_SECONDS = 20.0
STOP_SECONDS = 5.0
_LOG_TAIL = 400
_DEFAULT_COMMAND = (sys.executable, "-P", "-m", "chatlab.server.process")
"""``-P`` keeps the current folder out of the child's module search."""


@dataclass(frozen=True, slots=True)
class LabAddress:
    """Where the lab server listens, and how to trust it."""

    address: str
    plain_port: int
    tls_port: int
    xmpp_port: int
    """XMPP in clear, or with STARTTLS; the accounts’ JIDs are on ``xmpp_domain``."""
    xmpp_tls_port: int
    ca_file: Path
    fingerprint: str
    """Lower-case hex SHA-256 of the server certificate (DER)."""
    accounts: tuple[str, ...] = ()
    xmpp_domain: str = DOMAIN
    xmpp_room: str = f"{LAB_ROOM}@{ROOMS_DOMAIN}"
    """Open to everybody, always there."""


class LabServer:
    """The embedded server, in a process of its own so that it cannot stall the window."""

    def __init__(
        self,
        on_death: Callable[[str], None] | None = None,
        accounts: Mapping[str, str] | None = None,
        command: tuple[str, ...] = _DEFAULT_COMMAND,
        *,
        introduces_accounts: bool = False,
    ) -> None:
        """``on_death`` is called in the loop's thread when the server ends by itself.

        ``accounts`` maps names to passwords for SASL, IRC’s and XMPP’s; with
        ``introduces_accounts`` they have one another as XMPP contacts.
        """
        self._on_death = on_death
        self._accounts = dict(accounts or {})
        self._command = (*command, *(["--introduce"] if introduces_accounts else []))
        self._process: subprocess.Popen[bytes] | None = None
        self._log_file = Path()
        self._is_stopping = False

    @property
    def process_id(self) -> int | None:
        """The child's, while it runs."""
        process = self._process
        return process.pid if process and process.poll() is None else None

    async def start(self, directory: Path) -> LabAddress:
        """Start the server with its files in ``directory``; returns when it listens.

        Raises ConnectError when it does not start.
        """
        loop = asyncio.get_running_loop()
        self._is_stopping = False
        process = await asyncio.to_thread(self._spawn, directory)
        try:
            line = await asyncio.wait_for(_first_line(process), START_SECONDS)
            address = _parse_ready(line)
        except (TimeoutError, ValueError, KeyError) as error:
            await self.stop()
            raise ConnectError(
                f"The lab server did not start: {self._log_end() or 'it said nothing'}",
                f"Try once more; if it fails again, its log is {self._log_file}.",
            ) from error
        finally:
            _remove_passwords(directory, self._accounts)
        self._watch(process, loop)
        return address

    async def stop(self) -> None:
        """Let the server say goodbye and end; returns when it has ended."""
        self._is_stopping = True
        if process := self._process:
            await asyncio.to_thread(_end, process)
            self._process = None

    def _spawn(self, directory: Path) -> subprocess.Popen[bytes]:
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            arguments = ["--directory", str(directory)]
            for name, password in self._accounts.items():
                file = _password_file(directory, name)
                _write_private(file, password)
                arguments += ["--account", f"{name}:{file}"]
            self._log_file = directory / "server.log"
            with self._log_file.open("wb") as log:
                self._process = subprocess.Popen(
                    [*self._command, *arguments],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    env=_environment(),
                    creationflags=_windows_flags(),
                    # Ctrl-C is for the parent, which then ends the child in its own time.
                    start_new_session=True,
                )
        except OSError as error:
            raise _not_started(error, self._command[0]) from error
        return self._process

    def _watch(self, process: subprocess.Popen[bytes], loop: asyncio.AbstractEventLoop) -> None:
        """Report the child's death; a thread, since not every loop can wait for a process."""

        def report(code: int) -> None:
            if not self._is_stopping and self._on_death is not None:
                words = self._log_end()
                self._on_death(f"The lab server has ended (exit status {code}). {words}".strip())

        def wait() -> None:
            code = process.wait()
            if not self._is_stopping and not loop.is_closed():
                loop.call_soon_threadsafe(report, code)

        threading.Thread(target=wait, name="lab server", daemon=True).start()

    def _log_end(self) -> str:
        try:
            text = self._log_file.read_text(encoding="utf-8", errors="replace")
        except OSError:
            # The log is a help in explaining; without it there is less to say.
            return ""
        return text.strip()[-_LOG_TAIL:]


async def _first_line(process: subprocess.Popen[bytes]) -> bytes:
    """The child's first line, read in a thread that ends with the child."""
    loop = asyncio.get_running_loop()
    found: asyncio.Future[bytes] = loop.create_future()

    def deliver(line: bytes) -> None:
        if not found.done():
            found.set_result(line)

    def read() -> None:
        output: IO[bytes] | None = process.stdout
        line = output.readline() if output else b""
        if not loop.is_closed():
            loop.call_soon_threadsafe(deliver, line)

    threading.Thread(target=read, name="lab server start", daemon=True).start()
    return await found


def _parse_ready(line: bytes) -> LabAddress:
    facts = json.loads(line)
    return LabAddress(
        address=str(facts["address"]),
        plain_port=int(facts["plain_port"]),
        tls_port=int(facts["tls_port"]),
        xmpp_port=int(facts["xmpp_port"]),
        xmpp_tls_port=int(facts["xmpp_tls_port"]),
        ca_file=Path(facts["ca_file"]),
        fingerprint=str(facts["fingerprint"]),
        accounts=tuple(map(str, facts["accounts"])),
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    """Close its standard input, which it takes as the end; then insist."""
    if process.stdin:
        process.stdin.close()
    for insist in (process.terminate, process.kill):
        try:
            process.wait(STOP_SECONDS)
            break
        except subprocess.TimeoutExpired:
            insist()
    process.wait()
    if process.stdout:
        process.stdout.close()


def _environment() -> dict[str, str]:
    """The child finds this very package, also from a checkout that is not installed."""
    root = str(Path(chatlab.__file__).resolve().parent.parent)
    inherited = os.environ.get("PYTHONPATH")
    path = os.pathsep.join([root, inherited]) if inherited else root
    return {**os.environ, "PYTHONPATH": path, "PYTHONUTF8": "1"}


def _windows_flags() -> int:
    """On Windows: no console window for the child, and no Ctrl-C of the parent's."""
    names = ("CREATE_NO_WINDOW", "CREATE_NEW_PROCESS_GROUP")
    return sum(int(getattr(subprocess, name, 0)) for name in names)


def _not_started(error: OSError, program: str) -> ConnectError:
    """What stands in the way: the program itself, or the folder that it is to write to."""
    cause = f"The lab server cannot be started: {error.filename}: {error.strerror}."
    if error.filename == program:
        return ConnectError(cause, "This user has to be allowed to run that program.")
    return ConnectError(cause, "Check that the folder can be written to.")


def _password_file(directory: Path, account: str) -> Path:
    return directory / f"password-{account.encode().hex()}"


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def _remove_passwords(directory: Path, accounts: Mapping[str, str]) -> None:
    """The child has read them, or never will."""
    for name in accounts:
        _password_file(directory, name).unlink(missing_ok=True)
