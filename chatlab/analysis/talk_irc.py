"""IRC messages read out of captured lines, as the client of that connection would have told them.

Nothing but the packets is asked: our nick is what the server calls us in its welcome, and what NICK
makes of it; who sends is the source of a line; a line of ours that the server sends back is its echo.
"""

import re
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from chatlab.core.account import AccountId, Application
from chatlab.core.flow import ConnectionId, Direction, WireRange
from chatlab.core.message import Delivery, Message, MessageId, MessageKind
from chatlab.protocol.ctcp import decode_ctcp
from chatlab.protocol.irc import CaseMapping, IrcLine
from chatlab.protocol.irc_masking import mask_text
from chatlab.protocol.stamps import stamp_ns

MAX_UNECHOED = 500
"""Messages that an echo is still expected of."""
MAX_BATCHES = 100
MAX_SEEN = 20_000
_WORD = r"[\w\[\]\\`^{|}-]"
_HISTORY = frozenset({"chathistory", "znc.in/playback", "playback", "draft/chathistory"})
_MULTILINE = frozenset({"multiline", "draft/multiline"})
_CONCAT = frozenset({"multiline-concat", "draft/multiline-concat"})
_REPLY_TAGS = ("+reply", "+draft/reply")
_STATUS_SIGNS = "~&@%+"


class Heard(NamedTuple):
    """A line, whoever said it, with its place on the wire."""

    line: IrcLine
    direction: Direction
    wire: WireRange
    time_ns: int
    is_acknowledged: bool = False
    """The other end's TCP has it."""


@dataclass(slots=True)
class _Batch:
    kind: str
    opening: Heard
    lines: list[Heard] = field(default_factory=list)


