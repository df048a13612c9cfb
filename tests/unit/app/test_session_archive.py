"""A session file brings back what was saved, and a hostile one does no harm."""

import json
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest

from chatlab.analysis.frame_log import FrameLog
from chatlab.analysis.session_file import message_records
from chatlab.app import session_archive
from chatlab.app.feed import CaptureFeed
from chatlab.app.opening import OpenedFile, check_file
from chatlab.app.saving import save, session_work
from chatlab.app.session_replay import fill_from_session
from chatlab.core.account import Autojoin
from chatlab.core.chat import Member
from chatlab.core.chats import ChatBook, ChatKey, Note, NoteKind
from chatlab.core.errors import FileError, Severity
from chatlab.core.events import Informed, MemberJoined, MessageRewritten, ReactionSeen
from chatlab.core.message import Message, MessageId
from tests.helpers.tcp_talk import SENT, START_NS, Talk, connection, tls_facts
from tests.unit.app.feeding import LAB, NoDissector, full_feed, made

SECRET_LINE = "CLIENT_RANDOM " + "ab" * 32 + " " + "cd" * 48


def session(tmp_path: Path) -> tuple[CaptureFeed, ChatBook]:
    """Two messages, one of them corrected, a note, somebody who came, all under TLS."""
    feed, book = full_feed(tmp_path / "live.pcapng")
    feed.changed(connection(tls=tls_facts()))
    feed.secret(SECRET_LINE)
    key = ChatKey(LAB.id, "#lab")
    book.apply(MemberJoined(LAB.id, "#lab", Member(nick="eve"), START_NS))
    book.apply(MemberJoined(LAB.id, "#lab", Member(nick="dave"), START_NS))
    book.apply(Informed(LAB.id, "Welcome.", START_NS, severity=Severity.INFO))
    assert key in book.chats
    return feed, book


def saved(tmp_path: Path, notes: str = "# Lab 6\n\nObserved: ä €\n") -> Path:
    feed, book = session(tmp_path)
    file = tmp_path / "lesson.chatlab"
    save(session_work(feed, book, notes), file)
    return file


@contextmanager
def reopened(file: Path) -> Iterator[tuple[OpenedFile, CaptureFeed, ChatBook]]:
    with OpenedFile(file) as opened:
        book = ChatBook()
        feed = CaptureFeed(opened.capture, book, NoDissector(), is_live=False)
        made.append(feed)
        fill_from_session(opened, feed, book)
        yield opened, feed, book


def test_it_is_a_zip_of_plain_files(tmp_path: Path) -> None:
    with zipfile.ZipFile(saved(tmp_path)) as archive:
        assert archive.testzip() is None
        assert set(archive.namelist()) == {
            *("manifest.json", "capture.pcapng", "transcript.jsonl", "accounts.toml", "notes.md")
        }
        manifest = json.loads(archive.read("manifest.json"))
        assert (manifest["version"], manifest["frames"], manifest["messages"]) == (1, 6, 2)
        assert "Observed: ä €" in archive.read("notes.md").decode()
        for line in archive.read("transcript.jsonl").decode().splitlines():
            assert isinstance(json.loads(line), dict)


def test_reopened_it_shows_what_was_shown(tmp_path: Path) -> None:
    live, before = session(tmp_path)
    file = tmp_path / "lesson.chatlab"
    save(session_work(live, before, "mine"), file)
    with reopened(file) as (opened, feed, book):
        assert book.chats.keys() == before.chats.keys()
        for key, chat in before.chats.items():
            assert book.chats[key].entries == chat.entries
            assert (book.chats[key].title, book.chats[key].kind) == (chat.title, chat.kind)
        assert opened.notes == "mine"
        assert [feed.raw(n) for n in range(1, 7)] == [live.raw(n) for n in range(1, 7)]
        for message in ("m1", "m2"):
            wanted = live.attribution(MessageId(message))
            assert feed.attribution(MessageId(message)) == wanted
            assert feed.exposure_of(MessageId(message)) is live.exposure_of(MessageId(message))
        assert list(message_records(feed.messages.values(), feed.correlator)) == list(
            message_records(live.messages.values(), live.correlator)
        )
        assert book.accounts[LAB.id].source == "lesson.chatlab"
        assert book.accounts[LAB.id].account.is_temporary


