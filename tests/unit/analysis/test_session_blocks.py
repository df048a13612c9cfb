"""A saved capture: comments on every frame of a message, names of servers, nothing that was sealed."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chatlab.analysis.correlate import Correlator
from chatlab.analysis.frame_log import FrameLog
from chatlab.analysis.session_blocks import Contents, session_blocks
from chatlab.analysis.session_comments import is_ours
from chatlab.analysis.session_file import read_session, restore
from chatlab.analysis.streams import Streams
from chatlab.core.account import AccountId
from chatlab.core.connection import Connection
from chatlab.core.export import SecretsChoice
from chatlab.core.flow import Endpoint, FlowKey
from chatlab.core.message import Message
from chatlab.protocol import pcapng
from tests.helpers.tcp_talk import (
    RECEIVED,
    SENT,
    Talk,
    connection,
    message,
    tls_facts,
    wire,
)

LINE = b"PRIVMSG #lab :" + b"long " * 30 + b"\r\n"
KEEP, DROP = SecretsChoice.KEEP, SecretsChoice.DROP


@contextmanager
def saved(
    tmp_path: Path,
    talk: Talk,
    *messages: Message,
    ours: Connection | None = None,
    secrets: SecretsChoice = KEEP,
    is_bare: bool = False,
) -> Iterator[FrameLog]:
    """The log of a file that was saved of ``talk``."""
    with FrameLog(talk.write(tmp_path / "live.pcapng")) as log:
        correlator = Correlator(Streams(log))
        correlator.opened(ours or connection())
        for each in messages:
            assert each.wire is not None
            correlator.assign(each.id, each.wire, each.echo)
        correlator.update()
        contents = Contents(log, correlator, messages, "CLIENT_RANDOM aa bb", "test")
        blocks = b"".join(session_blocks(contents, secrets, is_bare=is_bare))
    file = tmp_path / "saved.pcapng"
    file.write_bytes(blocks)
    with FrameLog(file) as again:
        again.pull()
        yield again


def long_talk() -> tuple[Talk, Message]:
    """A message over three segments, one of them sent again, and its echo."""
    talk = Talk().handshake()
    talk.send(SENT, LINE, mss=60)
    talk.again(SENT, 60, LINE[60:120])
    echo = b":alice!a@h " + LINE
    talk.send(RECEIVED, echo)
    said = message("m1", wire(SENT, 0, len(LINE)), text=LINE[14:-2].decode())
    return talk, Message(
        **{name: getattr(said, name) for name in said.__slots__}
        | {"echo": wire(RECEIVED, 0, len(echo))}
    )


def test_every_frame_of_a_message_says_direction_sender_target_and_text(tmp_path: Path) -> None:
    talk, said = long_talk()
    with saved(tmp_path, talk, said) as log:
        comments = {number: log.comments(number) for number in range(1, len(log) + 1)}
    told = {number: texts[0].split("\n")[0] for number, texts in comments.items() if texts}
    assert list(told) == [4, 5, 6, 7, 8]
    assert all(words.startswith("Sent: alice → #lab: long long") for words in told.values())
    assert [
        re.search(r"\(([a-z ]+)\)$", words) and words.rsplit("(")[1] for words in told.values()
    ] == [
        None,
        "goes on)",
        "goes on)",
        "again)",
        "echo of the server)",
    ]


def test_a_file_that_is_saved_again_says_nothing_twice(tmp_path: Path) -> None:
    talk, said = long_talk()
    with saved(tmp_path, talk, said) as log:
        session = read_session(log)
        correlator = Correlator(Streams(log))
        restore(session, correlator)
        correlator.update()
        again = Contents(log, correlator, session.messages, "", "test")
        assert b"".join(session_blocks(again)) == log.path.read_bytes()
        for number in log.commented:
            assert all(is_ours(text) for text in log.comments(number))


def test_a_long_text_is_repeated_in_short(tmp_path: Path) -> None:
    talk = Talk().handshake()
    line = b"PRIVMSG #lab :" + b"x" * 2_000 + b"\r\n"
    talk.send(SENT, line, mss=500)
    said = message("m1", wire(SENT, 0, len(line)), text="x" * 2_000)
    with saved(tmp_path, talk, said) as log:
        assert len(log.comments(4)[0]) > 2_000
        assert all(len(log.comments(number)[0]) < 400 for number in (5, 6, 7, 8))


def test_a_bare_capture_has_no_comment_at_all(tmp_path: Path) -> None:
    talk, said = long_talk()
    with saved(tmp_path, talk, said, is_bare=True) as log:
        assert (log.commented, log.section_comments) == ((), [])
        assert len(log) == len(talk.frames)


def test_servers_are_named_and_secrets_come_before_the_packets(tmp_path: Path) -> None:
    talk, said = long_talk()
    with saved(tmp_path, talk, said) as log:
        data = log.path.read_bytes()
    name = data.index(b"irc.example\0")
    assert data[name - 4 : name] == bytes((10, 0, 0, 2))
    assert name < data.index(b"CLIENT_RANDOM") < data.index(b"PRIVMSG")


@pytest.mark.servers("tshark")
def test_wireshark_shows_the_name_of_the_server(tmp_path: Path) -> None:
    talk, said = long_talk()
    with saved(tmp_path, talk, said) as log:
        done = subprocess.run(
            ["tshark", "-q", "-r", str(log.path), "-z", "hosts"],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
    assert "10.0.0.2\tirc.example" in done.stdout


def test_a_server_of_ipv6_is_named_too() -> None:
    block = pcapng.name_resolution([("2001:db8::1", "irc.example"), ("10.0.0.2", "b.example")])
    assert block[:4] == bytes((4, 0, 0, 0))
    assert len(block) % 4 == 0
    address = bytes.fromhex("20010db8000000000000000000000001")
    assert address + b"irc.example\0" in block


def test_without_keys_nothing_tells_of_what_tls_sealed(tmp_path: Path) -> None:
    talk, said = long_talk()
    sealed = connection(tls=tls_facts())
    with saved(tmp_path, talk, said, ours=sealed, secrets=DROP) as log:
        session = read_session(log)
        told = "".join(log.section_comments)
        assert log.commented == ()
        assert log.secrets == []
    assert session.messages == ()
    assert [each.account for each in session.connections] == [AccountId("account 1")]
    assert '"lab' not in told
    assert "alice" not in told


def test_an_account_that_was_seen_in_clear_keeps_its_name(tmp_path: Path) -> None:
    talk, said = long_talk()
    with saved(tmp_path, talk, said, secrets=DROP) as log:
        session = read_session(log)
    assert [each.account for each in session.connections] == [AccountId("lab")]
    assert [each.text for each in session.messages] == [said.text]


def test_an_address_needs_no_name(tmp_path: Path) -> None:
    talk, _ = long_talk()
    bare = connection(FlowKey(Endpoint("10.0.0.1", 40_000), Endpoint("10.0.0.2", 6_667)))
    ours = Connection(
        **{name: getattr(bare, name) for name in bare.__slots__} | {"host": "10.0.0.2"}
    )
    with saved(tmp_path, talk, ours=ours, is_bare=True) as log:
        assert b"10.0.0.2\0" not in log.path.read_bytes()
