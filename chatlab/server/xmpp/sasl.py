"""SASL on the server’s side (RFC 6120, section 6): PLAIN and SCRAM."""

import binascii
from base64 import b64decode, b64encode
from dataclasses import dataclass

from chatlab.core.errors import RemoteProtocolError
from chatlab.protocol.scram import SHA_1, SHA_256, ScramKeys, ScramServer
from chatlab.server.xmpp.accounts import Account, Accounts
from chatlab.server.xmpp.errors import SaslFailure
from chatlab.server.xmpp.limits import DOMAIN

_HASHES = {"SCRAM-SHA-256": SHA_256, "SCRAM-SHA-1": SHA_1}
MECHANISMS = (*_HASHES, "PLAIN")
"""The strongest first."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """The client has to answer this."""

    text: str


@dataclass(frozen=True, slots=True)
class Success:
    """Somebody has been proven."""

    account: Account
    text: str


class SaslExchange:
    """One login in progress."""

    def __init__(self, mechanism: str, accounts: Accounts) -> None:
        """Raises SaslFailure for a mechanism that is not among MECHANISMS."""
        if mechanism not in MECHANISMS:
            raise SaslFailure("invalid-mechanism", f"There is no {mechanism[:40]} here.")
        self._accounts = accounts
        self._step = 0
        hash_name = _HASHES.get(mechanism)

        def keys(name: str) -> ScramKeys | None:
            account = accounts.find(name)
            return account.keys(hash_name) if account and hash_name else None

        self._scram = ScramServer(keys, hash_name=hash_name) if hash_name else None

    def receive(self, text: str) -> Challenge | Success:
        """The content of ``<auth/>`` or ``<response/>``. Raises SaslFailure."""
        message = _decode(text)
        if not message and self._step == 0:
            return Challenge("")  # The client wants to be asked for its first message.
        self._step += 1
        try:
            if self._scram is None:
                return Success(self._check_plain(message), "")
            if self._step == 1:
                return Challenge(_encode(self._scram.first(message)))
            final = self._scram.final(message)
        except RemoteProtocolError as error:
            raise SaslFailure("not-authorized", str(error)) from error
        account = self._accounts.find(self._scram.user)
        if account is None:
            raise SaslFailure("not-authorized", "The account has just been removed.")
        return Success(account, _encode(final))

    def _check_plain(self, message: bytes) -> Account:
        """RFC 4616: ``[authzid] NUL authcid NUL password``."""
        try:
            authorization, name, password = message.decode().split("\0")
        except ValueError:
            raise SaslFailure("malformed-request", "The PLAIN message is malformed.") from None
        account = self._accounts.find(name)
        if account is None or not account.accepts(password):
            raise SaslFailure(
                "not-authorized", "The password is wrong, or there is no such account."
            )
        if authorization.lower() not in ("", f"{account.name}@{DOMAIN}", account.name):
            raise SaslFailure("invalid-authzid", "Nobody may act for another account here.")
        return account


def _decode(text: str) -> bytes:
    stripped = text.strip()
    if stripped == "=":
        return b""
    try:
        return b64decode(stripped, validate=True)
    except (binascii.Error, ValueError):
        raise SaslFailure("incorrect-encoding", "The SASL message is not Base64.") from None


def _encode(message: bytes) -> str:
    return b64encode(message).decode()
