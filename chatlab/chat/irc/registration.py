"""Becoming somebody on a server: CAP, SASL, PASS, NICK, USER, until the greeting is over.

Nick errors are told apart, because each has another remedy: 432 means that the grammar refuses
the nick, 433 that somebody has it, 437 that it is held back for a while.
"""

from collections.abc import Callable

from chatlab.chat.irc.capabilities import Capabilities
from chatlab.chat.irc.context import Context, as_sentence
from chatlab.chat.irc.credentials import Credentials
from chatlab.chat.irc.link import Dispatcher, LineEvent
from chatlab.chat.irc.login import SaslLogin
from chatlab.chat.irc.sts import StrictTransport
from chatlab.core.errors import Severity
from chatlab.core.events import NickInUse
from chatlab.core.nick import check_nick

_MAX_UNDERSCORES = 4


class Registration:
    """From the first line to the end of the greeting; then ``on_online`` is called once.

    It is told whether SASL has logged us in.
    """

    def __init__(
        self,
        context: Context,
        credentials: Credentials,
        sts: StrictTransport,
        on_online: Callable[[bool], None],
    ) -> None:
        self._context = context
        self._credentials = credentials
        self._on_online = on_online
        self._capabilities = Capabilities(context, sts, self._on_caps_settled)
        self._login = SaslLogin(context, credentials, self._end_negotiation)
        self._may_do_without_sasl = credentials.uses_nickserv
        self._capabilities.wants_sasl = self._login.is_wanted
        self._is_welcome = False
        self._tried: list[str] = []
        self._is_nick_allowed = True
        """The grammar takes the account's own nick, even if somebody has it."""
        self._has_room = True
        """Nothing was too long yet that we put behind it."""

    def handle(self, dispatcher: Dispatcher) -> None:
        """Register for the lines that matter here."""
        dispatcher.on("CAP", self._capabilities.on_cap)
        self._login.handle(dispatcher)
        dispatcher.on("001", self._on_welcome)
        dispatcher.on("376 422", self._on_greeting_over)
        dispatcher.on("432 433 436 437", self._on_nick_refused)
        dispatcher.on("464 465 463", self._on_refused)

    def start(self) -> None:
        """Send the first lines; the capability request first, so that it holds registration."""
        account, link = self._context.account, self._context.link
        self._capabilities.start()
        if self._credentials.server:
            link.send("PASS", self._credentials.server)
        self._try_nick(account.nick)
        link.send("USER", account.effective_user_name, "0", "*", account.effective_real_name)

    def expect_greeting_over(self) -> None:
        """Go on without the end of the greeting, which some servers never announce."""
        if self._is_welcome:
            self._finish()

    # -- capabilities and SASL

    def _on_caps_settled(self) -> None:
        if not self._login.is_wanted or self._is_welcome:
            self._end_negotiation()
        elif "sasl" in self._context.state.caps:
            self._login.start(self._capabilities.value("sasl"))
        elif self._may_do_without_sasl:
            self._end_negotiation()
        else:
            self._login.give_up("The server offers no SASL login.")

    def _end_negotiation(self) -> None:
        if not self._is_welcome:
            self._context.link.send("CAP", "END")

    # -- the nick

    def _try_nick(self, nick: str) -> None:
        self._tried.append(nick)
        self._context.state.nick = nick
        self._context.link.send("NICK", nick)

    def _next_nick(self) -> str | None:
        account = self._context.account
        candidates = [account.nick, *account.alternative_nicks]
        if self._is_nick_allowed:
            candidates += _inventions(account.nick, has_room=self._has_room)
        return next((n for n in candidates if n not in self._tried and _is_one_word(n)), None)

    def _on_nick_refused(self, event: LineEvent) -> None:
        code, words = event.line.command, event.last
        nick = self._tried[-1] if not self._is_welcome else event.parameter(1)
        if self._context.state.is_channel(event.parameter(1)):
            self._on_channel_unavailable(event)
            return
        reason, hint = explain_nick_error(
            code, nick, words, self._context.state.isupport.nick_length
        )
        if self._is_welcome:
            self._context.inform(reason, event, severity=Severity.ERROR, hint=hint, code=code)
            return
        self._learn_what_is_allowed(code, nick, event.parameter(1))
        following = self._next_nick()
        if following is None:
            # A nick that somebody has, our own ghost perhaps, may be free next time.
            self._context.give_up(reason, hint, may_retry=self._is_nick_allowed)
            return
        self._context.inform(
            f"{reason} Trying “{following}”.",
            event,
            severity=Severity.WARNING,
            hint=hint,
            code=code,
        )
        self._try_nick(following)

    def _learn_what_is_allowed(self, code: str, nick: str, named: str) -> None:
        """A nick that is too long is refused by some servers, and cut by others."""
        account = self._context.account
        is_cut = bool(named) and named != nick and nick.startswith(named)
        if code == "432" and nick == account.nick:
            self._is_nick_allowed = False
        elif is_cut or (code == "432" and nick not in account.alternative_nicks):
            self._has_room = False

    def _on_channel_unavailable(self, event: LineEvent) -> None:
        """437 may also name a channel."""
        reason = f"{event.parameter(1)} is unavailable just now: {event.last}"
        folded = self._context.state.fold(event.parameter(1))
        self._context.outbox.not_joined(folded, reason)
        self._context.inform(
            reason, event, severity=Severity.ERROR, hint="Try again in some minutes.", code="437"
        )

    # -- the end

    def _on_refused(self, event: LineEvent) -> None:
        words = event.last or "no reason given"
        if event.line.command == "464" and not self._is_welcome:
            self._context.give_up(
                f"The server refused the server password: {words}",
                "Check “Server password” in this account’s settings.",
            )
        elif event.line.command in ("465", "463"):
            self._context.give_up(
                f"The server does not let you in: {words}",
                "Ask its operators; connecting again by itself would make it worse.",
            )
        else:
            self._context.inform(words, event, severity=Severity.ERROR, code=event.line.command)

    def _on_welcome(self, event: LineEvent) -> None:
        if self._is_welcome:
            return
        lacks_login = self._login.is_wanted and not self._login.is_logged_in
        if lacks_login and not self._may_do_without_sasl:
            self._login.give_up("The server let us in without a login: it does not know SASL.")
            return
        self._is_welcome = True
        state = self._context.state
        state.server_name = str(event.source)
        # The server has the last word: it may have cut or changed the nick.
        state.nick = event.parameter(0) or state.nick
        self._context.emit(NickInUse(self._context.account.id, state.nick))
        self._context.inform(event.last, event, code="001")

    def _on_greeting_over(self, event: LineEvent) -> None:
        if event.line.command == "422" and not self._context.state.is_online:
            self._context.inform("The server has no message of the day.", event, code="422")
        if self._is_welcome:
            self._finish()

    def _finish(self) -> None:
        if not self._context.state.is_online:
            self._context.state.is_online = True
            self._on_online(self._login.is_logged_in)


