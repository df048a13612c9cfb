"""Contacts: how they are listed, folded and found, and what can be done about one."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from chatlab.core import events as ev
from chatlab.core.account import Account, AccountId, Application
from chatlab.core.chats import ChatBook
from chatlab.core.commands import Command, Verb
from chatlab.core.connection import LinkState
from chatlab.core.roster import (
    Availability,
    Contact,
    ContactChanged,
    ContactRemoved,
    ContactsListed,
    Subscription,
)
from chatlab.ui.models.contacts import AccountRow, ContactModel, ContactRow, GroupRow, Role
from chatlab.ui.presence_words import PRESENCE_ICONS, PRESENCE_WORDS, contact_line
from chatlab.ui.widgets.contact_delegate import contact_tip
from chatlab.ui.widgets.contact_pane import ContactPane

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")
A, B = AccountId("a"), AccountId("b")
BOTH = Subscription.BOTH
ANNA = Contact(jid="anna@x.example", name="Anna", groups=("Work",), subscription=BOTH,
               availability=Availability.AWAY, status="at lunch")  # fmt: skip
BOB = Contact(jid="bob@x.example", groups=("Work", "Friends"), subscription=BOTH)
CARL = Contact(jid="carl@x.example", subscription=Subscription.NONE, is_asked=True)


def xmpp_account(account: AccountId, jid: str) -> Account:
    return Account(
        id=account, name=jid, application=Application.XMPP, host="", port=0, nick="me", jid=jid
    )


def book_with(*contacts: Contact, is_online: bool = True) -> ChatBook:
    book = ChatBook()
    book.add_account(xmpp_account(A, "me@x.example"))
    if is_online:
        book.apply(ev.LinkChanged(A, LinkState.ONLINE, 0))
    book.apply(ContactsListed(A, contacts))
    return book


def listed(model: ContactModel) -> list[str]:
    """Rows as ``# group on/all``, ``* account``, ``contact``."""
    found = []
    for number in range(model.rowCount()):
        match model.index(number).data(Role.ROW):
            case GroupRow(_, _, online, total, is_folded) as group:
                found.append(f"#{'>' if is_folded else ' '}{group.title} {online}/{total}")
            case AccountRow(_, title):
                found.append(f"* {title}")
            case ContactRow(_, contact):
                found.append(contact.title)
    return found


def test_the_list_keeps_the_rules_of_qt(qtbot: QtBot, qtmodeltester: ModelTester) -> None:
    book = book_with(ANNA, BOB, CARL)
    model = ContactModel(book)
    qtmodeltester.check(model)
    book.apply(ContactRemoved(A, BOB.jid))
    model.flush()
    model.close()


def test_contacts_stand_in_their_groups_those_online_first(qtbot: QtBot) -> None:
    model = ContactModel(book_with(BOB, ANNA, CARL))
    assert listed(model) == [
        "# Friends 0/1", "bob@x.example",
        "# Work 1/2", "Anna", "bob@x.example",
        "# Without a group 0/1", "carl@x.example",
    ]  # fmt: skip


def test_without_any_group_there_is_no_headline(qtbot: QtBot) -> None:
    model = ContactModel(book_with(CARL, replace(ANNA, groups=())))
    assert listed(model) == ["Anna", "carl@x.example"]
    model.set_offline_shown(False)
    assert listed(model) == ["Anna"]


def test_a_group_folds_and_stays_folded(qtbot: QtBot) -> None:
    book = book_with(ANNA, CARL)
    model = ContactModel(book)
    group = model.index(0).data(Role.ROW)
    model.fold(group, True)
    assert listed(model) == ["#>Work 1/1", "# Without a group 0/1", "carl@x.example"]
    book.apply(ContactChanged(A, replace(BOB, groups=("Work",))))
    model.flush()
    assert listed(model)[0] == "#>Work 1/2"


def test_who_is_offline_can_be_left_out(qtbot: QtBot) -> None:
    model = ContactModel(book_with(ANNA, BOB, CARL))
    model.set_offline_shown(False)
    assert listed(model) == ["# Work 1/2", "Anna"]


def test_a_filter_finds_name_and_address_even_of_the_hidden(qtbot: QtBot) -> None:
    model = ContactModel(book_with(ANNA, BOB, CARL))
    model.set_offline_shown(False)
    model.set_filter("CARL@")
    assert listed(model) == ["# Without a group 0/1", "carl@x.example"]


def test_without_a_connection_nobody_is_seen(qtbot: QtBot) -> None:
    book = book_with(ANNA)
    model = ContactModel(book)
    book.apply(ev.LinkChanged(A, LinkState.OFFLINE, 0))
    model.flush()
    assert listed(model) == ["# Work 0/1", "Anna"]


def test_accounts_have_headlines_where_there_are_several(qtbot: QtBot) -> None:
    book = book_with(ANNA)
    book.add_account(xmpp_account(B, "me@y.example"))
    book.apply(ContactsListed(B, (CARL,)))
    model = ContactModel(book)
    assert listed(model)[0] == "* me@x.example"
    assert "* me@y.example" in listed(model)


@pytest.mark.parametrize("availability", Availability)
def test_every_presence_has_a_word_and_a_sign_of_its_own(availability: Availability) -> None:
    assert PRESENCE_WORDS[availability]
    signs = [sign for sign, _ in PRESENCE_ICONS.values()]
    assert len(set(signs)) == len(signs)


