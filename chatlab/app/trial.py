"""One message through everything, for the selftest: server, engine, capture, attribution."""

import asyncio
from pathlib import Path

from chatlab.app.feed import CaptureFeed
from chatlab.app.lab import LAB_CHANNEL, lab_accounts
from chatlab.app.session import Session
from chatlab.capture.dissector import ScapyDissector
from chatlab.core.chats import ChatBook
from chatlab.core.errors import ChatlabError
from chatlab.core.message import Delivery, MessageId
from chatlab.server.lab import LabAddress
from chatlab.store.secrets import SessionSecrets

_LIMIT_S = 20.0


async def one_message(address: LabAddress, directory: Path) -> int:
    """Say one line under TLS and wait for its echo; returns the frames that carried it.

    Raises ChatlabError when it does not come back.
    """
    book = ChatBook()
    feed = CaptureFeed(directory / "trial.pcapng", book, ScapyDissector(), is_live=True)
    session = Session(book, feed, SessionSecrets())
    happened = asyncio.Event()
    session.observe(lambda event: happened.set())
    account = lab_accounts(address)[1]
    connection = session.add_account(account)
    await session.start_capture()
    try:
        async with asyncio.timeout(_LIMIT_S):
            connection.start()
            while not book.open(account.id, LAB_CHANNEL).is_joined:
                happened.clear()
                await happened.wait()
            message = connection.send(LAB_CHANNEL, "selftest")[0]
            while _delivery(book, message.id) is not Delivery.ECHOED:
                happened.clear()
                await happened.wait()
        await session.catch_up()
        return len(feed.attribution(message.id).frames)
    except TimeoutError:
        state = book.accounts[account.id]
        raise ChatlabError(f"No echo within {_LIMIT_S:.0f} s ({state.state.value}).") from None
    finally:
        await session.close()
        feed.close()


def _delivery(book: ChatBook, message: MessageId) -> Delivery | None:
    found = book.find(message)
    entry = found[0].entries[found[1]] if found else None
    return getattr(entry, "delivery", None)
