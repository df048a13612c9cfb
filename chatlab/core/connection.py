"""Facts about one transport connection of ours; never the socket itself."""

from dataclasses import dataclass
from enum import Enum

from chatlab.core.account import AccountId, Application
from chatlab.core.errors import CertificateInfo
from chatlab.core.flow import ConnectionId, FlowKey


class LinkState(Enum):
    """Where an account is on its way to being online."""

    OFFLINE = "offline"
    RESOLVING = "looking up the address"
    CONNECTING = "connecting"
    SECURING = "TLS handshake"
    REGISTERING = "registering"
    ONLINE = "online"
    WAITING = "waiting to reconnect"
    CLOSING = "leaving"


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFacts:
    """What the two ends agreed on, as the TLS library reports it."""

    version: str
    """E.g. ``TLSv1.3``."""
    cipher: str
    """Cipher suite by its registered name."""
    server_name: str
    """The name sent in clear in the ClientHello (RFC 6066, section 3)."""
    chain: tuple[CertificateInfo, ...]
    trust: str
    """Why the certificate was accepted: ``verified``, ``pinned`` or ``unverified``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """One connection (or DNS exchange), known from before its first packet."""

    id: ConnectionId
    account: AccountId
    application: Application
    flow: FlowKey
    purpose: str
    """Why it exists, for a person: ``IRC to irc.libera.chat``, ``DNS look-up of …``."""
    host: str
    """The name that was asked for."""
    opened_ns: int
    """Nanoseconds since the epoch, just before the first packet."""
    is_captured: bool = False
    """The capture held its filter before the first packet left."""
    tls: TlsFacts | None = None
