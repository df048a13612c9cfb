"""Errands of the window: asked of XMPP connections, answered once, in words where it fails."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import cast

import pytest

from chatlab.app.session import Session
from chatlab.app.xmpp_errands import SessionErrands
from chatlab.core.account import Account, AccountId, Application, SecretKind
from chatlab.core.chats import ChatBook, ChatKey
from chatlab.core.errors import ChatlabError, UsageError
from chatlab.core.forms import DataForm, FormField
from chatlab.core.registration import RegistrationForm

A = AccountId("a")
ACCOUNT = Account(
    id=A, name="x.example", application=Application.XMPP, host="", port=0, nick="", jid="x.example"
)
FORM = DataForm(fields=(FormField(name="username"),))
ASKED = RegistrationForm(server="x.example", form=FORM)


@dataclass
class PlayRegistrar:
    """A ``Registrar`` that answers as it was told."""

    failure: ChatlabError | None = None
    done: list[str] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def ask(self, account: Account) -> RegistrationForm:
        self.done.append("ask")
        await self.gate.wait()
        if self.failure:
            raise self.failure
        return ASKED

    async def submit(self, account: Account, answers: DataForm) -> None:
        self.done.append("submit")
        if self.failure:
            raise self.failure

    async def close(self) -> None:
        self.done.append("close")


@dataclass
class PlayConnection:
    """What an XMPP connection can be asked for."""

    failure: ChatlabError | None = None
    done: list[object] = field(default_factory=list)

    async def change_password(self, password: str) -> None:
        self._do(password)

    async def delete_account(self) -> None:
        self._do("delete")

    async def room_form(self, room: str) -> DataForm:
        self._do(room)
        return FORM

    async def submit_room_form(self, room: str, answers: DataForm) -> None:
        self._do((room, answers))

    def _do(self, what: object) -> None:
        if self.failure:
            raise self.failure
        self.done.append(what)


class Secrets:
    """A keyring."""

    is_lasting = True

    def __init__(self) -> None:
        self.kept: dict[tuple[AccountId, SecretKind], str] = {}

    def get(self, account: AccountId, kind: SecretKind) -> str | None:
        return self.kept.get((account, kind))

    def set(self, account: AccountId, kind: SecretKind, secret: str) -> None:
        self.kept[account, kind] = secret

    def set_for_now(self, account: AccountId, kind: SecretKind, secret: str) -> None:
        self.kept[account, kind] = secret

    def delete(self, account: AccountId) -> None:
        self.kept.clear()


class Play:
    """Errands with nothing real behind them."""

    def __init__(self) -> None:
        self.registrar = PlayRegistrar()
        self.connection = PlayConnection()
        self.secrets = Secrets()
        self.heard: list[object] = []
        self.late: list[Callable[[], None]] = []
        self.is_early = False
        self.tasks: list[asyncio.Task[None]] = []
        session = SimpleNamespace(
            connections={A: self.connection}, make_registrar=lambda: self.registrar
        )
        self.errands = SessionErrands(
            lambda: cast(Session, session), ChatBook(), self.secrets, self._run, self._waits
        )

    def _run(self, work: Coroutine[object, object, None]) -> None:
        self.tasks.append(asyncio.get_running_loop().create_task(work))

    def _waits(self, ask: Callable[[], None]) -> bool:
        if self.is_early:
            self.late.append(ask)
        return self.is_early

    async def settle(self) -> None:
        self.registrar.gate.set()
        await asyncio.gather(*self.tasks)


def test_an_account_is_asked_for_and_made() -> None:
    async def go() -> None:
        play = Play()
        play.errands.ask_registration(ACCOUNT, play.heard.append)
        await play.settle()
        play.errands.submit_registration(ACCOUNT, FORM, play.heard.append)
        await play.settle()
        play.errands.end_registration()
        await play.settle()
        assert play.heard == [ASKED, None]
        assert play.registrar.done == ["ask", "submit", "close"]

    asyncio.run(go())


def test_a_refusal_is_handed_on() -> None:
    async def go() -> None:
        play = Play()
        play.registrar.failure = ChatlabError("Taken.", "Choose another.")
        play.errands.ask_registration(ACCOUNT, play.heard.append)
        await play.settle()
        assert play.heard == [play.registrar.failure]

    asyncio.run(go())


def test_nobody_hears_what_was_given_up() -> None:
    async def go() -> None:
        play = Play()
        play.errands.ask_registration(ACCOUNT, play.heard.append)
        await asyncio.sleep(0)
        play.errands.end_registration()
        await play.settle()
        assert not play.heard

    asyncio.run(go())


def test_while_chatlab_starts_a_question_waits() -> None:
    async def go() -> None:
        play = Play()
        play.is_early = True
        play.errands.ask_registration(ACCOUNT, play.heard.append)
        assert not play.tasks
        play.is_early = False
        play.late[0]()
        await play.settle()
        assert play.heard == [ASKED]

    asyncio.run(go())


def test_a_new_password_is_kept_when_the_server_has_taken_it() -> None:
    async def go() -> None:
        play = Play()
        play.connection.failure = ChatlabError("Too short.", "")
        play.errands.change_password(A, "s", play.heard.append)
        await play.settle()
        assert not play.secrets.kept
        play.connection.failure = None
        play.errands.change_password(A, "s3cret", play.heard.append)
        await play.settle()
        assert play.secrets.get(A, SecretKind.LOGIN) == "s3cret"
        assert [isinstance(one, ChatlabError) for one in play.heard] == [True, False]

    asyncio.run(go())


def test_rooms_are_asked_by_their_address() -> None:
    async def go() -> None:
        play, room = Play(), ChatKey(A, "lab@rooms.x.example")
        play.errands.ask_room_form(room, play.heard.append)
        await play.settle()
        play.errands.submit_room_form(room, FORM, play.heard.append)
        play.errands.delete_on_server(A, play.heard.append)
        await play.settle()
        assert play.heard == [FORM, None, None]
        assert play.connection.done == [room.name, (room.name, FORM), "delete"]

    asyncio.run(go())


@pytest.mark.parametrize("account", ["irc", "none"])
def test_an_account_that_is_not_there_is_said(account: str) -> None:
    async def go() -> None:
        play = Play()
        play.errands.delete_on_server(AccountId(account), play.heard.append)
        await play.settle()
        assert isinstance(play.heard[0], UsageError)

    asyncio.run(go())


def test_the_list_of_servers_comes_with_the_program() -> None:
    assert any(provider.is_in_app for provider in Play().errands.providers())
