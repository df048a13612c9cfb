"""Replies, reactions and typing through servers that nobody here wrote."""

import asyncio
from pathlib import Path

import pytest

from chatlab.core.errors import UsageError
from chatlab.core.events import (
    MembersListed,
    MessageAdded,
    MessageChanged,
    ReactionSeen,
    Typing,
    TypingSeen,
)
from chatlab.core.message import Delivery
from tests.helpers.servers import RunningServer, inspircd, ngircd
from tests.helpers.talker import Talker

pytestmark = pytest.mark.servers


async def reply_react_and_type(server: RunningServer) -> None:
    ann, bob = Talker(server, "ann"), Talker(server, "bob", sends_typing=True)
    for talker in (ann, bob):
        talker.irc.start()
        await talker.next(MembersListed)
    assert bob.irc.features.can_reply
    assert bob.irc.features.can_react

    ann.irc.send("#lab", "shall we?")
    question = (await bob.next(MessageAdded)).message
    assert question.msgid
    echoed = await ann.next(MessageChanged, lambda e: e.delivery is Delivery.ECHOED)
    assert echoed.msgid == question.msgid

    bob.irc.note_typing("#lab", True)
    assert (await ann.next(TypingSeen)).state is Typing.ACTIVE
    (answer,) = bob.irc.send("#lab", "yes", reply_to=question.msgid)
    said = (await ann.next(MessageAdded)).message
    assert (said.text, said.reply_to) == ("yes", question.msgid)
    taken = await bob.next(
        MessageChanged, lambda e: e.message == answer.id and e.delivery is Delivery.ECHOED
    )
    assert taken.msgid == said.msgid

    for is_removed in (False, True):
        bob.irc.react("#lab", question.msgid, "👍", is_removed=is_removed)
        for hearer in (ann, bob):  # Ours holds when the server has sent it back.
            seen = await hearer.next(ReactionSeen)
            assert (seen.nick, seen.msgid, seen.reaction) == ("bob", question.msgid, "👍")
            assert seen.is_removed is is_removed
    await asyncio.gather(ann.irc.stop(), bob.irc.stop())


def test_inspircd_passes_answers_reactions_and_typing_on(tmp_path: Path) -> None:
    with inspircd(tmp_path / "server") as server:
        asyncio.run(reply_react_and_type(server))


def test_ngircd_has_none_of_it_and_gets_none(tmp_path: Path) -> None:
    async def scene(server: RunningServer) -> None:
        talker = Talker(server, sends_typing=True)
        talker.irc.start()
        await talker.next(MembersListed)
        features = talker.irc.features
        can = (features.can_reply, features.can_react, features.has_multiline)
        assert can == (False, False, False)
        talker.irc.note_typing("#lab", True)
        with pytest.raises(UsageError, match="no reactions"):
            talker.irc.react("#lab", "1", "👍")
        first, second = talker.irc.send("#lab", "one\ntwo", reply_to="1")
        assert (first.reply_to, second.text) == ("", "two")
        taken = await talker.next(MessageChanged, lambda e: e.message == second.id)
        assert taken.delivery is Delivery.WRITTEN
        await talker.irc.stop()

    with ngircd(tmp_path / "server") as server:
        asyncio.run(scene(server))
