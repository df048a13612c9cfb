"""Commands that need no server, where there is no window: what they answer and change."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from chatlab.cli.local_commands import LocalCommands
from chatlab.core import events as ev
from chatlab.core.chats import ChatBook, ChatKey
from chatlab.core.command_table import COMMANDS
from chatlab.core.commands import parse
from chatlab.core.errors import UsageError
from chatlab.core.rules import RuleBook
from tests.helpers.chats import message
from tests.helpers.irc_play import ACCOUNT

IN_LAB = ChatKey(ACCOUNT.id, "#lab")
NEEDS_WINDOW = {"server", "highlights", "compare", "packets", "capture"}


class Desk:
    """The commands, and what they answered."""

    def __init__(self) -> None:
        self.answers: list[str] = []
        self.book, self.rules = ChatBook(), RuleBook()
        self.book.add_account(ACCOUNT)
        self.commands = LocalCommands(ACCOUNT.id, self.book, self.rules, self.answers.append)

    def type(self, line: str, chat: str = "#lab") -> str:
        self.answers.clear()
        assert self.commands.obey(parse(line), chat)
        return "\n".join(self.answers)

    def hear(self, text: str, *, is_highlight: bool = False) -> None:
        heard = replace(message(text, is_highlight=is_highlight), account=ACCOUNT.id, target="#lab")
        self.book.apply(ev.MessageAdded(heard))


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_people_are_ignored_listed_and_shown_again(desk: Desk) -> None:
    assert desk.type("/ignorelist") == "Nobody is ignored."
    assert desk.type("/ignore bob private 2h").startswith(
        "Ignored: bob!*@* (private messages) until"
    )
    assert desk.type("/ignore eve") == "Ignored: eve!*@* (everything)."
    assert desk.type("/ignorelist").count("\n") == 1
    assert desk.type("/unignore bob") == "No longer ignored: bob."
    with pytest.raises(UsageError, match="Nobody is ignored as bob"):
        desk.type("/unignore bob")


def test_chats_are_muted_and_counted_again(desk: Desk) -> None:
    desk.type("/mute")
    assert desk.rules.rules.muted == {IN_LAB}
    desk.type("/unmute")
    assert not desk.rules.rules.muted
    with pytest.raises(UsageError):
        desk.type("/mute", chat="")


def test_what_was_said_is_found_exported_and_cleared(desk: Desk, tmp_path: Path) -> None:
    desk.hear("the first word")
    desk.hear("ann: another WORD", is_highlight=True)
    assert desk.type("/search word").count("\n") == 1
    assert desk.type("/lastlog another word") == "[#lab] <alice> ann: another WORD"
    assert "Nobody said" in desk.type("/search nothing like it")
    assert desk.type("/mentions") == "[#lab] <alice> ann: another WORD"
    file = tmp_path / "lab.json"
    desk.type(f"/export {file}")
    assert len(json.loads(file.read_text(encoding="utf-8"))["entries"]) == 2
    desk.type("/clear")
    assert desk.book.chats[IN_LAB].entries == []
    for line in ("/search", "/export", "/channel"):
        with pytest.raises(UsageError):
            desk.type(line)


def test_help_explains_one_command_or_lists_all(desk: Desk) -> None:
    assert desk.type("/help").count("\n") == len(COMMANDS) - 1
    assert desk.type("/help join").startswith("/join <#channel> [key] — ")
    assert "Also: /j." in desk.type("/help /join")
    with pytest.raises(UsageError, match="no command /nosuch"):
        desk.type("/help nosuch")


@pytest.mark.parametrize("spec", COMMANDS, ids=lambda spec: spec.verb.value)
def test_every_command_is_obeyed_here_or_sent_or_needs_the_window(desk: Desk, spec) -> None:  # type: ignore[no-untyped-def]
    line = " ".join([f"/{spec.verb.value}", *("x" for a in spec.arguments if a[0] == "<")])
    if spec.verb.value in NEEDS_WINDOW:
        with pytest.raises(UsageError, match="needs the window"):
            desk.type(line)
    elif not spec.is_local:
        assert not desk.commands.obey(parse(line), "#lab")
