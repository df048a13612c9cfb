"""What can be heard in one unit of a chat protocol, before it is known who hears it."""

import base64
import binascii
import re
from typing import NamedTuple

from chatlab.core.flow import ByteRange
from chatlab.core.observing import Topic

_MECHANISM = re.compile(r"[A-Z0-9_-]{1,20}")
MAX_VALUE = 200
"""Characters of a value; names and texts come from other people."""


class Heard(NamedTuple):
    """Something that the bytes of a unit say."""

    topic: Topic
    value: str
    span: ByteRange
    """Its bytes within the unit."""
    words: str
    is_secret: bool = False
    """``value`` is a real password."""
    is_passed_on: bool = False
    """The server tells it to the people in the chat."""
    is_learnt: bool = True
    """False: the bytes are there so that this very thing stays hidden."""


def shown(text: str) -> str:
    """A value as it may be shown: one line, nothing hidden in it, not endless."""
    if not text.isprintable():
        text = "".join(char if char.isprintable() else " " for char in text)
    plain = " ".join(text.split())
    return plain if len(plain) <= MAX_VALUE else plain[: MAX_VALUE - 1] + "…"


def decoded(text: str) -> str:
    """Base64 as text; empty where it is none, or not UTF-8."""
    try:
        return base64.b64decode(text, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return ""


class PlainLogin(NamedTuple):
    """What SASL PLAIN sends (RFC 4616): nothing of it is protected."""

    authorization: str
    name: str
    password: str


def plain_login(text: str) -> PlainLogin | None:
    """Take the decoded message of SASL PLAIN apart."""
    parts = text.split("\0")
    return PlainLogin(*parts) if len(parts) == 3 else None


def names_mechanism(text: str) -> bool:
    """Whether a word names a SASL mechanism (RFC 4422, section 3.1) and is no step of one.

    A capture may begin between the two, and a step may hold the password.
    """
    is_known = text.upper() in ("PLAIN", "EXTERNAL") or text.upper().startswith("SCRAM-")
    return is_known or _MECHANISM.fullmatch(text) is not None


def scram_field(message: str, name: str) -> str:
    """A field of a SCRAM message (RFC 5802, section 5.1), e.g. ``n`` for the user's name."""
    for field in message.split(","):
        key, sign, value = field.partition("=")
        if sign and key == name:
            return value.replace("=2C", ",").replace("=3D", "=") if name == "n" else value
    return ""


def sasl_heard(mechanism: str, text: str, span: ByteRange) -> list[Heard]:
    """What a client's SASL message of a mechanism says; ``text`` is decoded from base64.

    Where the mechanism was not captured (empty), the message tells which it must be.
    """
    if not mechanism:
        mechanism = "PLAIN" if plain_login(text) is not None else "SCRAM-"
    if mechanism == "PLAIN" and (login := plain_login(text)) is not None:
        return _plain_heard(login, span)
    return _scram_heard(text, span) if mechanism.startswith("SCRAM-") else []


def _plain_heard(login: PlainLogin, span: ByteRange) -> list[Heard]:
    return [
        Heard(
            Topic.LOGIN,
            shown(login.name),
            span,
            "SASL PLAIN sends the login name in base64, which anyone can turn back.",
        ),
        Heard(
            Topic.PASSWORD,
            login.password,
            span,
            "SASL PLAIN sends the password itself. Base64 is no encryption: it needs no key "
            "to be turned back (RFC 4616).",
            is_secret=True,
        ),
    ]


def _scram_heard(text: str, span: ByteRange) -> list[Heard]:
    if name := scram_field(text, "n"):
        return [Heard(Topic.LOGIN, shown(name), span, "SCRAM’s first message names who logs in.")]
    if scram_field(text, "p"):
        return [
            Heard(
                Topic.PASSWORD,
                "",
                span,
                "SCRAM sends a proof that fits this salt and these random numbers only. Whoever "
                "has it cannot log in with it; guessing the password takes one long computation "
                "for each guess (RFC 5802).",
                is_learnt=False,
            )
        ]
    return []
