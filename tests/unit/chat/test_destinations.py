"""The servers of a domain are tried in the order that DNS gives them (RFC 2782)."""

from chatlab.chat.destinations import domain_of, in_order, server_name
from chatlab.chat.dns import ServiceRecord
from chatlab.core.account import Account, AccountId, Application


def record(name: str, priority: int, weight: int) -> ServiceRecord:
    return ServiceRecord(priority, weight, 5222, name)


def test_the_lowest_priority_comes_first_whatever_the_weight() -> None:
    records = [record("late", 20, 100), record("first", 5, 0), record("second", 10, 1)]
    assert [each.target for each in in_order(records, max)] == ["first", "second", "late"]


def test_within_a_priority_the_drawn_weight_decides() -> None:
    records = [record("a", 1, 60), record("b", 1, 30), record("c", 1, 0)]
    drawn: list[tuple[int, int]] = []

    def choose(low: int, high: int) -> int:
        drawn.append((low, high))
        return {90: 61, 60: 0, 0: 0}.get(high, low)

    # c, without weight, stands first: it is only taken when 0 is drawn.
    assert [each.target for each in in_order(records, choose)] == ["b", "c", "a"]
    assert drawn == [(0, 90), (0, 60), (0, 60)]


def test_every_record_is_tried_once() -> None:
    records = [record(str(number), number % 3, number) for number in range(30)]
    assert sorted(in_order(records, lambda low, _: low), key=id) == sorted(records, key=id)


def account(jid: str, host: str = "", application: Application = Application.XMPP) -> Account:
    return Account(
        id=AccountId("a"), name="a", application=application, host=host, port=0, nick="a", jid=jid
    )


def test_the_certificate_must_be_for_the_domain_whatever_the_host() -> None:
    assert server_name(account("alice@lab.test/desk@home", "127.0.0.1")) == "lab.test"
    assert server_name(account("alice@[2001:db8::1]")) == "2001:db8::1"
    assert server_name(account("", "irc.lab.test", Application.IRC)) == "irc.lab.test"
    assert domain_of(account("lab.test/x")) == "lab.test"
