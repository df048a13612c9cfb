"""Saving a session, opening one, handing a copy on, and notes; the title says how it stands."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QStandardPaths

from chatlab.core.capture import CaptureReplayed

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QDialog

    from chatlab.core.export import ExportFacts
    from chatlab.ui.dialogs.export_capture import ExportChoice, ExportDialog
    from chatlab.ui.main_window import MainWindow
    from chatlab.ui.ports import Backstage, WireFeed

_NAME = "ChatLab"
_SUFFIX = ".chatlab"
_UNSAVED = "Unsaved session"


class SessionDesk:
    """One window's session as a file."""

    def __init__(
        self,
        window: MainWindow,
        feed: WireFeed,
        backstage: Backstage,
        show: Callable[[str, QDialog], None],
    ) -> None:
        """``show`` puts a dialog on the screen, under a name that it replaces."""
        self._window = window
        self._feed = feed
        self._backstage = backstage
        self._files = backstage.sessions
        self._show = show
        self._export_dialog: ExportDialog | None = None
        self._files.observe(self.refresh_title)
        self.refresh_title()

    def refresh_title(self) -> None:
        """The file’s name, with Qt’s mark of what is not in it yet."""
        status, file = self._feed.status, self._files.file
        if file is not None:
            name = file.name
        elif isinstance(status, CaptureReplayed):
            name = status.file
        else:
            name = _UNSAVED if self._feed.count else ""
        title = f"{name}[*] – {_NAME}" if name else _NAME
        is_modified = bool(name) and file is not None and self._files.is_modified
        self._window.set_subject(title)
        if self._window.isWindowModified() is not is_modified:
            self._window.setWindowModified(is_modified)

    def save(self) -> None:
        """Where it was saved before; else ask where."""
        if self._files.file is not None:
            self._files.save()
        else:
            self.save_as()

    def save_as(self) -> None:
        self._ask_where(self._suggested(_SUFFIX))

    def _ask_where(self, suggested: Path) -> None:
        from chatlab.ui.dialogs.capture_file import save_dialog

        dialog = save_dialog(suggested, self._window)
        dialog.fileSelected.connect(lambda name: self._on_place_chosen(Path(name)))
        self._show("save", dialog)

    def _on_place_chosen(self, file: Path) -> None:
        """A session under the name of a capture would be a file that no program opens."""
        if file.suffix.lower() == _SUFFIX:
            self._files.save(file)
            return
        named = file.with_name(file.name + _SUFFIX)
        if named.exists():
            self._ask_where(named)  # Nobody was asked whether this one may be replaced.
        else:
            self._files.save(named)

    def open(self) -> None:
        from chatlab.ui.dialogs.capture_file import open_dialog

        dialog = open_dialog(str(self._folder()), self._window)
        dialog.fileSelected.connect(lambda name: self._backstage.open_capture(Path(name)))
        self._show("open", dialog)

    def export(self) -> None:
        """Ask what a copy may tell, having counted what each choice would."""
        from chatlab.ui.dialogs.export_capture import ExportDialog

        dialog = ExportDialog(self._suggested(".pcapng"), self._feed.count, self._window)
        dialog.submitted.connect(self._on_export_chosen)
        dialog.destroyed.connect(lambda: self._forget_export(dialog))
        self._export_dialog = dialog
        self._show("export", dialog)
        self._files.survey(self._on_counted)

    def _forget_export(self, dialog: ExportDialog) -> None:
        if self._export_dialog is dialog:  # A new one may stand in its place already.
            self._export_dialog = None

    def _on_counted(self, facts: ExportFacts) -> None:
        if self._export_dialog is not None:
            self._export_dialog.tell(facts)

    def _on_export_chosen(self, choice: ExportChoice) -> None:
        self._files.export(choice.path, choice.secrets)

    def notes(self) -> None:
        """The reader’s own notes, which are saved with the session."""
        from chatlab.ui.dialogs.session_notes import SessionNotesDialog

        dialog = SessionNotesDialog(self._files.notes, self._window)
        dialog.changed.connect(self._files.set_notes)
        self._show("notes", dialog)

    def _folder(self) -> Path:
        if self._files.file is not None and self._files.file.parent.is_dir():
            return self._files.file.parent
        place = QStandardPaths.StandardLocation.DocumentsLocation
        found = Path(QStandardPaths.writableLocation(place) or Path.home())
        return found if found.is_dir() else Path.home()

    def _suggested(self, suffix: str) -> Path:
        file = self._files.file
        stem = file.stem if file is not None else f"chatlab-{datetime.now():%Y%m%d-%H%M}"
        return self._folder() / f"{stem}{suffix}"
