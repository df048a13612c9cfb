"""The roster, as events build it."""

from dataclasses import replace

from chatlab.core.account import AccountId
from chatlab.core.chats import Change, ChatBook
from chatlab.core.roster import (
    Availability,
    Contact,
    ContactChanged,
    ContactRemoved,
    ContactsListed,
    RosterEvent,
    SubscriptionRequested,
    fold,
)
from tests.helpers.chats import account

LAB = AccountId("lab")
BOB = Contact(jid="bob@localhost", name="Bob")
EVE = Contact(jid="eve@localhost")
NOON = 1


def roster_after(*events: RosterEvent) -> tuple[Contact, ...]:
    contacts: dict[str, Contact] = {}
    for event in events:
        fold(contacts, event)
    return tuple(contacts.values())


def test_a_new_list_replaces_the_old_one() -> None:
    assert roster_after(ContactsListed(LAB, (BOB,)), ContactsListed(LAB, (EVE,))) == (EVE,)


def test_contacts_change_and_go_one_by_one() -> None:
    away = replace(BOB, availability=Availability.AWAY)
    assert roster_after(ContactsListed(LAB, (BOB, EVE)), ContactChanged(LAB, away)) == (away, EVE)
    assert roster_after(ContactsListed(LAB, (BOB, EVE)), ContactRemoved(LAB, BOB.jid)) == (EVE,)


def test_what_changes_nothing_is_not_told() -> None:
    book = ChatBook()
    book.add_account(account())
    told: list[Change] = []
    book.observe(lambda change, what, first, count: told.append(change))
    book.apply(ContactRemoved(LAB, BOB.jid))
    book.apply(SubscriptionRequested(LAB, EVE.jid, NOON))
    book.apply(ContactChanged(AccountId("nobody"), BOB))
    assert told == []
    book.apply(ContactChanged(LAB, BOB))
    assert told == [Change.ACCOUNT_CHANGED]
    assert book.accounts[LAB].contacts == {BOB.jid: BOB}


def test_a_contact_without_a_name_is_called_by_its_jid() -> None:
    assert (BOB.title, EVE.title) == ("Bob", "eve@localhost")
