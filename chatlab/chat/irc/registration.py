"""Becoming somebody on a server: CAP, SASL, PASS, NICK, USER, until the greeting is over.

A failed login ends the attempt and is not repeated: trying a wrong password again locks accounts.
Nick errors are told apart, because each has another remedy: 432 means that the grammar refuses
the nick, 433 that somebody has it, 437 that it is held back for a while.
"""

from collections.abc import Callable
from dataclasses import dataclass

from chatlab.chat.irc.capabilities import Capabilities
from chatlab.chat.irc.context import Context
from chatlab.chat.irc.link import Dispatcher, LineEvent
from chatlab.chat.irc.sasl import (
    ChallengeReader,
    Mechanism,
    ScramMechanism,
    encode_chunks,
    make_mechanism,
)
from chatlab.core.account import Account, LoginMethod, SecretKind, Security
from chatlab.core.errors import ChatlabError, ConnectError, RemoteProtocolError
from chatlab.core.events import NickInUse, Severity
from chatlab.core.nick import check_nick
from chatlab.core.ports import SecretStore

_MAX_UNDERSCORES = 4
_OPEN_LOGIN_HINT = (
    "Choose TLS, or allow passwords over plain text in this account’s settings: anyone on the "
    "way can then read it."
)


@dataclass(frozen=True, slots=True)
class Credentials:
    """The passwords of one attempt; empty where none is needed."""

    server: str = ""
    login: str = ""


def read_credentials(account: Account, secrets: SecretStore) -> Credentials:
    """Fetch what the account needs. Raises ConnectError when it must not, or cannot, be sent."""
    is_open = account.security is Security.PLAIN and not account.password_over_plain
    server = login = ""
    if account.has_server_password:
        if is_open:
            raise ConnectError(
                "The server password would cross the network in plain text.", _OPEN_LOGIN_HINT
            )
        server = secrets.get(account.id, SecretKind.SERVER) or ""
        if not server:
            raise ConnectError("The server password is not stored.", "Enter it in the account.")
    if account.login in (LoginMethod.PLAIN, LoginMethod.SCRAM_SHA_256):
        if is_open and account.login is LoginMethod.PLAIN:
            raise ConnectError(
                "SASL PLAIN would send the password in plain text.",
                f"SCRAM-SHA-256 keeps it secret even here. {_OPEN_LOGIN_HINT}",
            )
        login = secrets.get(account.id, SecretKind.LOGIN) or ""
        if not login:
            raise ConnectError("The login password is not stored.", "Enter it in the account.")
    if account.login is LoginMethod.EXTERNAL and account.security is Security.PLAIN:
        raise ConnectError(
            "SASL EXTERNAL proves who you are by a TLS certificate, and this connection has no TLS.",
            "Choose TLS for this account.",
        )
    return Credentials(server, login)


