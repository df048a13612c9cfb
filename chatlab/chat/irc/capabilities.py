"""Capability negotiation (IRCv3 CAP 302): ask for what is offered and understood, nothing else."""

from collections.abc import Callable, Iterable

from chatlab.chat.irc.context import Context
from chatlab.chat.irc.link import LineEvent
from chatlab.chat.irc.sts import StrictTransport

WANTED = (
    "message-tags",
    "server-time",
    "batch",
    "echo-message",
    "labeled-response",
    "multi-prefix",
    "userhost-in-names",
    "extended-join",
    "account-notify",
    "account-tag",
    "away-notify",
    "chghost",
    "setname",
    "invite-notify",
    "cap-notify",
    "standard-replies",
    "extended-monitor",
    "draft/chathistory",
    "chathistory",
    "draft/multiline",
    "multiline",
    "draft/read-marker",
    "read-marker",
    "draft/message-redaction",
    "message-redaction",
)
_NEEDS = {
    "labeled-response": "batch",
    "draft/chathistory": "batch",
    "chathistory": "batch",
    "draft/multiline": "batch",
    "multiline": "batch",
}
MAX_OFFERED = 1_000
"""Capabilities remembered of an endless CAP LS."""


class Capabilities:
    """The client's side of CAP.

    ``on_settled`` is called once, when the server has answered every first request (or has
    nothing that we want): then comes SASL, or CAP END.
    """

    def __init__(
        self, context: Context, sts: StrictTransport, on_settled: Callable[[], None]
    ) -> None:
        self._context = context
        self._sts = sts
        self._on_settled = on_settled
        self.offered = context.state.offered
        """Name to value, e.g. ``sasl`` to ``PLAIN,EXTERNAL``."""
        self.wants_sasl = False
        self.has_begun = False
        """The server knows CAP at all."""
        self._is_settled = False
        self._unanswered: list[frozenset[str]] = []

    def start(self) -> None:
        self._context.link.send("CAP", "LS", "302")

    def on_cap(self, event: LineEvent) -> None:
        """``CAP <nick or *> <subcommand> [*] :<capabilities>``."""
        subcommand = event.parameter(1).upper()
        words = event.last.split() if len(event.line.parameters) > 2 else []
        is_last = event.parameter(2) != "*" or len(event.line.parameters) < 4
        match subcommand:
            case "LS":
                self._on_offer(words, is_last)
            case "NEW":
                self._offer(words)
                if not self._must_upgrade(words):
                    self._request(words)
            case "ACK":
                self._on_ack(words)
            case "NAK":
                self._on_nak(words)
            case "DEL":
                for name in words:  # A policy, "sts", is not taken back by this.
                    self.offered.pop(name, None)
                    self._context.state.caps.discard(name)

    def value(self, name: str) -> str:
        return self.offered.get(name, "")

    def _offer(self, words: list[str]) -> None:
        for word in words:
            name, _, value = word.partition("=")
            if len(self.offered) < MAX_OFFERED:
                self.offered[name] = value

    def _on_offer(self, words: list[str], is_last: bool) -> None:
        self.has_begun = True
        self._offer(words)
        if is_last and not self._is_settled and not self._must_upgrade(self.offered):
            self._request(list(self.offered))
            self._settle_if_done()

    def _must_upgrade(self, words: Iterable[str]) -> bool:
        """Whether the server just demanded TLS, which ended this connection."""
        is_told = any(word.partition("=")[0] == "sts" for word in words)
        return is_told and self._sts.take(self._context, self.offered.get("sts", ""))

    def _request(self, words: list[str]) -> None:
        names = {word.partition("=")[0] for word in words}
        wanted = [name for name in WANTED if name in names and self._is_usable(name)]
        if self.wants_sasl and "sasl" in names and not self._is_settled:
            wanted.append("sasl")
        wanted = [name for name in wanted if name not in self._context.state.caps]
        if wanted:
            self._ask(wanted)

    def _is_usable(self, name: str) -> bool:
        return name not in _NEEDS or _NEEDS[name] in self.offered

    def _ask(self, names: list[str]) -> None:
        self._unanswered.append(frozenset(names))
        self._context.link.send("CAP", "REQ", " ".join(names))

    def _on_ack(self, words: list[str]) -> None:
        caps = self._context.state.caps
        for word in words:
            name = word.lstrip("-~=")
            if word.startswith("-"):
                caps.discard(name)
            elif any(name in asked for asked in self._unanswered):
                caps.add(name)
        self._answered(words)

    def _on_nak(self, words: list[str]) -> None:
        # A request is refused as a whole: find out which capability it was.
        refused = {word.lstrip("-~=") for word in words}
        whole = next((asked for asked in self._unanswered if refused & asked), frozenset())
        if len(whole) > 1:
            self._unanswered.remove(whole)
            for name in sorted(whole):
                self._ask([name])
        else:
            self._answered(words)

    def _answered(self, words: list[str]) -> None:
        names = {word.lstrip("-~=") for word in words}
        self._unanswered = [asked for asked in self._unanswered if not names & asked]
        self._settle_if_done()

    def _settle_if_done(self) -> None:
        if not self._unanswered and not self._is_settled and self.has_begun:
            self._is_settled = True
            self._on_settled()
