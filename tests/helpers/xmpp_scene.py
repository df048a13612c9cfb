"""A short play about one account, over direct TLS, with what such plays are about."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from chatlab.core import events as ev
from chatlab.core.account import Security
from chatlab.core.commands import parse
from chatlab.core.message import Message
from tests.helpers.xmpp_play import ACCOUNT, Play, message

DIRECT = replace(ACCOUNT, security=Security.DIRECT_TLS)
ROOM = "lab@rooms.chat.test"
BOB, EVE = "bob@chat.test", "eve@chat.test"


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What arrives is handled before ``say`` returns, however busy this computer is."""
    monkeypatch.setattr("chatlab.chat.xmpp.link.SLICE_S", 60.0)


def scene(play_it: Callable[[Play], Awaitable[None]], *, in_room: bool = False) -> None:
    async def run() -> None:
        play = await Play(DIRECT).start()
        if in_room:
            play.xmpp.execute(parse(f"/join {ROOM}"), "")
            await play.until(lambda: bool(play.of(ev.MembersListed)))
        await play_it(play)
        await play.stop()

    asyncio.run(run())


def said(play: Play) -> list[Message]:
    return [event.message for event in play.of(ev.MessageAdded)]


def correction(sender: str, body: str, of: str, name: str = "m2", kind: str = "chat") -> str:
    inner = f"<replace xmlns='urn:xmpp:message-correct:0' id='{of}'/>"
    return message(sender, body, name, inner, kind)
