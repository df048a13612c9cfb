"""What one can ask or do about somebody in an XMPP room, by what one may do there.

Nicknames of rooms may have blanks, so the entries are commands, not lines to be parsed. Who may
do what is section 5 of XEP-0045; the room has the last word and says so.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu

from chatlab.core.chat import Member
from chatlab.core.commands import Command, Verb
from chatlab.ui.theme import icon

_RANKS = ("outcast", "none", "member", "admin", "owner")
"""Affiliations, lowest first."""
_STANDING = {
    "owner": "Make owner",
    "admin": "Make admin",
    "member": "Make member",
    "none": "Take the standing away",
}


@dataclass(frozen=True, slots=True)
class OccupantActs:
    """What the menu can have done."""

    query: Callable[[], object]
    mention: Callable[[], object]
    run: Callable[[Command], object]
    """Carry out a command in the room."""
    ask: Callable[[Verb], object]
    """The same, once a reason was asked for."""
    begin: Callable[[str], object]
    """Put the beginning of a command into the composer."""
    invite: Callable[[], object]
    """Somebody else, into this room."""


def fill_occupant_menu(menu: QMenu, member: Member, own: Member | None, acts: OccupantActs) -> None:
    """Put everything that can be done about ``member`` into ``menu``; ``own`` is the reader."""
    nick = member.nick
    if own is not None and nick == own.nick:
        _add(menu, "edit", "Change my nickname…", lambda: acts.begin("/nick "))
        _add(menu, "user-add", "Invite somebody…", acts.invite)
    else:
        _add(menu, "person", "Private chat", acts.query)
        _add(menu, "edit", "Mention", acts.mention)
        menu.addSeparator()
        _add_questions(menu, nick, acts)
        if member.account_name:
            add = Command(Verb.CONTACT, ("add", member.account_name, nick))
            _add(menu, "user-add", "Add to my contacts", lambda: acts.run(add))
        menu.addSeparator()
        _add_moderation(menu, member, own, acts)
        _add(menu, "user-add", "Invite somebody else…", acts.invite)
    menu.addSeparator()
    clipboard = QGuiApplication.clipboard()
    _add(menu, "copy", "Copy nickname", lambda: clipboard.setText(nick))
    if member.account_name:
        address = member.account_name
        _add(menu, "copy", "Copy address", lambda: clipboard.setText(address))


def _add_questions(menu: QMenu, nick: str, acts: OccupantActs) -> None:
    inner = menu.addMenu(icon("help"), _tr("Ask their program"))
    for sign, words, verb in (
        ("info", "Who is this?", Verb.WHOIS),
        ("clock", "How far away? (ping)", Verb.PING),
        ("info", "Which program? (version)", Verb.VERSION),
        ("sun", "What time is it there?", Verb.TIME),
    ):
        command = Command(verb, (nick,))
        _add(inner, sign, words, partial(acts.run, command))


def _add_moderation(menu: QMenu, member: Member, own: Member | None, acts: OccupantActs) -> None:
    is_moderator = own is not None and own.role == "moderator"
    is_ruler = own is not None and own.affiliation in ("owner", "admin")
    is_above = own is not None and _rank(own) > _rank(member)
    if not (is_moderator or is_ruler):
        _add(menu, "crown", "Moderate: for moderators only", None)
        return
    inner = menu.addMenu(icon("crown"), _tr("Moderate"))
    nick = member.nick
    if is_moderator:
        _add_voice(inner, member, acts)
    if is_ruler:
        _add_role(inner, member, is_above, acts)
        inner.addSeparator()
        for affiliation in _standings(member, own):
            command = Command(Verb.AFFILIATION, (nick, affiliation))
            words = _STANDING[affiliation]
            _add(inner, "key", words, partial(acts.run, command))
    inner.addSeparator()
    may_kick = is_moderator and (is_above or _rank(member) <= _RANKS.index("member"))
    _add(inner, "close", "Kick…", (lambda: acts.ask(Verb.KICK)) if may_kick else None)
    if is_ruler:
        _add(inner, "block", "Ban…", (lambda: acts.ask(Verb.BAN)) if is_above else None)


def _add_voice(inner: QMenu, member: Member, acts: OccupantActs) -> None:
    if member.role == "visitor":
        voice = Command(Verb.VOICE, (member.nick,))
        _add(inner, "plus", "Give voice", lambda: acts.run(voice))
    elif member.role == "participant":
        mute = Command(Verb.DEVOICE, (member.nick,))
        _add(inner, "minus", "Take voice", lambda: acts.run(mute))


def _add_role(inner: QMenu, member: Member, is_above: bool, acts: OccupantActs) -> None:
    if member.role != "moderator":
        promote = Command(Verb.OP, (member.nick,))
        _add(inner, "crown", "Make moderator", lambda: acts.run(promote))
    elif is_above:
        demote = Command(Verb.DEOP, (member.nick,))
        _add(inner, "crown", "Take moderation away", lambda: acts.run(demote))


def _standings(member: Member, own: Member | None) -> list[str]:
    """Lasting standings that the reader may give: owners all, admins membership alone."""
    is_owner = own is not None and own.affiliation == "owner"
    if is_owner:
        allowed = ["owner", "admin", "member", "none"]
    elif member.affiliation in ("member", "none", ""):
        allowed = ["member", "none"]
    else:
        allowed = []
    now = member.affiliation or "none"
    return [affiliation for affiliation in allowed if affiliation != now]


def _rank(member: Member) -> int:
    return _RANKS.index(member.affiliation) if member.affiliation in _RANKS else 1


def _add(menu: QMenu, sign: str, words: str, act: Callable[[], object] | None) -> None:
    """An entry; without an act it only says that there is none for the reader."""
    made = menu.addAction(icon(sign), _tr(words))
    made.setEnabled(act is not None)
    if act is not None:
        made.triggered.connect(lambda _checked=False: act())


def _tr(words: str) -> str:
    return QCoreApplication.translate("OccupantMenu", words)
