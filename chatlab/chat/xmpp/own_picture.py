"""A picture of ours for our contacts (XEP-0084), from a PNG file on this computer.

Where and when it was made, and by which program, is taken out of it before it leaves.
"""

import hashlib
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

from chatlab.chat.xmpp.context import Feature
from chatlab.chat.xmpp.personal_events import DATA, METADATA, PUBSUB
from chatlab.core.commands import Command, Verb
from chatlab.core.errors import UsageError

MAX_FILE = 4 * 1024 * 1024
MAX_PICTURE = 64 * 1024
"""Bytes of what is published: it goes to everybody, and into stanzas."""
MAX_SIDE = 512
_MAGIC = b"\x89PNG\r\n\x1a\n"
_KEPT = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"sBIT"})
"""Chunks that say how it looks (PNG, section 11); all others say something else."""
_FRAME = 12
"""Bytes of a chunk beside its data: length, type and checksum."""


class OwnPicture(Feature):
    """Publishes it (``/avatar``), or takes it away."""

    def execute(self, command: Command, chat: str) -> bool:
        if command.verb is not Verb.AVATAR:
            return False
        if f"{PUBSUB}#publish" not in self.context.state.account_features:
            raise UsageError("Your server keeps no pictures for your contacts (XEP-0084).")
        named = command.argument(0).strip()
        if named == "-":
            self.context.ask_later(self._withdraw, chat)
        else:
            picture = bare_picture(read_picture(Path(named).expanduser()))
            self.context.ask_later(lambda: self._publish(picture), chat)
        return True

    async def _publish(self, picture: bytes) -> None:
        digest = hashlib.sha1(picture, usedforsecurity=False).hexdigest()
        data = ET.Element(f"{{{DATA}}}data")
        data.text = b64encode(picture).decode()
        await self._put(DATA, digest, data)
        width, height = size_of(picture)
        metadata = ET.Element(f"{{{METADATA}}}metadata")
        ET.SubElement(
            metadata,
            f"{{{METADATA}}}info",
            {
                "bytes": str(len(picture)),
                "height": str(height),
                "id": digest,
                "type": "image/png",
                "width": str(width),
            },
        )
        await self._put(METADATA, digest, metadata)
        self.context.inform(f"Your contacts see your picture now ({len(picture):,} bytes).")

    async def _withdraw(self) -> None:
        await self._put(METADATA, "current", ET.Element(f"{{{METADATA}}}metadata"))
        self.context.inform("Your contacts see no picture of you any more.")

    async def _put(self, node: str, name: str, payload: ET.Element) -> None:
        pubsub = ET.Element(f"{{{PUBSUB}}}pubsub")
        publish = ET.SubElement(pubsub, f"{{{PUBSUB}}}publish", node=node)
        ET.SubElement(publish, f"{{{PUBSUB}}}item", id=name).append(payload)
        stream = self.context.stream
        await stream.ask(stream.query("set", "", pubsub))


def read_picture(path: Path) -> bytes:
    """What a file holds. Raises UsageError."""
    try:
        if not path.is_file():
            raise UsageError(f"There is no file {path}.", "Name a PNG file.")
        if path.stat().st_size > MAX_FILE:
            raise UsageError(f"{path.name} is too large for a picture.", _HINT)
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path.name} cannot be read: {error.strerror}.") from error


def bare_picture(data: bytes) -> bytes:
    """A PNG picture without what does not say how it looks. Raises UsageError."""
    if not data.startswith(_MAGIC):
        raise UsageError("This is no PNG picture; XMPP wants one (XEP-0084).", _HINT)
    picture = _MAGIC + b"".join(chunk for name, chunk in _chunks(data) if name in _KEPT)
    width, height = size_of(picture)
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE) or not picture.endswith(_END):
        raise UsageError(f"The picture is broken, or {width} × {height} points large.", _HINT)
    if len(picture) > MAX_PICTURE:
        raise UsageError(f"The picture has {len(picture):,} bytes.", _HINT)
    return picture


def size_of(picture: bytes) -> tuple[int, int]:
    """Width and height; 0 where it does not begin as a PNG does."""
    if picture[12:16] != b"IHDR":
        return 0, 0
    return int.from_bytes(picture[16:20], "big"), int.from_bytes(picture[20:24], "big")


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_MAGIC)
    while at + _FRAME <= len(data):
        stop = at + _FRAME + int.from_bytes(data[at : at + 4], "big")
        if stop > len(data):
            return
        yield data[at + 4 : at + 8], data[at:stop]
        at = stop


_HINT = f"It may have up to {MAX_SIDE} × {MAX_SIDE} points and {MAX_PICTURE // 1024} KiB."
_END = b"IEND\xaeB\x60\x82"
