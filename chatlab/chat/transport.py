"""What an engine needs of the wire below it; ``wire.py`` and ``dial.py`` provide it."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from chatlab.chat.wire import WireSink
from chatlab.core.account import Account
from chatlab.core.connection import Connection, LinkState
from chatlab.core.flow import WireRange


class Transport(Protocol):
    """One connected, and if asked TLS-secured, transport."""

    connection: Connection

    def write(self, data: bytes) -> WireRange:
        """Send at once; returns the bytes of the TCP stream that carry ``data``."""
        ...

    def acknowledged(self) -> int | None:
        """Stream offset up to which the peer's TCP has acknowledged; None when unknowable."""
        ...

    def set_reading(self, is_reading: bool) -> None:
        """False: let TCP hold the server back until True."""
        ...

    async def close(self) -> None: ...

    def abort(self, reason: str = "") -> None: ...


T_co = TypeVar("T_co", bound=Transport, covariant=True)


class Dialler(Protocol[T_co]):
    """Makes transports."""

    async def dial(
        self, account: Account, sink: WireSink, on_stage: Callable[[LinkState], None]
    ) -> T_co:
        """Connect to the account's server. Raises ConnectError or CertificateError."""
        ...
