"""A session as the window has it, in a process of its own that a test may kill at any moment.

It prints one JSON object a line for what a window would show by then: the frames, with the length
of the file that holds them, and each message. ``python -m tests.helpers.mortal FOLDER HOST PORT CA``
"""

import asyncio
import itertools
import json
import sys
from pathlib import Path

from chatlab.app.feed import CaptureFeed
from chatlab.app.journal import SessionJournal
from chatlab.app.session import Session
from chatlab.capture.dissector import ScapyDissector
from chatlab.chat.irc.outbox import SendPace
from chatlab.core import events as ev
from chatlab.core.account import Account, AccountId, Autojoin, Security
from chatlab.core.capture import CaptureLost
from chatlab.core.chats import ChatBook
from chatlab.core.message import Message
from chatlab.store.secrets import SessionSecrets

_PAUSE_S = 0.002


def show(**facts: object) -> None:
    print(json.dumps(facts), flush=True)


class Mortal:
    """One account in #lab that says line after line until it is killed."""

    def __init__(self, folder: Path, host: str, port: int, ca_file: str) -> None:
        file = folder / "capture.pcapng"
        self.book = ChatBook()
        self.feed = CaptureFeed(file, self.book, ScapyDissector(), is_live=True)
        self.journal = SessionJournal(file, lambda cause, remedy: show(fault=f"{cause} {remedy}"))
        self.feed.journal = self.journal
        self.journal.follow(self.book)
        self.session = Session(self.book, self.feed, SessionSecrets(), pace=SendPace.unlimited())
        self.session.observe(self._on_event)
        self.feed.on_frames(self._on_frames)
        self.account = Account(
            id=AccountId("ann"),
            name="ann",
            host=host,
            port=port,
            security=Security.DIRECT_TLS if ca_file else Security.PLAIN,
            nick="ann",
            channels=(Autojoin("#lab"),),
            ca_file=ca_file,
        )
        self._joined = asyncio.Event()
        self._restarts: set[asyncio.Task[None]] = set()

    def _on_frames(self) -> None:
        source = self.session._source
        if isinstance(self.feed.status, CaptureLost) and not self._restarts:
            task = asyncio.ensure_future(self.session.restart_capture())  # The one click.
            self._restarts.add(task)
            task.add_done_callback(self._restarts.discard)
        if source is not None:
            show(frames=self.feed.count, position=source.position, helper=source.helper_pid)

    def _on_event(self, event: ev.ChatEvent) -> None:
        match event:
            case ev.MemberJoined(is_self=True):
                self._joined.set()
            case ev.MessageAdded(message):
                self._show(message)
            case ev.MessageChanged(_, name) if found := self.book.find(name):
                entry = found[0].entries[found[1]]
                if isinstance(entry, Message):
                    self._show(entry)
            case _:
                pass

    def _show(self, message: Message) -> None:
        has_wire = message.wire is not None
        show(message=message.id, text=message.text, sender=message.sender, has_wire=has_wire)

    async def live(self) -> None:
        await self.session.start_capture()
        connection = self.session.add_account(self.account)
        connection.start()
        await self._joined.wait()
        for number in itertools.count():
            connection.send("#lab", f"out {number} {'-' * (37 * number % 200)}.")
            await asyncio.sleep(_PAUSE_S)


if __name__ == "__main__":
    folder, host, port, ca_file = sys.argv[1:]
    asyncio.run(Mortal(Path(folder), host, int(port), ca_file).live())
