"""How a connection ended, and how an account's way to being online is told."""

from dataclasses import dataclass
from typing import Protocol

from chatlab.core.connection import LinkState


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a connection ended, when we know better than the transport does."""

    reason: str
    """In words, with the next step."""
    may_retry: bool = True
    min_delay_s: float = 0.0
    is_upgrade: bool = False
    """The server demands TLS: connect again at once, and securely."""


class StateSetter(Protocol):
    """Tells where the account is on its way to being online."""

    def __call__(
        self,
        state: LinkState,
        detail: str = "",
        retry_in_s: float | None = None,
        is_fault: bool = False,
    ) -> None: ...
