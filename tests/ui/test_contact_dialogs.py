"""Dialogs about contacts and rooms: what is typed becomes commands."""

import pytest
from PySide6.QtWidgets import QLabel, QMenu, QWidget
from pytestqt.qtbot import QtBot

from chatlab.core import events as ev
from chatlab.core.account import AccountId
from chatlab.core.chat import Member
from chatlab.core.chats import ChatBook, ChatKind
from chatlab.core.commands import Command, Verb
from chatlab.core.errors import ChatlabError
from chatlab.core.forms import DataForm, FieldKind, FormField
from chatlab.core.listings import ListedMask
from chatlab.core.roster import Availability, Contact, Subscription
from chatlab.ui.dialogs.contact import AddContactDialog, ContactDialog
from chatlab.ui.dialogs.invite import InviteDialog
from chatlab.ui.dialogs.reason import ReasonDialog
from chatlab.ui.dialogs.room import JoinRoomDialog, RoomAccount, RoomWish
from chatlab.ui.dialogs.room_settings import RoomSettingsDialog
from chatlab.ui.models.members import GroupRow, rows_of
from chatlab.ui.widgets.member_list import MemberList
from chatlab.ui.widgets.occupant_menu import OccupantActs, fill_occupant_menu

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")
A, B = AccountId("a"), AccountId("b")
ROOM = "lab@rooms.x.example"
ANNA = Contact(
    jid="anna@x.example",
    name="Anna",
    groups=("Work",),
    subscription=Subscription.TO,
    availability=Availability.AWAY,
    status="<b>at lunch</b>",
)


def words(widget: QWidget) -> str:
    return " ".join(label.text() for label in widget.findChildren(QLabel) if label.isVisible())


def contact(*what: str) -> Command:
    return Command(Verb.CONTACT, what)


# --- contacts


def adding(qtbot: QtBot) -> tuple[AddContactDialog, list[tuple[str, object]]]:
    dialog = AddContactDialog(((A, "Home"), (B, "Work")), ("Friends", "Work"))
    qtbot.addWidget(dialog)
    heard: list[tuple[str, object]] = []
    dialog.submitted.connect(lambda who, commands: heard.append((who, commands)))
    dialog.open()
    return dialog, heard


def test_a_contact_is_added_named_grouped_and_allowed(qtbot: QtBot) -> None:
    dialog, heard = adding(qtbot)
    qtbot.keyClicks(dialog.jid.edit, "anna@x.example")
    dialog.name.setText("Anna B.")
    dialog.groups.setText("Work,  Friends,Work")
    dialog.account.setCurrentIndex(1)
    dialog.add_contact_button.click()
    jid = "anna@x.example"
    assert heard == [
        (
            B,
            (
                contact("add", jid, "Anna B."),
                contact("groups", jid, "Work, Friends"),
                contact("allow", jid),
            ),
        )
    ]


def test_an_address_alone_is_enough_for_a_contact(qtbot: QtBot) -> None:
    dialog, heard = adding(qtbot)
    dialog.add_contact_button.click()
    assert not heard
    assert "address is needed" in words(dialog)
    qtbot.keyClicks(dialog.jid.edit, "anna@x.example")
    dialog.allows.setChecked(False)
    dialog.add_contact_button.click()
    assert heard == [(A, (contact("add", "anna@x.example"),))]


def test_groups_that_exist_are_proposed_behind_those_typed(qtbot: QtBot) -> None:
    dialog, _ = adding(qtbot)
    dialog.groups.textEdited.emit("Work, fr")
    assert dialog.groups._names.stringList() == ["Work, Friends"]


def test_only_what_was_changed_of_a_contact_is_sent(qtbot: QtBot) -> None:
    dialog = ContactDialog(ANNA, ("Work",))
    qtbot.addWidget(dialog)
    heard: list[object] = []
    dialog.submitted.connect(heard.append)
    dialog.open()
    dialog.groups.setText("")
    dialog.save_button.click()
    assert heard == [(contact("groups", ANNA.jid),)]


