"""The perform list: carried out once after login, before channels, and never with a password."""

import asyncio

import pytest

from chatlab.core.errors import Severity, UsageError
from chatlab.core.events import Informed
from chatlab.protocol.irc_perform import check_perform, shown_command
from tests.helpers.irc_play import Play, account, settle


def test_the_lines_come_before_the_channels_at_every_connection() -> None:
    async def scene() -> None:
        lines = ("/mode +x", "/msg bot hello there", "/join #late", "/raw USERHOST ann")
        play = await Play(account(perform=lines)).start()
        wanted = ["MODE ann +x", "PRIVMSG bot :hello there", "JOIN #late", "USERHOST ann"]

        def done() -> list[str]:
            bare = [line.split(" ", 1)[1] if line[0] == "@" else line for line in play.server.lines]
            return [line for line in bare if line in (*wanted, "JOIN #lab")]

        assert done() == [*wanted, "JOIN #lab"]
        play.server.lines.clear()
        play.server.end(reason="gone")
        await play.time.advance(5)
        assert done() == wanted
        assert "JOIN #lab,#late" in play.server.lines
        await play.stop()

    asyncio.run(scene())


def test_a_line_that_cannot_be_done_is_told_and_the_rest_is_done() -> None:
    async def scene() -> None:
        lines = ("/nosuch", "/quit", "/oper ann sesame", "/nick 1st", "/mode +x")
        play = await Play(account(perform=lines)).start()
        told = [e for e in play.of(Informed) if e.severity is Severity.ERROR]
        assert len(told) == 4
        assert all("was not done" in event.text for event in told)
        assert "sesame" not in repr(play.events)
        await settle()
        assert play.server.said("MODE")[0] == "MODE ann +x"
        assert play.server.said("QUIT") == []
        await play.stop()

    asyncio.run(scene())


@pytest.mark.parametrize(
    "line",
    [
        *("hello", "//text", "/me waves", "/quit", "/clear", "/nosuch x", "/msg", ""),
        *("/msg NickServ IDENTIFY pw", "/oper a b", "/identify pw", "/raw PASS pw"),
    ],
)
def test_what_may_not_be_in_the_list(line: str) -> None:
    with pytest.raises(UsageError):
        check_perform(line)


@pytest.mark.parametrize("line", ["/mode +x", "/msg bot hi", "/join #a key", "/raw PROTOCTL X"])
def test_what_may_be_in_the_list(line: str) -> None:
    check_perform(line)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("/msg NickServ IDENTIFY me pw", "/msg NickServ IDENTIFY ••••"),
        ("/quote OPER me pw", "/quote OPER me ••••"),
        ("/identify pw", "/identify ••••"),
        ("/register pw a@b.c", "/register ••••"),
        ("/msg bob the password is pw", "/msg bob the password is pw"),
        ("/raw", "/raw"),
        ("/msg NickServ", "/msg NickServ"),
        ("plain words", "plain words"),
        ("/nosuch pw", "/nosuch pw"),
    ],
)
def test_a_typed_line_is_remembered_without_its_password(typed: str, shown: str) -> None:
    assert shown_command(typed) == shown
