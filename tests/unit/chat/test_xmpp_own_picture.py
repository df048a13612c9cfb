"""A picture of ours: what is published, and what is taken out of it before."""

import asyncio
import hashlib
import re
import struct
import zlib
from base64 import b64decode
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from chatlab.chat.xmpp.own_picture import bare_picture, size_of
from chatlab.core import events as ev
from chatlab.core.account import Security
from chatlab.core.commands import parse
from chatlab.core.errors import UsageError
from tests.helpers.irc_play import settle
from tests.helpers.xmpp_play import ACCOUNT, Play, PlayServer

DIRECT = replace(ACCOUNT, security=Security.DIRECT_TLS)
INFO = "http://jabber.org/protocol/disco#info"
PUBLISH = "http://jabber.org/protocol/pubsub#publish"


def chunk(name: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int = 8, height: int = 8, more: bytes = b"", pixels: int = 72) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(bytes(pixels), 0))
    return b"\x89PNG\r\n\x1a\n" + header + more + body + chunk(b"IEND")


class Keeper(PlayServer):
    """A server whose accounts can publish."""

    def on_iq(self, element: ET.Element) -> None:
        if element.find(f"{{{INFO}}}query") is None:
            super().on_iq(element)
            return
        name, to = element.get("id", ""), element.get("to", "")
        feature = f"<query xmlns='{INFO}'><feature var='{PUBLISH}'/></query>"
        self.say(f"<iq type='result' id='{name}' from='{to}'>{feature}</iq>")


def scene(play_it: Callable[[Play], Awaitable[None]], server: PlayServer | None = None) -> None:
    async def run() -> None:
        play = await Play(DIRECT, server or Keeper()).start()
        await play.time.advance(1)
        await play_it(play)
        await play.stop()

    asyncio.run(run())


def test_a_picture_is_published_with_its_hash_and_without_what_tells_of_its_maker(
    tmp_path: Path,
) -> None:
    file = tmp_path / "me and you.png"
    file.write_bytes(png(more=chunk(b"eXIf", b"52.5200 N") + chunk(b"tEXt", b"Author\0Ann")))

    async def play_it(play: Play) -> None:
        play.xmpp.execute(parse(f"/avatar {file}"), "")
        await play.until(lambda: bool(play.of(ev.Informed)))
        data, metadata = play.sent("avatar:")[-2:]
        found = re.search("<data[^>]*>([^<]+)<", data.line)
        assert found is not None
        picture = b64decode(found[1])
        digest = hashlib.sha1(picture, usedforsecurity=False).hexdigest()
        assert f'id="{digest}"' in data.line
        assert f'bytes="{len(picture)}" height="8" id="{digest}"' in metadata.line
        assert b"52.5" not in picture
        assert b"Ann" not in picture
        assert picture == png()
        play.xmpp.execute(parse("/avatar -"), "")
        await settle()
        assert "<info" not in play.sent("avatar:")[-1].line

    scene(play_it)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a",
        b"\x89PNG\r\n\x1a\n",
        png(5_000, 5_000),
        png(0, 8),
        png(pixels=70_000),
        png()[:-4],
        png()[:40] + b"\xff" * 40,
    ],
    ids=["empty", "GIF", "no chunk", "wide", "no width", "large", "cut", "lengths that lie"],
)
def test_what_is_no_picture_of_a_good_size_is_not_published(data: bytes) -> None:
    with pytest.raises(UsageError):
        bare_picture(data)


def test_a_good_picture_keeps_its_size() -> None:
    assert size_of(bare_picture(png(12, 34))) == (12, 34)


def test_what_cannot_be_done_is_said(tmp_path: Path) -> None:
    async def play_it(play: Play) -> None:
        with pytest.raises(UsageError, match="There is no file"):
            play.xmpp.execute(parse(f"/avatar {tmp_path / 'nothing.png'}"), "")
        with pytest.raises(UsageError, match="There is no file"):
            play.xmpp.execute(parse(f"/avatar {tmp_path}"), "")

    async def play_alone(play: Play) -> None:
        with pytest.raises(UsageError, match="keeps no pictures"):
            play.xmpp.execute(parse("/avatar -"), "")

    scene(play_it)
    scene(play_alone, PlayServer())
