"""What can go wrong, in words for the person in front of the window.

ChatlabError            the world refused; ``hint`` is the next thing to do
├── ConnectError        a connection could not be made (DNS, TCP, TLS)
│   └── CertificateError  the server's certificate is not acceptable
├── CaptureError        frames cannot be captured, or no longer
├── FileError           a file cannot be read or written
├── UsageError          the command line or a command was mistyped
├── LocalProtocolError  we were about to send what the protocol forbids
└── RemoteProtocolError the peer broke the protocol

Programming errors stay builtins: they are bugs and are logged with their traceback.
"""

from dataclasses import dataclass
from enum import Enum


class Severity(Enum):
    """How a line of information wants to be seen."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class ChatlabError(Exception):
    """A failure that reaches the user: what happened, and what to do next."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class ConnectError(ChatlabError):
    """No connection: the message names the step (look-up, TCP, TLS) and the peer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateInfo:
    """What a person needs to judge one certificate of a chain."""

    subject: str
    issuer: str
    names: tuple[str, ...]
    """DNS names and IP addresses it is valid for (subjectAltName)."""
    not_before: str
    """ISO 8601, UTC."""
    not_after: str
    sha256: str
    """Lower-case hex of the SHA-256 over the DER form."""
    key: str
    """E.g. ``EC P-256`` or ``RSA 2048``."""


class CertificateError(ConnectError):
    """The server's certificate was refused before anything of ours was sent."""

    def __init__(
        self, message: str, hint: str, *, reason: str, host: str, chain: tuple[CertificateInfo, ...]
    ) -> None:
        super().__init__(message, hint)
        self.reason = reason
        self.host = host
        self.chain = chain
        """Leaf first; empty when the server sent none."""

    @property
    def is_wrong_host(self) -> bool:
        """The certificate is for other names; ``*`` stands for one label (RFC 9525)."""
        if not self.chain:
            return False
        host = self.host.lower().rstrip(".")
        parent = host.partition(".")[2]
        names = {name.lower() for name in self.chain[0].names}
        return host not in names and not (parent and f"*.{parent}" in names)


class CaptureError(ChatlabError):
    """Frames cannot be captured; the hint is the remedy for this system."""


class FileError(ChatlabError):
    """A file of the user's could not be read or written."""


class UsageError(ChatlabError):
    """Mistyped; the message names the word at fault."""


class LocalProtocolError(ChatlabError):
    """We were asked to send something the protocol forbids; nothing was sent."""


class RemoteProtocolError(ChatlabError):
    """The peer sent something that the protocol forbids."""
