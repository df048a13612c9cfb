"""The part of Preferences about files: where they go, and who listens."""

from dataclasses import replace

from PySide6.QtCore import QStandardPaths
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QPushButton, QWidget

from chatlab.core.preferences import Preferences
from chatlab.ui.dialogs.parts import Form, Hint
from chatlab.ui.theme import SPACE, plain_label
from chatlab.ui.widgets.controls import PortField, Tick


class FilePreferences(Form):
    """Fields for the folder, the ports and the way of direct connections."""

    def __init__(self, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__("Files", parent)
        self.folder = QLineEdit(preferences.download_folder, self)
        place = QStandardPaths.StandardLocation.DownloadLocation
        self.folder.setPlaceholderText(QStandardPaths.writableLocation(place))
        self.choose_button = QPushButton(self.tr("Choose…"), self)
        self.first_port, self.last_port = PortField(self), PortField(self)
        self.first_port.setAccessibleName(self.tr("First port"))
        self.last_port.setAccessibleName(self.tr("Last port"))
        self.passive = Tick(self.tr("Let the other program listen (passive)"), self)
        self._lay_out()
        self.choose_button.clicked.connect(self._choose)
        for field, port in (
            (self.first_port, preferences.dcc_first_port),
            (self.last_port, preferences.dcc_last_port),
        ):
            field.setPlaceholderText(self.tr("any"))
            if port:
                field.set_value(port)
        self.passive.setChecked(preferences.dcc_prefers_passive)

    def _lay_out(self) -> None:
        folder = QWidget(self)
        row = QHBoxLayout(folder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE)
        row.addWidget(self.folder, 1)
        row.addWidget(self.choose_button)
        folder.setFocusProxy(self.folder)
        self.folder.setAccessibleName(self.tr("Folder for received files"))
        words = "Received files go here; nothing that is there is ever overwritten."
        self.add("Folder", folder, Hint(words))
        ports = QWidget(self)
        row = QHBoxLayout(ports)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE)
        row.addWidget(self.first_port)
        row.addWidget(plain_label(self.tr("to"), "", ports))
        row.addWidget(self.last_port)
        row.addStretch(1)
        words = (
            "For connections that come to this computer (DCC). Behind a router: those that it "
            "forwards here."
        )
        self.add("Ports", ports, Hint(words))
        self.add(
            "Way",
            self.passive,
            Hint("For networks that let nothing in. Some old programs do not understand it."),
        )

    def put_into(self, preferences: Preferences) -> Preferences:
        """The same choices with those of this form; one port alone is a range of one."""
        first, last = self.first_port.value(), self.last_port.value()
        low, high = sorted((first or last, last or first))
        return replace(
            preferences,
            download_folder=self.folder.text().strip(),
            dcc_first_port=low,
            dcc_last_port=high,
            dcc_prefers_passive=self.passive.isChecked(),
        )

    def _choose(self) -> None:
        folder = self.folder.text() or self.folder.placeholderText()
        dialog = QFileDialog(self, self.tr("Folder for received files"), folder)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(self.folder.setText)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
