"""Channel lists, ban lists and being away, as ngIRCd and InspIRCd from Debian answer them."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from chatlab.core.commands import parse
from chatlab.core.events import (
    AwayChanged,
    MembersListed,
    ModesChanged,
)
from chatlab.core.listings import ChannelsListed, MasksListed
from tests.helpers.servers import RunningServer, inspircd, ngircd
from tests.helpers.talker import Talker

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module", params=["ngircd", "inspircd"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp(request.param)
    with ngircd(folder) if request.param == "ngircd" else inspircd(folder) as running:
        yield running


def play(server: RunningServer, scene: Callable[[Talker], Awaitable[None]]) -> None:
    async def run() -> None:
        talker = Talker(server)
        talker.irc.start()
        try:
            await talker.next(MembersListed)
            await scene(talker)
        finally:
            await talker.irc.stop()

    asyncio.run(run())


def test_channels_are_listed(server: RunningServer) -> None:
    async def scene(talker: Talker) -> None:
        talker.irc.execute(parse("/list all"), "")
        listed = await talker.next(ChannelsListed)
        while not listed.is_complete and not listed.channels:
            listed = await talker.next(ChannelsListed)
        # ngIRCd has a channel of its own beside it.
        assert ("#lab", 1) in [(row.name, row.users) for row in listed.channels]

    play(server, scene)


def test_a_list_of_bans_is_told_whole(server: RunningServer) -> None:
    async def scene(talker: Talker) -> None:
        assert "b" in talker.irc.features.mask_lists
        talker.irc.request_masks("#lab", "b")
        assert (await talker.next(MasksListed)).masks == ()

    play(server, scene)


def test_a_ban_is_set_listed_and_lifted(tmp_path: Path) -> None:
    async def scene(talker: Talker) -> None:
        talker.irc.execute(parse("/mode +b *!*@spam.example"), "#lab")
        changed = await talker.next(ModesChanged)
        while "b" not in changed.change:
            changed = await talker.next(ModesChanged)
        talker.irc.request_masks("#lab", "b")
        assert [m.mask for m in (await talker.next(MasksListed)).masks] == ["*!*@spam.example"]
        talker.irc.execute(parse("/unban *!*@spam.example"), "#lab")
        talker.irc.request_masks("#lab", "b")
        assert (await talker.next(MasksListed)).masks == ()

    with ngircd(tmp_path / "server") as running:  # There, who founds a channel operates it.
        play(running, scene)


def test_away_is_confirmed_by_the_server(server: RunningServer) -> None:
    async def scene(talker: Talker) -> None:
        talker.irc.execute(parse("/away at lunch"), "")
        assert (await talker.next(AwayChanged)).is_away
        talker.irc.execute(parse("/back"), "")
        assert not (await talker.next(AwayChanged)).is_away

    play(server, scene)
