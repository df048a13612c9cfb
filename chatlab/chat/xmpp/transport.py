"""What XMPP needs of the wire beyond what every engine does: TLS in the middle of a stream."""

from typing import Protocol, TypeVar

from chatlab.chat import transport
from chatlab.core.account import Account


class Transport(transport.Transport, Protocol):
    """One connected transport, in clear or secured."""

    def channel_binding(self, name: str) -> bytes:
        """Data that tie a login to this TLS connection (RFC 5929); empty where there are none."""
        ...


T = TypeVar("T", bound=Transport)


class Dialler(transport.Dialler[T], Protocol[T]):
    """Makes transports, and secures one that began in clear."""

    async def secure(self, wire: T, account: Account) -> None:
        """Begin TLS (STARTTLS). Raises ConnectError or CertificateError; the wire is closed then."""
        ...
