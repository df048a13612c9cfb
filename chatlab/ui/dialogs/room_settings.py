"""A room and what its owner and admins can change: subject, settings, standing of people."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QPushButton,
    QStackedWidget,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

from chatlab.core.commands import Command, Verb
from chatlab.core.errors import ChatlabError
from chatlab.core.forms import DataForm
from chatlab.core.listings import ListedMask
from chatlab.ui.dialogs.channel import TopicPage
from chatlab.ui.dialogs.data_form import DataFormView
from chatlab.ui.dialogs.parts import Notice, Sheet, header
from chatlab.ui.dialogs.room_standing import StandingPage
from chatlab.ui.rich_text import bare
from chatlab.ui.theme import SPACE, isolated, plain_label
from chatlab.ui.widgets.controls import scaled

WIDTH, HEIGHT = 86 * SPACE, 80 * SPACE
_RULERS = ("owner", "admin")


class SettingsPage(QWidget):
    """The room's own form, fetched when it is first seen; its button stands in the foot.

    Signals:
        submitted: the answers, as a DataForm.
    """

    submitted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = plain_label(self.tr("Asking the room for its settings…"), "muted", self)
        self.words.setWordWrap(True)
        self.form = DataFormView(self)
        self.button = QPushButton(self.tr("Save the settings"), self)
        self.button.setEnabled(False)
        self.button.clicked.connect(self._submit)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE + SPACE // 2)
        column.addWidget(self.words)
        column.addWidget(self.form)
        column.addStretch(1)

    def show_form(self, form: DataForm) -> None:
        self.words.hide()
        self.form.show_form(form)
        self.button.setEnabled(True)

    def say(self, words: str) -> None:
        """Why there is no form, or what became of it."""
        self.words.setText(words)
        self.words.show()

    def _submit(self) -> None:
        if self.form.check():
            self.button.setEnabled(False)
            self.submitted.emit(self.form.answers())


class RoomSettingsDialog(Sheet):
    """Pages by what the reader may do; use it with ``open()``.

    Signals:
        command_wanted: a Command to be carried out in the room.
        form_wanted: the room's settings are to be asked for.
        form_submitted: the answers, as a DataForm.
        list_wanted: the affiliation whose list is to be asked for.
    """

    command_wanted = Signal(object)
    form_wanted = Signal()
    form_submitted = Signal(object)
    list_wanted = Signal(str)

    def __init__(
        self,
        title: str,
        address: str,
        people: Sequence[str] = (),
        *,
        affiliation: str,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(f"Room {bare(title)}", parent)
        self._affiliation = affiliation
        self._was_form_asked = False
        words = isolated(address) if address != title else "Topic, settings and people."
        self.head.addWidget(header(isolated(bare(title)), words, self))
        self.tabs = QTabBar(self)
        self.tabs.setAccessibleName(self.tr("Parts of the room"))
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setUsesScrollButtons(False)
        self.pages = QStackedWidget(self)
        self.notice = Notice(self)
        self.notice.hide()
        self.subject = TopicPage(0, self)
        self.settings = SettingsPage(self)
        self.standing = StandingPage(people, self)
        self._lay_out()
        self._connect()
        self.settle(None)
        self.resize(scaled(WIDTH), scaled(HEIGHT))

    def _lay_out(self) -> None:
        self._add_page(self.tr("Topic"), self.subject)
        if self._affiliation == "owner":
            self._add_page(self.tr("Settings"), self.settings)
        else:
            self.settings.hide()
        if self._affiliation in _RULERS:
            self._add_page(self.tr("People"), self.standing)
        else:
            self.standing.hide()
            self.notice.tell(
                "info",
                "plumbing",
                "",
                self.tr("Settings and lists of people are for the room’s owners and admins."),
            )
            self.notice.show()
        self.head.addSpacing(SPACE)
        self.head.addWidget(self.tabs)
        margins = self.head.contentsMargins()
        self.head.setContentsMargins(margins.left(), margins.top(), margins.right(), 0)
        self.body.addWidget(self.notice)
        self.body.addWidget(self.pages, 1)
        self.foot.addStretch(1)
        self.close_button = self.add_button(self.tr("Close"))
        self.settings.button.setProperty("primary", True)
        self.foot.addWidget(self.settings.button)
        self.settings.button.hide()

    def _add_page(self, title: str, page: QWidget) -> None:
        self.tabs.addTab(title)
        self.pages.addWidget(page)

    def _connect(self) -> None:
        self.tabs.currentChanged.connect(self._on_tab_changed)
        self.close_button.clicked.connect(self.reject)
        self.subject.submitted.connect(self._set_subject)
        self.settings.submitted.connect(self._on_form_submitted)
        self.standing.wanted.connect(self.list_wanted)
        self.standing.change_wanted.connect(
            lambda who, what: self.command_wanted.emit(Command(Verb.AFFILIATION, (who, what)))
        )

    # What to show ---------------------------------------------------------------------------

    def show_subject(self, subject: str) -> None:
        self.subject.show_topic(subject)

    def show_form(self, form: DataForm) -> None:
        self.settings.show_form(form)

    def show_list(self, affiliation: str, people: Sequence[ListedMask]) -> None:
        self.standing.show_list(affiliation, people)

    def go_to_settings(self) -> None:
        """Open on the room's form, where there is one for the reader."""
        if self.pages.indexOf(self.settings) >= 0:
            self.tabs.setCurrentIndex(self.pages.indexOf(self.settings))

    def say_refused(self, error: ChatlabError) -> None:
        """The room did not do it."""
        self.notice.tell("warning", "attention", self.tr("The room has refused"), bare(str(error)))
        self.notice.show()
        self.area.verticalScrollBar().setValue(0)
        self.settings.button.setEnabled(bool(self.settings.form.answers().fields))
        if not self.settings.form.answers().fields:
            self.settings.say(self.tr("There are no settings to show."))
        self.standing.say_unknown(self.tr("The room has not told."))

    def say_saved(self) -> None:
        """The room has taken its new settings."""
        self.notice.tell("check", "plumbing", "", self.tr("The room has taken the settings."))
        self.notice.show()
        self.area.verticalScrollBar().setValue(0)
        self.settings.button.setEnabled(True)

    # What the reader does -------------------------------------------------------------------

    def _on_tab_changed(self, index: int) -> None:
        self.pages.setCurrentIndex(index)
        page = self.pages.currentWidget()
        self.settings.button.setVisible(page is self.settings)
        if page is self.settings and not self._was_form_asked:
            self._was_form_asked = True
            self.form_wanted.emit()
        elif page is self.standing:
            self.standing.begin()

    def _set_subject(self, text: str) -> None:
        self.command_wanted.emit(Command(Verb.TOPIC, (text,)) if text else Command(Verb.CLEARTOPIC))

    def _on_form_submitted(self, answers: DataForm) -> None:
        self.notice.hide()
        self.form_submitted.emit(answers)
