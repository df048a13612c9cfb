"""A capture made elsewhere in the window: key logs, messages found beside it, secrets that come late."""

import asyncio
import ssl
import threading
from collections.abc import Coroutine
from pathlib import Path

import pytest

from chatlab.app import key_files
from chatlab.app.feed import CaptureFeed
from chatlab.app.finding import MessageSearch, look_inside
from chatlab.app.key_files import keys_beside, read_key_file, use_key_file
from chatlab.app.replay import fill_from_file
from chatlab.app.saving import save_capture
from chatlab.core.attribution import Evidence
from chatlab.core.chats import ChatBook, ChatKind
from chatlab.core.errors import FileError, Severity
from chatlab.core.message import Delivery, Message
from chatlab.protocol import pcapng
from chatlab.protocol.tls_secrets import KeyLog
from tests.helpers.tcp_talk import Talk
from tests.helpers.tls_talk import TlsTalk
from tests.unit.analysis.test_finding import SAID, TALK, WELCOME, spoken
from tests.unit.app.feeding import NoDissector, made

TEXTS = ["hello all", "hi Alice", "in private", "waves"]
SECRET = f"CLIENT_RANDOM {'0' * 64} {'1' * 96}"


class Opened:
    """A foreign capture, opened as the window does it; searches run when they are asked for."""

    def __init__(self, file: Path, keys: Path | None = None) -> None:
        self.book = ChatBook()
        self.feed = CaptureFeed(file, self.book, NoDissector(), is_live=False)
        made.append(self.feed)
        self.posts: list[tuple[Severity, str, str]] = []
        self.firsts: list[int] = []
        self.progress: list[str] = []
        self.waiting: list[Coroutine[object, object, None]] = []
        fill_from_file(self.feed, self.book)
        self.search = MessageSearch(
            self.feed,
            self.book,
            lambda: self.firsts.append(self.search.count),
            self.progress.append,
        )
        look_inside(self.feed, file, keys, self.search, self.waiting.append, self._post)
        self.finish()

    def _post(self, severity: Severity, text: str, hint: str) -> None:
        self.posts.append((severity, text, hint))

    def finish(self) -> None:
        while self.waiting:
            asyncio.run(self.waiting.pop(0))

    @property
    def texts(self) -> list[str]:
        chats = self.book.chats.values()
        found = [each for chat in chats for each in chat.entries if isinstance(each, Message)]
        return sorted(each.text for each in found)


def sealed(folder: Path) -> TlsTalk:
    folder.mkdir()
    tls = TlsTalk(folder, ssl.TLSVersion.TLSv1_3)
    for direction, line in (*WELCOME, *SAID):
        tls.write(direction, line)
    (folder / "keys.txt").rename(folder / "elsewhere.txt")
    tls.keys = folder / "elsewhere.txt"
    tls.talk.write(folder / "a.pcapng")
    return tls


def test_messages_come_into_the_book_with_their_frames(tmp_path: Path) -> None:
    opened = Opened(spoken([*WELCOME, *SAID]).write(tmp_path / "a.pcapng"))
    assert opened.texts == sorted(TEXTS)
    (account,) = opened.book.accounts.values()
    assert (account.account.name, account.source) == ("alice on irc.example", "a.pcapng")
    hello = next(each for each in opened.feed.messages.values() if each.text == "hello all")
    shown = opened.book.find(hello.id)
    assert shown is not None
    entry = shown[0].entries[shown[1]]
    assert isinstance(entry, Message)
    assert entry.delivery is Delivery.ECHOED
    known = opened.feed.attribution(hello.id)
    assert known.frames
    assert known.echo_frames
    assert known.evidence is Evidence.PACKETS
    assert "read out of the packets" in opened.feed.explain_message(hello.id)
    assert len(opened.firsts) == 1
    assert opened.progress[-1] == ""
    assert not any(chat.unread for chat in opened.book.chats.values())


@pytest.mark.parametrize("name", ["a.pcapng.keys", "a.keylog", "a.keys.txt", "sslkeylog.txt"])
def test_a_key_log_beside_the_capture_is_used(name: str, tmp_path: Path) -> None:
    tls = sealed(tmp_path / "x")
    (tmp_path / "x" / name).write_text(tls.key_log)
    opened = Opened(tmp_path / "x" / "a.pcapng")
    assert opened.texts == sorted(TEXTS)
    assert opened.posts == []


def test_a_key_log_that_is_named_comes_first(tmp_path: Path) -> None:
    tls = sealed(tmp_path / "x")
    (tmp_path / "x" / "a.keys").write_text(SECRET)
    assert Opened(tmp_path / "x" / "a.pcapng").texts == []
    assert Opened(tmp_path / "x" / "a.pcapng", tls.keys).texts == sorted(TEXTS)


