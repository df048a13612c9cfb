"""Child: ChatLab without a window, on the feeder's server. ``python -m tests.bench.engine PORT``."""

import asyncio
import contextlib
import signal
import sys
import tempfile
from pathlib import Path

from chatlab.app.feed import CaptureFeed
from chatlab.app.garbage import GentleCollector
from chatlab.app.session import Session
from chatlab.capture.dissector import ScapyDissector
from chatlab.core.account import Account, AccountId, Autojoin, Security
from chatlab.core.chats import ChatBook
from chatlab.store.secrets import SessionSecrets
from tests.bench.feeder import CHANNEL
from tests.bench.ticker import Ticker, tell


def account_for(port: int) -> Account:
    """Joins the feeder's channel as soon as it is started."""
    return Account(
        id=AccountId("bench"),
        name="Bench",
        host="127.0.0.1",
        port=port,
        security=Security.PLAIN,
        nick="reader",
        channels=(Autojoin(CHANNEL),),
        connect_on_start=True,
    )


async def main(port: int) -> None:
    leave = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, leave.set)
    ticker = Ticker()
    GentleCollector().start()  # As the window does.
    with tempfile.TemporaryDirectory() as folder:
        book = ChatBook()
        feed = CaptureFeed(Path(folder, "capture.pcapng"), book, ScapyDissector(), is_live=True)
        session = Session(book, feed, SessionSecrets())
        await session.start_capture()
        session.add_account(account_for(port)).start()
        ticking = asyncio.create_task(ticker.run())
        await leave.wait()
        ticking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await ticking
        kept = sum(len(chat.entries) + chat.dropped for chat in book.chats.values())
        tell(stalls=ticker.stalls, entries=kept, frames=feed.count)
        await session.close()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
