"""The embedded lab server as it is used: a child process, and real clients chatting on it.

irssi and WeeChat are driven through a pseudo-terminal. What they do is judged by what the
other side receives: a plain socket that speaks IRC by hand, and each other's screens.
"""

import asyncio
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import chatlab
from chatlab.core.errors import ConnectError
from chatlab.server.lab import LabAddress, LabServer
from tests.helpers.clients import Login, irssi, weechat
from tests.helpers.terminal import Terminal

_TIMEOUT = 20.0
_PASSWORD = "correct horse"
_ROOT = Path(chatlab.__file__).resolve().parent.parent
_COMMAND = [sys.executable, "-P", "-m", "chatlab.server.process"]
ClientFactory = Callable[..., Terminal]


class Witness:
    """A user on a bare socket: what it reads is what was on the wire."""

    def __init__(self, lab: LabAddress, nick: str, *, tls: bool = False) -> None:
        self.nick = nick
        port = lab.tls_port if tls else lab.plain_port
        self._socket = socket.create_connection((lab.address, port), _TIMEOUT)
        if tls:
            context = ssl.create_default_context(cafile=str(lab.ca_file))
            self._socket = context.wrap_socket(self._socket, server_hostname="localhost")
        self._pending = b""
        self.say(f"NICK {nick}", f"USER {nick} 0 * :Witness", "JOIN #lab")
        self.wait_for(r" 366 ")

    def say(self, *lines: str) -> None:
        self._socket.sendall("".join(f"{line}\r\n" for line in lines).encode())

    def wait_for(self, pattern: str) -> re.Match[str]:
        """The next line that matches; earlier ones are passed over."""
        deadline = time.monotonic() + _TIMEOUT
        seen: list[str] = []
        while time.monotonic() < deadline:
            line, separator, rest = self._pending.partition(b"\r\n")
            if not separator:
                data = self._socket.recv(65536)
                assert data, f"closed before “{pattern}”; seen: {seen[-10:]}"
                self._pending += data
                continue
            self._pending = rest
            text = line.decode()
            if text.startswith("PING "):
                self.say("PONG" + text.removeprefix("PING"))
            if found := re.search(pattern, text):
                return found
            seen.append(text)
        raise AssertionError(f"“{pattern}” did not come; seen: {seen[-10:]}")

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[LabAddress]:
    """A running lab server with one account, ``ada``."""
    server = LabServer(accounts={"ada": _PASSWORD})
    with asyncio.Runner() as runner:
        address = runner.run(server.start(tmp_path / "lab"))
        try:
            yield address
        finally:
            runner.run(server.stop())


@pytest.fixture
def witness(lab: LabAddress) -> Iterator[Witness]:
    found = Witness(lab, "witness")
    yield found
    found.close()


_CLIENTS = pytest.mark.parametrize(
    "client",
    [
        pytest.param(irssi, marks=pytest.mark.servers("irssi"), id="irssi"),
        pytest.param(weechat, marks=pytest.mark.servers("weechat"), id="WeeChat"),
    ],
)
_SECURITY = pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])


def _connect(
    client: ClientFactory, folder: Path, lab: LabAddress, nick: str, *, tls: bool, **more: Any
) -> Terminal:
    # By name, as a student would: the certificate is for it as well as for the address.
    port, ca_file = (lab.tls_port, lab.ca_file) if tls else (lab.plain_port, None)
    return client(folder, "localhost", port, nick, ca_file=ca_file, **more)


