"""Everything else a server says: numerics in words, refusals, PING, ERROR, standard replies."""

import re
from datetime import UTC, datetime

from chatlab.chat.irc.answers import Answers
from chatlab.chat.irc.context import Context, as_sentence
from chatlab.chat.irc.delivery import Deliveries
from chatlab.chat.irc.link import Dispatcher, LineEvent
from chatlab.chat.irc.numerics import JOIN_REFUSALS, MESSAGE_REFUSALS, explain
from chatlab.chat.verdict import Verdict
from chatlab.core.errors import Severity

_WHOIS = "301 307 311 312 313 317 319 320 330 335 338 378 379 671 276"
_BANNED = re.compile(
    r"\b([kgz]-?lined?|akill|autokill|banned|not welcome|no authori[sz]ation)\b", re.IGNORECASE
)
_BAD_PASSWORD = re.compile(
    r"(bad|wrong|invalid|incorrect) password|password (is )?(incorrect|invalid|mismatch)",
    re.IGNORECASE,
)
"""Some servers say so in ERROR only, without the numeric 464."""
_THROTTLED = re.compile(r"throttl|too fast|too many|clone", re.IGNORECASE)
THROTTLE_DELAY_S = 60.0
MAX_NAMES = 100
"""Of a channel, told in words."""
ERROR_WAIT_S = 1.0
"""How long a server gets to close after its ERROR."""


