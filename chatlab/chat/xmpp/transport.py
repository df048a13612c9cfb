"""What the engine needs of the wire below it; ``chat/wire.py`` and ``chat/dial.py`` provide it."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from chatlab.chat.wire import WireSink
from chatlab.core.account import Account
from chatlab.core.connection import Connection
from chatlab.core.events import LinkState
from chatlab.core.flow import WireRange


class Transport(Protocol):
    """One connected, and if asked TLS-secured, transport."""

    connection: Connection

    def write(self, data: bytes) -> WireRange:
        """Send at once; returns the bytes of the TCP stream that carry ``data``."""
        ...

    def channel_binding(self, name: str) -> bytes:
        """Data that tie a login to this TLS connection (RFC 5929); empty where there are none."""
        ...

    def acknowledged(self) -> int | None:
        """Stream offset up to which the peer's TCP has acknowledged; None when unknowable."""
        ...

    def set_reading(self, is_reading: bool) -> None:
        """False: let TCP hold the server back until True."""
        ...

    async def close(self) -> None: ...

    def abort(self, reason: str = "") -> None: ...


T = TypeVar("T", bound=Transport)


class Dialler(Protocol[T]):
    """Makes transports, and secures one that began in clear."""

    async def dial(
        self, account: Account, sink: WireSink, on_stage: Callable[[LinkState], None]
    ) -> T:
        """Connect to the account's server. Raises ConnectError or CertificateError."""
        ...

    async def secure(self, wire: T, account: Account) -> None:
        """Begin TLS (STARTTLS). Raises ConnectError or CertificateError; the wire is closed then."""
        ...
