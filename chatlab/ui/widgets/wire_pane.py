"""The glass side of the window: the frames of a message, a chat, an account, or all of them.

The selection is shared with the chat. ``show_message`` chooses a message's frames here; picking a
frame, or bytes in it, asks the chat for the message (``message_requested``), which comes back as
``show_message`` and then leaves the picked frame where it is.
"""

import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from chatlab.core.account import AccountId
from chatlab.core.chats import ChatKey
from chatlab.core.flow import ByteRange
from chatlab.core.message import MessageId
from chatlab.ui.models.frame_filter import FilteredFrames
from chatlab.ui.models.frame_table import Scope
from chatlab.ui.pacing import pacer
from chatlab.ui.widgets.capture_bar import CaptureBar
from chatlab.ui.widgets.frame_detail import Caption, FrameDetail, Run
from chatlab.ui.widgets.frame_list import FrameList
from chatlab.ui.widgets.hex_view import HexView, Mark
from chatlab.ui.widgets.plain_words import PlainWords
from chatlab.ui.widgets.wire_pages import Button, Notice, StatePage
from chatlab.ui.widgets.wire_states import (
    NOT_FOUND,
    Offer,
    State,
    empty_state,
    idle_words,
    notice_state,
)

if TYPE_CHECKING:
    from chatlab.ui.ports import WireFeed

_SHARES = (9, 11)
"""Of the list of frames, and of layers and bytes: a chat message's bytes are seen whole."""
REFRESH_MS = 20
"""Frames come in bursts: the pane looks at the feed this often at most.

The first frame after a pause is shown at once.
"""
MAX_REST_MS = 100
"""As soon as a flood is over, all of it is there."""
_IDLE_SHARE = 4
"""The pane rests this many times as long as its last look took: a flood makes its looks longer."""


