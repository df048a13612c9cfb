"""What a reader can choose about the program as a whole."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QSystemTrayIcon, QWidget

from chatlab.core.preferences import Preferences
from chatlab.ui.action_ids import ActionId, ActionSpec
from chatlab.ui.dialogs.file_preferences import FilePreferences
from chatlab.ui.dialogs.parts import Form, Hint, Sheet, header, line
from chatlab.ui.shortcuts import how_to, with_key
from chatlab.ui.theme import SPACE, plain_label
from chatlab.ui.widgets.controls import Select, Tick, scaled

WIDTH, MAX_HEIGHT = 74 * SPACE, 760
_ACCOUNTS = "Accounts have their own settings"
_NO_TRAY = "This desktop has no tray."
_THEMES = (("system", "As the desktop"), ("light", "Light"), ("dark", "Dark"))
_SIZES = (80, 90, 100, 110, 125, 150, 175, 200)
_USUAL_AWAY = 15
_USUAL_AUTOSAVE = 5
_MAX_LINES, _MAX_MINUTES = 10_000, 1_440
_NUMBER_WIDTH = 9 * SPACE


class PreferencesDialog(Sheet):
    """A form; use it with ``open()``.

    Signals:
        submitted: Preferences; the dialog has closed itself.
    """

    submitted = Signal(object)

    def __init__(
        self,
        preferences: Preferences,
        actions: Sequence[ActionSpec] = (),
        *,
        can_notify: bool,
        parent: QWidget | None = None,
    ) -> None:
        """``actions`` are those whose keys can be chosen."""
        super().__init__("Preferences", parent)
        self._before = preferences
        self._actions = actions
        subtitle = f"For the whole program. {with_key(_ACCOUNTS, ActionId.ACCOUNTS)}."
        self.head.addWidget(header(self.windowTitle(), subtitle, self))
        self.theme = Select(self)
        self.theme.addItems([words for _, words in _THEMES])
        self.font_size = Select(self)
        self._sizes = sorted({*_SIZES, preferences.font_scale})
        self.font_size.addItems([f"{size} %" for size in self._sizes])
        self.keys_button = QPushButton(self.tr("Choose keys…"), self)
        self.condenses = Tick(self.tr("Sum up who comes and goes in one line"), self)
        self.capture = Tick(self.tr("Capture as soon as ChatLab starts"), self)
        self.history = Tick(self.tr("Keep what is said on this computer"), self)
        self.lines = _number("Older lines shown when a chat opens", _MAX_LINES, self)
        self.notifies = Tick(self.tr("Show messages for me on the desktop"), self)
        self.tray = Tick(self.tr("Stay in the tray when the window is closed"), self)
        self.away = Tick(self.tr("Mark me away after"), self)
        self.minutes = _number("Minutes until away", _MAX_MINUTES, self)
        self.autosave = Tick(self.tr("Save by itself every"), self)
        self.autosave_minutes = _number("Minutes between savings", _MAX_MINUTES, self)
        self.files = FilePreferences(preferences, self)
        self._can_notify = can_notify
        self._has_tray = QSystemTrayIcon.isSystemTrayAvailable()
        self._lay_out()
        self._fill()
        self.settle(self.save_button)
        self.fit(WIDTH, MAX_HEIGHT)

    def _lay_out(self) -> None:
        for number, part in enumerate((self._looks(), self._talk(), self.files, self._wire())):
            if number:
                self.body.addWidget(line(self))
            self.body.addWidget(part)
        self.body.addStretch(1)
        self.foot.addStretch(1)
        self.cancel_button = self.add_button(self.tr("Cancel"))
        self.save_button = self.add_button(self.tr("Save"), is_primary=True)
        self.cancel_button.clicked.connect(self.reject)
        self.save_button.clicked.connect(self._submit)
        self.away.toggled.connect(self.minutes.setEnabled)
        self.autosave.toggled.connect(self.autosave_minutes.setEnabled)
        self.keys_button.clicked.connect(self._choose_keys)

    def _looks(self) -> Form:
        looks = Form(self.tr("Looks"), self)
        looks.add("Theme", self.theme)
        looks.add("Size of text", self.font_size)
        keys = QWidget(self)
        row = QHBoxLayout(keys)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.keys_button)
        row.addStretch(1)
        keys.setFocusProxy(self.keys_button)
        self._keys_hint = Hint(parent=self)
        looks.add("Shortcuts", keys, self._keys_hint)
        return looks

    def _talk(self) -> Form:
        talk = Form(self.tr("Messages"), self)
        talk.add(
            "History", self.history, Hint("Off: nothing more is written; what is there stays.")
        )
        talk.add("Older lines", self.lines, Hint("Shown when a chat opens."))
        talk.add(
            "People",
            self.condenses,
            Hint("Off: every join, part and quit is a line of its own, from now on."),
        )
        words = "While ChatLab is not in front: your mentions and private messages."
        if not self._can_notify:
            words = "This desktop shows no notifications: it has no tray."
        talk.add("Notifications", self.notifies, Hint(words))
        self.notifies.setEnabled(self._can_notify)
        words = f"ChatLab stays online; {how_to(ActionId.QUIT)} quits it."
        talk.add("Closing", self.tray, Hint(words if self._has_tray else _NO_TRAY))
        self.tray.setEnabled(self._has_tray)
        talk.add(
            "Away",
            _with_minutes(self.away, self.minutes, self),
            Hint("Without a key or a click. It sends AWAY, which you will see among the frames."),
        )
        return talk

    def _wire(self) -> Form:
        wire = Form(self.tr("Wire"), self)
        wire.add("Capture", self.capture)
        wire.add(
            "Session",
            _with_minutes(self.autosave, self.autosave_minutes, self),
            Hint("And at the end. A session without a file waits for the next start."),
        )
        return wire

    def _fill(self) -> None:
        chosen = self._before
        names = [name for name, _ in _THEMES]
        self.theme.setCurrentIndex(names.index(chosen.theme) if chosen.theme in names else 0)
        self.font_size.setCurrentIndex(self._sizes.index(chosen.font_scale))
        self.condenses.setChecked(chosen.condenses)
        self.capture.setChecked(chosen.capture_on_start)
        self._tell_keys()
        self.history.setChecked(chosen.keep_history)
        self.lines.setText(str(chosen.history_lines))
        self.notifies.setChecked(chosen.notifies and self._can_notify)
        self.tray.setChecked(chosen.closes_to_tray and self._has_tray)
        self.away.setChecked(chosen.auto_away_minutes > 0)
        self.minutes.setText(str(chosen.auto_away_minutes or _USUAL_AWAY))
        self.minutes.setEnabled(self.away.isChecked())
        self.autosave.setChecked(chosen.autosave_minutes > 0)
        self.autosave_minutes.setText(str(chosen.autosave_minutes or _USUAL_AUTOSAVE))
        self.autosave_minutes.setEnabled(self.autosave.isChecked())

    def _tell_keys(self) -> None:
        count = len(self._before.shortcuts)
        words = f"{count} {'action has' if count == 1 else 'actions have'} keys that you chose."
        self._keys_hint.say(words if count else "")

    def _choose_keys(self) -> None:
        """They count when these preferences are saved."""
        from chatlab.ui.dialogs.shortcuts import ShortcutsDialog

        dialog = ShortcutsDialog(self._actions, self._before.shortcuts, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.submitted.connect(self._take_keys)
        dialog.open()

    def _take_keys(self, keys: Mapping[str, tuple[str, ...]]) -> None:
        self._before = replace(self._before, shortcuts=keys)
        self._tell_keys()

    def read(self) -> Preferences:
        """The choices as they stand in the form."""
        lines = self.lines.text()
        minutes = int(self.minutes.text() or _USUAL_AWAY)
        return replace(
            self.files.put_into(self._before),
            theme=_THEMES[self.theme.currentIndex()][0],
            font_scale=self._sizes[self.font_size.currentIndex()],
            keep_history=self.history.isChecked(),
            history_lines=int(lines) if lines else self._before.history_lines,
            condenses=self.condenses.isChecked(),
            capture_on_start=self.capture.isChecked(),
            notifies=self.notifies.isChecked(),
            closes_to_tray=self.tray.isChecked(),
            auto_away_minutes=minutes if self.away.isChecked() else 0,
            autosave_minutes=self._autosave() if self.autosave.isChecked() else 0,
        )

    def _autosave(self) -> int:
        return int(self.autosave_minutes.text() or _USUAL_AUTOSAVE) or _USUAL_AUTOSAVE

    def _submit(self) -> None:
        self.accept()
        self.submitted.emit(self.read())


def _with_minutes(tick: Tick, minutes: QLineEdit, parent: QWidget) -> QWidget:
    part = QWidget(parent)
    row = QHBoxLayout(part)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(SPACE)
    row.addWidget(tick)
    row.addWidget(minutes)
    row.addWidget(plain_label(part.tr("minutes"), "", part))
    row.addStretch(1)
    return part


def _number(name: str, most: int, parent: QWidget) -> QLineEdit:
    edit = QLineEdit(parent)
    edit.setAccessibleName(name)
    edit.setValidator(QIntValidator(0, most, edit))
    edit.setFixedWidth(scaled(_NUMBER_WIDTH))
    return edit
