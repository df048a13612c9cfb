"""The tour of the lab: send, look at the bytes, switch to TLS, look again, compare.

Each step points at the real thing and ends when the reader has done it, wherever and however.
Nothing is locked meanwhile: who goes another way just meets the next step later.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect
from PySide6.QtWidgets import QWidget

from chatlab.core import events as ev
from chatlab.core.chats import Change, ChatBook, ChatKey, ChatKind
from chatlab.ui.actions import ActionId
from chatlab.ui.compare_desk import CompareDesk
from chatlab.ui.ports import Backstage
from chatlab.ui.presenter import Presenter
from chatlab.ui.shortcuts import how_to
from chatlab.ui.twin_desk import TwinDesk
from chatlab.ui.widgets.chat_pane import ChatPane
from chatlab.ui.widgets.transcript_hits import lowest_row_with
from chatlab.ui.widgets.transcript_layout import HitKind

if TYPE_CHECKING:
    from chatlab.ui.widgets.callout import Callout


class Deed(Enum):
    """What the reader does in the course of it."""

    SAID_IN_CLEAR = "said in clear"
    SAID_SEALED = "said under TLS"
    LOOKED = "looked at bytes"
    SAID_TWICE = "sent twins"
    COMPARED = "opened the comparison"
    NOTHING = "read"


@dataclass(frozen=True, slots=True)
class Stop:
    """One step of the tour."""

    deed: Deed
    """What ends it, besides the button."""
    title: str
    words: str
    anchor: Callable[[], QWidget | None]


_MOVING = (
    *(Change.CHAT_ADDED, Change.CHAT_CHANGED, Change.CHAT_REMOVED),
    *(Change.ENTRY_CHANGED, Change.ACCOUNT_CHANGED),
)
"""Changes with which the lab gets ready, or what is pointed at comes and goes."""
_STOPS = (
    (
        Deed.SAID_IN_CLEAR,
        "Say something in clear",
        "This side of #lab has no TLS. Type a line here and press Return.",
    ),
    (
        Deed.LOOKED,
        "Look at the bytes",
        "These are the bytes that just left. Your words are marked red: anyone on the path reads "
        "them. Click one of them.",
    ),
    (
        Deed.SAID_SEALED,
        "Now under TLS",
        "The same channel, sealed by TLS. Say the same words here.",
    ),
    (
        Deed.LOOKED,
        "Look again",
        "The same words, and nothing left to read: the green bytes are one TLS record. Its length "
        "and its time still show. Click into it.",
    ),
    (
        Deed.SAID_TWICE,
        "Send to both",
        "Press the forked arrow, “Send to both”. Then type one line: it leaves in clear and under "
        "TLS at once, as twins.",
    ),
    (
        Deed.COMPARED,
        "Compare the twins",
        "Click “Compare with its twin” below the message, or press {key}.",
    ),
    (
        Deed.NOTHING,
        "That was the tour",
        "Three pages: what it cost byte by byte, who learns what, and what came before the first "
        "message. Help has this tour again.",
    ),
)


class Tour:
    """Shows the steps, one after the other, and remembers that it was taken."""

    def __init__(
        self,
        presenter: Presenter,
        backstage: Backstage,
        book: ChatBook,
        twins: TwinDesk,
        comparison: CompareDesk,
    ) -> None:
        self._presenter = presenter
        self._window = presenter.window
        self._backstage = backstage
        self._book = book
        self._comparison = comparison
        self._callout: Callout | None = None
        self._at = -1
        self._waits_for_lab = False
        self._stops = self._make_stops()
        backstage.observe(self.take_event, ev.MessageAdded)
        book.observe(lambda *_: self._begin_when_ready(), *_MOVING)
        self._window.chats.shown_changed.connect(self._begin_when_ready)
        wire = self._window.wire
        wire.frame_selected.connect(lambda _number: self.note(Deed.LOOKED))
        wire.detail.hex.byte_clicked.connect(lambda _offset: self.note(Deed.LOOKED))
        twins.on_sent = lambda _twin: self.note(Deed.SAID_TWICE)
        comparison.on_shown = self._on_comparison
        self._window.actions_table.on(ActionId.TOUR, self.start)

    def _make_stops(self) -> tuple[Stop, ...]:
        anchors = (
            lambda: self._composer(is_sealed=False),
            self._bytes,
            lambda: self._composer(is_sealed=True),
            self._bytes,
            self._switch,
            self._twins,
            self._pages_switch,
        )
        return tuple(
            Stop(deed, title, words, anchor)
            for (deed, title, words), anchor in zip(_STOPS, anchors, strict=True)
        )

    # -- beginning and ending

    @property
    def is_on(self) -> bool:
        return self._at >= 0

    @property
    def stop(self) -> Stop | None:
        """The step that is shown."""
        return self._stops[self._at] if self.is_on else None

    @property
    def callout(self) -> "Callout | None":
        return self._callout

    def start(self) -> None:
        """From the Help menu, or at the first visit of the lab."""
        if self._pair() is None:
            self._waits_for_lab = True
            self._backstage.start_lab()
            return
        self._comparison.leave_quietly()
        self._go_to(0)

    def _begin_when_ready(self) -> None:
        """The lab's two panes stand side by side: begin, where that is wanted."""
        is_new = not self._backstage.preferences.is_tour_over
        if self.is_on or not (is_new or self._waits_for_lab):
            if self._callout is not None:
                self._callout.place()  # What it points at may have gone, or come.
            return
        if self._pair() is not None:
            self._waits_for_lab = False
            self._go_to(0)

    def end(self) -> None:
        """Skipped, or taken to its end: it does not begin by itself any more."""
        self._at = -1
        if self._callout is not None and self._callout.leave() and not self._comparison.is_shown:
            self._window.chats.active.focus_composer()
        if not self._backstage.preferences.is_tour_over:
            preferences = replace(self._backstage.preferences, is_tour_over=True)
            self._backstage.set_preferences(preferences)

    # -- going on

    def take_event(self, event: ev.ChatEvent) -> None:
        if not isinstance(event, ev.MessageAdded) or event.message.delivery is None:
            return
        key = ChatKey(event.message.account, event.message.target.lower())
        self.note(Deed.SAID_SEALED if self._is_sealed(key) else Deed.SAID_IN_CLEAR)

    def _on_comparison(self, is_shown: bool) -> None:
        if is_shown:
            self.note(Deed.COMPARED)
        elif self.is_on and self._at == len(self._stops) - 1:
            self.end()
        elif self.is_on:
            self._show()

    def note(self, deed: Deed) -> None:
        """The reader did something: when it is what the step is about, go on."""
        stop = self.stop
        if stop is None:
            return
        if stop.deed is deed:
            self._go_to(self._at + 1)
        elif deed is Deed.COMPARED:  # Whoever is there already needs no way to it.
            self._go_to(len(self._stops) - 1)

    def _go_on(self) -> None:
        if self._at + 1 >= len(self._stops):
            self.end()
        else:
            self._go_to(self._at + 1)

    def _go_to(self, at: int) -> None:
        self._at = at
        self._show()

    def _show(self) -> None:
        stop = self.stop
        if stop is None:
            return
        callout = self._callout or self._make_callout()
        is_last = self._at == len(self._stops) - 1
        callout.show_step(
            stop.title,
            stop.words.format(key=how_to(ActionId.COMPARISON)),
            f"{self._at + 1} of {len(self._stops)}",
            stop.anchor,
            self._avoided,
            part=self._part,
            next_words="&Done" if is_last else "",
            is_last=is_last,
        )

    def _make_callout(self) -> "Callout":
        from chatlab.ui.widgets.callout import Callout

        callout = self._callout = Callout(self._window)
        callout.next_wanted.connect(self._go_on)
        callout.skipped.connect(self.end)
        return callout

    # -- the parts of the window that it points at

    def _is_sealed(self, key: ChatKey) -> bool:
        state = self._book.accounts.get(key.account)
        return (
            state is not None
            and state.connection is not None
            and (state.connection.tls is not None)
        )

    def _pair(self) -> tuple[ChatPane, ChatPane] | None:
        """The lab's panes, in clear and sealed, once both channels are joined."""
        found: dict[bool, ChatPane] = {}
        for pane in self._window.chats.panes:
            chat = pane.chat
            if chat is None or chat.kind is not ChatKind.CHANNEL or not chat.is_joined:
                continue
            state = self._book.accounts.get(chat.key.account)
            if state is not None and state.account.is_temporary and not state.source:
                found[self._is_sealed(chat.key)] = pane
        return (found[False], found[True]) if len(found) > 1 else None

    def _composer(self, *, is_sealed: bool) -> QWidget | None:
        pair = self._pair()
        return pair[int(is_sealed)].composer if pair else None

    def _bytes(self) -> QWidget | None:
        wire = self._window.wire
        hex_view = wire.detail.hex
        return hex_view if hex_view.isVisible() else wire if wire.isVisible() else None

    def _switch(self) -> QWidget | None:
        return self._window.chats.active.composer.twin_switch

    def _twins(self) -> QWidget | None:
        """Where a message that left as twins is seen; where none is, where one can be written."""
        active = self._window.chats.active
        for pane in (active, *self._window.chats.panes):
            if lowest_row_with(pane.transcript, HitKind.TWIN) is not None:
                return pane.transcript.viewport()
        return active.composer

    def _part(self) -> QRect | None:
        """Of a transcript, the message alone."""
        for pane in self._window.chats.panes:
            if self.stop is not None and self.stop.anchor() is pane.transcript.viewport():
                return lowest_row_with(pane.transcript, HitKind.TWIN)
        return None

    def _pages_switch(self) -> QWidget | None:
        page = self._comparison.page
        return page.switch if page is not None else None

    def _avoided(self) -> Sequence[QWidget]:
        """Composers, and the bytes: what the reader works with."""
        panes = [pane.composer for pane in self._window.chats.panes]
        return [*panes, self._window.wire.detail.hex]