def test_a_contact_is_shown_with_all_that_is_known(qtbot: QtBot) -> None:
    dialog = ContactDialog(ANNA)
    qtbot.addWidget(dialog)
    dialog.open()
    shown = words(dialog)
    for part in ("Anna", "anna@x.example", "Away", "<b>at lunch</b>", "they do not see it"):
        assert part in shown
    dialog.name.setText("Typed meanwhile")
    dialog.show_contact(Contact(jid=ANNA.jid, name="Anna", is_blocked=True))
    assert "blocked" in words(dialog)
    assert dialog.name.text() == "Typed meanwhile"


def test_without_a_connection_a_contact_can_only_be_read(qtbot: QtBot) -> None:
    dialog = ContactDialog(ANNA, is_online=False)
    qtbot.addWidget(dialog)
    dialog.open()
    assert not dialog.save_button.isEnabled()
    assert "connect to change" in words(dialog)


def test_an_invitation_names_a_person_and_a_room(qtbot: QtBot) -> None:
    rooms = ((ROOM, "The lab"), ("other@rooms.x.example", "Other"))
    dialog = InviteDialog(rooms, (ANNA.jid,), room="other@rooms.x.example")
    qtbot.addWidget(dialog)
    dialog.open()
    dialog.jid.set_text(ANNA.jid)
    with qtbot.waitSignal(dialog.submitted) as caught:
        dialog.invite_button.click()
    assert caught.args == [ANNA.jid, "other@rooms.x.example"]


def test_without_a_room_nobody_can_be_invited(qtbot: QtBot) -> None:
    dialog = InviteDialog((), ())
    qtbot.addWidget(dialog)
    dialog.open()
    assert not dialog.invite_button.isEnabled()
    assert "in no room" in words(dialog)


# --- entering rooms


def entering(qtbot: QtBot, *accounts: RoomAccount) -> tuple[JoinRoomDialog, list[RoomWish]]:
    dialog = JoinRoomDialog(accounts)
    qtbot.addWidget(dialog)
    heard: list[RoomWish] = []
    dialog.submitted.connect(heard.append)
    dialog.open()
    return dialog, heard


def test_a_name_alone_means_a_room_of_the_known_service(qtbot: QtBot) -> None:
    dialog, heard = entering(qtbot, RoomAccount(A, "Home", "me", "rooms.x.example"))
    qtbot.keyClicks(dialog.room.edit, "lab")
    dialog.nick.setText("Me, myself")
    dialog.password.setText("open sesame")
    dialog.join_button.click()
    assert heard == [RoomWish(A, ROOM, "Me, myself", "open sesame", False)]


def test_where_the_service_is_not_known_it_is_only_proposed(qtbot: QtBot) -> None:
    dialog, heard = entering(qtbot, RoomAccount(A, "Home", "me", "", "conference.x.example"))
    qtbot.keyClicks(dialog.room.edit, "lab")
    dialog.join_button.click()
    assert not heard
    dialog.room._problem._use.click()
    dialog.join_button.click()
    assert heard[0].room == "lab@conference.x.example"


def test_a_nickname_that_cannot_be_is_explained(qtbot: QtBot) -> None:
    dialog, heard = entering(qtbot, RoomAccount(A, "Home", "me", "rooms.x.example"))
    dialog.room.set_text(ROOM)
    dialog.nick.setText("a\x07b")
    dialog.join_button.click()
    assert not heard
    assert "control character" in words(dialog)


def test_after_a_refusal_the_dialog_says_why(qtbot: QtBot) -> None:
    dialog, _ = entering(qtbot, RoomAccount(A, "Home", "me"))
    dialog.propose(ROOM, nick="me", refusal="It has a password.")
    assert dialog.room.text() == ROOM
    assert "It has a password." in words(dialog)


