"""Renders what belongs to file transfers to PNG files: gallery_dcc.py DIRECTORY."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from chatlab.core.flow import Direction
from chatlab.core.transfer import Transfer, TransferId, TransferKind, TransferState
from chatlab.ui.dialogs.send_file import SendFileDialog
from chatlab.ui.dialogs.transfers import TransfersDialog
from chatlab.ui.theme import Theme
from chatlab.ui.widgets.transfer_strip import TransferStrip
from tests.helpers import transfer_scenes as scenes

_NAT = (
    "bob will see your address 192.168.1.20.",
    "A router stands between you and bob (NAT): nobody can connect to 192.168.1.20 from outside. "
    "Their program will be asked to listen (passive DCC).",
)
_PEOPLE = ("alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy",
           "mallory", "oscar", "peggy", "trent")  # fmt: skip


def _advise(nicks: Sequence[str]) -> Sequence[str]:
    return _NAT if nicks else ()


def listing(chosen: str) -> Callable[[], QWidget]:
    def make() -> QWidget:
        made = TransfersDialog()
        made.show_all(scenes.several())
        made.choose(TransferId(chosen))
        return made

    return make


def send_one() -> QWidget:
    return SendFileDialog((), _advise, chosen=("bob",), path=Path(__file__))


def send_many() -> QWidget:
    made = SendFileDialog(
        _PEOPLE, _advise, chosen=("bob", "carol"), channel="#lab", path=Path(__file__)
    )
    made.way.setCurrentIndex(2)
    return made


def send_refused() -> QWidget:
    made = SendFileDialog((), _advise, chosen=("bob",), path=Path("/nowhere/notes.pdf"))
    made.say_refused("This account is not connected. Connect it first: /connect")
    return made


def strip(transfers: Sequence[Transfer], kept: int = 0, wide: int = 480) -> Callable[[], QWidget]:
    def make() -> QWidget:
        made = QWidget()
        column = QVBoxLayout(made)
        column.setContentsMargins(0, 0, 0, 0)
        inner = TransferStrip(made)
        column.addWidget(inner)
        column.addStretch(1)
        inner.show_transfers(transfers, dict.fromkeys((one.id for one in transfers), kept))
        made.resize(wide, 260)
        if any(one.name.endswith(".exe") for one in transfers):
            QTimer.singleShot(0, inner.rows[0].accept_button.click)
        return made

    return make


_CHAT = scenes.offered(kind=TransferKind.CHAT, size=0, name="=bob")
SCENES: dict[str, Callable[[], QWidget]] = {
    "list-moving": listing("measurement.pcapng"),
    "list-done": listing("picture.png"),
    "list-failed": listing("slides.odp"),
    "list-offered": listing("lab-notes.pdf"),
    "list-empty": TransfersDialog,
    "send-one": send_one,
    "send-many": send_many,
    "send-refused": send_refused,
    "strip-offer": strip([scenes.offered()]),
    "strip-kept": strip([scenes.offered()], 400_000),
    "strip-program": strip([scenes.offered("setup.exe")]),
    "strip-chat": strip([_CHAT]),
    "strip-several": strip(
        [
            scenes.moving(),
            scenes.offered(),
            scenes.transfer("a.zip", TransferState.OFFERED, direction=Direction.SENT),
            scenes.moving("b.zip"),
        ],
        wide=380,
    ),
}


def main() -> int:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    application = QApplication(sys.argv[:1])
    for theme in ("light", "dark"):
        Theme.load(theme).apply(application)
        for name, make in SCENES.items():
            made = make()
            made.show()
            for _ in range(4):
                application.processEvents()
            made.grab().save(str(folder / f"{name}-{theme}.png"))
            made.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