class IrcTalk:
    """One connection's messages, in order; ``take`` gives each as it is now, echoes anew."""

    def __init__(self, connection: ConnectionId, local: str) -> None:
        """``local``: what to call ourselves while no nick is known."""
        self._connection = connection
        self._local = local
        self.account = AccountId(connection)
        """To be set before the first message: whose connection it is."""
        self.nick = ""
        self._count = 0
        self._mapping = CaseMapping.RFC1459
        self._unechoed: OrderedDict[MessageId, tuple[tuple[str, str, str, str], Message]] = (
            OrderedDict()
        )
        self._batches: dict[tuple[Direction, str], _Batch] = {}
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._has_echo: bool | None = None
        """None where the capture began behind the login."""
        self._highlight: re.Pattern[str] | None = None

    def take(self, heard: Heard) -> Iterator[Message]:
        """The messages that a line makes, or tells more of."""
        line = heard.line
        command = line.command.upper()
        match command:
            case "001" if heard.direction is Direction.RECEIVED:
                self._call(line.parameter(0))
                self._has_echo = bool(self._has_echo)
            case "NICK":
                self._on_nick(heard)
            case "005":
                self._on_features(line)
            case "CAP" if line.parameter(1).upper() == "ACK":
                if "echo-message" in line.parameters[-1].split():
                    self._has_echo = True
            case "BATCH":
                yield from self._on_batch(heard)
            case "PRIVMSG" | "NOTICE" if len(line.parameters) > 1:
                yield from self._place(heard)

    # --- who we are --------------------------------------------------------------------------

    def overhear(self, heard: Heard) -> None:
        """Look for our nick in a line of a capture that began behind the login."""
        line = heard.line
        name, command = line.parameter(0), line.command.upper()
        is_to_us = (len(command) == 3 and command.isdigit()) or command in ("PRIVMSG", "NOTICE")
        is_name = name not in ("", "*") and not _is_channel(self._bare(name)) and name[0] not in "$"
        if heard.direction is Direction.RECEIVED and is_to_us and is_name and not self.nick:
            self._call(name)

    def _call(self, nick: str) -> None:
        self.nick = nick
        pattern = rf"(?<!{_WORD}){re.escape(nick)}(?!{_WORD})"
        self._highlight = re.compile(pattern, re.IGNORECASE) if nick and nick != "*" else None

    def _on_nick(self, heard: Heard) -> None:
        """Ours before the welcome, when we ask; later when the server says so."""
        nick = heard.line.parameter(0)
        if heard.direction is Direction.SENT:
            if not self.nick:
                self._call(nick)
        elif self._is_me(heard.line.sender.nick):
            self._call(nick)

    def _on_features(self, line: IrcLine) -> None:
        for token in line.parameters[1:-1]:
            name, _, value = token.partition("=")
            if name == "CASEMAPPING":
                known = {each.value: each for each in CaseMapping}
                self._mapping = known.get(value.lower(), CaseMapping.ASCII)

    def _is_me(self, nick: str) -> bool:
        return bool(nick) and self._mapping.fold(nick) == self._mapping.fold(self.nick)

    # --- batches -----------------------------------------------------------------------------

    def _on_batch(self, heard: Heard) -> Iterator[Message]:
        reference, kind = heard.line.parameter(0), heard.line.parameter(1)
        key = heard.direction, reference[1:]
        if reference.startswith("+") and len(self._batches) < MAX_BATCHES:
            self._batches[key] = _Batch(kind, heard)
        elif reference.startswith("-"):
            batch = self._batches.pop(key, None)
            if batch is not None and batch.lines:
                yield from self._message(_joined(batch, heard), is_history=self._is_old(batch))

    def _is_old(self, batch: _Batch | None) -> bool:
        """A batch of history, or one within such a batch."""
        for _ in range(MAX_BATCHES):
            if batch is None or batch.kind in _HISTORY:
                return batch is not None
            outer = batch.opening.line.tags.get("batch", "")
            batch = self._batches.get((batch.opening.direction, outer))
        return False

    def _place(self, heard: Heard) -> Iterator[Message]:
        batch = self._batches.get((heard.direction, heard.line.tags.get("batch", "")))
        if batch is not None and batch.kind in _MULTILINE:
            batch.lines.append(heard)
            return
        yield from self._message(heard, is_history=self._is_old(batch))

    # --- messages ----------------------------------------------------------------------------

    def _message(self, heard: Heard, *, is_history: bool) -> Iterator[Message]:
        line, text = heard.line, heard.line.parameter(1)
        ctcp = decode_ctcp(text)
        if ctcp is not None and ctcp.command != "ACTION":
            return
        is_notice = line.command.upper() == "NOTICE"
        if heard.direction is Direction.SENT:
            for target in line.parameter(0).split(","):
                yield self._sent(heard, target, ctcp.parameter if ctcp else text, ctcp is not None)
            return
        if is_notice and self._is_from_server(line):
            return
        is_own = self._is_me(line.sender.nick)
        if is_own and not is_history and (echo := self._echoed(heard)) is not None:
            self._is_new(line)
            yield echo
            return
        if not self._is_new(line) and is_history:
            return
        words = ctcp.parameter if ctcp else text
        yield self._received(heard, words, ctcp is not None, is_own=is_own, is_history=is_history)

    def _is_from_server(self, line: IrcLine) -> bool:
        source = line.sender
        return not source.nick or (not source.user_host and "." in source.nick)

    def _sent(self, heard: Heard, target: str, text: str, is_action: bool) -> Message:
        line = heard.line
        bare = self._bare(target)
        self._count += 1
        made = Message(
            id=MessageId(f"{self._connection}-{self._count}"),
            account=self.account,
            application=Application.IRC,
            direction=Direction.SENT,
            sender=self.nick or self._local,
            target=bare,
            text=mask_text(bare, text),
            kind=_kind(line, is_action),
            time_ns=heard.time_ns,
            delivery=Delivery.ACKNOWLEDGED if heard.is_acknowledged else Delivery.WRITTEN,
            wire=heard.wire,
            reply_to=_first_tag(line, _REPLY_TAGS),
        )
        if self._has_echo is not False:
            key = self._key(line, target, line.parameter(1), line.tags.get("label", ""))
            self._unechoed[made.id] = key, made
            while len(self._unechoed) > MAX_UNECHOED:
                self._unechoed.popitem(last=False)
        return made

    def _key(self, line: IrcLine, target: str, text: str, label: str) -> tuple[str, str, str, str]:
        return line.command.upper(), self._mapping.fold(target), text, label

    def _echoed(self, heard: Heard) -> Message | None:
        """The message of ours that the server sends back, by its label or its words."""
        line = heard.line
        batch = self._batches.get((heard.direction, line.tags.get("batch", "")))
        label = line.tags.get("label") or (
            batch.opening.line.tags.get("label", "") if batch else ""
        )
        wanted = self._key(line, line.parameter(0), line.parameter(1), label)
        for name, (key, message) in self._unechoed.items():
            if key[:3] == wanted[:3] and (not label or key[3] == label):
                del self._unechoed[name]
                return replace(
                    message,
                    delivery=Delivery.ECHOED,
                    echo=heard.wire,
                    time_ns=_server_time(line) or message.time_ns,
                    msgid=line.tags.get("msgid", ""),
                )
        return None

    def _received(
        self, heard: Heard, text: str, is_action: bool, *, is_own: bool, is_history: bool
    ) -> Message:
        line = heard.line
        bare = self._bare(line.parameter(0))
        # What another client of ours sent is ours as well; a note to ourselves arrives.
        is_sent = is_own and not self._is_me(line.parameter(0))
        chat = bare if is_sent or _is_channel(bare) else line.sender.nick
        is_notice = line.command.upper() == "NOTICE"
        self._count += 1
        return Message(
            id=MessageId(f"{self._connection}-{self._count}"),
            account=self.account,
            application=Application.IRC,
            direction=Direction.SENT if is_sent else Direction.RECEIVED,
            sender=line.sender.nick,
            target=chat,
            text=mask_text(chat, text) if is_sent else text,
            kind=_kind(line, is_action),
            time_ns=_server_time(line) or heard.time_ns,
            delivery=Delivery.ECHOED if is_sent else None,
            wire=heard.wire,
            is_history=is_history,
            is_highlight=not is_own and not is_notice and self._names_us(text),
            user_host=line.sender.user_host,
            msgid=line.tags.get("msgid", ""),
            reply_to=_first_tag(line, _REPLY_TAGS),
        )

    def _names_us(self, text: str) -> bool:
        return self._highlight is not None and self._highlight.search(text) is not None

    def _is_new(self, line: IrcLine) -> bool:
        """Note that a message was seen; False when it was seen before, by its id."""
        name = line.tags.get("msgid", "")
        if not name:
            return True
        is_new = name not in self._seen
        self._seen[name] = None
        while len(self._seen) > MAX_SEEN:
            self._seen.popitem(last=False)
        return is_new

    def _bare(self, target: str) -> str:
        """The channel of a message to some of its members: ``@#lab``."""
        bare = target.lstrip(_STATUS_SIGNS)
        return bare if target[:1] not in "#!" and _is_channel(bare) else target