def test_what_was_said_later_about_a_message_is_kept(tmp_path: Path) -> None:
    feed, book = session(tmp_path)
    book.apply(MessageRewritten(LAB.id, "#lab", MessageId("m2"), "better", START_NS))
    before = book.chats[ChatKey(LAB.id, "#lab")].entries
    assert any(isinstance(entry, Message) and entry.text == "better" for entry in before)
    file = tmp_path / "lesson.chatlab"
    save(session_work(feed, book, ""), file)
    with reopened(file) as (_, again, read):
        assert read.chats[ChatKey(LAB.id, "#lab")].entries == before
        assert again.messages[MessageId("m2")].text == "ho"


def test_the_capture_inside_is_bare_and_decrypts_by_itself(tmp_path: Path) -> None:
    with OpenedFile(saved(tmp_path)) as opened, FrameLog(opened.capture) as log:
        log.pull()
        assert log.commented == ()
        assert log.section_comments == []
        assert SECRET_LINE.encode() in log.secrets[0].data


def test_accounts_come_without_what_lets_one_in(tmp_path: Path) -> None:
    feed, book = session(tmp_path)
    state = book.accounts[LAB.id]
    state.account = replace(
        state.account,
        channels=(Autojoin("#lab", "the-key"),),
        perform=("/msg NickServ IDENTIFY hunter2",),
        client_certificate="/secrets-of-ann/private.pem",
        ca_file="/secrets-of-ann/ca.pem",
    )
    file = tmp_path / "lesson.chatlab"
    save(session_work(feed, book, ""), file)
    with zipfile.ZipFile(file) as archive:
        text = archive.read("accounts.toml").decode()
    assert "#lab" in text
    for word in ("the-key", "hunter2", "secrets-of-ann"):
        assert word not in text


def test_the_folder_that_it_was_unpacked_to_disappears(tmp_path: Path) -> None:
    with OpenedFile(saved(tmp_path)) as opened:
        assert opened.capture.stat().st_mode & 0o777 == 0o600
    assert not opened.capture.parent.exists()


def test_a_clock_of_1970_and_half_a_character_spoil_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    then = time.gmtime(86_400)
    monkeypatch.setattr(time, "localtime", lambda: then)
    with OpenedFile(saved(tmp_path, "lone \ud800 surrogate")) as opened:
        assert opened.notes == "lone ? surrogate"


# --- hostile files --------------------------------------------------------------------------------


def packed(tmp_path: Path, **changes: bytes | None) -> Path:
    """The file with members replaced, added, or (None) left out."""
    source = zipfile.ZipFile(saved(tmp_path))
    members = {name: source.read(name) for name in source.namelist()}
    source.close()
    for name, data in changes.items():
        if data is None:
            del members[name]
        else:
            members[name] = data
    file = tmp_path / "odd.chatlab"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file


def refusal(file: Path) -> str:
    """Cause and next step; every refusal has both."""
    with pytest.raises(FileError) as caught, OpenedFile(file):
        pass
    assert caught.value.hint
    assert "odd.chatlab" in caught.value.message
    return caught.value.message


@pytest.mark.parametrize(
    "name", ["../evil.txt", "/etc/passwd", "a/../../b", "..\\evil.txt", "C:\\evil.txt"]
)
def test_a_file_that_wants_to_be_put_elsewhere_is_refused(name: str, tmp_path: Path) -> None:
    assert "elsewhere" in refusal(packed(tmp_path, **{name: b"x"}))
    assert not (tmp_path.parent / "evil.txt").exists()


