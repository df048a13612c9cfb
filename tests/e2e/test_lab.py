"""The offline lab, without its window: four accounts, two protocols, in clear and sealed."""

import asyncio
from pathlib import Path

import pytest

from chatlab.app.feed import CaptureFeed
from chatlab.app.lab import LAB_CHANNEL, Lab
from chatlab.app.session import Session
from chatlab.capture.dissector import ScapyDissector
from chatlab.core.account import AccountId
from chatlab.core.chats import ChatBook, ChatKey
from chatlab.core.message import Delivery, Message
from chatlab.store.secrets import SessionSecrets

ROOM = "lab@rooms.localhost"
PLAIN, SEALED = AccountId("lab-xmpp-plain"), AccountId("lab-xmpp-starttls")
LIMIT_S = 30


class Stage:
    """A session on the lab."""

    def __init__(self, folder: Path) -> None:
        self.book = ChatBook()
        self.feed = CaptureFeed(folder / "c.pcapng", self.book, ScapyDissector(), is_live=True)
        secrets = SessionSecrets()
        self.session = Session(self.book, self.feed, secrets)
        self.lab = Lab(folder / "lab", secrets, lambda reason: None)
        self.channels: list[ChatKey] = []
        self._happened = asyncio.Event()
        self.session.observe(lambda event: self._happened.set())

    async def until(self, *wanted: ChatKey) -> None:
        while not all(key in self.book.chats and self.book.chats[key].is_joined for key in wanted):
            await self.happens()

    async def happens(self) -> None:
        self._happened.clear()
        await self._happened.wait()

    def heard(self, key: ChatKey) -> list[Message]:
        return [one for one in self.book.chats[key].entries if isinstance(one, Message)]


@pytest.mark.capture
def test_a_line_crosses_the_room_and_is_found_in_its_frames_at_both_ends(tmp_path: Path) -> None:
    async def play() -> None:
        stage = Stage(tmp_path)
        await stage.session.start_capture()
        try:
            async with asyncio.timeout(LIMIT_S):
                await stage.lab.start(stage.session, stage.channels.append)
                await stage.lab.start_xmpp(stage.session)
                here, there = ChatKey(PLAIN, ROOM), ChatKey(SEALED, ROOM)
                await stage.until(*stage.channels, here, there)
                connection = stage.session.connections[PLAIN]
                (said,) = connection.send(ROOM, "one line, two protocols")
                while (
                    not stage.heard(there) or stage.heard(here)[-1].delivery is not Delivery.ECHOED
                ):
                    await stage.happens()
            await stage.session.catch_up()
            (heard,) = stage.heard(there)
            assert (heard.text, heard.sender) == ("one line, two protocols", "alice")
            assert [key.name for key in stage.channels] == [LAB_CHANNEL, LAB_CHANNEL]
            sent, received = stage.feed.attribution(said.id), stage.feed.attribution(heard.id)
            assert sent.frames
            assert received.frames
            assert not set(sent.frames) & set(received.frames)
        finally:
            await stage.session.close()
            await stage.lab.stop()
            stage.feed.close()

    (tmp_path / "lab").mkdir()
    asyncio.run(play())