def test_an_irc_account_leads_to_channels(qtbot: QtBot) -> None:
    irc = RoomAccount(B, "IRC", "me", is_irc=True)
    dialog, _ = entering(qtbot, RoomAccount(A, "Home", "me"), irc)
    with qtbot.waitSignal(dialog.irc_requested) as caught:
        dialog.account.setCurrentIndex(1)
    assert caught.args == [B]
    assert not dialog.isVisible()


# --- settings of rooms


def settings(qtbot: QtBot, affiliation: str) -> tuple[RoomSettingsDialog, list[Command]]:
    dialog = RoomSettingsDialog("The lab", ROOM, (ANNA.jid,), affiliation=affiliation)
    qtbot.addWidget(dialog)
    heard: list[Command] = []
    dialog.command_wanted.connect(heard.append)
    dialog.open()
    return dialog, heard


def test_a_subject_is_set_and_taken_away(qtbot: QtBot) -> None:
    dialog, heard = settings(qtbot, "none")
    dialog.show_subject("Old")
    dialog.subject.edit.setPlainText("New")
    dialog.subject.button.click()
    dialog.show_subject("New")
    dialog.subject.edit.setPlainText("")
    dialog.subject.button.click()
    assert heard == [Command(Verb.TOPIC, ("New",)), Command(Verb.CLEARTOPIC)]


@pytest.mark.parametrize(("affiliation", "pages"), [("none", 1), ("admin", 2), ("owner", 3)])
def test_pages_are_those_that_the_reader_may_use(
    qtbot: QtBot, affiliation: str, pages: int
) -> None:
    dialog, _ = settings(qtbot, affiliation)
    assert dialog.tabs.count() == dialog.pages.count() == pages


def test_the_rooms_form_is_asked_for_when_it_is_seen(qtbot: QtBot) -> None:
    dialog, _ = settings(qtbot, "owner")
    with qtbot.waitSignal(dialog.form_wanted):
        dialog.go_to_settings()
    assert not dialog.settings.button.isEnabled()
    field = FormField(name="public", kind=FieldKind.BOOLEAN, label="In the list", values=("1",))
    dialog.show_form(DataForm(fields=(field,)))
    with qtbot.waitSignal(dialog.form_submitted) as caught:
        dialog.settings.button.click()
    assert caught.args == [DataForm(fields=(field,))]
    dialog.say_refused(ChatlabError("Not you.", "Ask an owner."))
    assert "Not you. Ask an owner." in words(dialog)
    dialog.say_saved()
    assert "has taken the settings" in words(dialog)


def test_people_are_put_on_lists_and_taken_off(qtbot: QtBot) -> None:
    dialog, heard = settings(qtbot, "admin")
    wanted: list[str] = []
    dialog.list_wanted.connect(wanted.append)
    dialog.tabs.setCurrentIndex(1)
    assert wanted == ["owner"]
    page = dialog.standing
    page.which.setCurrentIndex(3)
    assert wanted == ["owner", "outcast"]
    dialog.show_list("outcast", (ListedMask("spam@y.example"),))
    page.table.selectAll()
    page.remove_button.click()
    page.who.set_text("more@y.example")
    page.add_button.click()
    assert heard == [
        Command(Verb.AFFILIATION, ("spam@y.example", "none")),
        Command(Verb.AFFILIATION, ("more@y.example", "outcast")),
    ]


def test_a_reason_is_asked_for_and_may_be_empty(qtbot: QtBot) -> None:
    dialog = ReasonDialog("Kick bob", "Out of the lab.", "Kick")
    qtbot.addWidget(dialog)
    dialog.open()
    with qtbot.waitSignal(dialog.submitted) as caught:
        dialog.do_button.click()
    assert caught.args == [""]


# --- people in rooms


def occupant(nick: str, role: str, affiliation: str = "none", jid: str = "") -> Member:
    return Member(nick=nick, role=role, affiliation=affiliation, account_name=jid)


