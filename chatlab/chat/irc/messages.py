"""PRIVMSG, NOTICE and CTCP as they arrive, our own echoes among them."""

import itertools
import re
import time
import uuid
from collections import deque
from collections.abc import Callable

from chatlab import __version__
from chatlab.chat.irc.context import Context
from chatlab.chat.irc.delivery import Deliveries
from chatlab.chat.irc.link import Dispatcher, LineEvent
from chatlab.chat.irc.tag_talk import MAX_REACTION_LENGTH
from chatlab.core.errors import ChatlabError
from chatlab.core.events import MessageAdded, MessageRewritten, ReactionSeen, Typing, TypingSeen
from chatlab.core.flow import Direction
from chatlab.core.message import Delivery, Message, MessageId, MessageKind
from chatlab.protocol.ctcp import Ctcp, decode_ctcp, encode_ctcp
from chatlab.protocol.irc_masking import mask_text

CTCP_LIMIT = 5
CTCP_PERIOD_S = 30.0
"""At most CTCP_LIMIT answers in this time, so that nobody can use us to flood somebody; and of
the requests without an answer no more are told, so that nobody can flood the reader."""
_ANSWERED = ("ACTION", "CLIENTINFO", "DCC", "PING", "TIME", "VERSION")
_WORD = r"[\w\[\]\\`^{|}-]"
_TYPING = {state.value: state for state in Typing}
_REPLY_TAGS = ("+reply", "+draft/reply")
_REACT_TAGS = ("+react", "+draft/react")
_UNREACT_TAGS = ("+unreact", "+draft/unreact")
_IDS = itertools.count(1)
_SESSION = uuid.uuid4().hex[:12]


def next_message_id() -> MessageId:
    """An id that no other message of this or another session has."""
    return MessageId(f"{_SESSION}-{next(_IDS)}")


