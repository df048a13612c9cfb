"""What only ChatLab knows about a capture, as comments that every tool keeps.

One of the section per connection (``chatlab-session {JSON}``). On each frame of a message a line for
people; the message's first frame has ``chatlab-message {JSON}`` below it, the others
``chatlab-part {JSON}``, so that all of them can be told from comments that somebody else wrote.
"""

from chatlab.analysis import session_json
from chatlab.analysis.binding import Anchor
from chatlab.core.connection import Connection
from chatlab.core.flow import Direction
from chatlab.core.message import Message
from chatlab.protocol import pcapng

SESSION_PREFIX = "chatlab-session "
MESSAGE_PREFIX = "chatlab-message "
PART_PREFIX = "chatlab-part "
MAX_HUMAN = 500
"""Characters of a message in the line for people."""
MAX_REPEATED = 200
"""The same on its further frames."""
_MAX_COMMENT = pcapng.MAX_OPTION - 1
_DIRECTIONS = {Direction.SENT: "Sent", Direction.RECEIVED: "Received"}


def is_ours(comment: str) -> bool:
    """Whether ChatLab wrote it, so that it is written anew and not kept."""
    last = comment.rpartition("\n")[2]
    return comment.startswith(SESSION_PREFIX) or last.startswith((MESSAGE_PREFIX, PART_PREFIX))


def message_json(comment: str) -> str | None:
    """The JSON of a message's comment. Its first line may say anything, even the prefix."""
    last = comment.rpartition("\n")[2]
    return last.removeprefix(MESSAGE_PREFIX) if last.startswith(MESSAGE_PREFIX) else None


def session_json_of(comment: str) -> str | None:
    """The JSON of a connection's comment."""
    is_one = comment.startswith(SESSION_PREFIX)
    return comment.removeprefix(SESSION_PREFIX) if is_one else None


def of_connection(connection: Connection, anchors: dict[Direction, Anchor]) -> str:
    value = session_json.from_connection(connection, anchors)
    comment = SESSION_PREFIX + session_json.dumps(value)
    if len(comment.encode("utf-8", "replace")) > _MAX_COMMENT:
        comment = SESSION_PREFIX + session_json.dumps(session_json.without_chain(value))
    return comment


def of_message(message: Message) -> str:
    """For its first frame. A text beyond what a comment can hold (64 KiB) is cut."""
    value = session_json.from_message(message)
    human = f"{_human(message, MAX_HUMAN)}\n{MESSAGE_PREFIX}"
    text = message.text
    while len((comment := human + session_json.dumps(value)).encode("utf-8", "replace")) > (
        _MAX_COMMENT
    ):
        text = text[: len(text) * 3 // 4]
        value["text"] = text
    return comment


def of_part(message: Message, role: str) -> str:
    """For a further frame; ``role`` says what that has to do with it, e.g. ``again``."""
    value: session_json.Json = {"id": message.id, "role": role}
    human = _human(message, MAX_REPEATED)
    return f"{human} ({role})\n{PART_PREFIX}{session_json.dumps(value)}"


def _human(message: Message, limit: int) -> str:
    text = " ".join(message.text.split())
    shown = text if len(text) <= limit else text[:limit] + "…"
    way = _DIRECTIONS[message.direction]
    return f"{way}: {message.sender} → {message.target}: {shown}"