@_CLIENTS
@_SECURITY
def test_a_real_client_does_everything_a_chat_needs(
    client: ClientFactory, tls: bool, tmp_path: Path, lab: LabAddress, witness: Witness
) -> None:
    with _connect(client, tmp_path / "home", lab, "ann", tls=tls) as ann:
        ann.wait_for("Try #lab")
        ann.enter("/join #lab")
        witness.wait_for(r"^:ann!~ann@127\.0\.0\.1 JOIN #lab$")
        ann.wait_for("has joined")

        ann.enter("Hello from a terminal, naïve café")
        witness.wait_for(r"^:ann!\S+ PRIVMSG #lab :Hello from a terminal, naïve café$")
        witness.say("PRIVMSG #lab :and hello to you")
        ann.wait_for("and hello to you")
        ann.enter("/me waves")
        witness.wait_for(r"PRIVMSG #lab :\x01ACTION waves\x01$")
        ann.enter("/msg witness just between us")
        witness.wait_for(r"^:ann!\S+ PRIVMSG witness :just between us$")

        ann.enter("/nick anna")
        witness.wait_for(r"^:ann!\S+ NICK :anna$")
        witness.say("MODE #lab +o anna")
        ann.wait_for(r"\+o anna")
        ann.enter("/topic The topic is set")
        witness.wait_for(r"^:anna!\S+ TOPIC #lab :The topic is set$")
        ann.enter("/mode #lab +m")
        witness.wait_for(r"^:anna!\S+ MODE #lab \+m$")
        ann.enter("/deop witness")
        witness.wait_for(r"^:anna!\S+ MODE #lab -o witness$")
        ann.enter("/voice witness")
        witness.wait_for(r"^:anna!\S+ MODE #lab \+v witness$")
        witness.say("WHOIS anna")
        if tls:
            witness.wait_for(r" 671 witness anna ")
        witness.wait_for(r" 318 ")

        ann.enter("/quit gone home")
        witness.wait_for(r"^:anna!\S+ QUIT :Quit: gone home")


@pytest.mark.servers("irssi", "weechat")
def test_irssi_and_weechat_talk_to_each_other(tmp_path: Path, lab: LabAddress) -> None:
    with (
        _connect(irssi, tmp_path / "i", lab, "ian", tls=False) as ian,
        _connect(weechat, tmp_path / "w", lab, "wendy", tls=True) as wendy,
    ):
        ian.wait_for("Try #lab")
        wendy.wait_for("Try #lab")
        ian.enter("/join #lab")
        ian.wait_for("ian.*has joined")
        wendy.enter("/join #lab")
        wendy.wait_for("wendy.*has joined")
        ian.wait_for("wendy.*has joined")

        ian.enter("plain meets sealed")
        wendy.wait_for("plain meets sealed")
        wendy.enter("sealed meets plain")
        ian.wait_for("sealed meets plain")
        ian.enter("/topic Packets")
        wendy.wait_for("Packets")
        ian.enter("/op wendy")
        wendy.wait_for(r"\+o wendy")
        wendy.enter("/nick wanda")
        ian.wait_for("wanda")
        wendy.enter("/kick ian enough")
        ian.wait_for("enough")


@pytest.mark.parametrize(
    ("client", "mechanism"),
    [
        pytest.param(irssi, "PLAIN", marks=pytest.mark.servers("irssi")),
        pytest.param(weechat, "PLAIN", marks=pytest.mark.servers("weechat")),
        # Debian's irssi does not know SCRAM.
        pytest.param(weechat, "SCRAM-SHA-256", marks=pytest.mark.servers("weechat")),
    ],
)
def test_a_real_client_logs_in(
    client: ClientFactory, mechanism: str, tmp_path: Path, lab: LabAddress, witness: Witness
) -> None:
    login = Login(name="ada", password=_PASSWORD, mechanism=mechanism)
    with _connect(client, tmp_path / "home", lab, "ada", tls=True, login=login) as ada:
        ada.wait_for("Try #lab")
        witness.say("WHOIS ada")
        witness.wait_for(r" 330 witness ada ada :")


# --- the child process


def _start(directory: Path, *more: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [*_COMMAND, "--directory", str(directory), *more],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(_ROOT)},
    )


def _end(process: "subprocess.Popen[bytes]") -> tuple[int, bytes, bytes]:
    try:
        out, error = process.communicate(timeout=_TIMEOUT)
    finally:
        process.kill()
    return process.returncode, out, error


