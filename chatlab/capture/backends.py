"""Ways to get at packets, and whether they are open to this user: values only."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum


class Backend(Enum):
    """A way to get at packets, by the name that people know it by."""

    PACKET_SOCKET = "packet socket"
    INSTALLED_OPENER = "installed opener"
    DUMPCAP = "dumpcap"
    POLKIT = "polkit"
    BPF_DEVICE = "BPF device"
    NPCAP = "Npcap"


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendState:
    """One way, and whether it is open to this user."""

    backend: Backend
    is_possible: bool
    detail: str
    """How it works here, or why it does not."""
    remedy: str = ""
    """What would open it; empty when nothing sensible would."""
    command: tuple[str, ...] = ()
    """The program that opens packets this way, if it takes one."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something else to know about capturing on this system."""

    name: str
    words: str
    remedy: str = ""
    is_trouble: bool = False


@dataclass(frozen=True, slots=True)
class Permission:
    """Every way on this system, the preferred ones first."""

    states: tuple[BackendState, ...]
    notes: tuple[Note, ...] = ()
    can_enable: bool = False
    """An administrator’s password is all it takes: see ``enabling``."""

    @property
    def best(self) -> BackendState | None:
        """The way to be taken, or None when this user may not capture."""
        return next((state for state in self.states if state.is_possible), None)

    @property
    def reason(self) -> str:
        """Why nothing can be captured; empty when something can."""
        if self.best is not None:
            return ""
        # That polkit has no action of ChatLab's either is no news.
        told = (s for s in self.states if s.backend is not Backend.POLKIT or s.remedy)
        return " ".join(state.detail for state in told)

    @property
    def remedy(self) -> str:
        """The simplest thing that would help on this system."""
        if self.best is not None:
            return ""
        return next((state.remedy for state in self.states if state.remedy), "")

    def find(self, backend: Backend) -> BackendState | None:
        """The state of one way, None where this system does not know it."""
        return next((state for state in self.states if state.backend is backend), None)

    @property
    def interfaces(self) -> BackendState | None:
        """The way to whole interfaces; the opener serves single connections only."""
        return next(
            (
                state
                for state in self.states
                if state.is_possible
                and state.backend not in (Backend.INSTALLED_OPENER, Backend.POLKIT)
            ),
            None,
        )


def state_of(
    backend: Backend, is_possible: bool, detail: str, remedy: str = "", command: Sequence[str] = ()
) -> BackendState:
    return BackendState(
        backend=backend,
        is_possible=is_possible,
        detail=detail,
        remedy=remedy,
        command=tuple(command),
    )
