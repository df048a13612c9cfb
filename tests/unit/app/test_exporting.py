"""A chat as text, page and JSON: what was said, safely, with the frames that carried it."""

import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

from chatlab.app.exporting import export_chat, export_lines
from chatlab.core import events as ev
from chatlab.core.attribution import Attribution
from chatlab.core.chats import Chat, ChatBook, Note, NoteKind
from chatlab.core.message import Delivery, Message, MessageId
from tests.helpers.chats import NOON
from tests.helpers.chats import message as said
from tests.unit.app.feeding import LAB, full_feed

HOSTILE = "<script>alert(1)</script> & \x02bold\x02 \u202eevil\x07"


def chat_of(*entries: Message | Note) -> Chat:
    book = ChatBook()
    book.add_account(LAB)
    for entry in entries:
        if isinstance(entry, Message):
            book.apply(ev.MessageAdded(replace(entry, account=LAB.id, target="#lab")))
    chat = book.open(LAB.id, "#lab")
    chat.entries += [entry for entry in entries if isinstance(entry, Note)]
    return chat


def frames(message: Message) -> Attribution:
    return Attribution(message=message.id, stream=0, frames=(4, 6), acks=(7,), echo_frames=(9,))


class Reader(HTMLParser):
    """What a browser would see."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_text_names_the_frames_of_each_message() -> None:
    chat = chat_of(said("hello"), Note(NOON, NoteKind.INFO, "news"))
    first, second = export_lines(chat.entries, frames)
    assert first.endswith("hello [frames 4, 6; echo 9]")
    assert second.endswith(" -- news")


def test_the_page_shows_hostile_words_as_words(tmp_path: Path) -> None:
    file = tmp_path / "lab.html"
    failed = replace(said(HOSTILE), failure="<no>", delivery=Delivery.FAILED)
    assert export_chat(chat_of(failed, Note(NOON, NoteKind.INFO, "<i>")), file, frames) == 2
    page = file.read_text(encoding="utf-8")
    reader = Reader(page)
    assert "script" not in reader.tags
    assert "b" in reader.tags
    assert "<script>alert(1)</script> & " in reader.words
    assert "frames 4, 6; echo 9" in reader.words
    assert "\x07" not in page
    assert "default-src 'none'" in page


def test_json_holds_every_field_and_all_frames(tmp_path: Path) -> None:
    file = tmp_path / "lab.JSON"
    export_chat(chat_of(said("hello"), Note(NOON, NoteKind.WARNING, "news")), file, frames)
    saved = json.loads(file.read_text(encoding="utf-8"))
    assert (saved["chat"], saved["version"]) == ("#lab", 1)
    message, note = saved["entries"]
    assert (message["text"], message["frames"], message["acks"]) == ("hello", [4, 6], [7])
    assert (note["type"], note["kind"]) == ("note", "warning")


def test_the_numbers_are_those_of_the_capture(tmp_path: Path) -> None:
    feed, book = full_feed(tmp_path / "live.pcapng")
    chat = book.open(LAB.id, "#lab")
    lines = export_lines(chat.entries, lambda message: feed.attribution(message.id))
    assert any("[frame" in line for line in lines)
    old = replace(said("from disk"), id=MessageId("unknown-1"), is_history=True)
    assert export_lines([old], lambda message: feed.attribution(message.id))[0].endswith("disk")
