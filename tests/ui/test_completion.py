"""Tab and the line of help know commands, their arguments, nicks and channels."""

import pytest

from chatlab.core.commands import COMMANDS, CommandSpec
from chatlab.protocol.irc_text import graphemes
from chatlab.ui import emoji
from chatlab.ui.completion import command_hint, find

NICKS, CHANNELS = ["bob", "Alice", "[al]"], ["#lab", "#Lab2", "&local"]


def candidates(text: str) -> tuple[str, ...]:
    found = find(text, len(text), NICKS, CHANNELS)
    return found.candidates if found else ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("al", ("Alice: ",)),
        ("hello al", ("Alice ",)),
        ("@al", ("@Alice: ",)),
        ("[a", ("[al]: ",)),
        ("\x02al", ("Alice ",)),
        ("so \x0304,01bo", ("bob ",)),
        ("/msg al", ("Alice ",)),
        ("/msg #la", ("#lab ", "#Lab2 ")),
        ("/join &", ("&local ",)),
        ("/kick bo", ("bob ",)),
        ("/whois AL", ("Alice ",)),
        ("/invite bob #lab2", ("#Lab2 ",)),
        ("/jo", ("/join ",)),
        ("/help jo", ("join",)),
        ("/help /jo", ("join",)),
        ("//jo", ()),
        ("one\nal", ("Alice ",)),
        ("nobody", ()),
        (":thumbsu", ("👍 ",)),
        ("well :THUMBSD", ("👎 ",)),
        (":heart:", ("❤️ ",)),
        (":P", ()),
        (":nosuchsign", ()),
        ("", ()),
    ],
)
def test_tab_finds_what_can_stand_there(text: str, expected: tuple[str, ...]) -> None:
    assert candidates(text) == expected


@pytest.mark.parametrize(
    ("text", "usage"),
    [
        ("/kick", "/kick <nick> [reason…] — "),
        ("/kick ", "/kick ▸<nick> [reason…] — "),
        ("/kick bo", "/kick ▸<nick> [reason…] — "),
        ("/kick bob ", "/kick <nick> ▸[reason…] — "),
        ("/kick bob for being  rude", "/kick <nick> ▸[reason…] — "),
        ("/join #lab  k", "/join <#channel> ▸[key] — "),
        ("/join #lab key more", "/join <#channel> [key] — "),
        ("/j #lab", "/join ▸<#channel> [key] — "),
        ("/back ", "/back — "),
    ],
)
def test_the_argument_that_is_being_written_is_marked(text: str, usage: str) -> None:
    hint = command_hint(text)
    assert hint is not None
    assert hint.text.startswith(usage)
    assert not hint.is_fault


@pytest.mark.parametrize("spec", COMMANDS, ids=lambda spec: spec.verb.value)
def test_every_command_has_help_while_it_is_typed(spec: CommandSpec) -> None:
    verb = spec.verb.value
    for text in (f"/{verb}", f"/{verb} ", f"/{verb} x"):
        hint = command_hint(text)
        assert hint is not None
        assert hint.text.endswith(spec.help)


def test_every_sign_has_a_name_of_its_own_and_can_be_typed() -> None:
    for name, sign in emoji.names().items():
        assert name.replace("_", "").isalnum()
        assert not sign.isascii()
        assert len(list(graphemes(sign))) == 1
        assert f"{sign} " in candidates(f":{name}")
