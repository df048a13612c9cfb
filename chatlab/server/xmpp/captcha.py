"""A picture with digits that a program does not read at once (XEP-0158), drawn here.

It keeps nobody out who means it: the lab has it so that the exercise can show what a real server
asks before it makes an account – a form, a picture as bits of binary (XEP-0231), an answer.
"""

import binascii
import hashlib
import hmac
import math
import struct
import zlib
from base64 import b64encode
from dataclasses import dataclass
from random import Random

from chatlab.server.xmpp.element import Element
from chatlab.server.xmpp.namespaces import BITS_OF_BINARY, DATA_FORMS, MEDIA

FIELD = "ocr"
"""The field of the answer (XEP-0158, section 5)."""
DIGITS = 6
_GLYPHS = (
    (14, 17, 19, 21, 25, 17, 14), (4, 12, 4, 4, 4, 4, 14), (14, 17, 1, 2, 4, 8, 31),
    (31, 2, 4, 2, 1, 17, 14), (2, 6, 10, 18, 31, 2, 2), (31, 16, 30, 1, 1, 17, 14),
    (6, 8, 16, 30, 17, 17, 14), (31, 1, 2, 4, 8, 8, 8), (14, 17, 17, 14, 17, 17, 14),
    (14, 17, 17, 15, 1, 2, 12),
)  # fmt: skip
"""Each digit in seven rows of five points."""
_POINT = 6
"""Pixels of a point’s side."""
_CELL = 6 * _POINT
_MARGIN = 2 * _POINT
WIDTH, HEIGHT = DIGITS * _CELL + 2 * _MARGIN, 7 * _POINT + 2 * _MARGIN
_NOISE = 12
"""One pixel of so many is any grey."""


@dataclass(frozen=True, slots=True)
class Captcha:
    """One question; it is asked on one stream, and its answer holds there once."""

    answer: str
    picture: bytes
    """PNG."""

    def is_answered_by(self, text: str) -> bool:
        return hmac.compare_digest("".join(text.split()).encode(), self.answer.encode())

    def field(self) -> Element:
        """The question in a form, with the picture beside it (XEP-0221)."""
        size = {"width": str(WIDTH), "height": str(HEIGHT)}
        uri = Element("uri", MEDIA, {"type": "image/png"}, f"cid:{self._content_id}")
        return Element(
            "field",
            DATA_FORMS,
            {"var": FIELD, "type": "text-single", "label": "The digits in the picture"},
            Element("required", DATA_FORMS),
            Element("media", MEDIA, size, uri),
        )

    def data(self) -> Element:
        """The picture itself, beside the form."""
        about = {"cid": self._content_id, "type": "image/png", "max-age": "0"}
        return Element("data", BITS_OF_BINARY, about, b64encode(self.picture).decode())

    @property
    def _content_id(self) -> str:
        digest = hashlib.sha1(self.picture, usedforsecurity=False).hexdigest()
        return f"sha1+{digest}@bob.xmpp.org"


def new_captcha(chance: Random) -> Captcha:
    answer = "".join(chance.choice("0123456789") for _ in range(DIGITS))
    return Captcha(answer, _png(_draw(answer, chance)))


def _draw(digits: str, chance: Random) -> list[bytearray]:
    """Rows of greys: the digits, each a little higher or lower, on a wave, with noise."""
    rows = [bytearray(b"\xff" * WIDTH) for _ in range(HEIGHT)]
    for number, digit in enumerate(digits):
        left, top = _MARGIN + number * _CELL, _MARGIN + chance.randint(-_POINT, _POINT)
        for down, bits in enumerate(_GLYPHS[int(digit)]):
            for across in range(5):
                if bits >> (4 - across) & 1:
                    _fill(rows, left + across * _POINT, top + down * _POINT)
    for _ in range(WIDTH * HEIGHT // _NOISE):
        rows[chance.randrange(HEIGHT)][chance.randrange(WIDTH)] = chance.randrange(256)
    phase = chance.random() * math.tau
    for down, row in enumerate(rows):
        shift = round(_POINT / 2 * math.sin(down / _POINT + phase))
        rows[down] = row[-shift:] + row[:-shift]
    return rows


def _fill(rows: list[bytearray], left: int, top: int) -> None:
    for row in rows[top : top + _POINT]:
        row[left : left + _POINT] = b"\x30" * _POINT


def _png(rows: list[bytearray]) -> bytes:
    """An image of eight-bit greys (RFC 2083)."""
    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 0, 0, 0, 0)
    pixels = b"".join(b"\0" + row for row in rows)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(pixels, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    checksum = binascii.crc32(name + data)
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", checksum)
