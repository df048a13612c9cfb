"""What this program is, and what it is built from."""

import platform
from collections.abc import Mapping

from PySide6.QtCore import Qt, qVersion
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

import chatlab
from chatlab.ui.dialogs.parts import Form, Sheet
from chatlab.ui.theme import SPACE, app_icon, plain_label

WIDTH = 60 * SPACE
MAX_HEIGHT = 600
_ICON = 64


class AboutDialog(Sheet):
    """Version, licence, parts; ``versions`` names libraries that the caller knows."""

    def __init__(self, versions: Mapping[str, str], parent: QWidget | None = None) -> None:
        super().__init__("About ChatLab", parent)
        self._rows = {
            "Version": chatlab.__version__,
            "Python": platform.python_version(),
            "Qt": qVersion(),
            **versions,
            "System": platform.platform(terse=True),
        }
        self.head.addWidget(self._make_head())
        about = plain_label(
            "Beside each message ChatLab shows the exact frames that carried it: which bytes "
            "anyone on the path can read, and which TLS seals.",
            parent=self,
        )
        about.setWordWrap(True)
        self.body.addWidget(about)
        form = Form(parent=self, is_dense=True)
        for name, value in self._rows.items():
            form.add(name, _value(value))
        form.add("Licence", _value("GNU General Public License, version 2 or later"))
        self.body.addWidget(form)
        self.body.addStretch(1)
        copy = self.add_button(self.tr("Copy versions"))
        close = self.add_button(self.tr("Close"), is_primary=True)
        self.foot.insertStretch(0, 1)
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.as_text()))
        close.clicked.connect(self.accept)
        self.settle(close)
        close.setFocus()
        self.fit(WIDTH, MAX_HEIGHT)

    def as_text(self) -> str:
        """For a report: one version a line."""
        return "\n".join(f"{name}: {value}" for name, value in self._rows.items())

    def _make_head(self) -> QWidget:
        head = QWidget(self)
        row = QHBoxLayout(head)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2 * SPACE)
        sign = QLabel(head)
        sign.setPixmap(app_icon().pixmap(_ICON, _ICON))
        row.addWidget(sign)
        words = QVBoxLayout()
        words.addStretch(1)
        words.addWidget(plain_label("ChatLab", "title", head))
        words.addWidget(plain_label("A chat client with an X-ray", "muted", head))
        words.addStretch(1)
        row.addLayout(words, 1)
        return head


def _value(text: str) -> QLabel:
    label = plain_label(text)
    label.setWordWrap(True)
    label.setContentsMargins(0, SPACE - 1, 0, 0)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
