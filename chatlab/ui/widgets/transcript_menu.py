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
        menu.addAction(
            icon("link"), view.tr("Open link"), lambda: view.link_activated.emit(hit.value)
        )
        menu.addAction(
            icon("copy"),
            view.tr("Copy link"),
            lambda: QGuiApplication.clipboard().setText(hit.value),
        )
        menu.addSeparator()
    if isinstance(entry, Message):
        menu.addAction(
            icon("frame"), view.tr("Show its frames"), lambda: view.badge_clicked.emit(entry.id)
        )
        menu.addAction(
            icon("compare"), view.tr("Compare"), lambda: view.compare_requested.emit(entry.id)
        )
        _add_tags(menu, view, entry)
        menu.addAction(
            icon("person"),
            view.tr("Address {nick}").format(nick=bare(entry.sender).replace("&", "&&")),
            lambda: view.nick_requested.emit(entry.sender),
        )
        is_ours = entry.direction is Direction.SENT and not entry.is_retracted
        if view.features().can_correct and is_ours:
            menu.addAction(
                icon("edit"),
                _with_key("Correct…", ActionId.CORRECT),
                lambda: view.correction_requested.emit(entry.id),
            )
        if view.features().can_retract and entry.msgid and not entry.is_retracted:
            menu.addAction(
                icon("trash"), view.tr("Take back…"), lambda: view.retract_requested.emit(entry.id)
            )
        if entry.delivery is Delivery.FAILED:
            menu.addAction(
                icon("retry"), view.tr("Send again"), lambda: view.resend_requested.emit(entry.id)
            )
        elif entry.delivery is Delivery.QUEUED:
            menu.addAction(
                icon("close"),
                view.tr("Cancel sending"),
                lambda: view.cancel_requested.emit(entry.id),
            )
        menu.addSeparator()
    copy = menu.addAction(icon("copy"), view.tr("Copy"), view.copy_selection)
    copy.setShortcut(QKeySequence(QKeySequence.StandardKey.Copy))
    copy.setEnabled(bool(view.selectedIndexes()))
    menu.addAction(view.tr("Select all"), view.selectAll)


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
