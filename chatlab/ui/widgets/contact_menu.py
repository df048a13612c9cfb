"""What one can do about a contact. Each entry is a command of ``core.commands``, or asks first."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu

from chatlab.core.commands import Command, Verb
from chatlab.core.roster import Contact
from chatlab.ui.presence_words import is_seen_by, sees_them
from chatlab.ui.theme import icon


@dataclass(frozen=True, slots=True)
class ContactActs:
    """What the menu can have done."""

    talk: Callable[[], object]
    show: Callable[[], object]
    """Everything about them, to be read and changed."""
    remove: Callable[[], object]
    """Asks first."""
    run: Callable[[Command], object]
    """Carry out a command."""
    invite: Callable[[], object]
    """Into a room that is to be chosen."""


def fill_contact_menu(menu: QMenu, contact: Contact, *, is_online: bool, acts: ContactActs) -> None:
    """Put everything that can be done about ``contact`` into ``menu``.

    ``is_online``: our account is; all but reading needs the server.
    """
    jid = contact.jid
    menu.addAction(icon("person"), _tr("Message"), acts.talk)
    menu.addAction(icon("info"), _tr("Name, groups, details…"), acts.show)
    needs_server = [menu.addAction(icon("channel"), _tr("Invite into a room…"), acts.invite)]
    menu.addSeparator()
    for sign, words, what in _presence_entries(contact):
        act = menu.addAction(icon(sign), _tr(words), _runner(acts, Verb.CONTACT, what, jid))
        needs_server.append(act)
    menu.addSeparator()
    if contact.is_blocked:
        block = menu.addAction(icon("check"), _tr("Unblock"), _runner(acts, Verb.UNBLOCK, jid))
    else:
        block = menu.addAction(icon("block"), _tr("Block"), _runner(acts, Verb.BLOCK, jid))
        report = menu.addAction(
            icon("warning"),
            _tr("Block and report as spam"),
            _runner(acts, Verb.BLOCK, jid, "spam"),
        )
        needs_server.append(report)
    needs_server.append(block)
    needs_server.append(menu.addAction(icon("trash"), _tr("Remove…"), acts.remove))
    menu.addSeparator()
    clipboard = QGuiApplication.clipboard()
    menu.addAction(icon("copy"), _tr("Copy address"), lambda: clipboard.setText(jid))
    for action in needs_server:
        action.setEnabled(is_online)


def _presence_entries(contact: Contact) -> list[tuple[str, str, str]]:
    """Icon, words and what ``/contact`` calls it (RFC 6121, section 3)."""
    entries = []
    if sees_them(contact):
        entries.append(("eye-off", "Stop seeing when they are there", "leave"))
    else:
        words = "Ask again" if contact.is_asked else "Ask"
        entries.append(("eye", f"{words} to see when they are there", "ask"))
    if is_seen_by(contact):
        entries.append(("minus", "Stop showing them when I am there", "refuse"))
    else:
        entries.append(("plus", "Let them see when I am there", "allow"))
    return entries


def _runner(acts: ContactActs, verb: Verb, *arguments: str) -> Callable[[], object]:
    return lambda: acts.run(Command(verb, arguments))


def _tr(words: str) -> str:
    return QCoreApplication.translate("ContactMenu", words)
