"""Renders what belongs to XMPP to PNG files, light and dark: gallery_xmpp.py DIRECTORY [NAME…]."""

import sys
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QWidget

from chatlab.core.account import AccountId, Security
from chatlab.ui.dialogs.xmpp_account import XmppAccountDialog
from chatlab.ui.theme import Theme

ID = AccountId("x")


def xmpp_form() -> QWidget:
    dialog = XmppAccountDialog(ID)
    dialog.address.jid.set_text("first.last@example.org")
    return dialog


def xmpp_form_wrong() -> QWidget:
    dialog = XmppAccountDialog(ID)
    dialog.address.jid.set_text("Anna Maria@example.org")
    dialog.way.cards[Security.PLAIN].setChecked(True)
    return dialog


def xmpp_form_end() -> QWidget:
    dialog = XmppAccountDialog(ID)
    dialog.fold.set_open(True)
    bar = dialog.area.verticalScrollBar()
    QTimer.singleShot(30, dialog, lambda: bar.setValue(bar.maximum()))
    return dialog


SCENES: dict[str, Callable[[], QWidget]] = {
    "form": xmpp_form,
    "form-wrong": xmpp_form_wrong,
    "form-end": xmpp_form_end,
}


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    wanted = sys.argv[2:] or list(SCENES)
    application = QApplication(sys.argv[:1])
    for theme in ("light", "dark"):
        Theme.load(theme).apply(application)
        for name in wanted:
            widget = SCENES[name]()
            widget.show()
            for _ in range(20):
                application.processEvents()
                widget.thread().msleep(5)
            widget.grab().save(str(folder / f"{name}-{theme}.png"))
            widget.close()


if __name__ == "__main__":
    main()