class Replies:
    """Handlers for what is neither a message nor about channels and people."""

    def __init__(
        self,
        context: Context,
        deliveries: Deliveries,
        whois_chats: dict[str, str],
        answers: Answers,
    ) -> None:
        self._context = context
        self._state = context.state
        self._deliveries = deliveries
        self._whois_chats = whois_chats
        """Folded nick to the chat where somebody asked about it."""
        self._answers = answers

    def handle(self, dispatcher: Dispatcher) -> None:
        dispatcher.on("PING", self._on_ping)
        dispatcher.on("ERROR", self._on_error)
        dispatcher.on("005", self._on_isupport)
        dispatcher.on("004", lambda event: None)  # Server and version: 002 says it in words.
        dispatcher.on("376 422", self._on_end_of_motd)
        dispatcher.on("332", lambda event: self._on_known("TOPIC", event))
        dispatcher.on("324", lambda event: self._on_known("MODE", event))
        dispatcher.on("366", self._on_end_of_names)
        dispatcher.on("396", self._on_visible_host)
        dispatcher.on("302", self._on_userhost)
        dispatcher.on(_WHOIS, self._on_whois)
        dispatcher.on("318", self._on_end_of_whois)
        dispatcher.on("FAIL WARN NOTE", self._on_standard_reply)
        dispatcher.on("WALLOPS", self._on_wallops)
        dispatcher.on("KILL", self._on_kill)
        dispatcher.on("ACK", lambda event: self._deliveries.taken(event.label))
        dispatcher.otherwise(self._on_rest)

    def _on_ping(self, event: LineEvent) -> None:
        """Answered past the queue: a server drops who answers late."""
        self._context.link.send("PONG", *event.line.parameters)

    def _on_error(self, event: LineEvent) -> None:
        words = " ".join(event.line.parameters) or "no reason given"
        self._context.server_error = words
        # The server closes now; one that forgets to must not hold us.
        self._context.timers.call_later(ERROR_WAIT_S, self._context.link.abort)
        if _BANNED.search(words):
            self._context.verdict = self._context.verdict or Verdict(
                f"The server does not let you in: {as_sentence(words)} "
                "Ask its operators; connecting again by itself would make it worse.",
                may_retry=False,
            )
        elif _BAD_PASSWORD.search(words) and not self._state.is_online:
            self._context.verdict = self._context.verdict or Verdict(
                f"The server refused the password: {as_sentence(words)} "
                "Check “Server password” in this account’s settings.",
                may_retry=False,
            )
        elif _THROTTLED.search(words):
            self._context.verdict = self._context.verdict or Verdict(
                f"The server closed the connection: {words}", min_delay_s=THROTTLE_DELAY_S
            )

    def _on_isupport(self, event: LineEvent) -> None:
        mapping = self._state.isupport.case_mapping
        self._state.isupport.update(event.line.parameters[1:-1])
        if self._state.isupport.case_mapping is not mapping:
            self._state.refold()

    def _on_end_of_motd(self, event: LineEvent) -> None:
        """In the greeting it says that registration is over; else somebody asked for it."""
        if self._answers.is_expected("MOTD"):
            self._tell(event)

    def _on_known(self, question: str, event: LineEvent) -> None:
        """The window knows it from the event; in words it is told to who asked."""
        channel = self._state.channel(event.parameter(1))
        if channel is not None and self._answers.is_expected(question):
            parameters = event.line.parameters
            said = explain(event.line.command, (*parameters[:2], " ".join(parameters[2:])))
            self._context.inform(said.text, event, chat=self._answers.chat_of(event.line.command))

    def _on_end_of_names(self, event: LineEvent) -> None:
        channel = self._state.channel(event.parameter(1))
        if not self._answers.is_expected("NAMES"):
            return
        chat = self._answers.chat_of("366")
        if channel is not None:
            names = sorted(f"{m.prefixes[:1]}{m.nick}" for m in channel.members.values())
            shown = ", ".join(names[:MAX_NAMES])
            more = f" and {len(names) - MAX_NAMES} more" if len(names) > MAX_NAMES else ""
            text = f"{len(names)} people are in {channel.name}: {shown}{more}."
            self._context.inform(text, event, chat=chat)

    def _on_visible_host(self, event: LineEvent) -> None:
        user, _, host = event.parameter(1).rpartition("@")
        self._state.host = host or self._state.host
        self._state.user = user or self._state.user
        self._tell(event)

    def _on_userhost(self, event: LineEvent) -> None:
        """``302 <me> :nick[*]=[+-]user@host``."""
        for reply in event.last.split():
            nick, _, user_host = reply.partition("=")
            if self._state.is_me(nick.rstrip("*")) and "@" in user_host:
                user, _, host = user_host[1:].partition("@")
                self._state.user, self._state.host = user, host
        dcc = self._context.lasting.dcc
        if dcc is None or not dcc.took_userhost(event):
            self._context.inform(event.last, event, code="302")

    # -- WHOIS

    def _on_whois(self, event: LineEvent) -> None:
        code, parameters = event.line.command, event.line.parameters
        nick = event.parameter(1)
        if code == "301" and self._state.fold(nick) not in self._whois_chats:
            self._tell(event)  # The answer to a message, not to a WHOIS.
            return
        if code == "311" and self._state.is_me(nick) and len(parameters) > 3:
            self._state.user, self._state.host = parameters[2], parameters[3]
        chat = self._whois_chats.get(self._state.fold(nick), "")
        self._context.inform(describe_whois(code, parameters), event, chat=chat, code=code)

    def _on_end_of_whois(self, event: LineEvent) -> None:
        self._whois_chats.pop(self._state.fold(event.parameter(1)), None)

    # -- refusals and the rest

    def _on_standard_reply(self, event: LineEvent) -> None:
        """``FAIL <command> <code> [context …] :<words>`` (IRCv3 standard replies)."""
        kind = event.line.command.upper()
        text = f"{event.parameter(0)}: {event.last}"
        if kind == "FAIL" and event.label:
            self._deliveries.refused(event.label, "", text, self._context.timing.monotonic())
        severity = {"FAIL": Severity.ERROR, "WARN": Severity.WARNING}.get(kind, Severity.INFO)
        # The context may name a channel of ours, and then it is about that.
        contexts = event.line.parameters[2:-1]
        chat = next((name for name in map(self._chat_of, contexts) if name), "")
        self._context.inform(text, event, chat=chat, severity=severity, code=event.parameter(1))

    def _on_wallops(self, event: LineEvent) -> None:
        self._context.inform(f"{event.nick} to all operators: {event.parameter(0)}", event)

    def _on_kill(self, event: LineEvent) -> None:
        """``KILL <nick> :<comment>`` (RFC 2812, 3.7.1); the server closes after it."""
        who = "you" if self._state.is_me(event.parameter(0)) else event.parameter(0)
        by = event.nick or "The server"
        self._context.inform(
            f"{by} disconnected {who} from the network: {event.parameter(1) or 'no reason given'}",
            event,
            severity=Severity.WARNING,
            code="KILL",
        )

    def _on_rest(self, event: LineEvent) -> None:
        code = event.line.command
        if not code.isdigit():
            self._context.inform(
                f"The server sent the command {code[:40]}, which this program does not know: "
                f"{' '.join(event.line.parameters)[:200]}",
                event,
            )
            return
        self._tell(event)

    def _tell(self, event: LineEvent) -> None:
        code, parameters = event.line.command, event.line.parameters
        said = explain(code, parameters)
        target = event.parameter(1)
        reason = f"{as_sentence(said.text)} {said.hint}".strip()
        folded = self._state.fold(self._state.bare_target(target))
        if code in JOIN_REFUSALS:
            self._context.outbox.not_joined(folded, reason)
            self._on_join_refused(event)
        if code in MESSAGE_REFUSALS and (dcc := self._context.lasting.dcc):
            dcc.refused(target, reason)
        chat = self._chat_of(said.chat)
        if code == "401" and folded in self._whois_chats:
            chat = self._whois_chats.pop(folded)
        elif code in MESSAGE_REFUSALS and self._deliveries.refused(
            event.label, self._state.fold(target), reason, self._context.timing.monotonic()
        ):
            chat = chat or self._context.chat_name(target)
        chat = chat or self._answers.chat_of(code)
        self._context.inform(
            said.text, event, chat=chat, severity=said.severity, hint=said.hint, code=code
        )

    def _on_join_refused(self, event: LineEvent) -> None:
        if event.line.command == "470" and self._state.is_channel(event.parameter(2)):
            self._context.lasting.leave(event.parameter(1))

    def _chat_of(self, name: str) -> str:
        """A numeric is shown in the chat that it is about, if that is a channel of ours."""
        channel = self._state.channel(name)
        return channel.name if channel is not None else ""


def describe_whois(code: str, parameters: tuple[str, ...]) -> str:
    """One line of a WHOIS answer in words."""
    text = explain(code, parameters).text
    return text + _signed_on(parameters) if code == "317" else text


def _signed_on(parameters: tuple[str, ...]) -> str:
    text = parameters[3] if len(parameters) > 4 else ""
    if not (text.isascii() and text.isdigit() and len(text) <= 11):
        return ""
    try:
        since = datetime.fromtimestamp(int(text), UTC)
    except (OverflowError, ValueError, OSError):
        return ""
    return f", signed on {since:%Y-%m-%d %H:%M} UTC"
