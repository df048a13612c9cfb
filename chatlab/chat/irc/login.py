"""Logging in by SASL (IRCv3 sasl 3.2): one mechanism after the other, in the account's order.

The next mechanism is tried where the server does not offer one, or refuses it before the password
was proven. Once a password was judged and found wrong, no other mechanism gets it: it would be as
wrong there, and trying again locks accounts. A failed login ends the connection.
"""

from collections import deque
from collections.abc import Callable

from chatlab.chat.irc.context import Context
from chatlab.chat.irc.credentials import Credentials
from chatlab.chat.irc.link import Dispatcher, LineEvent
from chatlab.chat.irc.sasl import (
    ChallengeReader,
    Mechanism,
    ScramMechanism,
    encode_chunks,
    make_mechanism,
)
from chatlab.core.account import LoginMethod
from chatlab.core.errors import ChatlabError, RemoteProtocolError


class SaslLogin:
    """The SASL part of one registration.

    ``on_done`` is called once: we are logged in, or NickServ has to do it.
    """

    def __init__(
        self, context: Context, credentials: Credentials, on_done: Callable[[], None]
    ) -> None:
        self._context = context
        self._password = credentials.login
        self._on_done = on_done
        self._may_do_without = credentials.uses_nickserv
        self._wanted = credentials.mechanisms
        self._waiting: deque[LoginMethod] = deque()
        self._mechanism: Mechanism | None = None
        self._challenge = ChallengeReader()
        self.is_logged_in = False

    @property
    def is_wanted(self) -> bool:
        return bool(self._wanted)

    def handle(self, dispatcher: Dispatcher) -> None:
        dispatcher.on("AUTHENTICATE", self._on_authenticate)
        dispatcher.on("900", self._on_logged_in)
        dispatcher.on("903 907", self._on_success_reply)
        dispatcher.on("902 904 905 906", self._on_failure)
        dispatcher.on("908", self._on_mechanisms)

    def start(self, offered: str) -> None:
        """Begin; ``offered`` is the value of the capability, empty where it names nothing."""
        names = offered.upper().split(",") if offered else []
        self._waiting = deque(m for m in self._wanted if not names or m.value in names)
        if self._waiting:
            self._begin_next()
        elif self._may_do_without:
            self._on_done()
        else:
            wanted = " or ".join(method.value for method in self._wanted)
            self.give_up(f"The server does not offer SASL {wanted}, only {', '.join(names)}.")

    def give_up(self, reason: str) -> None:
        """There is no way to log in here."""
        self._context.leave(
            reason, "Choose another login method for this account, or “none” and NickServ."
        )

    @property
    def _name(self) -> str:
        account = self._context.account
        return account.login_name or account.nick

    def _begin_next(self) -> None:
        method = self._waiting.popleft()
        key_file = self._context.account.client_certificate
        try:
            self._mechanism = make_mechanism(method, self._name, self._password, key_file)
        except ChatlabError as error:
            self._context.leave(error.message, error.hint)
            return
        self._challenge = ChallengeReader()
        self._context.link.send("AUTHENTICATE", method.value)

    def _on_authenticate(self, event: LineEvent) -> None:
        if self._mechanism is None:
            return
        try:
            challenge = self._challenge.feed(event.parameter(0))
        except RemoteProtocolError as error:
            self._abort(error)
            return
        if challenge is not None:
            mechanism = self._mechanism
            self._context.timers.spawn(lambda: self._respond(mechanism, challenge))

    async def _respond(self, mechanism: Mechanism, challenge: bytes) -> None:
        try:
            response = await mechanism.respond(challenge)
        except ChatlabError as error:
            self._abort(error)
            return
        for chunk in encode_chunks(response):
            if self._context.link.is_open:
                self._context.link.send("AUTHENTICATE", chunk)

    def _abort(self, error: ChatlabError) -> None:
        if self._context.link.is_open:
            self._context.link.send("AUTHENTICATE", "*")
        self._context.leave(error.message, error.hint)

    def _on_logged_in(self, event: LineEvent) -> None:
        """``900 <nick> <nick!user@host> <account> :<words>``; services say it later, too."""
        self._context.inform(f"Logged in as {event.parameter(2)}.", event, code="900")

    def _on_success_reply(self, event: LineEvent) -> None:
        mechanism = self._mechanism
        if mechanism is None:
            return
        if isinstance(mechanism, ScramMechanism) and not mechanism.is_verified:
            self._context.leave(
                "The server ended the SCRAM login without proving that it knows the password.",
                "It may be an impostor: check host and certificate.",
            )
            return
        self._mechanism = None
        self.is_logged_in = True
        self._on_done()

    def _on_failure(self, event: LineEvent) -> None:
        mechanism = self._mechanism
        if mechanism is None or self.is_logged_in:
            return
        self._mechanism = None
        is_refused = event.line.command == "904" and not mechanism.was_judged
        if is_refused and self._waiting:
            self._begin_next()
            return
        self._context.leave(
            f"The login as “{self._name}” failed: {event.last}",
            "Check login name and password of this account; it is not tried again by itself.",
        )

    def _on_mechanisms(self, event: LineEvent) -> None:
        """``908 <nick> <mechanisms> :<words>``, before the 904."""
        names = event.parameter(1).upper().split(",")
        self._waiting = deque(method for method in self._waiting if method.value in names)
        self._context.inform(f"The server’s login methods: {event.parameter(1)}", event, code="908")
