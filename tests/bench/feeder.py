"""An IRC server for one client, made to pour lines into it and to know when all were handled.

It speaks just enough to be joined. After the last line it sends PING: a client answers in order,
so its PONG says that every line before it has been parsed.
"""

import random
import socket
import time
from dataclasses import dataclass

from tests.bench.processes import BenchError

CHANNEL = "#load"
NICKS = 200
_NAME = ":feeder.test"
_TIMEOUT_S = 120.0
_SEED = 7
_TEXT = """
the frame carries every byte of it and the ACK covers them all while a second segment
waits for its turn in the send queue until the window opens again
"""


def lines(count: int) -> bytes:
    """``count`` messages of 20 to 120 characters from 200 people, the same at every run."""
    dice, words = random.Random(_SEED), _TEXT.split()
    made = []
    for number in range(count):
        nick = f"user{dice.randrange(NICKS):03d}"
        text = " ".join(dice.choices(words, k=dice.randint(3, 22)))
        made.append(f":{nick}!{nick}@host.test PRIVMSG {CHANNEL} :{number} {text}")
    return "\r\n".join(made).encode() + b"\r\n"


@dataclass(frozen=True, slots=True)
class Fed:
    """When the first line left and when all had been parsed, by the monotonic clock."""

    started: float
    answered: float

    @property
    def seconds(self) -> float:
        return self.answered - self.started


class Feeder:
    """Listens on a free port of loopback. A context manager that closes it."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(_TIMEOUT_S)
        self._client: socket.socket | None = None
        self._rest = b""
        self._nick = ""

    @property
    def port(self) -> int:
        number: int = self._listener.getsockname()[1]
        return number

    def __enter__(self) -> "Feeder":
        return self

    def __exit__(self, *_: object) -> None:
        for each in (self._client, self._listener):
            if each is not None:
                each.close()

    def welcome(self) -> None:
        """Let the client in and into the channel."""
        self._client, _ = self._listener.accept()
        self._client.settimeout(_TIMEOUT_S)
        self._until(f"JOIN {CHANNEL}")
        who = f":{self._nick}!me@host.test"
        people = " ".join(f"user{number:03d}" for number in range(NICKS))
        names = [f"{_NAME} 353 {self._nick} = {CHANNEL} :{part}" for part in _pieces(people)]
        self._say(
            f"{who} JOIN {CHANNEL}",
            *names,
            f"{_NAME} 353 {self._nick} = {CHANNEL} :{self._nick}",
            f"{_NAME} 366 {self._nick} {CHANNEL} :End of /NAMES list.",
        )

    def settle(self) -> None:
        """Answer what clients ask after joining (MODE, WHO), until all of it is answered."""
        self._say("PING :settled")
        self._until("PONG", "settled")

    def feed(self, data: bytes) -> Fed:
        """Pour ``data`` in and wait until it has been parsed."""
        assert self._client is not None
        started = time.monotonic()
        self._client.sendall(data + b"PING :parsed\r\n")
        self._until("PONG", "parsed")
        return Fed(started, time.monotonic())

    def _until(self, *wanted: str) -> None:
        """Serve the client until one of its lines holds all that is wanted."""
        while True:
            line = self._line()
            self._answer(line)
            if all(words in line for words in wanted):
                return

    def _line(self) -> str:
        assert self._client is not None
        while b"\n" not in self._rest:
            data = self._client.recv(65536)
            if not data:
                raise BenchError("the client has closed the connection")
            self._rest += data
        line, self._rest = self._rest.split(b"\n", 1)
        return line.decode(errors="replace").strip()

    def _answer(self, line: str) -> None:
        command, _, rest = line.partition(" ")
        nick = self._nick or "*"
        match command.upper():
            case "CAP" if rest.upper().startswith("LS"):
                self._say(f"{_NAME} CAP {nick} LS :")
            case "NICK":
                self._nick = rest.removeprefix(":")
            case "USER":
                self._say(
                    f"{_NAME} 001 {nick} :Welcome",
                    f"{_NAME} 005 {nick} CHANTYPES=# PREFIX=(ov)@+ NETWORK=Bench :are supported",
                    f"{_NAME} 422 {nick} :No message of the day",
                )
            case "PING":
                self._say(f"{_NAME} PONG feeder.test :{rest.removeprefix(':')}")
            case "MODE" if rest == CHANNEL:
                self._say(f"{_NAME} 324 {nick} {CHANNEL} +nt")
            case "MODE":
                self._say(f"{_NAME} 368 {nick} {CHANNEL} :End of list")
            case "WHO":
                self._say(f"{_NAME} 315 {nick} {CHANNEL} :End of /WHO list.")

    def _say(self, *lines: str) -> None:
        assert self._client is not None
        self._client.sendall("".join(f"{line}\r\n" for line in lines).encode())


def _pieces(names: str, size: int = 400) -> list[str]:
    """Names in as many lines as they take."""
    pieces = [""]
    for name in names.split():
        if len(pieces[-1]) + len(name) > size:
            pieces.append("")
        pieces[-1] = f"{pieces[-1]} {name}".strip()
    return pieces