def test_the_child_says_where_it_listens_and_ends_with_its_input(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("pencil\n", encoding="utf-8")
    process = _start(tmp_path / "lab", "--account", f"ann:{secret}")
    assert process.stdout
    facts = json.loads(process.stdout.readline())

    assert facts.keys() == {
        *("plain_port", "tls_port", "xmpp_port", "xmpp_tls_port"),
        *("ca_file", "fingerprint", "address", "accounts"),
    }
    assert facts["address"] == "127.0.0.1"
    assert facts["accounts"] == ["ann"]
    assert Path(facts["ca_file"]).is_file()
    with socket.create_connection(("127.0.0.1", facts["plain_port"]), _TIMEOUT):
        code, out, error = _end(process)
    assert (code, out) == (0, b"")
    assert b"Traceback" not in error


@pytest.mark.only_on("linux")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_child_ends_cleanly_at_a_signal(tmp_path: Path, number: signal.Signals) -> None:
    process = _start(tmp_path / "lab")
    assert process.stdout
    process.stdout.readline()

    process.send_signal(number)
    assert process.wait(_TIMEOUT) == 0
    code, _, error = _end(process)
    assert code == 0
    assert b"Traceback" not in error


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--bind", "nowhere"), "is not an IP address"),
        (("--account", "ann"), "NAME:PASSWORD-FILE"),
        (("--account", "ann:missing-file"), "cannot be read"),
    ],
)
def test_what_the_child_cannot_do_is_one_clear_line(
    tmp_path: Path, more: tuple[str, ...], words: str
) -> None:
    code, out, error = _end(_start(tmp_path / "lab", *more))

    assert (code, out) == (1, b"")
    assert words in error.decode()
    assert error.count(b"\n") == 1


def test_the_death_of_the_server_is_reported(tmp_path: Path) -> None:
    async def scene() -> str:
        died: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        server = LabServer(died.set_result)
        await server.start(tmp_path / "lab")
        assert server.process_id
        os.kill(server.process_id, signal.SIGTERM)
        async with asyncio.timeout(_TIMEOUT):
            words = await died
        await server.stop()
        return words

    assert asyncio.run(scene()).startswith("The lab server has ended (exit status")


def test_a_stop_is_no_death_and_a_server_can_start_again(tmp_path: Path) -> None:
    deaths: list[str] = []

    async def scene() -> None:
        server = LabServer(deaths.append, {"ada": _PASSWORD})
        for _ in range(2):
            address = await server.start(tmp_path / "lab")
            assert address.accounts == ("ada",)
            await server.stop()
            assert server.process_id is None
        await server.stop()

    asyncio.run(scene())
    assert deaths == []
    assert not list((tmp_path / "lab").glob("password-*"))


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    broken = (sys.executable, "-c", "import sys; sys.exit('no such luck')")

    with pytest.raises(ConnectError, match="no such luck"):
        asyncio.run(LabServer(command=broken).start(tmp_path / "lab"))
    with pytest.raises(ConnectError, match="cannot be started: no-such-program-here") as missing:
        asyncio.run(LabServer(command=("no-such-program-here",)).start(tmp_path / "lab"))
    assert "program" in missing.value.hint
    (tmp_path / "file").touch()
    with pytest.raises(ConnectError, match=r"cannot be started: .*Not a directory") as blocked:
        asyncio.run(LabServer().start(tmp_path / "file" / "lab"))
    assert "folder" in blocked.value.hint


@pytest.mark.only_on("linux")
def test_a_class_is_served_until_ctrl_c(tmp_path: Path) -> None:
    code = (
        "import functools, pathlib, sys; from chatlab.server.foreground import serve; "
        "serve(pathlib.Path(sys.argv[1]), plain_port=0, tls_port=0, xmpp_port=0, xmpp_tls_port=0, "
        "say=functools.partial(print, flush=True))"
    )
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", code, str(tmp_path / "class")],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(_ROOT)},
    )
    assert process.stdout
    said = [process.stdout.readline().decode()]
    while "Only programs on this machine" not in said[-1]:
        said.append(process.stdout.readline().decode())
        assert said[-1]
    port = re.search(r" irc://127\.0\.0\.1:(\d+)\n", "".join(said))
    assert port
    socket.create_connection(("127.0.0.1", int(port[1])), _TIMEOUT).close()
    process.send_signal(signal.SIGINT)
    exit_code, out, error = _end(process)

    assert (exit_code, error) == (0, b"")
    assert out.decode() == "Stopping.\n"
