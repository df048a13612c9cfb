"""Logging in where there is no SASL: a message to NickServ, and what it answers.

Services have no protocol, only sentences. What is not understood within ANSWER_S is taken for
neither yes nor no, and life goes on.
"""

import re
from collections.abc import Callable

from chatlab.chat.irc.context import Context
from chatlab.chat.irc.link import Dispatcher, LineEvent
from chatlab.core.errors import Severity

SERVICE = "NickServ"
ANSWER_S = 10.0
_YES = re.compile(
    r"you are now (identified|logged in|recogni[sz]ed)|password accepted|already (logged in|identified)"
    r"|successfully (identified|logged in)",
    re.IGNORECASE,
)
_NO = re.compile(
    r"(invalid|incorrect|wrong|bad) password|password (is )?(incorrect|invalid|wrong)"
    r"|authentication failed|(not|n[’']t) (a )?registered|no such (account|nick)|access denied",
    re.IGNORECASE,
)
_HINT = "Check login name and password of this account; it is not tried again by itself."


class NickServLogin:
    """Identifies once; ``on_done`` is called once, whatever came of it."""

    def __init__(self, context: Context, password: str, on_done: Callable[[], None]) -> None:
        self._context = context
        self._password = password
        self._on_done = on_done
        self._is_waiting = False
        self.is_logged_in = False

    def handle(self, dispatcher: Dispatcher) -> None:
        dispatcher.on("NOTICE", self._on_notice)
        dispatcher.on("900", lambda event: self._finish(is_logged_in=True))
        dispatcher.on("MODE", self._on_mode)
        dispatcher.on("401 440", self._on_no_service)

    def begin(self) -> None:
        account = self._context.account
        name = account.login_name
        # The older services know no name: the nick is the account.
        words = [self._password] if self._context.state.is_me(name or account.nick) else None
        words = words or [name or account.nick, self._password]
        self._is_waiting = True
        self._context.link.send("PRIVMSG", SERVICE, " ".join(["IDENTIFY", *words]))
        self._context.timers.call_later(ANSWER_S, self._on_silence)

    def _on_notice(self, event: LineEvent) -> None:
        if not self._is_waiting or event.nick.lower() != SERVICE.lower():
            return
        if _YES.search(event.last):
            self._finish(is_logged_in=True)
        elif _NO.search(event.last):
            self._warn(f"NickServ did not accept the login: {event.last}", _HINT)
            self._finish()

    def _on_mode(self, event: LineEvent) -> None:
        """``MODE <me> :+r``: a registered user."""
        added = event.parameter(1).partition("+")[2].partition("-")[0]
        if self._context.state.is_me(event.parameter(0)) and "r" in added:
            self._finish(is_logged_in=True)

    def _on_no_service(self, event: LineEvent) -> None:
        if self._is_waiting and event.parameter(1).lower() == SERVICE.lower():
            self._warn("There is no NickServ here, or it is away.", "Choose another login method.")
            self._finish()

    def _on_silence(self) -> None:
        if self._is_waiting:
            self._warn(
                f"NickServ has not answered within {ANSWER_S:.0f} s.",
                "Channels for logged-in people only may be closed to you.",
            )
            self._finish()

    def _finish(self, *, is_logged_in: bool = False) -> None:
        self.is_logged_in = self.is_logged_in or is_logged_in
        if self._is_waiting:
            self._is_waiting = False
            self._on_done()

    def _warn(self, text: str, hint: str) -> None:
        self._context.inform(text, severity=Severity.WARNING, hint=hint, code="NickServ")
