"""Words are found in the history whatever their case, and a search that is not wanted gives up."""

import asyncio
from pathlib import Path

import pytest

from chatlab.core.account import AccountId
from chatlab.core.chats import ChatKey, Note, NoteKind
from chatlab.core.message import Message
from chatlab.store.history import History
from tests.helpers.chats import message

LAB, OTHER = ChatKey(AccountId("lab"), "#lab"), ChatKey(AccountId("other"), "bob")


def history_of(folder: Path, *texts: str, key: ChatKey = LAB) -> History:
    made = History(folder / "history.sqlite3", lambda error: pytest.fail(str(error)))
    for number, text in enumerate(texts):
        made.append(key, message(text, at=number + 1, of=key.account, chat=key.name))
    return made


def texts(found: tuple[Message, ...]) -> list[str]:
    return [one.text for one in found]


def test_all_chats_are_searched_the_newest_message_first(tmp_path: Path) -> None:
    history = history_of(tmp_path, "one Needle", "hay", "two NEEDLES")
    history.append(OTHER, message("a needle elsewhere", at=9, of="other", chat="bob"))
    found = asyncio.run(history.search("needle", 10))
    assert texts(found) == ["a needle elsewhere", "two NEEDLES", "one Needle"]
    assert (found[0].account, found[0].target) == (OTHER.account, "bob")
    assert texts(asyncio.run(history.search("needle", 1))) == ["a needle elsewhere"]
    history.close()


@pytest.mark.parametrize("sign", ["%", "_", "\\", "50 %", "a_b"])
def test_signs_that_sql_takes_for_anything_mean_themselves(tmp_path: Path, sign: str) -> None:
    history = history_of(tmp_path, "nothing of it", f"here: {sign}!")
    assert texts(asyncio.run(history.search(sign, 10))) == [f"here: {sign}!"]
    history.close()


def test_other_alphabets_have_cases_too(tmp_path: Path) -> None:
    history = history_of(tmp_path, "ÄPFEL und Birnen", "ПРИВЕТ")
    assert texts(asyncio.run(history.search("äpfel", 10))) == ["ÄPFEL und Birnen"]
    assert texts(asyncio.run(history.search("привет", 10))) == ["ПРИВЕТ"]
    history.close()


def test_notes_are_no_messages(tmp_path: Path) -> None:
    history = history_of(tmp_path, "alice joined")
    history.append(LAB, Note(5, NoteKind.PRESENCE, "alice joined"))
    assert len(asyncio.run(history.search("joined", 10))) == 1
    history.close()


def test_a_later_search_makes_an_earlier_one_give_up(tmp_path: Path) -> None:
    history = history_of(tmp_path, "one needle")

    async def both() -> tuple[tuple[Message, ...], tuple[Message, ...]]:
        return await asyncio.gather(history.search("needle", 10), history.search("one", 10))

    first, second = asyncio.run(both())
    assert (texts(first), texts(second)) == ([], ["one needle"])
    history.close()


def test_a_search_where_nothing_was_ever_kept_touches_nothing(tmp_path: Path) -> None:
    history = history_of(tmp_path)
    assert asyncio.run(history.search("x", 10)) == ()
    assert asyncio.run(history.search("", 10)) == ()
    assert not (tmp_path / "history.sqlite3").exists()