class WirePane(QWidget):
    """Shows a ``WireFeed``.

    Signals:
        frame_selected: number of the frame that the reader picked.
        message_requested: MessageId that the picked frame or byte belongs to.
        scope_changed: the Scope that is shown now, chosen by the reader or needed to show a message.
        start_requested, stop_requested, save_requested, open_requested: capture buttons.
        restart_requested: after a capture that was lost.
        own_only_requested: a whole interface is to be captured no more.
        enable_requested, check_again_requested, remedy_requested: where capturing is refused.
    """

    frame_selected = Signal(int)
    message_requested = Signal(object)
    scope_changed = Signal(object)
    start_requested = Signal()
    stop_requested = Signal()
    save_requested = Signal()
    open_requested = Signal()
    restart_requested = Signal()
    own_only_requested = Signal()
    enable_requested = Signal()
    check_again_requested = Signal()
    remedy_requested = Signal()

    def __init__(self, feed: "WireFeed", run: Run, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("wire")
        self._feed = feed
        self._chat: ChatKey | None = None
        self._account: AccountId | None = None
        self._message: MessageId | None = None
        self._is_about_frame = False
        self._requested: MessageId | None = None
        self._state: State | None = None
        self._notice_state: State | None = None
        self._model = FilteredFrames(feed, self)
        self.bar = CaptureBar(self)
        self.notice = Notice(self)
        self.frames = FrameList(self._model, self)
        self.detail = FrameDetail(feed, run, self)
        self.words = PlainWords(self)
        self.page = StatePage(self)
        self._tap_caption = Caption(
            self.tr("Bytes as ChatLab wrote or read them – not captured frames"), self
        )
        self._tap = HexView(self)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._refresh_in_turn)
        self._rested = QElapsedTimer()
        self._rested.start()
        self._rest_ms = 0
        self._lay_out()
        self._connect()
        self.refresh()

    def _lay_out(self) -> None:
        self.splitter = QSplitter(Qt.Orientation.Vertical, self)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(self.frames)
        self.splitter.addWidget(self.detail)
        self.splitter.setSizes(list(_SHARES))
        for index, share in enumerate(_SHARES):
            self.splitter.setStretchFactor(index, share)
        tap_holder = QWidget(self)
        tap_box = QVBoxLayout(tap_holder)
        tap_box.setContentsMargins(0, 0, 0, 0)
        tap_box.setSpacing(0)
        tap_box.addWidget(_hairline(self))
        tap_box.addWidget(self._tap_caption)
        tap_box.addWidget(self._tap, 1)
        self._tap_holder = tap_holder
        empty = QWidget(self)
        empty_box = QVBoxLayout(empty)
        empty_box.setContentsMargins(0, 0, 0, 0)
        empty_box.setSpacing(0)
        empty_box.addWidget(self.page, 3)
        empty_box.addWidget(tap_holder, 2)
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self.splitter)
        self._stack.addWidget(empty)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(self.bar)
        box.addWidget(self.notice)
        box.addWidget(_hairline(self))
        box.addWidget(self._stack, 1)
        box.addWidget(_hairline(self))
        box.addWidget(self.words)

    def _connect(self) -> None:
        self.bar.start_requested.connect(self.start_requested)
        self.bar.stop_requested.connect(self.stop_requested)
        self.bar.save_requested.connect(self.save_requested)
        self.bar.open_requested.connect(self.open_requested)
        self.bar.scope_changed.connect(self._on_scope_chosen)
        self.bar.filter_changed.connect(self._model.set_filter)
        self.frames.frame_selected.connect(self._on_frame_selected)
        self.detail.message_requested.connect(self._request_message)
        self._model.shown_changed.connect(self._show_view)
        self._feed.on_frames(self._on_frames)

    def minimumSizeHint(self) -> QSize:
        return QSize(320, 360)

    # For the window ----------------------------------------------------------------------------

    def focus_frames(self) -> None:
        """Put the keyboard where one reads on: the frames, or the page that stands for them."""
        is_list = self._stack.currentIndex() == 0
        target = self.frames if is_list else self.bar.scopes.current
        target.setFocus(Qt.FocusReason.ShortcutFocusReason)

    @property
    def scope(self) -> Scope:
        return self._model.scope

    @Slot(object)
    def show_message(self, message: MessageId | None) -> None:
        """Choose a message's frames, open the first, mark its bytes; None chooses nothing."""
        is_answer = message is not None and message == self._requested
        self._requested = None
        self._message = message
        self._model.set_message(message)
        if is_answer and self.frames.current_frame is not None:
            self.detail.refresh_marks(message)
        else:
            self._is_about_frame = False
            self._open_message()
        self._show_view()
        self._say()

    @Slot(int)
    def show_frame(self, number: int) -> None:
        """Open a frame, in the scope that shows it."""
        if self._model.row_of(number) is None:
            self.bar.filter.clear()
            self._set_scope(Scope.ALL)
        self.frames.show_frame(number)
        self._open_frame(number)

    def set_scope(self, scope: Scope, chat: ChatKey | None, account: AccountId | None) -> None:
        """Show the frames of ``scope``; chat and account are those the reader is looking at."""
        self._chat, self._account = chat, account
        self._set_scope(scope)

    def set_context(self, chat: ChatKey | None, account: AccountId | None) -> None:
        """The reader looks at another chat: the scopes by chat and account follow."""
        self.set_scope(self._model.scope, chat, account)

    def reset(self) -> None:
        """Another capture is behind the feed."""
        self._message = self._requested = None
        self._is_about_frame = False
        self.frames.show_frame(None)
        self.detail.clear()
        self._model.reset()
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Take over what the feed has learnt."""
        began, was_idle = time.monotonic(), self._has_rested()
        pacer.begin()
        self._model.pull()
        if not self._is_about_frame and self.frames.current_frame is None:
            self._open_message()
        self.detail.refresh_marks()
        self.frames.fit_columns()
        self._show_view()
        self._say()
        took_ms = (time.monotonic() - began) * 1000
        work_ms = 0 if was_idle else int(_IDLE_SHARE * took_ms)
        self._rest_ms = min(max(REFRESH_MS, work_ms), MAX_REST_MS)
        self._rested.restart()

    def _has_rested(self) -> bool:
        """So long that this is no flood."""
        return self._rested.elapsed() >= MAX_REST_MS

    @Slot()
    def _refresh_in_turn(self) -> None:
        if wait := pacer.wait_ms():
            self._timer.start(wait)
        else:
            self.refresh()

    def _on_frames(self) -> None:
        if not self.isVisible() or self._timer.isActive():
            return
        if self._has_rested():
            self.refresh()  # A turn of the event loop would let others paint first.
        else:
            self._timer.start(max(0, self._rest_ms - self._rested.elapsed()))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    # Shared selection --------------------------------------------------------------------------

    def _open_message(self) -> None:
        """Open the first frame that carries the message, in a scope that shows it."""
        found = self._feed.attribution(self._message) if self._message is not None else None
        belonging = (found.frames or found.echo_frames) if found else ()
        if found is None or not belonging:
            self.frames.show_frame(None)
            self.detail.clear()
            return
        if self._model.row_of(belonging[0]) is None and not self._model.is_filtered:
            self._set_scope(Scope.MESSAGE)
        self.frames.reveal((*found.frames, *found.acks, *found.echo_frames))
        self.frames.show_frame(belonging[0])
        self.detail.show_frame(belonging[0], self._message)

    def _open_frame(self, number: int) -> None:
        self._is_about_frame = True
        self.detail.show_frame(number, self._message)
        self._say()

    @Slot(int)
    def _on_frame_selected(self, number: int) -> None:
        self._open_frame(number)
        self.frame_selected.emit(number)
        owners = self._feed.messages_of(number)
        if owners and self._message not in owners:
            self._request_message(owners[0])

    @Slot(object)
    def _request_message(self, message: MessageId) -> None:
        if message != self._message:
            self._requested = message
            self.message_requested.emit(message)

    @Slot(object)
    def _on_scope_chosen(self, scope: Scope) -> None:
        self._set_scope(scope)

    def _set_scope(self, scope: Scope) -> None:
        is_new = scope is not self._model.scope
        self._model.set_scope(scope, self._chat, self._account)
        self._show_view()
        if is_new:
            self.scope_changed.emit(scope)

    # What is shown -----------------------------------------------------------------------------

    @Slot()
    def _show_view(self) -> None:
        """Frames where there are any; else the page that says why there are none."""
        status, count, shown = self._feed.status, self._feed.count, self._model.rowCount()
        self.bar.show_status(status, count)
        self.bar.show_counts(shown, count)
        self.bar.show_scope(self._model.scope)
        self.bar.scopes.set_available(Scope.MESSAGE, self._message is not None)
        self.bar.scopes.set_available(Scope.CHAT, self._chat is not None)
        self.bar.scopes.set_available(Scope.ACCOUNT, self._account is not None)
        self._show_notice(notice_state(status, count))
        if shown or self._model.is_looking:
            self._state = None
            self._stack.setCurrentIndex(0)
            return
        self._stack.setCurrentIndex(1)
        has_message, has_chat = self._message is not None, self._chat is not None
        state = empty_state(status, count, self._model.scope, has_message, has_chat)
        self._show_page(NOT_FOUND if count and self._model.is_filtered else state)
        self._show_tap()

    def _show_tap(self) -> None:
        """Below the page: the chosen message's bytes as the tap saw them, named as that."""
        tapped, exposure = b"", None
        if self._message is not None:
            tapped = self._feed.tap_bytes(self._message)
            exposure = self._feed.exposure_of(self._message)
        marks = (Mark(ByteRange(0, len(tapped)), exposure, False),) if exposure else ()
        self._tap.show_bytes(tapped, marks, self._tap_caption.title)
        self._tap_holder.setVisible(bool(tapped))

    def _show_page(self, state: State) -> None:
        if state == self._state:
            return
        self._state = state
        buttons = tuple(
            Button(offer.value, self._action(offer), at == 0)
            for at, offer in enumerate(state.offers)
        )
        self.page.show_state(
            state.icon,
            state.title,
            state.words,
            token=state.token,
            code=state.code,
            note=state.note,
            buttons=buttons,
        )

    def _show_notice(self, state: State | None) -> None:
        if state is None:
            self.notice.hide()
            return
        button = None
        if state.offers:
            button = Button(state.offers[0].value, self._action(state.offers[0]))
        self.notice.say(state.token, state.icon, state.words, button)

    def _action(self, offer: Offer) -> Callable[[], object]:
        actions: dict[Offer, Callable[[], object]] = {
            Offer.START: self.start_requested.emit,
            Offer.OPEN: self.open_requested.emit,
            Offer.OWN_ONLY: self.own_only_requested.emit,
            Offer.ENABLE: self.enable_requested.emit,
            Offer.CHECK_AGAIN: self.check_again_requested.emit,
            Offer.REMEDY: self.remedy_requested.emit,
            Offer.RESTART: self.restart_requested.emit,
            Offer.SHOW_CHAT: partial(self._set_scope, Scope.CHAT),
            Offer.SHOW_ALL: partial(self._set_scope, Scope.ALL),
            Offer.UNFILTER: self.bar.filter.clear,
        }
        return actions[offer]

    def _say(self) -> None:
        """Fill the line of plain language: about the frame picked, or the message chosen."""
        number = self.frames.current_frame
        if self._is_about_frame and number is not None:
            self.words.say(self._feed.explain_frame(number), self._feed.row(number).exposure)
        elif self._message is not None:
            words = self._feed.explain_message(self._message)
            self.words.say(words, self._feed.exposure_of(self._message))
        else:
            self.words.say(idle_words(self._feed.status, self._feed.count), None)


def _hairline(parent: QWidget) -> QFrame:
    line = QFrame(parent)
    line.setProperty("role", "line")
    return line
