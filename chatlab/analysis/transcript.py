"""What was said in a session, as lines of JSON: ``transcript.jsonl`` of a session file.

In this order: the connections; the messages with their bytes on the wire, as they were first seen;
then each chat with its entries as they were shown. An entry that is one of the messages above, and
was not changed since, is named by its id alone. Unknown types and fields are ignored, so an older
ChatLab reads a newer one's files as far as it understands them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from chatlab.analysis import session_json
from chatlab.analysis.binding import Anchor
from chatlab.analysis.correlate import Correlator
from chatlab.analysis.session_file import SavedSession
from chatlab.analysis.session_json import Json, as_list, as_number, as_object, as_text
from chatlab.core.account import AccountId
from chatlab.core.chats import Chat, ChatKey, ChatKind, Entry, Note, NoteKind
from chatlab.core.connection import Connection
from chatlab.core.flow import ConnectionId, Direction
from chatlab.core.message import Message, MessageId

MAX_ENTRIES = 2_000_000
"""Of all chats together; a file of more is none that a person made."""


@dataclass(slots=True)
class SavedChat:
    """One chat as it was shown."""

    key: ChatKey
    title: str
    kind: ChatKind
    label: str = ""
    own_nick: str = ""
    topic: str = ""
    modes: str = ""
    entries: list[Entry] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Transcript:
    """All of it."""

    session: SavedSession
    chats: tuple[SavedChat, ...]


# --- writing ------------------------------------------------------------------------------------


def transcript_lines(
    correlator: Correlator, messages: Iterable[Message], chats: Iterable[Chat]
) -> Iterator[str]:
    """One line after the other, without line ends; chats of accounts that were never connected
    are no part of the session."""
    accounts = set()
    for connection in correlator.connections:
        accounts.add(connection.account)
        value = session_json.from_connection(connection, correlator.anchors(connection.id))
        yield _line("connection", value)
    known: dict[MessageId, Message] = {}
    for message in messages:
        known[message.id] = message
        yield _line("message", session_json.from_message(message))
    for chat in chats:
        if chat.key.account in accounts:
            yield _line("chat", _from_chat(chat))
            for entry in list(chat.entries):
                yield _line("entry", _from_entry(entry, known))


def _line(kind: str, value: Json) -> str:
    return session_json.dumps({"type": kind} | value)


def _from_chat(chat: Chat) -> Json:
    return {"account": chat.key.account, "name": chat.key.name} | chat_facts(chat)


def chat_facts(chat: Chat) -> Json:
    """What is said of a chat as a whole, whoever it belongs to."""
    return {
        "title": chat.title,
        "kind": chat.kind.value,
        "label": chat.label,
        "own_nick": chat.own_nick,
        "topic": chat.topic,
        "modes": chat.modes,
    }


def _from_entry(entry: Entry, known: dict[MessageId, Message]) -> Json:
    if isinstance(entry, Message):
        if known.get(entry.id) == entry:
            return {"same": entry.id}
        return {"message": session_json.from_message(entry)}
    return {
        "note": {
            "time_ns": entry.time_ns,
            "kind": entry.kind.value,
            "text": entry.text,
            "hint": entry.hint,
            "parts": list(entry.parts),
        }
    }


# --- reading ------------------------------------------------------------------------------------


def read_transcript(lines: Iterable[str]) -> Transcript:
    """Raises ValueError, which names the line that is not what it should be."""
    reader = _Reader()
    for number, line in enumerate(lines, 1):
        if number > MAX_ENTRIES:
            raise ValueError(f"it has more than {MAX_ENTRIES:,} lines")
        try:
            reader.take(session_json.loads(line))
        except session_json.DAMAGES as error:
            raise ValueError(f"line {number:,} {session_json.complaint(error)}") from error
    session = SavedSession(
        tuple(reader.connections.values()), tuple(reader.messages.values()), reader.anchors
    )
    return Transcript(session, tuple(reader.chats))


class _Reader:
    def __init__(self) -> None:
        self.connections: dict[ConnectionId, Connection] = {}
        self.anchors: dict[ConnectionId, dict[Direction, Anchor]] = {}
        self.messages: dict[MessageId, Message] = {}
        self.chats: list[SavedChat] = []

    def take(self, value: Json) -> None:
        match value["type"]:
            case "connection":
                connection = session_json.to_connection(value)
                self.connections[connection.id] = connection
                self.anchors[connection.id] = session_json.to_anchors(value)
            case "message":
                message = session_json.to_message(value)
                self.messages[message.id] = message
            case "chat":
                self.chats.append(_to_chat(value))
            case "entry" if self.chats:
                self.chats[-1].entries.append(self._entry(value))
            case _:
                pass  # Of a later ChatLab.

    def _entry(self, value: Json) -> Entry:
        if "same" in value:
            return self.messages[MessageId(as_text(value["same"]))]
        if "message" in value:
            return session_json.to_message(as_object(value["message"]))
        note = as_object(value["note"])
        return Note(
            as_number(note["time_ns"]),
            NoteKind(note["kind"]),
            as_text(note["text"]),
            as_text(note["hint"]),
            tuple(as_text(part) for part in as_list(note["parts"])),
        )


def _to_chat(value: Json) -> SavedChat:
    account = AccountId(as_text(value["account"]))
    return SavedChat(
        ChatKey(account, as_text(value["name"])),
        as_text(value["title"]),
        ChatKind(value["kind"]),
        as_text(value["label"]),
        as_text(value["own_nick"]),
        as_text(value["topic"]),
        as_text(value["modes"]),
    )