class Messages:
    """Turns received lines into messages, and echoes into proof of delivery."""

    def __init__(self, context: Context, deliveries: Deliveries, pings: dict[str, float]) -> None:
        self._context = context
        self._deliveries = deliveries
        self._pings = pings
        """Token to time of the CTCP PINGs that we sent."""
        self._answers: deque[float] = deque(maxlen=CTCP_LIMIT)
        self._told: deque[float] = deque(maxlen=CTCP_LIMIT)
        self._is_hushed = False
        """It was said that further requests are not told."""
        self._highlight: tuple[str, re.Pattern[str]] | None = None

    def handle(self, dispatcher: Dispatcher) -> None:
        dispatcher.on("PRIVMSG NOTICE", self._on_message)
        dispatcher.on("TAGMSG", self._on_tags)
        dispatcher.on("REDACT", self._on_redact)

    def _on_message(self, event: LineEvent) -> None:
        target, text = event.parameter(0), event.parameter(1)
        if len(event.line.parameters) < 2:
            self._context.inform(
                f"{event.nick or 'The server'} sent a {event.line.command} without a text.", event
            )
            return
        state = self._context.state
        is_own = state.is_me(event.nick)
        if is_own and self._is_echo(event, target, text):
            return
        is_notice = event.line.command.upper() == "NOTICE"
        if is_notice and self._is_from_server(event):
            bare = state.bare_target(target)
            chat = self._context.chat_name(bare) if state.is_channel(bare) else ""
            self._context.inform(text, event, chat=chat, code="NOTICE")
            return
        ctcp = decode_ctcp(text)
        if ctcp is None or ctcp.command == "ACTION":
            self._add(event, target, ctcp.parameter if ctcp else text, ctcp is not None, is_own)
            if is_notice and not is_own and (dcc := self._context.lasting.dcc):
                dcc.heard_notice(event.nick, text)
        elif ctcp.command == "DCC" and (dcc := self._context.lasting.dcc):
            if not is_own and not event.is_history:
                dcc.heard(event, ctcp)
        elif is_own:
            return  # Our own request or answer, sent back (echo-message).
        elif is_notice:
            self._on_ctcp_reply(event, ctcp)
        else:
            self._on_ctcp_request(event, ctcp)

    def _is_echo(self, event: LineEvent, target: str, text: str) -> bool:
        if "echo-message" not in self._context.state.caps or event.is_history:
            return False
        self._is_new(event, target)
        has_time = "time" in event.line.tags
        return self._deliveries.echoed(
            event.label,
            event.line.command.upper(),
            self._context.state.fold(target),
            text,
            event.wire,
            event.time_ns if has_time else None,
            event.line.tags.get("msgid", ""),
        )

    def _is_from_server(self, event: LineEvent) -> bool:
        source = event.line.sender
        return not source.nick or (not source.user_host and "." in source.nick)

    def _add(self, event: LineEvent, target: str, text: str, is_action: bool, is_own: bool) -> None:
        state, tags = self._context.state, event.line.tags
        bare = state.bare_target(target)
        is_private = not state.is_channel(bare)
        # What another client of ours sent is ours as well; a note to ourselves arrives.
        is_sent = is_own and not state.is_me(target)
        chat = bare if is_sent or not is_private else event.nick
        if not self._is_new(event, chat) and event.is_history:
            return
        is_notice = event.line.command.upper() == "NOTICE"
        kind = MessageKind.NOTICE if is_notice else MessageKind.MESSAGE
        self._context.emit(
            MessageAdded(
                Message(
                    id=next_message_id(),
                    account=self._context.account.id,
                    application=self._context.account.application,
                    direction=Direction.SENT if is_sent else Direction.RECEIVED,
                    sender=event.nick,
                    target=self._context.chat_name(chat),
                    text=mask_text(chat, text) if is_sent else text,
                    kind=MessageKind.ACTION if is_action else kind,
                    time_ns=event.time_ns,
                    delivery=Delivery.ECHOED if is_sent else None,
                    wire=None if is_sent else event.wire,
                    echo=event.wire if is_sent else None,
                    is_history=event.is_history,
                    is_highlight=not is_own and not is_notice and self._names_me(text),
                    user_host=event.line.sender.user_host,
                    msgid=tags.get("msgid", ""),
                    reply_to=_first_tag(tags, _REPLY_TAGS),
                )
            )
        )

    def _is_new(self, event: LineEvent, chat: str) -> bool:
        """Note that a message was seen; False when it was seen before, by its id."""
        replays = self._context.lasting.replays
        if "time" in event.line.tags:
            replays.reached(self._context.state.fold(chat), event.time_ns)
        return replays.is_new(event.line.tags.get("msgid", ""))

    def _on_tags(self, event: LineEvent) -> None:
        """``TAGMSG <target>``: tags alone, such as typing and reactions."""
        state, tags = self._context.state, event.line.tags
        bare = state.bare_target(event.parameter(0))
        if not event.nick or not bare:
            return
        is_own = state.is_me(event.nick)
        chat = self._context.chat_name(bare if is_own or state.is_channel(bare) else event.nick)
        account, nick, time_ns = self._context.account.id, event.nick, event.time_ns
        host = event.line.sender.user_host
        if not is_own and not event.is_history and tags.get("+typing") in _TYPING:
            state_of = _TYPING[tags["+typing"]]
            self._context.emit(TypingSeen(account, chat, nick, state_of, time_ns, host))
        if msgid := _first_tag(tags, _REPLY_TAGS):
            for names, is_removed in ((_REACT_TAGS, False), (_UNREACT_TAGS, True)):
                if reaction := _first_tag(tags, names)[:MAX_REACTION_LENGTH]:
                    self._context.emit(
                        ReactionSeen(
                            account, chat, nick, msgid, reaction, time_ns, is_removed, host
                        )
                    )

    def _on_redact(self, event: LineEvent) -> None:
        """``REDACT <target> <msgid> [:reason]``: the server has checked that the sender may."""
        state = self._context.state
        bare, msgid = state.bare_target(event.parameter(0)), event.parameter(1)
        if not bare or not msgid:
            return
        is_shared = state.is_me(event.nick) or state.is_channel(bare)
        chat = self._context.chat_name(bare if is_shared else event.nick)
        self._context.emit(
            MessageRewritten(
                self._context.account.id,
                chat,
                MessageId(""),
                "",
                event.time_ns,
                is_retracted=True,
                wire=event.wire,
                msgid=msgid,
            )
        )

    def _names_me(self, text: str) -> bool:
        nick = self._context.state.nick
        if self._highlight is None or self._highlight[0] != nick:
            pattern = rf"(?<!{_WORD}){re.escape(nick)}(?!{_WORD})"
            self._highlight = (nick, re.compile(pattern, re.IGNORECASE))
        return self._highlight[1].search(text) is not None

    # -- CTCP

    def _on_ctcp_request(self, event: LineEvent, ctcp: Ctcp) -> None:
        answer = _answer(ctcp) if self._context.account.answers_ctcp else None
        if event.is_history:
            return
        if answer is None or not self._context.lasting.may_answer(event.line.source):
            self._tell_unanswered(
                event, f"{event.nick} sent a CTCP {ctcp.command} request; it was not answered."
            )
            return
        if not self._is_within(self._answers):
            self._tell_unanswered(
                event,
                f"{event.nick} asked for CTCP {ctcp.command}; too many such requests, no answer.",
            )
            return
        self._context.inform(
            f"{event.nick} asked for CTCP {ctcp.command}: answered.", event, code="CTCP"
        )
        try:
            self._context.outbox.put_command(
                "NOTICE", event.nick, encode_ctcp(ctcp.command, answer)
            )
        except ChatlabError as error:
            self._context.inform(f"The CTCP answer could not be sent. {error}", event)

    def _tell_unanswered(self, event: LineEvent, words: str) -> None:
        """Say so for the first few, then that there are more."""
        if self._is_within(self._told):
            self._is_hushed = False
        elif self._is_hushed:
            return
        else:
            self._is_hushed = True
            words = "More CTCP requests come than are told of here; the raw console has them all."
        self._context.inform(words, event, code="CTCP")

    def _is_within(self, times: deque[float]) -> bool:
        """Note one more; False when there were CTCP_LIMIT of them within the period."""
        now = self._context.timing.monotonic()
        if len(times) == CTCP_LIMIT and now - times[0] < CTCP_PERIOD_S:
            return False
        times.append(now)
        return True

    def _on_ctcp_reply(self, event: LineEvent, ctcp: Ctcp) -> None:
        text = f"{event.nick} answers CTCP {ctcp.command}: {ctcp.parameter}"
        if ctcp.command == "PING" and (sent_at := self._pings.pop(ctcp.parameter, None)):
            seconds = self._context.timing.monotonic() - sent_at
            text = f"{event.nick} answered the PING after {seconds:.3f} s."
        self._context.inform(text, event)


def _first_tag(tags: dict[str, str], names: tuple[str, ...]) -> str:
    """The value of the first of these tags that is there; specifications drop “draft/” late."""
    return next((tags[name] for name in names if tags.get(name)), "")


def _answer(ctcp: Ctcp) -> str | None:
    """What a client says about itself; nothing about the person who uses it."""
    answers: dict[str, Callable[[], str]] = {
        "VERSION": lambda: f"ChatLab {__version__}",
        "PING": lambda: ctcp.parameter[:200],
        "TIME": lambda: time.strftime("%a, %d %b %Y %H:%M:%S %z"),
        "CLIENTINFO": lambda: " ".join(_ANSWERED),
    }
    make = answers.get(ctcp.command)
    return make() if make else None
