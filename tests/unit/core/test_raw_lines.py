"""The log of raw lines keeps the newest of each account, by numbers that never change."""

from chatlab.core.account import AccountId
from chatlab.core.events import LagMeasured, LineSeen
from chatlab.core.flow import Direction
from chatlab.core.raw_lines import MAX_LINES, RawLineLog

LAB = AccountId("lab")


def line(text: str, of: AccountId = LAB) -> LineSeen:
    return LineSeen(of, Direction.SENT, text, 0, None)


def texts(lines: list[LineSeen]) -> list[str]:
    return [one.line for one in lines]


def test_lines_come_back_in_order_from_where_one_left_off() -> None:
    log = RawLineLog()
    for text in ("NICK a", "JOIN #lab", "PING x"):
        log.take(line(text))
    assert texts(log.since(LAB, 0)) == ["NICK a", "JOIN #lab", "PING x"]
    assert texts(log.since(LAB, 2)) == ["PING x"]
    assert log.since(LAB, 3) == []


def test_accounts_do_not_mix_and_other_events_are_no_lines() -> None:
    log = RawLineLog()
    log.take(line("NICK a"))
    log.take(line("NICK b", AccountId("other")))
    log.take(LagMeasured(LAB, 0.1))
    assert texts(log.since(LAB, 0)) == ["NICK a"]
    assert log.count(LAB) == 1
    assert (log.count(AccountId("nobody")), log.since(AccountId("nobody"), 0)) == (0, [])


def test_only_the_newest_are_kept() -> None:
    log = RawLineLog()
    for number in range(MAX_LINES + 5):
        log.take(line(str(number)))
    assert log.count(LAB) == MAX_LINES + 5
    assert log.first(LAB) == 6
    assert texts(log.since(LAB, 2))[0] == "5"
    assert len(log.since(LAB, 0)) == MAX_LINES


def test_what_is_forgotten_stays_counted() -> None:
    log = RawLineLog()
    log.take(line("NICK a"))
    log.clear(LAB)
    log.take(line("NICK b"))
    assert texts(log.since(LAB, 0)) == ["NICK b"]
    assert log.count(LAB) == 2
