"""``chatlab say`` as a process, and the proof that the frames it names are the right ones.

``assert_proven`` compares every message that ChatLab listed with every PRIVMSG that tshark finds
in the same file: the same lines in the same order, each with the same bytes, frames, ACKs and
TLS version. A message too many, one too few, or a single wrong frame number fails it.
"""

import json
import re
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, cast

from chatlab.analysis.session_file import MessageRecord
from chatlab.capture.child import environment, module_command
from tests.helpers import tshark
from tests.helpers.tshark import CarriedLine

_TIMEOUT_S = 60.0
SAY_KEYS = (
    *("id", "time", "account", "protocol", "direction", "sender", "target", "text", "tls"),
    *("stream", "bytes", "frames", "acks", "evidence"),
)
"""What every object of ``--json`` holds at least."""


# --- the command ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended."""

    exit_code: int
    out: str
    error: str

    @property
    def records(self) -> list[MessageRecord]:
        """The objects of ``--json``."""
        return [cast(MessageRecord, json.loads(line)) for line in self.out.splitlines()]


class Command:
    """``chatlab`` with arguments, running; a context manager that leaves nothing behind."""

    def __init__(self, *arguments: str, prefix: Sequence[str] = ()) -> None:
        self.process = subprocess.Popen(
            [*prefix, *module_command("chatlab", *arguments)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(),
        )

    def interrupt(self) -> Outcome:
        """Press Ctrl-C, which ends the listening, and wait for the end."""
        self.process.send_signal(signal.SIGINT)
        return self.wait()

    def wait(self, timeout_s: float = _TIMEOUT_S) -> Outcome:
        out, error = self.process.communicate(timeout=timeout_s)
        return Outcome(self.process.returncode, out.decode(), error.decode())

    def __enter__(self) -> "Command":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        with self.process:  # Waits for it and closes its pipes.
            pass


def chatlab(*arguments: str, prefix: Sequence[str] = ()) -> Outcome:
    """Run a command to its end."""
    with Command(*arguments, prefix=prefix) as command:
        return command.wait()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab:
    """A running lab server."""

    host: str
    port: int
    tls_port: int
    ca_file: Path

    def url(self, nick: str, target: str = "%23lab", *, tls: bool = False) -> str:
        scheme, port = ("ircs", self.tls_port) if tls else ("irc", self.port)
        return f"{scheme}://{nick}@{self.host}:{port}/{target}"


@contextmanager
def lab_server(
    folder: Path,
    *,
    host: str = "127.0.0.1",
    accounts: Iterable[tuple[str, str]] = (),
    prefix: Sequence[str] = (),
) -> Iterator[Lab]:
    """The program's own server; ``accounts`` are names and passwords for SASL."""
    folder.mkdir(parents=True, exist_ok=True)
    arguments = ["--directory", str(folder / "files"), "--bind", host]
    for name, password in accounts:
        file = folder / f"password-{name}"
        file.write_text(password, encoding="utf-8")
        arguments += ["--account", f"{name}:{file}"]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [*prefix, *module_command("chatlab.server.process", *arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=environment(),
        )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        ready = process.stdout.readline()
        assert ready, (folder / "server.log").read_text(encoding="utf-8")
        facts = json.loads(ready)
        yield Lab(
            host=host,
            port=facts["plain_port"],
            tls_port=facts["tls_port"],
            ca_file=Path(facts["ca_file"]),
        )
        process.stdin.close()  # It takes that as the end.


# --- another user on a bare socket ------------------------------------------------------------


class Feeder:
    """A user who writes many lines at once; what it reads is what was on the wire."""

    def __init__(
        self, host: str, port: int, nick: str, channel: str = "#lab", ca_file: Path | None = None
    ) -> None:
        self._socket = socket.create_connection((host, port), _TIMEOUT_S)
        if ca_file is not None:
            context = ssl.create_default_context(cafile=str(ca_file))
            self._socket = context.wrap_socket(self._socket, server_hostname=host)
        self._pending = b""
        self._channel = channel
        self.say(f"NICK {nick}", f"USER {nick} 0 * :Feeder")
        self.wait_for(r" (?:376|422) ")  # Some servers take nothing before their greeting's end.
        self.say(f"JOIN {channel}")
        self.wait_for(r" 366 ")

    def say(self, *lines: str) -> None:
        """Write lines with one call."""
        self._socket.sendall("".join(f"{line}\r\n" for line in lines).encode())

    def speak(self, *texts: str) -> None:
        """Say texts in the channel, in one write."""
        self.say(*(f"PRIVMSG {self._channel} :{text}" for text in texts))

    def wait_for(self, pattern: str) -> None:
        """Read on to the next line that matches."""
        deadline = time.monotonic() + _TIMEOUT_S
        seen: list[str] = []
        while time.monotonic() < deadline:
            line, separator, rest = self._pending.partition(b"\n")
            if not separator:
                data = self._socket.recv(65536)
                assert data, f"closed before “{pattern}”; seen: {seen[-10:]}"
                self._pending += data
                continue
            self._pending = rest
            text = line.decode().rstrip("\r")
            if text.startswith("PING "):
                self.say("PONG" + text.removeprefix("PING"))
            seen.append(text)
            if re.search(pattern, text):
                return
        raise AssertionError(f"“{pattern}” did not come; seen: {seen[-10:]}")

    def until_heard_by(self, nick: str) -> None:
        """Wait until ``nick`` has read all that was said: what comes after it is answered."""
        token = f"token{time.monotonic_ns()}"
        self.say(f"PRIVMSG {nick} :\x01PING {token}\x01")
        self.wait_for(rf"NOTICE \S+ :?\x01PING {token}")

    def __enter__(self) -> "Feeder":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._socket.close()


# --- the proof --------------------------------------------------------------------------------

_PRIVMSG = re.compile(
    r"(?:@\S+ +)?(?::(?P<nick>[^ !]+)\S* +)?PRIVMSG +(?P<target>\S+) +:?(?P<text>.*)"
)
_ACTION = re.compile(r"\x01ACTION (.*)\x01")


class Said(NamedTuple):
    """A PRIVMSG as tshark shows it."""

    nick: str
    """Who said it; empty on its way to the server."""
    text: str
    line: CarriedLine


class Fact(NamedTuple):
    """All that is to agree about one message."""

    text: str
    tls: str | None
    stream: int | None
    span: tuple[int, ...]
    frames: tuple[int, ...]
    retransmissions: tuple[int, ...]
    acks: tuple[int, ...]
    evidence: str | None


def said(file: Path) -> list[Said]:
    """Every PRIVMSG in the file, in the order of its bytes; CTCP requests are none."""
    found: list[Said] = []
    for line in tshark.carried_lines(file):
        match = _PRIVMSG.fullmatch(line.text.decode())
        if match is None:
            continue
        text = match["text"]
        if action := _ACTION.fullmatch(text):
            text = action[1]
        elif text.startswith("\x01"):
            continue
        found.append(Said(match["nick"] or "", text, line))
    return found


def assert_proven(file: Path, records: Sequence[MessageRecord], nick: str) -> None:
    """Every message of either direction has exactly the frames that tshark finds for its line."""
    assert_lines_proven(said(file), records, nick)


def assert_lines_proven(lines: Sequence[Said], records: Sequence[MessageRecord], nick: str) -> None:
    """The same for the lines of one connection."""
    ordered = sorted(records, key=lambda record: record["bytes"] or [-1])
    sent = [record for record in ordered if record["direction"] == "sent"]
    received = [record for record in ordered if record["direction"] == "received"]
    others = [each for each in lines if each.nick not in ("", nick)]
    echoes = [each for each in lines if each.nick == nick]

    assert [_listed(r) for r in sent] == [_seen(each) for each in lines if not each.nick]
    assert [_listed(r) for r in received] == [_seen(each) for each in others]
    assert [r["sender"] for r in received] == [each.nick for each in others]
    assert {r["sender"] for r in sent} <= {nick}
    if echoes:
        assert [(r["text"], tuple(r["echo_frames"])) for r in sent] == [
            (each.text, each.line.frames) for each in echoes
        ]
    else:
        assert not any(r["echo_frames"] for r in records)


def _listed(record: MessageRecord) -> Fact:
    return Fact(
        record["text"],
        record["tls"],
        record["stream"],
        tuple(record["bytes"] or ()),
        tuple(record["frames"]),
        tuple(record["retransmissions"]),
        tuple(record["acks"]),
        record["evidence"],
    )


def _seen(each: Said) -> Fact:
    line = each.line
    span = (line.start, line.stop)
    return Fact(
        each.text,
        line.tls or None,
        line.stream,
        span,
        line.frames,
        line.repeats,
        line.acks,
        "offset",
    )


def texts(records: Iterable[MessageRecord], direction: str) -> list[str]:
    """What was said in one direction, in the order of the list."""
    return [record["text"] for record in records if record["direction"] == direction]


# --- a second capture, by somebody else -------------------------------------------------------


class Onlooker:
    """A dumpcap that sees whole what ChatLab captures in part."""

    def __init__(self, file: Path, process: subprocess.Popen[bytes]) -> None:
        self._file = file
        self._process = process

    def until_the_end(self) -> None:
        """Wait until both ends have closed the connection, then finish the file."""
        deadline = time.monotonic() + _TIMEOUT_S
        while (
            len(tshark.fields(self._file, ["frame.number"], display_filter="tcp.flags.fin==1")) < 2
        ):
            assert time.monotonic() < deadline, "the connection was not closed"
        self._process.send_signal(signal.SIGINT)
        self._process.communicate(timeout=_TIMEOUT_S)

    def decrypt(self, key_log: Iterable[str]) -> None:
        """Put the secrets of TLS into the file."""
        keys = self._file.with_suffix(".keys")
        keys.write_text("".join(f"{line}\n" for line in key_log), encoding="ascii")
        result = self._file.with_suffix(".decrypted")
        run_tool("editcap", "--inject-secrets", f"tls,{keys}", str(self._file), str(result))
        result.replace(self._file)


@contextmanager
def onlooker(
    file: Path, port: int, interface: str = "lo", prefix: Sequence[str] = ()
) -> Iterator[Onlooker]:
    """Capture a port into ``file`` with dumpcap."""
    command = [*prefix, "dumpcap", "-q", "-i", interface, "-f", f"tcp port {port}"]
    command += ["-w", str(file)]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    with process:
        try:
            assert process.stderr is not None
            while not (line := process.stderr.readline()).startswith(b"File: "):
                assert line, "dumpcap ended before it captured"
            yield Onlooker(file, process)
        finally:
            if process.poll() is None:
                process.kill()


class Part(NamedTuple):
    """A PRIVMSG of the whole, and the frames that carry it in another capture."""

    said: Said
    frames: tuple[int, ...]


def said_in_part(whole: Path, part: Path) -> list[Part]:
    """What tshark reads in ``whole``, found again in ``part`` by its absolute sequence numbers."""
    names = ["frame.number", "ip.src", "tcp.srcport", "tcp.seq_raw", "tcp.len"]
    syns = tshark.fields(whole, names, display_filter="tcp.flags.syn==1")
    initial = {f"{row[1]}:{row[2]}": int(row[3]) for row in syns}
    segments = [
        (int(row[0]), f"{row[1]}:{row[2]}", int(row[3]), int(row[4]))
        for row in tshark.fields(part, names, display_filter="tcp.len > 0")
    ]
    found: list[Part] = []
    for each in said(whole):
        line, frames = each.line, []
        for number, sender, sequence, length in segments:
            if sender == line.sender:
                offset = (sequence - initial[sender] - 1) % 2**32
                if offset < line.stop and line.start < offset + length:
                    frames.append(number)
        found.append(Part(each, tuple(frames)))
    return found


def run_tool(name: str, *arguments: str) -> str:
    """Run one of Wireshark's tools to a good end; returns what it printed."""
    result = subprocess.run(
        [name, *arguments], capture_output=True, text=True, check=False, timeout=_TIMEOUT_S
    )
    assert result.returncode == 0, f"{name} {arguments}: {result.stderr}"
    return result.stdout
