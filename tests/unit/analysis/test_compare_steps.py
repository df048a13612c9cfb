"""The comparison and the observers work step by step, and no step does much."""

from collections import Counter
from collections.abc import Generator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TypeVar

import pytest

from chatlab.analysis.compare import Table
from chatlab.analysis.compare_cost import CostReader
from chatlab.analysis.compare_specimen import Specimen
from chatlab.analysis.compare_steps import ENTRIES_AT_ONCE, UNITS_AT_ONCE
from chatlab.analysis.observer import ObserverReader
from chatlab.analysis.observer_claims import Claims
from chatlab.analysis.observer_hearing import Hearing
from chatlab.core.message import Message
from chatlab.core.observing import Observer
from tests.helpers.compared import specimen
from tests.helpers.tcp_talk import RECEIVED, SENT, START_NS, Talk, connection, message, wire
from tests.unit.analysis.conftest import OpenLog

COUNT = 300
OURS = connection()
T = TypeVar("T")


@pytest.fixture
def many(tmp_path: Path, open_log: OpenLog) -> Specimen:
    """A long talk, each message with its echo."""
    talk = Talk().handshake()
    messages: list[Message] = []
    for number in range(COUNT):
        text = f"number {number}"
        line = f"PRIVMSG #lab :{text}\r\n".encode()
        start, back = talk.reached[SENT], talk.reached[RECEIVED]
        talk.send(SENT, line)
        talk.send(RECEIVED, b":alice!u@h " + line)
        span, echo = (
            wire(SENT, start, talk.reached[SENT]),
            wire(RECEIVED, back, talk.reached[RECEIVED]),
        )
        said = message(f"m{number}", span, echo=echo, text=text)
        messages.append(replace(said, time_ns=START_NS + number))
    return specimen(open_log(talk.write(tmp_path / "c.pcapng")), [OURS], messages)


def counted(monkeypatch: pytest.MonkeyPatch, *work: tuple[type, str]) -> "Counter[str]":
    """How often each of these methods is called from now on."""
    calls: Counter[str] = Counter()
    for owner, name in work:
        method = getattr(owner, name)

        def called(
            *given: object, method: object = method, name: str = name, **more: object
        ) -> object:
            calls[name] += 1
            assert callable(method)
            return method(*given, **more)

        monkeypatch.setattr(owner, name, called)
    return calls


def most_in_a_step(
    steps: Generator[None, None, T], calls: "Counter[str]"
) -> tuple[T, Counter[str]]:
    """What the steps lead to, and the most of each call between two of them."""
    most: Counter[str] = Counter()
    while True:
        calls.clear()
        try:
            next(steps)
        except StopIteration as end:
            found: T = end.value
            return found, most | calls
        most |= calls


def test_a_step_of_the_table_counts_one_message_of_each_connection(
    many: Specimen, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = counted(monkeypatch, (CostReader, "cost"))
    table, most = most_in_a_step(Table([many]).latest(), calls)
    assert len(table.rows) == COUNT
    assert most["cost"] == 1


@pytest.mark.parametrize("observer", Observer)
def test_a_step_of_an_observer_hears_few_units_and_notes_few_things(
    many: Specimen, monkeypatch: pytest.MonkeyPatch, observer: Observer
) -> None:
    calls = counted(monkeypatch, (Hearing, "_take"), (Claims, "_proven"), (Claims, "note"))
    view, most = most_in_a_step(ObserverReader(many).steps(OURS, observer), calls)
    assert view.claims
    assert 0 < most["_take"] <= UNITS_AT_ONCE
    assert 0 < most["_proven"] <= 2
    assert 0 < most["note"] <= ENTRIES_AT_ONCE


def test_rows_that_are_not_listed_any_more_still_count(
    many: Specimen, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Table([many]).compare((), with_others=True)
    monkeypatch.setattr("chatlab.analysis.compare.MAX_ROWS", 10)
    newest = Table([many]).compare((), with_others=True)
    assert newest.rows == whole.rows[-10:]


def test_what_was_counted_is_not_counted_again(
    many: Specimen, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, eyes = Table([many]), ObserverReader(many)
    before = table.compare((), with_others=True)
    view = eyes.observe(OURS, Observer.NETWORK)
    calls = counted(monkeypatch, (CostReader, "cost"), (Hearing, "_take"), (Claims, "note"))
    assert table.compare((), with_others=True) is before
    assert eyes.observe(OURS, Observer.NETWORK) is view
    assert not calls


def test_who_asks_in_the_middle_of_the_work_changes_nothing_of_it(many: Specimen) -> None:
    alone = ObserverReader(many).observe(OURS, Observer.SERVER)
    eyes = ObserverReader(many)
    steps = eyes.steps(OURS, Observer.SERVER)
    for _ in islice(steps, 40):
        pass
    assert eyes.observe(OURS, Observer.SERVER) == alone
    for _ in steps:
        pass
    assert eyes.known(OURS, Observer.SERVER) == alone