def _is_channel(name: str) -> bool:
    return name[:1] in ("#", "&", "+", "!")


def _kind(line: IrcLine, is_action: bool) -> MessageKind:
    if is_action:
        return MessageKind.ACTION
    return MessageKind.NOTICE if line.command.upper() == "NOTICE" else MessageKind.MESSAGE


def _first_tag(line: IrcLine, names: tuple[str, ...]) -> str:
    return next((line.tags[name] for name in names if line.tags.get(name)), "")


def _server_time(line: IrcLine) -> int:
    """Nanoseconds since the epoch of the tag ``time`` (IRCv3 server-time); 0 without one."""
    return stamp_ns(line.tags.get("time", ""))


def _joined(batch: _Batch, end: Heard) -> Heard:
    """The lines of a multiline message as one: its text has line ends.

    What we wrote counts from BATCH to BATCH, what we heard from its first line to its last.
    """
    first, last = batch.lines[0], batch.lines[-1]
    text = first.line.parameter(1)
    for heard in batch.lines[1:]:
        joint = "" if _CONCAT & heard.line.tags.keys() else "\n"
        text += joint + heard.line.parameter(1)
    tags = {**first.line.tags, **batch.opening.line.tags}
    line = replace(first.line, tags=tags, parameters=(first.line.parameter(0), text))
    one, two = (batch.opening, end) if end.direction is Direction.SENT else (first, last)
    span = replace(one.wire.span, stop=two.wire.span.stop)
    wire = replace(first.wire, span=span)
    return Heard(line, end.direction, wire, first.time_ns, end.is_acknowledged)