class Registration:
    """From the first line to the end of the greeting; then ``on_online`` is called once."""

    def __init__(
        self, context: Context, credentials: Credentials, on_online: Callable[[], None]
    ) -> None:
        self._context = context
        self._credentials = credentials
        self._on_online = on_online
        self._capabilities = Capabilities(context, self._on_caps_settled)
        self._capabilities.wants_sasl = context.account.login is not LoginMethod.NONE
        self._mechanism: Mechanism | None = None
        self._challenge = ChallengeReader()
        self._is_logged_in = False
        self._is_welcome = False
        self._tried: list[str] = []

    def handle(self, dispatcher: Dispatcher) -> None:
        """Register for the lines that matter here."""
        dispatcher.on("CAP", self._capabilities.on_cap)
        dispatcher.on("AUTHENTICATE", self._on_authenticate)
        dispatcher.on("900", self._on_logged_in)
        dispatcher.on("903 907", self._on_sasl_success)
        dispatcher.on("902 904 905 906", self._on_sasl_failure)
        dispatcher.on("908", self._on_mechanisms)
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
        account = self._context.account
        if account.login is LoginMethod.NONE or self._is_welcome:
            self._end_negotiation()
            return
        offered = self._capabilities.value("sasl").upper().split(",")
        if "sasl" not in self._context.state.caps:
            self._no_login("The server offers no SASL login.")
        elif offered != [""] and account.login.value not in offered:
            self._no_login(
                f"The server does not offer SASL {account.login.value}, only {', '.join(offered)}."
            )
        else:
            self._begin_login()

    def _begin_login(self) -> None:
        account = self._context.account
        name = account.login_name or account.nick
        try:
            self._mechanism = make_mechanism(account.login, name, self._credentials.login)
        except ChatlabError as error:
            self._context.give_up(error.message, error.hint)
            return
        self._context.link.send("AUTHENTICATE", account.login.value)

    def _on_authenticate(self, event: LineEvent) -> None:
        if self._mechanism is None:
            return
        try:
            challenge = self._challenge.feed(event.parameter(0))
        except RemoteProtocolError as error:
            self._abort_login(error)
            return
        if challenge is not None:
            mechanism = self._mechanism
            self._context.timers.spawn(lambda: self._respond(mechanism, challenge))

    async def _respond(self, mechanism: Mechanism, challenge: bytes) -> None:
        try:
            response = await mechanism.respond(challenge)
        except ChatlabError as error:
            self._abort_login(error)
            return
        for chunk in encode_chunks(response):
            if self._context.link.is_open:
                self._context.link.send("AUTHENTICATE", chunk)

    def _abort_login(self, error: ChatlabError) -> None:
        if self._context.link.is_open:
            self._context.link.send("AUTHENTICATE", "*")
        self._context.give_up(error.message, error.hint)

    def _on_logged_in(self, event: LineEvent) -> None:
        self._context.inform(f"Logged in as {event.parameter(2)}.", event, code="900")

    def _on_sasl_success(self, event: LineEvent) -> None:
        mechanism = self._mechanism
        if mechanism is None:
            return
        if isinstance(mechanism, ScramMechanism) and not mechanism.is_verified:
            self._context.give_up(
                "The server ended the SCRAM login without proving that it knows the password.",
                "It may be an impostor: check host and certificate.",
            )
            return
        self._mechanism = None
        self._is_logged_in = True
        self._end_negotiation()

    def _on_sasl_failure(self, event: LineEvent) -> None:
        if self._mechanism is None or self._is_logged_in:
            return
        self._mechanism = None
        name = self._context.account.login_name or self._context.account.nick
        words = event.last
        self._context.give_up(
            f"The login as “{name}” failed: {words}",
            "Check login name and password of this account; it is not tried again by itself.",
        )

    def _on_mechanisms(self, event: LineEvent) -> None:
        self._context.inform(f"The server’s login methods: {event.parameter(1)}", event, code="908")

    def _no_login(self, reason: str) -> None:
        self._context.give_up(
            reason, "Choose another login method for this account, or “none” and NickServ."
        )

    def _end_negotiation(self) -> None:
        if not self._is_welcome:
            self._context.link.send("CAP", "END")

    # -- the nick

    def _try_nick(self, nick: str) -> None:
        self._tried.append(nick)
        self._context.state.nick = nick
        self._context.link.send("NICK", nick)

    def _next_nick(self, *, may_invent: bool) -> str | None:
        account = self._context.account
        candidates = [account.nick, *account.alternative_nicks]
        if may_invent:
            candidates += [account.nick + "_" * count for count in range(1, _MAX_UNDERSCORES + 1)]
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
        following = self._next_nick(may_invent=code != "432")
        if following is None:
            self._context.give_up(reason, hint, may_retry=code != "432")
            return
        self._context.inform(
            f"{reason} Trying “{following}”.",
            event,
            severity=Severity.WARNING,
            hint=hint,
            code=code,
        )
        self._try_nick(following)

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
        if self._context.account.login is not LoginMethod.NONE and not self._is_logged_in:
            self._no_login("The server let us in without a login: it does not know SASL.")
            return
        self._is_welcome = True
        state = self._context.state
        state.server_name = str(event.source)
        # The server has the last word: it may have cut or changed the nick.
        state.nick = event.parameter(0) or state.nick
        self._context.emit(NickInUse(self._context.account.id, state.nick))
        self._context.inform(event.last, event, code="001")

    def _on_greeting_over(self, event: LineEvent) -> None:
        if event.line.command == "422":
            self._context.inform("The server has no message of the day.", event, code="422")
        if self._is_welcome:
            self._finish()

    def _finish(self) -> None:
        if not self._context.state.is_online:
            self._context.state.is_online = True
            self._on_online()


def _is_one_word(nick: str) -> bool:
    """Whether it could be sent at all; the server judges the rest."""
    return len(nick.split()) == 1 and nick.isprintable() and not nick.startswith(":")


def explain_nick_error(code: str, nick: str, words: str, max_length: int) -> tuple[str, str]:
    """What is wrong with a nick, and what to do, for 432, 433, 436 and 437."""
    if code == "432":
        problem = check_nick(nick, max_length)
        why = problem.reason if problem else f"The server says: {words}"
        hint = f"Try “{problem.suggestion}”." if problem else "Choose another nick."
        return f"The server does not allow the nick “{nick}”. {why}", hint
    if code == "437":
        return (
            f"“{nick}” is unavailable just now: {words}",
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
