"""``FileTransfers`` that send nothing: they hold what they are given and note what was asked."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from chatlab.core.errors import ChatlabError
from chatlab.core.flow import Direction
from chatlab.core.transfer import (
    Transfer,
    TransferId,
    TransferKind,
    TransferPolicy,
    TransferState,
)
from tests.helpers.transfer_scenes import transfer


@dataclass
class NotingTransfers:
    """One account's files, without an engine."""

    transfers: tuple[Transfer, ...] = ()
    policy: TransferPolicy = field(default_factory=TransferPolicy)
    asked: list[tuple[object, ...]] = field(default_factory=list)
    advised: tuple[str, ...] = ("bob will see your address.",)
    kept: int = 0
    failure: ChatlabError | None = None

    def advice(self, nicks: Sequence[str]) -> tuple[str, ...]:
        return self.advised if nicks else ()

    def offer_file(
        self, nicks: Sequence[str], path: Path, chat: str = "", *, passive: bool | None = None
    ) -> tuple[Transfer, ...]:
        self._note("offer", tuple(nicks), path, chat, passive)
        return tuple(
            transfer(
                path.name, TransferState.PREPARING, direction=Direction.SENT, peer=nick,
                chat=chat, path=path, id=TransferId(f"{path.name}-{nick}"),
            )
            for nick in nicks
        )  # fmt: skip

    def offer_chat(self, nick: str, *, passive: bool | None = None) -> Transfer:
        self._note("chat", nick, passive)
        return transfer(f"={nick}", TransferState.PREPARING, kind=TransferKind.CHAT, peer=nick)

    def kept_bytes(self, transfer: TransferId, place: Path | None = None) -> int:
        if self.failure:
            raise self.failure
        return self.kept

    def accept(
        self, transfer: TransferId, place: Path | None = None, *, resume: bool = False
    ) -> None:
        self._note("accept", transfer, place, resume)

    def refuse(self, transfer: TransferId) -> None:
        self._note("refuse", transfer)

    def cancel(self, transfer: TransferId, *, is_quiet: bool = False) -> None:
        self._note("cancel", transfer, *(["quietly"] if is_quiet else []))

    def set_paused(self, transfer: TransferId, is_paused: bool) -> None:
        self._note("pause", transfer, is_paused)

    def forget(self, transfer: TransferId) -> None:
        self._note("forget", transfer)

    def _note(self, *what: object) -> None:
        if self.failure:
            raise self.failure
        self.asked.append(what)


def later(one: Transfer, state: TransferState, **more: object) -> Transfer:
    """The same transfer in another state."""
    return replace(one, state=state, **more)  # type: ignore[arg-type]  # Fields by name.
