"""Names and texts at the border of what real servers take: our prediction is their behaviour."""

import contextlib
import random
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatlab.core.nick import check_nick
from tests.helpers.connecting import TIMEOUT_S, ConnectClient
from tests.helpers.servers import RunningServer, inspircd, ngircd

pytestmark = pytest.mark.servers
NICKS = (
    *("ann", "Ann2", "a-b", "first_last", "[ann]", "`ann", "^ann", "{ann}", "a|b", "\\ann"),
    *("first.last", "1st", "-ann", "a~b", "a/b", "a+b", "a'b", "zoë", "a,b", "a*b", "a!b", "a@b"),
    *("a?b", "$ann", ":ann", "#ann", "a:b", "ann~"),
)
"""Samples of each rule: which are fine, and which are not for one reason each."""
SIGNS = (
    "a",
    "b",
    " ",
    "é",
    "ß",
    "漢",
    "字",
    "👩‍👩‍👧",
    "🇩🇪",
    "👍🏽",
    "e\u0301",
    "한글",
    "ا",
    "\u200d",
    "x" * 30,
)


@pytest.fixture(scope="module", params=["ngircd", "inspircd"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp(request.param)
    with ngircd(folder) if request.param == "ngircd" else inspircd(folder) as running:
        yield running


def _answer(server: RunningServer, nick: str) -> str:
    """The server's first numeric to somebody who asks for this nick."""
    with socket.create_connection((server.host, server.port), TIMEOUT_S) as peer:
        # Behind a colon the whole is one parameter, whatever is in it.
        peer.sendall(f"USER u 0 * :u\r\nNICK :{nick}\r\n".encode())
        for raw in peer.makefile("rb"):
            words = raw.decode("utf-8", "replace").split()
            if words[0] == "PING":
                peer.sendall(f"PONG {words[1]}\r\n".encode())
            elif words[1] in ("001", "431", "432", "433", "437"):
                return words[1]
    raise AssertionError(f"no answer to {nick}")


@pytest.mark.parametrize("nick", NICKS)
def test_the_nick_field_agrees_with_the_server(server: RunningServer, nick: str) -> None:
    is_taken = _answer(server, nick) == "001"
    assert is_taken is (check_nick(nick) is None)


def _texts(count: int) -> list[str]:
    chance = random.Random(20260322)
    made = []
    for _ in range(count):
        length = chance.choice((3, 40, 120, 250))
        text = "".join(chance.choice(SIGNS) for _ in range(length)).strip()
        made.append(text or "x")
    return made


@contextlib.contextmanager
def _in_channel(server: RunningServer, nick: str, folder: Path) -> Iterator[ConnectClient]:
    url = server.url(nick, "#split")
    with ConnectClient(url, "--state-dir", str(folder / nick)) as client:
        client.event("members-listed", chat="#split")
        yield client


@pytest.mark.parametrize("nick", ["n", "n" * 30])
def test_split_texts_arrive_whole_whatever_the_nick(
    server: RunningServer, tmp_path: Path, nick: str
) -> None:
    with (
        _in_channel(server, nick, tmp_path) as sender,
        _in_channel(server, "reader", tmp_path) as reader,
    ):
        # Who has been told of the other knows where a line would be cut.
        sender.event("member-joined", chat="#split")
        for text in _texts(4):
            sender.type(f"//{text}" if text.startswith("/") else text)
            sent, heard = "", ""
            while sent.lstrip(" ") != text.lstrip(" "):
                sent += str(_message(sender.event("message-added"))["text"])
            while len(heard) < len(sent):
                heard += str(_message(reader.event("message-added"))["text"])
            assert heard == sent
            assert "\ufffd" not in heard


def _message(event: dict[str, object]) -> dict[str, object]:
    message = event["message"]
    assert isinstance(message, dict)
    return message
