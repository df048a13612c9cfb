"""What one can ask or do about somebody in a channel, by what one may do there.

Each entry is a command of ``core.commands``: carried out at once where it does no harm, else put
into the composer, where a reason can be added and Return is the consent.
"""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu

from chatlab.core.chat import Member
from chatlab.ui.theme import icon

_OPERATOR_SIGNS = frozenset("~&@%")


@dataclass(frozen=True, slots=True)
class MemberActs:
    """What the menu can have done."""

    query: Callable[[str], object]
    """Open a private chat with a nick."""
    mention: Callable[[str], object]
    run: Callable[[str], object]
    """Carry out a command."""
    begin: Callable[[str], object]
    """Put the beginning of a command into the composer."""
    send_file: Callable[[str], object]
    """Ask which file a nick is to be offered."""


def may_moderate(prefixes: str) -> bool:
    """Whether somebody with these status signs may kick, ban and give voice."""
    return not _OPERATOR_SIGNS.isdisjoint(prefixes)


def fill_member_menu(
    menu: QMenu, member: Member, own_nick: str, own_prefixes: str, acts: MemberActs
) -> None:
    """Put everything that can be done about ``member`` into ``menu``."""
    nick = member.nick
    if nick.lower() == own_nick.lower():
        _fill_for_oneself(menu, nick, acts)
    else:
        menu.addAction(icon("person"), _tr("Private chat"), lambda: acts.query(nick))
        menu.addAction(icon("edit"), _tr("Mention"), lambda: acts.mention(nick))
        menu.addAction(icon("send"), _tr("Send file…"), lambda: acts.send_file(nick))
        _add(menu, "link", "Direct chat past the server (DCC)", acts.run, f"/dcc chat {nick}")
        menu.addSeparator()
        _add(menu, "info", "Who is this? (WHOIS)", acts.run, f"/whois {nick}")
        _fill_questions(menu.addMenu(icon("help"), _tr("Ask their program (CTCP)")), nick, acts)
        menu.addSeparator()
        _add_moderation(menu, member, own_prefixes, acts)
        _add(menu, "user-add", "Invite into a channel…", acts.begin, f"/invite {nick} #")
        _add(menu, "eye-off", "Ignore", acts.run, f"/ignore {nick}")
    menu.addSeparator()
    clipboard = QGuiApplication.clipboard()
    menu.addAction(icon("copy"), _tr("Copy nick"), lambda: clipboard.setText(nick))


def _fill_for_oneself(menu: QMenu, nick: str, acts: MemberActs) -> None:
    _add(menu, "info", "What others see of me (WHOIS)", acts.run, f"/whois {nick}")
    _add(menu, "edit", "Change my nick…", acts.begin, "/nick ")
    _add(menu, "moon", "Away…", acts.begin, "/away ")


def _fill_questions(menu: QMenu, nick: str, acts: MemberActs) -> None:
    _add(menu, "clock", "How far away? (PING)", acts.run, f"/ping {nick}")
    _add(menu, "info", "Which program? (VERSION)", acts.run, f"/version {nick}")
    _add(menu, "sun", "What time is it there? (TIME)", acts.run, f"/ctcp {nick} TIME")
    _add(menu, "layers", "What does it answer? (CLIENTINFO)", acts.run, f"/ctcp {nick} CLIENTINFO")


def _add_moderation(menu: QMenu, member: Member, own_prefixes: str, acts: MemberActs) -> None:
    nick = member.nick
    if not may_moderate(own_prefixes):
        menu.addAction(icon("crown"), _tr("Moderate: for operators only")).setEnabled(False)
        return
    inner = menu.addMenu(icon("crown"), _tr("Moderate"))
    if "@" in member.prefixes:
        _add(inner, "crown", "Take operator status", acts.run, f"/deop {nick}")
    else:
        _add(inner, "crown", "Make operator", acts.run, f"/op {nick}")
    if "+" in member.prefixes:
        _add(inner, "minus", "Take voice", acts.run, f"/devoice {nick}")
    else:
        _add(inner, "plus", "Give voice", acts.run, f"/voice {nick}")
    inner.addSeparator()
    _add(inner, "close", "Kick…", acts.begin, f"/kick {nick} ")
    _add(inner, "minus", "Ban…", acts.begin, f"/ban {nick}")
    _add(inner, "trash", "Kick and ban…", acts.begin, f"/kickban {nick} ")


def _add(menu: QMenu, sign: str, words: str, act: Callable[[str], object], command: str) -> None:
    made = menu.addAction(icon(sign), _tr(words), lambda: act(command))
    made.setStatusTip(command.strip())


def _tr(words: str) -> str:
    return QCoreApplication.translate("MemberMenu", words)
