"""Implements ``ui.ports.XmppErrands``: asks the session's XMPP connections, hands answers back.

A registration has a stream of its own, because there is no account yet to connect; it is made
when the first question is asked, and with it the XMPP engine is loaded.
"""

from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, TypeVar

from chatlab.core.account import Account, AccountId, SecretKind
from chatlab.core.chats import ChatBook, ChatKey
from chatlab.core.errors import ChatlabError, UsageError
from chatlab.core.forms import DataForm
from chatlab.core.ports import ChatConnection, SecretStore
from chatlab.core.registration import RegistrationForm
from chatlab.core.xmpp_ports import AccountHolder, Registrar, RoomKeeper

if TYPE_CHECKING:
    from chatlab.app.session import Session
    from chatlab.chat.providers import Provider

_Answer = TypeVar("_Answer")
_Run = Callable[[Coroutine[object, object, None]], None]


class SessionErrands:
    """The errands of one window."""

    def __init__(
        self,
        session: "Callable[[], Session | None]",
        book: ChatBook,
        secrets: SecretStore,
        run: _Run,
        waits: Callable[[Callable[[], None]], bool],
    ) -> None:
        """``run`` has a coroutine done and tells the reader about what it raises; ``waits`` puts
        something off while ChatLab is still starting, and says whether it has."""
        self._session = session
        self._book = book
        self._secrets = secrets
        self._run = run
        self._waits = waits
        self._registrar: Registrar | None = None
        self._question = 0
        """Which registration is going on; answers to earlier ones are for nobody."""

    # -- ui.ports.XmppErrands

    def providers(self) -> "tuple[Provider, ...]":
        from chatlab.chat.providers import read_providers

        return read_providers()

    def ask_registration(
        self, account: Account, show: Callable[[RegistrationForm | ChatlabError], None]
    ) -> None:
        if self._waits(lambda: self.ask_registration(account, show)):
            return

        async def ask(registrar: Registrar) -> RegistrationForm:
            return await registrar.ask(account)

        self._run(self._register(ask, show))

    def submit_registration(
        self, account: Account, answers: DataForm, done: Callable[[ChatlabError | None], None]
    ) -> None:
        async def submit(registrar: Registrar) -> None:
            await registrar.submit(account, answers)

        self._run(self._register(submit, done))

    def end_registration(self) -> None:
        self._question += 1
        if registrar := self._registrar:
            self._registrar = None
            self._run(registrar.close())

    def change_password(
        self, account: AccountId, password: str, done: Callable[[ChatlabError | None], None]
    ) -> None:
        async def change() -> None:
            await self._holder(account).change_password(password)
            self._secrets.set(account, SecretKind.LOGIN, password)

        self._run(_hand_on(change, done))

    def delete_on_server(
        self, account: AccountId, done: Callable[[ChatlabError | None], None]
    ) -> None:
        async def delete() -> None:
            await self._holder(account).delete_account()

        self._run(_hand_on(delete, done))

    def ask_room_form(self, room: ChatKey, show: Callable[[DataForm | ChatlabError], None]) -> None:
        async def ask() -> DataForm:
            return await self._keeper(room.account).room_form(room.name)

        self._run(_hand_on(ask, show))

    def submit_room_form(
        self, room: ChatKey, answers: DataForm, done: Callable[[ChatlabError | None], None]
    ) -> None:
        async def submit() -> None:
            await self._keeper(room.account).submit_room_form(room.name, answers)

        self._run(_hand_on(submit, done))

    # -- helpers

    async def _register(
        self,
        ask: Callable[[Registrar], Awaitable[_Answer]],
        show: Callable[[_Answer | ChatlabError], None],
    ) -> None:
        question = self._question
        session = self._session()
        if session is None:
            show(UsageError("ChatLab is still starting.", "Try again in a moment."))
            return
        if self._registrar is None:
            self._registrar = session.make_registrar()
        try:
            answer: _Answer | ChatlabError = await ask(self._registrar)
        except ChatlabError as error:
            answer = error
        if question == self._question:
            show(answer)

    def _connection(self, account: AccountId) -> ChatConnection | None:
        session = self._session()
        return session.connections.get(account) if session is not None else None

    def _holder(self, account: AccountId) -> AccountHolder:
        connection: object = self._connection(account)
        if not isinstance(connection, AccountHolder):
            raise _offline()
        return connection

    def _keeper(self, account: AccountId) -> RoomKeeper:
        connection: object = self._connection(account)
        if not isinstance(connection, RoomKeeper):
            raise _offline()
        return connection


def _offline() -> UsageError:
    return UsageError("This account is not connected.", "Connect it, then try again.")


async def _hand_on(
    ask: Callable[[], Awaitable[_Answer]], show: Callable[[_Answer | ChatlabError], None]
) -> None:
    try:
        answer: _Answer | ChatlabError = await ask()
    except ChatlabError as error:
        answer = error
    show(answer)
