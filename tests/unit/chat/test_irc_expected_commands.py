"""Every command that users of IRC expect exists, and somebody carries it out."""

import pytest

from chatlab.chat.irc.commands import Commands
from chatlab.chat.irc.connection import IrcConnection
from chatlab.core.account import Application
from chatlab.core.commands import COMMANDS, CommandSpec, spec_of
from tests.helpers.irc_play import ACCOUNT, MemorySecrets, PlayServer

_EXPECTED = (
    "help join j part leave close cycle hop rejoin msg query notice me say nick topic cleartopic "
    "names who whois whowas away back quit disconnect connect reconnect server list invite kick "
    "ban unban kickban op deop voice devoice mode quiet unquiet monitor ctcp ping version time "
    "search lastlog ignore unignore ignorelist mute unmute clear export raw quote packets capture "
    "compare explain plain knock setname lag lagcheck identify id register oper motd lusers map "
    "links stats info admin"
)


@pytest.mark.parametrize("name", _EXPECTED.split())
def test_an_expected_command_is_there_with_its_help(name: str) -> None:
    spec = spec_of(name)
    assert spec is not None
    assert spec.help


@pytest.mark.parametrize("spec", COMMANDS, ids=lambda spec: spec.verb.value)
def test_what_the_window_does_not_do_the_engine_does(spec: CommandSpec) -> None:
    connection = IrcConnection(ACCOUNT, lambda event: None, PlayServer(), MemorySecrets())
    is_ours = not spec.is_local and spec.only in (None, Application.IRC)
    assert (spec.verb in Commands(connection).table) is is_ours
