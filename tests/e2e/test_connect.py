"""``chatlab connect`` as a process against a scripted server: what scripts and judges rely on."""

import contextlib
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.connecting import TIMEOUT_S, ConnectClient


class Server:
    """A listening socket, and the one client that it talks to."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(TIMEOUT_S)
        self.port = self._socket.getsockname()[1]
        self._peer: socket.socket | None = None
        self._buffer = b""

    def accept(self) -> None:
        if self._peer is not None:
            self._peer.close()
        self._peer, _ = self._socket.accept()
        self._peer.settimeout(TIMEOUT_S)
        self._buffer = b""

    def line(self) -> str:
        """The client's next line; empty when it closed."""
        assert self._peer is not None
        while b"\r\n" not in self._buffer:
            if not (data := self._peer.recv(4096)):
                return ""
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\r\n")
        return line.decode()

    def until(self, start: str) -> str:
        """Skip to the line that begins so."""
        while line := self.line():
            if line.startswith(start):
                return line
        raise AssertionError(f"the client closed and never said {start}")

    def say(self, *lines: str) -> None:
        assert self._peer is not None
        self._peer.sendall("".join(line + "\r\n" for line in lines).encode())

    def welcome(self, caps: str = "") -> None:
        self.until("CAP LS")
        self.say(f"CAP * LS :{caps}")
        self.until("CAP END")
        self.say("001 ann :Welcome", "376 ann :End of MOTD")

    def close(self) -> None:
        if self._peer is not None:
            self._peer.close()
        self._socket.close()


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@contextlib.contextmanager
def connected(
    server: Server, tmp_path: Path, *options: str, path: str = ""
) -> Iterator[ConnectClient]:
    url = f"irc://127.0.0.1:{server.port}{path}"
    client = ConnectClient(url, "--nick", "ann", "--state-dir", str(tmp_path / "state"), *options)
    try:
        server.accept()
        yield client
    finally:
        client.close()


def test_it_begins_with_cap_obeys_its_input_and_leaves_at_its_end(
    server: Server, tmp_path: Path
) -> None:
    with connected(server, tmp_path) as client:
        assert server.line() == "CAP LS 302"
        server.say("CAP * LS :")
        client.type("/nothing", "/join #lab", "hello", "/raw PRIVMSG #lab :raw")
        client.end_input()
        server.until("CAP END")
        server.say("001 ann :Welcome", "376 ann :End of MOTD")
        server.until("JOIN #lab")
        server.say(":ann!a@h JOIN #lab", ":ann!a@h 366 ann #lab :End")
        assert server.until("PRIVMSG") in ("PRIVMSG #lab :raw", "PRIVMSG #lab :hello")
        assert server.until("PRIVMSG") in ("PRIVMSG #lab :raw", "PRIVMSG #lab :hello")
        server.until("QUIT")
        server.close()
        assert client.event("command-refused")["line"] == "/nothing"
        added = client.event("message-added")["message"]
        assert isinstance(added, dict)
        assert (added["target"], added["text"]) == ("#lab", "hello")
        client.event("link-changed", state="offline")
        assert client.wait() == 0


def test_every_line_of_the_wire_is_an_event_and_no_password_is_shown(
    server: Server, tmp_path: Path
) -> None:
    password = tmp_path / "password"
    password.write_text("hunter2\n", encoding="utf-8")
    options = ("--sasl", "EXTERNAL,PLAIN", "--client-cert", str(password))
    with connected(
        server, tmp_path, *options, "--login", "Ann", "--password-file", str(password)
    ) as client:
        assert client.event("line-seen", direction="sent")["line"] == "CAP LS 302"
        server.until("CAP LS")
        server.say("CAP * LS :sasl=PLAIN")
        server.until("CAP REQ")
        server.say("CAP * ACK :sasl")
        assert server.until("AUTHENTICATE") == "AUTHENTICATE PLAIN"
        server.say("AUTHENTICATE +")
        assert server.until("AUTHENTICATE") == "AUTHENTICATE QW5uAEFubgBodW50ZXIy"
        assert client.event("line-seen", line="AUTHENTICATE ••••")
        server.say("904 ann :SASL authentication failed")
        server.until("QUIT")
        failed = client.event("link-changed", state="offline")
        assert failed["is_fault"] is True
        assert client.wait() == 1
        assert "login as “Ann” failed" in client.errors()


def test_without_an_end_of_input_it_stays_and_a_signal_ends_it_politely(
    server: Server, tmp_path: Path
) -> None:
    with connected(server, tmp_path, path="/%23lab") as client:
        server.welcome()
        server.until("JOIN #lab")
        client.event("link-changed", state="online")
        client.process.send_signal(signal.SIGTERM)
        server.until("QUIT")
        server.close()
        assert client.wait() == 0


def test_commands_that_no_server_carries_out_are_obeyed_as_well(
    server: Server, tmp_path: Path
) -> None:
    with connected(server, tmp_path, path="/%23lab") as client:
        server.welcome()
        server.until("JOIN #lab")
        client.event("link-changed", state="online")
        client.type("/ignore bob", "/ignorelist", "/compare", "/identify ann sesame open")
        for _ in range(2):
            client.event("informed", chat="#lab", text="Ignored: bob!*@* (everything).")
        assert "window" in str(client.event("command-refused")["text"])
        assert client.event("command-refused")["line"] == "/identify ••••"
        server.say(":bob!b@h PRIVMSG #lab :unheard", ":eve!e@h PRIVMSG #lab :heard")
        message = client.event("message-added")["message"]
        assert isinstance(message, dict)
        assert message["text"] == "heard"
        file = tmp_path / "lab.txt"
        client.type("/search heard", f"/export {file}")
        client.event("informed", text="[#lab] <eve> heard")
        client.event("informed", text=f"Saved 1 entry as {file}.")
        assert file.read_text(encoding="utf-8").endswith("<eve> heard\n")


def test_quit_leaves_although_the_input_goes_on(server: Server, tmp_path: Path) -> None:
    with connected(server, tmp_path) as client:
        server.welcome()
        client.type("/quit see you")
        assert server.until("QUIT") == "QUIT :see you"
        server.close()
        assert client.wait() == 0


def test_a_policy_in_the_state_directory_is_obeyed_and_an_untrusted_certificate_is_not(
    server: Server, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    state.mkdir()
    (state / "sts.toml").write_text(
        f'[[policies]]\nhost = "127.0.0.1"\nport = {server.port}\nduration_s = 9\n'
        "expires_s = 4000000000\n",
        encoding="utf-8",
    )
    elsewhere = "irc://127.0.0.1:1"
    client = ConnectClient(elsewhere, "--nick", "ann", "--state-dir", str(state))
    try:
        server.accept()
        assert server._peer is not None
        assert server._peer.recv(3) == b"\x16\x03\x01"  # A TLS ClientHello, not a line.
    finally:
        client.close()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--sasl", "GUESS"], "“GUESS” is not known"),
        (["--sasl", "PLAIN"], "--password-file"),
        (["--sasl", "EXTERNAL"], "--client-cert"),
        (["--pin", "12:34"], "no SHA-256"),
        (["--nick", "a b"], "cannot be a nick"),
        (["--login", "ann", "--password-file", "there-is-no-such-file"], "cannot be read"),
    ],
)
def test_wrong_usage_names_the_option_at_fault(options: list[str], words: str) -> None:
    command = [sys.executable, "-m", "chatlab", "connect", "irc://127.0.0.1:1", *options]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TIMEOUT_S
    )
    assert done.returncode in (1, 2)
    assert words in done.stderr