def _inventions(nick: str, *, has_room: bool) -> list[str]:
    """The nick with underscores behind it; where it is as long as can be, in place of its end."""
    counts = range(1, _MAX_UNDERSCORES + 1)
    if has_room:
        return [nick + "_" * count for count in counts]
    return [nick[:-count] + "_" * count for count in counts if count < len(nick)]


def _is_one_word(nick: str) -> bool:
    """Whether it could be sent at all; the server judges the rest."""
    return len(nick.split()) == 1 and nick.isprintable() and not nick.startswith(":")


def explain_nick_error(code: str, nick: str, words: str, max_length: int) -> tuple[str, str]:
    """What is wrong with a nick, and what to do, for 432, 433, 436 and 437."""
    if code == "432":
        problem = check_nick(nick, max_length)
        why = problem.reason if problem else f"The server says: {as_sentence(words)}"
        hint = f"Try “{problem.suggestion}”." if problem else "Choose another nick."
        return f"The server does not allow the nick “{nick}”. {why}", hint
    if code == "437":
        return (
            f"“{nick}” is unavailable just now: {as_sentence(words)}",
            "After a netsplit or a change of owner this passes; try again in some minutes.",
        )
    if code == "436":
        return (
            f"Somebody took the nick “{nick}” on another server at the same time.",
            "Choose another nick.",
        )
    return (
        f"The nick “{nick}” is in use by somebody else.",
        "Choose another with /nick, or log in if it is registered to you.",
    )
