"""SASL over IRC (IRCv3 sasl 3.2): mechanisms, and AUTHENTICATE in pieces of 400 bytes."""

import asyncio
import binascii
import re
from base64 import b64decode, b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from chatlab.core.account import LoginMethod
from chatlab.core.errors import ConnectError, RemoteProtocolError
from chatlab.protocol.scram import SHA_1, SHA_256, ScramClient

if TYPE_CHECKING:  # Loaded only where a key is read: it takes its time.
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

CHUNK_LENGTH = 400
MAX_CHALLENGE_LENGTH = 16_384
_ECDSA_CHALLENGE_LENGTH = 32
_PRIVATE_KEY = re.compile(rb"-----BEGIN ((?:EC )?PRIVATE KEY)-----.+?-----END \1-----", re.DOTALL)


class Mechanism(Protocol):
    """One way to log in; answers the server's challenges in order."""

    async def respond(self, challenge: bytes) -> bytes:
        """Our answer; the first challenge is empty. Raises RemoteProtocolError."""
        ...

    @property
    def was_judged(self) -> bool:
        """The server has seen what it needs to tell a right password from a wrong one."""
        ...


class PlainMechanism:
    """RFC 4616: the password itself, so only where nobody can read along."""

    def __init__(self, name: str, password: str) -> None:
        # Who to act as, who we are, and the proof; some services want the first one, too.
        self._response = f"{name}\0{name}\0{password}".encode()
        self.was_judged = False

    async def respond(self, challenge: bytes) -> bytes:
        self.was_judged = True
        return self._response


class ExternalMechanism:
    """RFC 4422, appendix A: the TLS client certificate has already said who we are."""

    was_judged = False
    """There is no password in it: another mechanism may have more luck."""

    async def respond(self, challenge: bytes) -> bytes:
        return b""


class EcdsaMechanism:
    """ECDSA-NIST256P-CHALLENGE: signs what the server says with the key of a file."""

    was_judged = False

    def __init__(self, name: str, key_file: str) -> None:
        """Raises ConnectError when the file holds no usable key."""
        self._name = name
        self._key = _read_p256_key(key_file)
        self._steps = 0

    async def respond(self, challenge: bytes) -> bytes:
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec, utils

        self._steps += 1
        if self._steps == 1:
            return self._name.encode()
        if len(challenge) != _ECDSA_CHALLENGE_LENGTH:
            raise RemoteProtocolError("The server’s challenge does not have 32 bytes.")
        return self._key.sign(challenge, ec.ECDSA(utils.Prehashed(hashes.SHA256())))


class ScramMechanism:
    """RFC 5802 and RFC 7677: proves the password without sending it."""

    def __init__(self, name: str, password: str, hash_name: str = SHA_256) -> None:
        self._client = ScramClient(name, password, hash_name=hash_name)
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
    def was_judged(self) -> bool:
        return self._steps >= 2

    @property
    def is_verified(self) -> bool:
        """The server has proven that it knows the password's keys, too."""
        return self._steps >= 3


def _read_p256_key(file: str) -> "EllipticCurvePrivateKey":
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    hint = "It must be a PEM file with a private key on the curve P-256, without a pass phrase."
    try:
        # The key may stand between parameters and certificates.
        found = _PRIVATE_KEY.search(Path(file).read_bytes())
        key = load_pem_private_key(found[0], None) if found else None
    except (OSError, ValueError, TypeError) as error:
        raise ConnectError(f"The key in {file} cannot be read: {error}.", hint) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
        raise ConnectError(f"{file} holds no key for ECDSA-NIST256P-CHALLENGE.", hint)
    return key


def make_mechanism(login: LoginMethod, name: str, password: str, key_file: str = "") -> Mechanism:
    """The mechanism of an account.

    Raises LocalProtocolError for an unusable name or password, ConnectError for the key's file.
    """
    match login:
        case LoginMethod.EXTERNAL:
            return ExternalMechanism()
        case LoginMethod.ECDSA:
            return EcdsaMechanism(name, key_file)
        case LoginMethod.SCRAM_SHA_256:
            return ScramMechanism(name, password)
        case LoginMethod.SCRAM_SHA_1:
            return ScramMechanism(name, password, SHA_1)
        case LoginMethod.PLAIN:
            return PlainMechanism(name, password)
        case LoginMethod.NONE | LoginMethod.NICKSERV:
            raise ValueError(f"{login.value} is no SASL mechanism")


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