OWNER = occupant("Olga O.", "moderator", "owner", "olga@x.example")
ADMIN = occupant("adam", "moderator", "admin")
GUEST = occupant("gus", "participant")
VISITOR = occupant("vic", "visitor")


def test_people_of_a_room_are_grouped_by_role() -> None:
    rows = rows_of({m.nick: m for m in (VISITOR, GUEST, OWNER, ADMIN)})
    titles = [row.title if isinstance(row, GroupRow) else row.nick for row in rows]
    assert titles == ["Moderators", "Olga O.", "adam", "Participants", "gus", "Visitors", "vic"]


def entries(member: Member, own: Member | None) -> tuple[dict[str, bool], list[object]]:
    """What the menu offers, and what each moderating entry does when it is pressed."""
    menu = QMenu()
    done: list[object] = []
    acts = OccupantActs(
        query=lambda: done.append("query"),
        mention=lambda: done.append("mention"),
        run=done.append,
        ask=done.append,
        begin=done.append,
        invite=lambda: done.append("invite"),
    )
    fill_occupant_menu(menu, member, own, acts)
    found: dict[str, bool] = {}
    for act in menu.actions():
        inner = act.menu()
        if isinstance(inner, QMenu) and act.text() == "Moderate":
            for entry in inner.actions():
                if entry.text():
                    found[entry.text()] = entry.isEnabled()
                    entry.trigger()
        elif act.text():
            found[act.text()] = act.isEnabled()
    return found, done


def test_a_guest_may_moderate_nobody(qtbot: QtBot) -> None:
    found, done = entries(VISITOR, GUEST)
    assert found["Moderate: for moderators only"] is False
    assert not done


def test_an_owner_may_do_everything(qtbot: QtBot) -> None:
    found, done = entries(VISITOR, OWNER)
    for words_ in ("Give voice", "Make moderator", "Make owner", "Make member", "Kick…", "Ban…"):
        assert found[words_], words_
    assert Command(Verb.VOICE, ("vic",)) in done
    assert Command(Verb.AFFILIATION, ("vic", "owner")) in done
    assert Verb.KICK in done
    assert Verb.BAN in done


def test_an_admin_makes_members_and_touches_no_owner(qtbot: QtBot) -> None:
    found, _ = entries(GUEST, ADMIN)
    assert "Make member" in found
    assert "Make admin" not in found
    found, _ = entries(OWNER, ADMIN)
    assert not found["Ban…"]
    assert not found["Kick…"]
    assert "Take moderation away" not in found


def test_a_nickname_with_blanks_stays_one_argument(qtbot: QtBot) -> None:
    boss = occupant("boss", "moderator", "owner")
    _, done = entries(occupant("Alice B", "participant"), boss)
    assert Command(Verb.DEVOICE, ("Alice B",)) in done


def member_list(qtbot: QtBot) -> MemberList:
    book = ChatBook()
    made = MemberList()
    qtbot.addWidget(made)
    chat = book.open(A, ROOM, ChatKind.CHANNEL)
    book.apply(ev.MembersListed(A, ROOM, (OWNER, GUEST)))
    book.apply(ev.MemberJoined(A, ROOM, OWNER, 0, is_self=True))
    made.show_chat(book, chat)
    return made


def test_a_private_chat_goes_to_the_real_address_where_it_is_shown(qtbot: QtBot) -> None:
    made = member_list(qtbot)
    assert made._address_of(OWNER) == "olga@x.example"
    assert made._address_of(GUEST) == f"{ROOM}/gus"


def test_the_menu_knows_the_reader_by_the_rooms_nickname(qtbot: QtBot) -> None:
    made = member_list(qtbot)
    menu = QMenu(made)
    made.fill_menu(menu, GUEST)
    assert "Moderate" in [act.text() for act in menu.actions()]
    own = QMenu(made)
    made.fill_menu(own, OWNER)
    assert "Change my nickname…" in [act.text() for act in own.actions()]