@pytest.mark.parametrize(
    ("contact", "words"),
    [
        (ANNA, "Away – at lunch"),
        (BOB, "Offline"),
        (CARL, "Has not answered yet"),
        (replace(CARL, is_asked=False), "Does not tell you"),
        (replace(ANNA, is_blocked=True), "Blocked"),
    ],
)
def test_the_second_line_says_how_they_are(contact: Contact, words: str) -> None:
    assert contact_line(contact) == words


def test_the_tooltip_tells_all_there_is() -> None:
    tip = contact_tip(ANNA)
    for words in ("Anna", "anna@x.example", "Away", "at lunch", "Work", "Each of you sees"):
        assert words in tip


# --- the pane


def pane(qtbot: QtBot, *contacts: Contact, is_online: bool = True) -> tuple[ContactPane, ChatBook]:
    book = book_with(*contacts, is_online=is_online)
    model = ContactModel(book)
    made = ContactPane(model)
    qtbot.addWidget(made)
    made.resize(220, 300)
    made.show()
    return made, book


def choose(made: ContactPane, jid: str) -> None:
    made.list.setFocus()
    made.list.setCurrentIndex(made._model.row_of(A, jid))


def test_return_opens_a_chat(qtbot: QtBot) -> None:
    made, _ = pane(qtbot, ANNA, BOB)
    choose(made, ANNA.jid)
    with qtbot.waitSignal(made.talk_requested) as caught:
        qtbot.keyClick(made.list, Qt.Key.Key_Return)
    assert caught.args == [A, ANNA.jid]


def test_arrows_fold_a_group(qtbot: QtBot) -> None:
    made, _ = pane(qtbot, ANNA)
    made.list.setCurrentIndex(made._model.index(0))
    qtbot.keyClick(made.list, Qt.Key.Key_Left)
    assert made._model.rowCount() == 1
    qtbot.keyClick(made.list, Qt.Key.Key_Right)
    assert made._model.rowCount() == 2


def test_the_chosen_contact_stays_chosen_when_rows_move(qtbot: QtBot) -> None:
    made, book = pane(qtbot, ANNA, replace(BOB, groups=("Work",)))
    choose(made, BOB.jid)
    made._chosen = (A, BOB.jid)  # As by the keyboard; an offscreen window has no focus.
    book.apply(ContactChanged(A, replace(ANNA, availability=Availability.OFFLINE)))
    book.apply(
        ContactChanged(A, replace(BOB, groups=("Work",), availability=Availability.AVAILABLE))
    )
    made._model.flush()
    row = made.list.currentIndex().data(Role.ROW)
    assert row.contact.jid == BOB.jid


def test_an_empty_list_says_what_will_be_there(qtbot: QtBot) -> None:
    made, book = pane(qtbot)
    filled: list[None] = []
    made.filled.connect(lambda: filled.append(None))
    assert "Nobody yet" in made._empty_words.text()
    with qtbot.waitSignal(made.add_requested):
        made.empty_button.click()
    book.apply(ContactsListed(A, (BOB,)))
    made._model.flush()
    assert made._pages.currentIndex() == 0
    assert len(filled) == 1
    made.online_button.click()
    assert "Nobody is online" in made._empty_words.text()


def entries(made: ContactPane, contact: Contact) -> dict[str, bool]:
    menu = QMenu(made)
    made.fill_menu(menu, ContactRow(A, contact))
    return {act.text(): act.isEnabled() for act in menu.actions() if act.text()}


def test_the_menu_offers_what_fits_the_contact(qtbot: QtBot) -> None:
    made, _ = pane(qtbot, ANNA, CARL)
    known = entries(made, ANNA)
    assert "Stop seeing when they are there" in known
    assert "Stop showing them when I am there" in known
    assert all(known.values())
    asked = entries(made, CARL)
    assert "Ask again to see when they are there" in asked
    assert "Let them see when I am there" in asked
    assert "Unblock" in entries(made, replace(CARL, is_blocked=True))


def test_without_a_connection_only_reading_is_offered(qtbot: QtBot) -> None:
    made, _ = pane(qtbot, ANNA, is_online=False)
    known = entries(made, ANNA)
    assert known["Message"]
    assert not known["Block"]


def test_an_entry_is_a_command(qtbot: QtBot) -> None:
    made, _ = pane(qtbot, CARL)
    menu = QMenu(made)
    made.fill_menu(menu, ContactRow(A, CARL))
    heard: list[tuple[str, Command]] = []
    made.command_requested.connect(lambda account, command: heard.append((account, command)))
    for act in menu.actions():
        if act.text() in ("Block", "Let them see when I am there"):
            act.trigger()
    assert heard == [
        (A, Command(Verb.CONTACT, ("allow", CARL.jid))),
        (A, Command(Verb.BLOCK, (CARL.jid,))),
    ]


def test_delete_asks_for_removal(qtbot: QtBot) -> None:
    made, _ = pane(qtbot, ANNA)
    choose(made, ANNA.jid)
    with qtbot.waitSignal(made.remove_requested) as caught:
        qtbot.keyClick(made.list, Qt.Key.Key_Delete)
    assert caught.args == [A, ANNA.jid]
