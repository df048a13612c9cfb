"""A lab whose server asks for digits in a picture before it makes an account (XEP-0158)."""

import struct
import zlib
from base64 import b64decode
from random import Random

import pytest

from chatlab.server.xmpp.captcha import DIGITS, HEIGHT, WIDTH, Captcha, new_captcha
from chatlab.server.xmpp.element import Element
from chatlab.server.xmpp.errors import StanzaError
from chatlab.server.xmpp.host import Host
from chatlab.server.xmpp.namespaces import BITS_OF_BINARY, DATA_FORMS, MEDIA, REGISTER
from chatlab.server.xmpp.queries.registration import Applicant, unregistered


def pixels(picture: bytes) -> list[bytes]:
    """The rows of a picture, by the letter of RFC 2083."""
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    chunks, at = {}, 8
    while at < len(picture):
        (size,) = struct.unpack_from(">I", picture, at)
        name, data = picture[at + 4 : at + 8], picture[at + 8 : at + 8 + size]
        (checksum,) = struct.unpack_from(">I", picture, at + 8 + size)
        assert checksum == zlib.crc32(name + data)
        chunks[name] = data
        at += 12 + size
    assert struct.unpack(">IIBBBBB", chunks[b"IHDR"]) == (WIDTH, HEIGHT, 8, 0, 0, 0, 0)
    raw = zlib.decompress(chunks[b"IDAT"])
    rows = [raw[start : start + WIDTH + 1] for start in range(0, len(raw), WIDTH + 1)]
    assert {row[0] for row in rows} == {0}
    return [row[1:] for row in rows]


def registration(name: str, answer: str | None) -> Element:
    def field(var: str, value: str) -> Element:
        return Element("field", DATA_FORMS, {"var": var}, Element("value", DATA_FORMS, None, value))

    fields = [field("username", name), field("password", "pencil")]
    if answer is not None:
        fields.append(field("ocr", answer))
    return Element("query", REGISTER, None, Element("x", DATA_FORMS, {"type": "submit"}, *fields))


def asked(host: Host, applicant: Applicant) -> Captcha:
    unregistered(host, applicant, Element("query", REGISTER), is_set=False)
    assert applicant.captcha is not None
    return applicant.captcha


def test_the_picture_is_one_and_no_two_are_alike() -> None:
    first, second = new_captcha(Random(1)), new_captcha(Random(2))
    rows = pixels(first.picture)
    assert len(rows) == HEIGHT
    dark = sum(grey < 64 for row in rows for grey in row)
    assert WIDTH * HEIGHT // 20 < dark < WIDTH * HEIGHT // 2
    assert pixels(second.picture) != rows
    assert (len(first.answer), first.answer.isdecimal()) == (DIGITS, True)


def test_blanks_in_an_answer_are_no_fault_and_nothing_else_is_right() -> None:
    captcha = Captcha("012345", b"")
    assert captcha.is_answered_by(" 012 345\n")
    for wrong in ("", "12345", "0123456", "o12345", "٠١٢٣٤٥"):
        assert not captcha.is_answered_by(wrong)


def test_the_question_names_the_picture_that_comes_with_it() -> None:
    host, applicant = Host(asks_captcha=True), Applicant()
    query = unregistered(host, applicant, Element("query", REGISTER), is_set=False)
    assert query is not None
    assert not query.has("username")
    data = query.child("data", BITS_OF_BINARY)
    x = query.child("x", DATA_FORMS)
    assert data is not None
    assert x is not None
    (ocr,) = [field for field in x.all("field") if field.get("var") == "ocr"]
    media = ocr.child("media", MEDIA)
    assert media is not None
    assert media.text_of("uri") == f"cid:{data.get('cid')}"
    assert applicant.captcha is not None
    assert b64decode("".join(map(str, data.children))) == applicant.captcha.picture


def test_only_the_right_answer_makes_an_account_and_each_picture_is_good_for_one_try() -> None:
    host, applicant = Host(asks_captcha=True), Applicant()
    answer = asked(host, applicant).answer
    for wrong in ("", "nothing", None):
        asked(host, applicant)
        with pytest.raises(StanzaError):
            unregistered(host, applicant, registration("carol", wrong), is_set=True)
        with pytest.raises(StanzaError):
            unregistered(host, applicant, registration("carol", answer), is_set=True)
    answer = asked(host, applicant).answer
    assert unregistered(host, applicant, registration("carol", answer), is_set=True) is None
    with pytest.raises(StanzaError):
        unregistered(host, applicant, registration("dora", answer), is_set=True)
    assert [account.name for account in host.accounts] == ["carol"]


def test_the_answer_of_another_stream_is_none() -> None:
    host, applicant, other = Host(asks_captcha=True), Applicant(), Applicant()
    answer = asked(host, applicant).answer
    with pytest.raises(StanzaError):
        unregistered(host, other, registration("carol", answer), is_set=True)
