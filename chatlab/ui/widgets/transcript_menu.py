"""The menu of a row in the transcript."""

from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtWidgets import QMenu

from chatlab.core.chats import Entry
from chatlab.core.flow import Direction
from chatlab.core.message import Delivery, Message
from chatlab.ui.action_table import ActionId
from chatlab.ui.rich_text import bare
from chatlab.ui.shortcuts import first_key
from chatlab.ui.theme import icon
from chatlab.ui.widgets.transcript_layout import Hit, HitKind

if TYPE_CHECKING:
    from chatlab.ui.widgets.transcript_view import TranscriptView


def fill_menu(menu: QMenu, view: "TranscriptView", hit: Hit | None, entry: Entry | None) -> None:
    """Put everything that can be done with ``entry`` into ``menu``."""
    if hit and hit.kind is HitKind.LINK:
        _add_link(menu, view, hit.value)
    if isinstance(entry, Message):
        _add_message(menu, view, entry)
        _add_own(menu, view, entry)
        menu.addSeparator()
    copy = menu.addAction(icon("copy"), view.tr("Copy"), view.copy_selection)
    copy.setShortcut(QKeySequence(QKeySequence.StandardKey.Copy))
    copy.setEnabled(bool(view.selectedIndexes()))
    menu.addAction(view.tr("Select all"), view.selectAll)


def _add_link(menu: QMenu, view: "TranscriptView", address: str) -> None:
    menu.addAction(icon("link"), view.tr("Open link"), lambda: view.link_activated.emit(address))
    menu.addAction(
        icon("copy"),
        view.tr("Copy link"),
        lambda: QGuiApplication.clipboard().setText(address),
    )
    menu.addSeparator()


def _add_message(menu: QMenu, view: "TranscriptView", message: Message) -> None:
    """What can be done with any message."""
    menu.addAction(
        icon("frame"), view.tr("Show its frames"), lambda: view.badge_clicked.emit(message.id)
    )
    menu.addAction(
        icon("compare"), view.tr("Compare"), lambda: view.compare_requested.emit(message.id)
    )
    _add_tags(menu, view, message)
    menu.addAction(
        icon("person"),
        view.tr("Address {nick}").format(nick=bare(message.sender).replace("&", "&&")),
        lambda: view.nick_requested.emit(message.sender),
    )


def _add_own(menu: QMenu, view: "TranscriptView", message: Message) -> None:
    """Saying it otherwise, taking it back, sending it again: who may, is asked here."""
    is_ours = message.direction is Direction.SENT and not message.is_retracted
    if view.features().can_correct and is_ours:
        menu.addAction(
            icon("edit"),
            _with_key("Correct…", ActionId.CORRECT),
            lambda: view.correction_requested.emit(message.id),
        )
    if view.features().can_retract and message.msgid and not message.is_retracted:
        menu.addAction(
            icon("trash"), view.tr("Take back…"), lambda: view.retract_requested.emit(message.id)
        )
    if message.delivery is Delivery.FAILED:
        menu.addAction(
            icon("retry"), view.tr("Send again"), lambda: view.resend_requested.emit(message.id)
        )
    elif message.delivery is Delivery.QUEUED:
        menu.addAction(
            icon("close"),
            view.tr("Cancel sending"),
            lambda: view.cancel_requested.emit(message.id),
        )


def _add_tags(menu: QMenu, view: "TranscriptView", message: Message) -> None:
    """What refers to a message by the server’s name for it; greyed where that cannot be done."""
    features = view.features()
    is_named = bool(message.msgid) and not message.is_retracted
    reply = menu.addAction(
        icon("reply"),
        _with_key("Answer…", ActionId.REPLY),
        lambda: view.reply_requested.emit(message.id),
    )
    reply.setEnabled(is_named and features.can_reply)
    react = menu.addAction(
        icon("smile"),
        _with_key("React…", ActionId.REACT),
        lambda: view.reaction_wanted.emit(message.id),
    )
    react.setEnabled(is_named and features.can_react)


def _with_key(words: str, action: ActionId) -> str:
    """The words and the key that does the same; shown, not bound: the window’s menu has it."""
    key = first_key(action)
    return f"{words}\t{key}" if key else words
