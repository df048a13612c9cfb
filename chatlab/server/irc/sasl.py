"""SASL on the server's side (IRCv3 sasl-3.2): PLAIN and SCRAM-SHA-256 for the lab's accounts."""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping

from chatlab.core.errors import RemoteProtocolError
from chatlab.core.nick import check_nick
from chatlab.protocol.scram import ScramKeys, ScramServer
from chatlab.server.irc.limits import MAX_SASL_LENGTH, NICK_LENGTH
from chatlab.server.irc.lines import LineTooLong, fold

MECHANISMS = ("PLAIN", "SCRAM-SHA-256")
CHUNK_LENGTH = 400
"""Characters of Base64 in one AUTHENTICATE line; a full one says that more follows."""


class Accounts:
    """The lab's accounts: name to SCRAM keys; the passwords themselves are not kept."""

    def __init__(self, passwords: Mapping[str, str]) -> None:
        """Raises ValueError for a name that could not stand in a line, or no password."""
        self._keys: dict[str, tuple[str, ScramKeys]] = {}
        for name, password in passwords.items():
            if problem := check_nick(name, NICK_LENGTH):
                raise ValueError(f"The account name “{name}” cannot be used. {problem.reason}")
            if not password:
                raise ValueError(f"The account “{name}” needs a password.")
            self._keys[fold(name)] = (name, ScramKeys.derive(password))

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self._keys.values())

    def keys(self, name: str) -> ScramKeys | None:
        found = self._keys.get(fold(name))
        return found[1] if found else None

    def spelling(self, name: str) -> str:
        """The account's name as it was created, whatever the case of the log-in."""
        return self._keys[fold(name)][0]


class SaslExchange:
    """One log-in in progress. ``receive`` takes decoded client messages, one by one."""

    def __init__(self, mechanism: str, accounts: Accounts) -> None:
        """``mechanism`` is one of MECHANISMS."""
        self._accounts = accounts
        self._scram = ScramServer(accounts.keys) if mechanism != "PLAIN" else None
        self._step = 0
        self._pending = ""
        self.account = ""
        """Who has been proven; empty until then."""

    def receive_chunk(self, chunk: str) -> bytes | None:
        """One parameter of AUTHENTICATE; the server's next message, or None to wait for more.

        Raises LineTooLong, or RemoteProtocolError when the log-in has failed.
        """
        if chunk != "+":
            self._pending += chunk
        if len(self._pending) > MAX_SASL_LENGTH:
            raise LineTooLong("The SASL message is too long.")
        if len(chunk) == CHUNK_LENGTH:
            return None
        text, self._pending = self._pending, ""
        try:
            return self._receive(b64decode(text, validate=True))
        except (binascii.Error, ValueError):
            raise RemoteProtocolError("The SASL message is not Base64.") from None

    def _receive(self, message: bytes) -> bytes:
        """The answer to a whole message; ``account`` is set with the last one."""
        self._step += 1
        if self._scram is None:
            self.account = self._check_plain(message)
            return b""
        if self._step == 1:
            return self._scram.first(message)
        if self._step == 2:
            return self._scram.final(message)
        # The client has checked our signature and agrees with an empty message.
        self.account = self._accounts.spelling(self._scram.user)
        return b""

    def _check_plain(self, message: bytes) -> str:
        """RFC 4616: ``[authzid] NUL authcid NUL password``."""
        try:
            authorization, name, password = message.decode().split("\0")
        except ValueError:
            raise RemoteProtocolError("The SASL PLAIN message is malformed.") from None
        keys = self._accounts.keys(name)
        if keys is None or not keys.accept(password):
            raise RemoteProtocolError("The password is wrong, or there is no such account.")
        if authorization and fold(authorization) != fold(name):
            raise RemoteProtocolError("Nobody may act for another account here.")
        return self._accounts.spelling(name)


def chunks(message: bytes) -> Iterator[str]:
    """A message as parameters of AUTHENTICATE; a last full chunk is followed by ``+``."""
    text = b64encode(message).decode()
    for start in range(0, len(text), CHUNK_LENGTH):
        yield text[start : start + CHUNK_LENGTH]
    if len(text) % CHUNK_LENGTH == 0:
        yield "+"