@pytest.mark.parametrize("name", ["capture.pcapng", "transcript.jsonl", "manifest.json"])
def test_a_missing_member_is_named(name: str, tmp_path: Path) -> None:
    assert name in refusal(packed(tmp_path, **{name: None}))


@pytest.mark.parametrize("name", ["accounts.toml", "notes.md"])
def test_what_can_be_done_without_may_be_missing(name: str, tmp_path: Path) -> None:
    with reopened(packed(tmp_path, **{name: None})) as (_, feed, book):
        assert feed.count == 6
        assert ChatKey(LAB.id, "#lab") in book.chats


@pytest.mark.parametrize("name", ["capture.pcapng", "transcript.jsonl"])
def test_a_bomb_is_refused_before_it_is_unpacked(name: str, tmp_path: Path) -> None:
    bomb = bytes(64 * 1024 * 1024)
    assert f"its {name} would grow" in refusal(packed(tmp_path, **{name: bomb}))


def test_a_file_of_zeros_that_was_sent_is_no_bomb(tmp_path: Path) -> None:
    talk = Talk().handshake()
    for _ in range(100):
        talk.send(SENT, bytes(60_000), mss=60_000)
    capture = talk.write(tmp_path / "zeros.pcapng")
    data = capture.read_bytes()
    file = packed(tmp_path, **{"capture.pcapng": data})
    with zipfile.ZipFile(file) as archive:
        info = archive.getinfo("capture.pcapng")
        assert info.file_size > 250 * info.compress_size
    with OpenedFile(file) as opened:
        assert opened.capture.read_bytes() == data


def test_another_way_of_packing_is_named(tmp_path: Path) -> None:
    file = tmp_path / "odd.chatlab"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("manifest.json", "{}")
    assert "packed in a way that ChatLab does not use" in refusal(file)


def test_a_name_in_no_known_letters_is_damage(tmp_path: Path) -> None:
    file = tmp_path / "odd.chatlab"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("ä.json", "{}")
    file.write_bytes(file.read_bytes().replace("ä".encode(), b"\xff\xff"))
    assert "is damaged" in refusal(file)


def test_a_member_that_is_too_long_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_archive, "MAX_SMALL", 1000)
    assert "1,000 are the most" in refusal(packed(tmp_path, **{"notes.md": b"x" * 1001}))
    monkeypatch.setattr(session_archive, "MAX_TRANSCRIPT", 100)
    assert "transcript.jsonl has" in refusal(packed(tmp_path))


def test_a_disk_without_room_is_told_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = packed(tmp_path)
    monkeypatch.setattr(session_archive, "_SPARE", 1 << 60)
    assert "does not fit" in refusal(file)


def test_a_newer_form_says_what_to_do(tmp_path: Path) -> None:
    manifest = json.dumps({"format": "chatlab-session", "version": 2}).encode()
    file = packed(tmp_path, **{"manifest.json": manifest})
    with pytest.raises(FileError, match="newer ChatLab") as caught:
        check_file(file)
    assert "Update ChatLab" in caught.value.hint
    assert "capture.pcapng" in caught.value.hint


@pytest.mark.parametrize(
    "manifest", [b"", b"[]", b"{}", b"\xff\xfe", b'{"format": "zip", "version": 1}', b"[" * 100_000]
)
def test_a_manifest_that_cannot_be_is_refused(manifest: bytes, tmp_path: Path) -> None:
    assert "manifest.json" in refusal(packed(tmp_path, **{"manifest.json": manifest}))


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (b"{", "is cut off, or is no JSON"),
        (b"[]", "lacks something, or says what cannot be"),
        (b"{}", "lacks something, or says what cannot be"),
        (b'{"type": "message"}', "lacks something, or says what cannot be"),
        (b'{"type": "chat"}', "lacks something, or says what cannot be"),
        (b'{"type": 1, "x": ' + b"[" * 9_999, "is nested too deeply"),
    ],
)
def test_a_damaged_line_of_the_transcript_is_named(
    line: bytes, complaint: str, tmp_path: Path
) -> None:
    file = packed(tmp_path, **{"transcript.jsonl": b'{"type": "hologram"}\n' + line})
    words = f"transcript is damaged: line 2 {complaint}."
    assert words in refusal(file)
    with pytest.raises(FileError, match="transcript is damaged") as caught:
        check_file(file)
    assert caught.value.message.endswith(words)
    assert "unzip it and open capture.pcapng" in caught.value.hint


