"""The offline lab: servers of our own, and accounts that meet there, in clear and sealed.

Two IRC accounts come first, for they are what the window opens on; two XMPP accounts follow once
those are in their channel, so that loading slixmpp delays nobody.
"""

import asyncio
import importlib
import secrets
from collections.abc import Callable, Iterable
from pathlib import Path

from chatlab.app.session import Session
from chatlab.core.account import (
    Account,
    AccountId,
    Application,
    Autojoin,
    LoginMethod,
    SecretKind,
    Security,
)
from chatlab.core.chats import Change, ChatBook, ChatKey
from chatlab.core.errors import ChatlabError
from chatlab.core.ports import SecretStore
from chatlab.server.lab import LabAddress, LabServer

LAB_CHANNEL = "#lab"
_LEAVE = "The lab is over."
_PATIENCE_S = 5.0
"""How long an account waits for the one before it; then it comes all the same."""


class Lab:
    """The running lab: its server in a process of its own, and its accounts in a session."""

    def __init__(
        self, directory: Path, secret_store: SecretStore, on_death: Callable[[str], None]
    ) -> None:
        """``on_death`` is called with the reason when the server ends by itself."""
        self._directory = directory
        self._secrets = secret_store
        self._passwords = {name: secrets.token_urlsafe(12) for name in ("alice", "bob")}
        self._server = LabServer(on_death, self._passwords, introduces_accounts=True)
        self._address: LabAddress | None = None

    async def start(self, session: Session, on_channel: Callable[[ChatKey], None]) -> None:
        """Start the server and the IRC accounts; ``on_channel`` is told where they meet.

        They come one after the other: whoever finds the channel empty is its operator, and that is
        to be the same one each time. Raises ConnectError when the server does not start.
        """
        self._address = await self._server.start(self._directory)
        for account in lab_accounts(self._address):
            key = ChatKey(account.id, LAB_CHANNEL)
            on_channel(key)
            session.add_account(account).start()
            await _joined(session.book, [key])

    async def start_xmpp(self, session: Session) -> None:
        """Start the XMPP accounts; the server is there by then."""
        if (address := self._address) is None:
            raise ChatlabError("The lab has no server yet.", "Start the offline lab first.")
        await asyncio.to_thread(importlib.import_module, "chatlab.chat.xmpp.connection")
        for account in lab_xmpp_accounts(address):
            password = self._passwords[account.jid.partition("@")[0]]
            self._secrets.set_for_now(account.id, SecretKind.LOGIN, password)
            session.add_account(account).start()

    async def stop(self) -> None:
        await self._server.stop()


async def _joined(book: ChatBook, keys: Iterable[ChatKey]) -> None:
    """Return when these channels are joined, or that takes too long."""
    waiting = set(keys)
    done = asyncio.Event()

    def look() -> None:
        waiting.difference_update([key for key in waiting if _is_joined(book, key)])
        if not waiting:
            done.set()

    stop = book.observe(lambda *_: look(), Change.CHAT_CHANGED)
    look()
    try:
        async with asyncio.timeout(_PATIENCE_S):
            await done.wait()
    except TimeoutError:
        pass  # The reader may have taken an account off; the others do not depend on it.
    finally:
        stop()


def _is_joined(book: ChatBook, key: ChatKey) -> bool:
    return key in book.chats and book.chats[key].is_joined


def lab_accounts(address: LabAddress) -> tuple[Account, Account]:
    """The two accounts of the lab: ``alice`` in clear text, ``bob`` under TLS."""
    plain = Account(
        id=AccountId("lab-plain"),
        name="Lab · plain text",
        host=address.address,
        port=address.plain_port,
        security=Security.PLAIN,
        nick="alice",
        real_name="Alice of the lab",
        channels=(Autojoin(LAB_CHANNEL),),
        leave_message=_LEAVE,
        is_temporary=True,
    )
    sealed = Account(
        id=AccountId("lab-tls"),
        name="Lab · TLS",
        host=address.address,
        port=address.tls_port,
        security=Security.DIRECT_TLS,
        nick="bob",
        real_name="Bob of the lab",
        channels=(Autojoin(LAB_CHANNEL),),
        leave_message=_LEAVE,
        ca_file=str(address.ca_file),
        is_temporary=True,
    )
    return plain, sealed


def lab_xmpp_accounts(address: LabAddress) -> tuple[Account, Account]:
    """The same two people with XMPP: one in clear, one that asks for TLS by STARTTLS."""
    return (
        _xmpp_account(address, "alice", "Lab · XMPP plain text", Security.PLAIN),
        _xmpp_account(address, "bob", "Lab · XMPP STARTTLS", Security.STARTTLS),
    )


def _xmpp_account(address: LabAddress, who: str, name: str, security: Security) -> Account:
    return Account(
        id=AccountId(f"lab-xmpp-{security.value}"),
        name=name,
        application=Application.XMPP,
        host=address.address,
        port=address.xmpp_port,
        security=security,
        jid=f"{who}@{address.xmpp_domain}",
        nick=who,
        # The capture of the account in clear then shows everything except the password.
        login=LoginMethod.SCRAM_SHA_256,
        channels=(Autojoin(address.xmpp_room),),
        leave_message=_LEAVE,
        ca_file=str(address.ca_file),
        is_temporary=True,
    )
