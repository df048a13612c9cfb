"""Entries as rows of the history file, and back."""

import json
import re
from enum import Enum
from typing import NamedTuple, TypeVar

from chatlab.core.account import AccountId, Application
from chatlab.core.chats import ChatKey, Entry, Note, NoteKind
from chatlab.core.flow import Direction
from chatlab.core.message import Delivery, Message, MessageId, MessageKind
from chatlab.core.reactions import Reaction, Reactions

COLUMNS = (
    "account", "chat", "title", "time_ns", "kind", "application", "sender", "is_sent", "text",
    "delivery", "detail", "is_highlight", "message", "msgid", "reply_to", "is_corrected",
    "is_retracted", "reactions", "is_unstyled", "is_sealed",
)  # fmt: skip
_NOTE = "note:"
_FROM_DISK = "history-"
"""Begins the id of a message that was read from a row; the row's number follows."""
_SERVICES = re.compile(r"(nick|chan|auth|user)serv|[qx]|userserv", re.IGNORECASE)
_PASSWORD = re.compile(
    r"(\s*(?:identify|register|login|auth|ghost|recover|regain|release|set\s+pass\w*)\s+).+",
    re.IGNORECASE | re.DOTALL,
)
HIDDEN = "…"
E = TypeVar("E", bound=Enum)


class Row(NamedTuple):
    """One line of the table: first ``COLUMNS``, then what is no column."""

    account: str
    chat: str
    title: str
    """The chat's name as others write it."""
    time_ns: int
    kind: str
    """A message kind, or ``note:`` and a note kind."""
    application: str = ""
    sender: str = ""
    is_sent: bool = False
    text: str = ""
    delivery: str = ""
    detail: str = ""
    """Why a message failed, or the hint of a note."""
    is_highlight: bool = False
    message: str | None = None
    """Names a message while the session lasts in which it can still change."""
    msgid: str = ""
    reply_to: str = ""
    is_corrected: bool = False
    is_retracted: bool = False
    reactions: str = ""
    """JSON: ``[["👍", ["alice", "bob"]]]``; empty without any."""
    is_unstyled: bool = False
    is_sealed: bool = False
    identity: int | None = None
    """The row's number, where the message came from there."""
    is_history: bool = False
    """Replayed by the server: perhaps on disk already."""

    def values(self) -> tuple[str | int | None, ...]:
        """Those of ``COLUMNS``."""
        return self[: len(COLUMNS)]


def row_of(key: ChatKey, entry: Entry, session: str) -> Row:
    """``session`` keeps apart the message ids of different runs."""
    if isinstance(entry, Note):
        return Row(
            account=key.account, chat=key.name, title=key.name, time_ns=entry.time_ns,
            kind=_NOTE + entry.kind.value, text=entry.text, detail=entry.hint,
        )  # fmt: skip
    is_sent = entry.direction is Direction.SENT
    return Row(
        account=key.account,
        chat=key.name,
        title=entry.target,
        time_ns=entry.time_ns,
        kind=entry.kind.value,
        application=entry.application.value,
        sender=entry.sender,
        is_sent=is_sent,
        text=without_password(entry.target, entry.text) if is_sent else entry.text,
        delivery=entry.delivery.value if entry.delivery else "",
        detail=entry.failure,
        is_highlight=entry.is_highlight,
        message=f"{session}/{entry.id}",
        msgid=entry.msgid,
        reply_to=entry.reply_to,
        is_corrected=entry.is_corrected,
        is_retracted=entry.is_retracted,
        reactions=_written(entry.reactions),
        is_unstyled=entry.is_unstyled,
        is_sealed=entry.is_sealed,
        identity=_identity_of(entry.id),
        is_history=entry.is_history,
    )


def entry_of(identity: int, row: Row) -> Entry:
    """The entry as it is shown again; its frames are gone with the session that saw them."""
    if row.kind.startswith(_NOTE):
        kind = _known(NoteKind.INFO, row.kind.removeprefix(_NOTE))
        return Note(row.time_ns, kind, row.text, row.detail)
    delivery = _known(Delivery.WRITTEN, row.delivery) if row.is_sent else None
    failure = row.detail
    if delivery is Delivery.QUEUED:
        delivery, failure = Delivery.FAILED, "ChatLab was closed before it could be sent."
    return Message(
        id=MessageId(f"{_FROM_DISK}{identity}"),
        account=AccountId(row.account),
        application=_known(Application.IRC, row.application),
        direction=Direction.SENT if row.is_sent else Direction.RECEIVED,
        sender=row.sender,
        target=row.title,
        text=row.text,
        kind=_known(MessageKind.MESSAGE, row.kind),
        time_ns=row.time_ns,
        delivery=delivery,
        failure=failure,
        is_history=True,
        is_highlight=bool(row.is_highlight),
        msgid=row.msgid,
        reply_to=row.reply_to,
        is_corrected=bool(row.is_corrected),
        is_retracted=bool(row.is_retracted),
        reactions=_read(row.reactions),
        is_unstyled=bool(row.is_unstyled),
        is_sealed=bool(row.is_sealed),
    )


def _identity_of(message: MessageId) -> int | None:
    number = message.removeprefix(_FROM_DISK)
    return int(number) if number != message and number.isdecimal() else None


def _written(reactions: Reactions) -> str:
    pairs = [[one.text, list(one.people)] for one in reactions]
    return json.dumps(pairs, ensure_ascii=False) if pairs else ""


def _read(text: str) -> Reactions:
    """What another version, or somebody else, wrote there may be anything: then there are none."""
    try:
        return tuple(
            Reaction(str(sign), tuple(str(nick) for nick in people))
            for sign, people in json.loads(text or "[]")
        )
    except (ValueError, TypeError):
        return ()


def without_password(target: str, text: str) -> str:
    """What we told a service, less the password: ``IDENTIFY …``."""
    if _SERVICES.fullmatch(target.partition("@")[0]) and (found := _PASSWORD.fullmatch(text)):
        return found[1] + HIDDEN
    return text


def _known(default: E, value: str) -> E:
    """The member with this value; ``default`` for one that a newer version wrote."""
    kind = type(default)
    return kind(value) if value in {item.value for item in kind} else default
