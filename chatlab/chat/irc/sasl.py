"""SASL over IRC (IRCv3 sasl 3.2): mechanisms, and AUTHENTICATE in pieces of 400 bytes."""

import asyncio
import binascii
from base64 import b64decode, b64encode
from collections.abc import Iterator
from typing import Protocol

from chatlab.core.account import LoginMethod
from chatlab.core.errors import RemoteProtocolError
from chatlab.protocol.scram import ScramClient

CHUNK_LENGTH = 400
MAX_CHALLENGE_LENGTH = 16_384


class Mechanism(Protocol):
    """One way to log in; answers the server's challenges in order."""

    async def respond(self, challenge: bytes) -> bytes:
        """Our answer; the first challenge is empty. Raises RemoteProtocolError."""
        ...


class PlainMechanism:
    """RFC 4616: the password itself, so only where nobody can read along."""

    def __init__(self, name: str, password: str) -> None:
        self._response = f"\0{name}\0{password}".encode()

    async def respond(self, challenge: bytes) -> bytes:
        return self._response


class ExternalMechanism:
    """RFC 4422, appendix A: the TLS client certificate has already said who we are."""

    async def respond(self, challenge: bytes) -> bytes:
        return b""


class ScramMechanism:
    """RFC 7677: proves the password without sending it."""

    def __init__(self, name: str, password: str) -> None:
        self._client = ScramClient(name, password)
        self._steps = 0

    async def respond(self, challenge: bytes) -> bytes:
        self._steps += 1
        if self._steps == 1:
            return self._client.first()
        if self._steps == 2:
            # A server may ask for enough iterations to stop the window for a second.
            return await asyncio.to_thread(self._client.final, challenge)
        self._client.verify(challenge)
        return b""

    @property
    def is_verified(self) -> bool:
        """The server has proven that it knows the password's keys, too."""
        return self._steps >= 3


def make_mechanism(login: LoginMethod, name: str, password: str) -> Mechanism:
    """The mechanism of an account. Raises LocalProtocolError for an unusable name or password."""
    if login is LoginMethod.EXTERNAL:
        return ExternalMechanism()
    if login is LoginMethod.SCRAM_SHA_256:
        return ScramMechanism(name, password)
    return PlainMechanism(name, password)


def encode_chunks(response: bytes) -> Iterator[str]:
    """The parameters of the AUTHENTICATE lines that carry a response."""
    text = b64encode(response).decode("ascii")
    for start in range(0, len(text), CHUNK_LENGTH):
        yield text[start : start + CHUNK_LENGTH]
    if len(text) % CHUNK_LENGTH == 0:
        yield "+"


class ChallengeReader:
    """Puts the server's AUTHENTICATE lines together."""

    def __init__(self) -> None:
        self._text = ""

    def feed(self, parameter: str) -> bytes | None:
        """The challenge, or None while pieces are missing. Raises RemoteProtocolError."""
        piece = "" if parameter == "+" else parameter
        self._text += piece
        if len(self._text) > MAX_CHALLENGE_LENGTH:
            raise RemoteProtocolError("The server’s SASL challenge never ends.")
        if len(piece) == CHUNK_LENGTH:
            return None
        text, self._text = self._text, ""
        try:
            return b64decode(text, validate=True)
        except (binascii.Error, ValueError) as error:
            raise RemoteProtocolError("The server’s SASL challenge is not Base64.") from error