@pytest.mark.parametrize("name", ["manifest.json", "transcript.jsonl", "capture.pcapng"])
def test_the_part_that_was_damaged_on_the_way_is_named(name: str, tmp_path: Path) -> None:
    file = tmp_path / "odd.chatlab"
    with zipfile.ZipFile(saved(tmp_path)) as source, zipfile.ZipFile(file, "w") as archive:
        for member in source.namelist():
            archive.writestr(member, source.read(member))  # Stored: each byte is its own.
    data = bytearray(file.read_bytes())
    start = data.index(name.encode()) + len(name)
    data[start + 3] ^= 0x01
    file.write_bytes(data)
    words = refusal(file)
    assert words.endswith(f"was cut off on its way: its {name} cannot be read.")


def test_one_that_asks_for_a_password_says_so(tmp_path: Path) -> None:
    data = bytearray(saved(tmp_path).read_bytes())
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    file = tmp_path / "odd.chatlab"
    file.write_bytes(data)
    assert refusal(file).endswith("it asks for a password.")


def test_lines_of_a_later_chatlab_are_stepped_over(tmp_path: Path) -> None:
    with zipfile.ZipFile(saved(tmp_path)) as archive:
        lines = archive.read("transcript.jsonl")
    more = lines + b'{"type": "hologram", "x": 1}\n'
    with reopened(packed(tmp_path, **{"transcript.jsonl": more})) as (_, feed, _book):
        assert len(feed.messages) == 2


def test_one_that_is_cut_off_anywhere_says_so(tmp_path: Path) -> None:
    data = saved(tmp_path).read_bytes()
    file = tmp_path / "odd.chatlab"
    for size in (4, 30, len(data) // 2, len(data) - 1):
        file.write_bytes(data[:size])
        assert "damaged, or was cut off" in refusal(file)


def test_a_byte_that_was_changed_on_the_way_is_noticed(tmp_path: Path) -> None:
    data = bytearray(saved(tmp_path).read_bytes())
    data[data.index(b"capture.pcapng") + 40] ^= 0xFF
    file = tmp_path / "odd.chatlab"
    file.write_bytes(data)
    assert "odd.chatlab" in refusal(file)


def test_a_name_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    stream = BytesIO(saved(tmp_path).read_bytes())
    with zipfile.ZipFile(stream, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("capture.pcapng", b"another")
    file = tmp_path / "odd.chatlab"
    file.write_bytes(stream.getvalue())
    assert "twice" in refusal(file)


def test_any_other_zip_is_no_session(tmp_path: Path) -> None:
    file = tmp_path / "odd.chatlab"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("holiday.jpg", b"x")
    assert "no session of ChatLab" in refusal(file)


def test_notes_and_reactions_of_the_book_survive(tmp_path: Path) -> None:
    feed, book = session(tmp_path)
    key = ChatKey(LAB.id, "#lab")
    said = book.chats[key].entries[0]
    assert isinstance(said, Message)
    book.chats[key].entries[0] = replace(said, msgid="s1")
    book.prepend(key, [Note(START_NS - 5, NoteKind.WARNING, "careful", hint="mend it")])
    book.apply(ReactionSeen(LAB.id, "#lab", "s1", "👍", "eve", START_NS))
    file = tmp_path / "lesson.chatlab"
    save(session_work(feed, book, ""), file)
    with reopened(file) as (_, _feed, read):
        assert read.chats[key].entries == book.chats[key].entries