def test_rooms_are_rooms_and_people_are_people(tmp_path: Path) -> None:
    opened = Opened(spoken(TALK).write(tmp_path / "a.pcapng"))
    kinds = {chat.title: chat.kind for chat in opened.book.chats.values() if chat.title}
    assert kinds == {
        "room@muc.lab.test": ChatKind.CHANNEL,
        "bob@lab.test": ChatKind.PRIVATE,
        "eve@lab.test": ChatKind.CHANNEL,  # She says so; nothing else is known of her.
    }
    assert opened.texts == ["a room", "all", "hi bob", "nods twice", "yes"]


def test_saved_and_opened_again_it_is_still_known_how_they_were_found(tmp_path: Path) -> None:
    first = Opened(spoken([*WELCOME, *SAID]).write(tmp_path / "a.pcapng"))
    save_capture(first.feed, tmp_path / "again.pcapng")
    again = Opened(tmp_path / "again.pcapng")
    assert again.progress == []
    assert again.texts == sorted(TEXTS)
    for name in first.feed.messages:
        assert again.feed.attribution(name) == first.feed.attribution(name)
        assert again.feed.attribution(name).evidence is Evidence.PACKETS


def test_secrets_in_the_file_are_used(tmp_path: Path) -> None:
    tls = sealed(tmp_path / "x")
    file = tmp_path / "dsb.pcapng"
    secrets = pcapng.decryption_secrets(tls.key_log.encode())
    file.write_bytes(pcapng.section_header() + secrets + tls.talk.packets())
    assert Opened(file).texts == sorted(TEXTS)


def test_secrets_that_the_reader_brings_later_open_the_rest(tmp_path: Path) -> None:
    tls = sealed(tmp_path / "x")
    opened = Opened(tmp_path / "x" / "a.pcapng")
    ((severity, words, hint),) = opened.posts
    assert severity is Severity.INFO
    assert words == "No message of IRC or XMPP was found in a.pcapng."
    assert "key log" in hint
    assert asyncio.run(use_key_file(opened.feed, tls.keys)) == 4
    opened.finish()
    assert opened.texts == sorted(TEXTS)
    assert opened.feed.key_log == []


def test_starttls_is_searched_again_and_its_account_gets_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "x"
    folder.mkdir()
    clear = [(SAID[0][0], b"STARTTLS\r\n"), (SAID[1][0], b":irc.example 670 * :go on\r\n")]
    tls = TlsTalk(folder, ssl.TLSVersion.TLSv1_3, before=clear)
    for direction, line in (*WELCOME, *SAID):
        tls.write(direction, line)
    keys = tls.keys.rename(folder / "elsewhere.txt")
    opened = Opened(tls.talk.write(folder / "a.pcapng"))
    assert list(opened.book.accounts) == ["10.0.0.1:40000 on irc.example"]
    opened.feed.use_key_log(read_key_file(keys))
    opened.finish()
    assert list(opened.book.accounts) == ["alice on irc.example"]
    assert opened.texts == sorted(TEXTS)


def test_a_key_log_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    file = Talk().handshake().write(tmp_path / "a.pcapng")
    (tmp_path / "a.keys").write_text("no secret here\n")
    opened = Opened(file)
    assert opened.posts[0][0] is Severity.WARNING
    assert "holds no TLS secret" in opened.posts[0][1]


def test_a_key_log_is_not_read_in_the_windows_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    readers: list[int] = []

    def read(file: Path) -> KeyLog:
        readers.append(threading.get_ident())
        return read_key_file(file)

    monkeypatch.setattr(key_files, "read_key_file", read)
    tls = sealed(tmp_path / "x")
    opened = Opened(tmp_path / "x" / "a.pcapng", tls.keys)
    assert opened.texts == sorted(TEXTS)
    assert readers
    assert threading.get_ident() not in readers


def test_a_key_log_is_read_line_by_line(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_bytes(b"# made by hand\r\n" + SECRET.encode() + b"\r\n\xff\xfe\n" + b"x" * 5_000)
    assert read_key_file(file).lines_of(bytes(32)) == [SECRET]
    with pytest.raises(FileError, match="cannot be read"):
        read_key_file(tmp_path / "none")
    assert keys_beside(tmp_path / "none.pcap") is None


def test_a_session_of_our_own_is_not_searched(tmp_path: Path) -> None:
    from tests.unit.app.test_replay import saved

    opened = Opened(saved(tmp_path))
    assert opened.progress == []
    assert opened.texts == ["hi", "ho"]
