"""What a session writes down as it goes, beside its growing capture: the form for the crash.

A saved session is made at its end. A program that is killed has no end, so what only ChatLab knows
is written when it happens: one JSON object a line, appended and never changed. Each line stands
for itself; one that is torn or damaged costs what it says, and nothing else.

Line                                            Says
{"journal": 1}                                  first of all: the version of this form
{"account": "lab", "name": …, …}                who connects where; the last line of an account counts
{"connection": {…}}                             as in a saved session, anchors included; the last counts
{"secret": "CLIENT_RANDOM …"}                   a line of the key log
{"chat": ["lab", "#lab"], "title": …, …}        a chat is there, or is called otherwise now
{"chat": […], "put": 7, "message": {…}}         an entry came in at this place of the transcript
{"chat": […], "put": 7, "note": {…}}
{"chat": […], "set": 7, "message": {…}}         an entry changed
{"chat": […], "dropped": 1000}                  so many left the view
{"chat": […], "closed": true}
{"message": {…}}                                one with bytes on the wire that no chat shows
{"lost": 12}                                    so many lines could not be written
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from chatlab.analysis import session_json
from chatlab.analysis.binding import Anchor
from chatlab.analysis.session_json import Json, as_list, as_number, as_object, as_text
from chatlab.analysis.transcript import SavedChat, chat_facts
from chatlab.core.account import Account, AccountId, Application, Security
from chatlab.core.chat import Chat, ChatKey, ChatKind, Entry, Note, NoteKind
from chatlab.core.connection import Connection
from chatlab.core.flow import ConnectionId, Direction
from chatlab.core.message import Message, MessageId

VERSION = 1
MAX_LINE = 4 * 1024 * 1024
"""Bytes; a longer line is none of ours."""
_encode = json.JSONEncoder(separators=(",", ":")).encode
"""All of it in ASCII: so even the half characters that bad UTF-8 becomes come back as they were."""


@dataclass(slots=True)
class Journal:
    """All that the lines say."""

    accounts: dict[AccountId, Account] = field(default_factory=dict)
    connections: dict[ConnectionId, Connection] = field(default_factory=dict)
    anchors: dict[ConnectionId, dict[Direction, Anchor]] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)
    chats: dict[ChatKey, SavedChat] = field(default_factory=dict)
    messages: dict[MessageId, Message] = field(default_factory=dict)
    """Those with bytes on the wire, shown or not, with the words of these bytes."""
    lost: int = 0
    """Lines that could not be written while the disk was full."""
    damaged: int = 0
    """Lines that cannot be understood."""


# --- writing ------------------------------------------------------------------------------------


def first_line() -> bytes:
    return _line({"journal": VERSION})


def account_line(account: Account) -> bytes:
    return _line(
        {
            "account": account.id,
            "name": account.name,
            "application": account.application.value,
            "host": account.host,
            "port": account.port,
            "security": account.security.value,
            "nick": account.nick,
            "jid": account.jid,
        }
    )


def connection_line(connection: Connection, anchors: Mapping[Direction, Anchor]) -> bytes:
    return _line({"connection": session_json.from_connection(connection, anchors)})


def secret_line(key_log_line: str) -> bytes:
    return _line({"secret": key_log_line})


def chat_line(chat: Chat) -> bytes:
    return _line(_chat(chat) | chat_facts(chat))


def put_line(chat: Chat, place: int) -> bytes:
    return _line({**_chat(chat), "put": place, **_entry(chat.entries[place])})


def set_line(chat: Chat, place: int) -> bytes:
    return _line({**_chat(chat), "set": place, **_entry(chat.entries[place])})


def dropped_line(chat: Chat, count: int) -> bytes:
    return _line({**_chat(chat), "dropped": count})


def closed_line(chat: Chat) -> bytes:
    return _line({**_chat(chat), "closed": True})


def message_line(message: Message) -> bytes:
    return _line(_entry(message))


def lost_line(count: int) -> bytes:
    return _line({"lost": count})


def _chat(chat: Chat) -> Json:
    return {"chat": [chat.key.account, chat.key.name]}


def _entry(entry: Entry) -> Json:
    if isinstance(entry, Message):
        return {"message": session_json.brief(entry)}
    note: Json = {"time_ns": entry.time_ns, "kind": entry.kind.value, "text": entry.text}
    if entry.hint:
        note["hint"] = entry.hint
    if entry.parts:
        note["parts"] = list(entry.parts)
    return {"note": note}


def _line(value: Json) -> bytes:
    return _encode(value).encode("ascii") + b"\n"


# --- reading ------------------------------------------------------------------------------------


def read_journal(lines: Iterable[bytes]) -> Journal:
    """What the lines say; the last one may be torn, for that is how a session that dies ends."""
    journal = Journal()
    for line in lines:
        if not line.endswith(b"\n"):
            journal.damaged += len(line) >= MAX_LINE
            continue
        try:
            _take(journal, session_json.loads(line.decode("ascii")))
        except (ValueError, KeyError, TypeError, RecursionError):
            journal.damaged += 1
    return journal


def _take(journal: Journal, value: Json) -> None:
    match value:
        case {"chat": [str(account), str(name)]}:
            _take_chat(journal, ChatKey(AccountId(account), name), value)
        case {"account": str()}:
            account_found = _account(value)
            journal.accounts[account_found.id] = account_found
        case {"connection": dict(found)}:
            connection = session_json.to_connection(found)
            anchors = session_json.to_anchors(found)
            journal.connections[connection.id] = connection
            journal.anchors[connection.id] = anchors
        case {"secret": str(line)}:
            journal.secrets.append(line)
        case {"message": dict(found)}:
            _note_message(journal, session_json.to_message(session_json.EMPTY | found))
        case {"lost": int(count)}:
            journal.lost += count
        case _:
            pass  # Of a newer ChatLab, or the first line.


def _take_chat(journal: Journal, key: ChatKey, value: Json) -> None:
    chat = journal.chats.get(key)
    if chat is None:
        kind = ChatKind(value.get("kind", ChatKind.PRIVATE.value))
        title = as_text(value.get("title", key.name))
        chat = journal.chats[key] = SavedChat(key, title, kind)
    entries = chat.entries
    match value:
        case {"title": str(title)}:
            chat.title, chat.kind = title, ChatKind(value["kind"])
            chat.label, chat.own_nick = as_text(value["label"]), as_text(value["own_nick"])
            chat.topic, chat.modes = as_text(value["topic"]), as_text(value["modes"])
        case {"put": int(place)}:
            entries.insert(max(0, min(place, len(entries))), _take_entry(journal, value))
        case {"set": int(place)}:
            _set(entries, place, _take_entry(journal, value))
        case {"dropped": int(count)}:
            del entries[: max(0, count)]
        case {"closed": True}:
            del journal.chats[key]
        case _:
            raise ValueError("nothing is said about the chat")


def _set(entries: list[Entry], place: int, entry: Entry) -> None:
    """Change an entry; where lines were lost, it is not at its place, or not there at all."""
    if isinstance(entry, Message):
        is_there = 0 <= place < len(entries) and _is_same(entries[place], entry)
        places = [place] if is_there else range(len(entries) - 1, -1, -1)
        place = next((at for at in places if _is_same(entries[at], entry)), len(entries))
    if 0 <= place < len(entries) and isinstance(entries[place], type(entry)):
        entries[place] = entry
    else:
        entries.append(entry)


def _is_same(entry: Entry, message: Message) -> bool:
    return isinstance(entry, Message) and entry.id == message.id


def _take_entry(journal: Journal, value: Json) -> Entry:
    if "message" in value:
        message = session_json.to_message(session_json.EMPTY | as_object(value["message"]))
        _note_message(journal, message)
        return message
    note = as_object(value["note"])
    return Note(
        as_number(note["time_ns"]),
        NoteKind(note["kind"]),
        as_text(note["text"]),
        as_text(note.get("hint", "")),
        tuple(as_text(each) for each in as_list(note.get("parts", []))),
    )


def _note_message(journal: Journal, message: Message) -> None:
    """Keep what its bytes say: a correction came later, in bytes of its own."""
    if message.wire is None:
        return
    if (first := journal.messages.get(message.id)) is not None:
        message = replace(
            message,
            text=first.text,
            reactions=first.reactions,
            is_corrected=first.is_corrected,
            is_retracted=first.is_retracted,
        )
    journal.messages[message.id] = message


def _account(value: Json) -> Account:
    return Account(
        id=AccountId(as_text(value["account"])),
        name=as_text(value["name"]),
        application=Application(value["application"]),
        host=as_text(value["host"]),
        port=as_number(value["port"]),
        security=Security(value["security"]),
        nick=as_text(value["nick"]),
        jid=as_text(value["jid"]),
        is_temporary=True,
    )
