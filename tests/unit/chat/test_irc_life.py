"""An account's life: coming online, staying up, coming back."""

import asyncio
from collections.abc import Callable, Coroutine

import pytest

from chatlab.core.account import Autojoin
from chatlab.core.connection import LinkState
from chatlab.core.errors import CertificateError, ConnectError
from chatlab.core.events import (
    CertificateRefused,
    ConnectionOpened,
    Informed,
    LagMeasured,
    LinkChanged,
    MemberJoined,
    NickInUse,
)
from tests.helpers.irc_play import ACCOUNT, Play, account, settle

PASSWORD = "correct horse"


def run(scenario: Callable[[], Coroutine[None, None, None]]) -> None:
    asyncio.run(scenario())


def last_link(play: Play) -> LinkChanged:
    return play.of(LinkChanged)[-1]


def test_an_account_comes_online_and_joins_its_channels() -> None:
    async def scenario() -> None:
        play = await Play().start()
        assert play.server.lines[:3] == ["CAP LS 302", "NICK ann", "USER ann 0 * :Ann Lab"]
        assert play.states == [LinkState.CONNECTING, LinkState.REGISTERING, LinkState.ONLINE]
        assert play.of(NickInUse) == [NickInUse(ACCOUNT.id, "ann")]
        assert len(play.of(ConnectionOpened)) == 1
        (joined,) = play.of(MemberJoined)
        assert (joined.chat, joined.is_self) == ("#lab", True)
        assert play.server.said("JOIN") == ["JOIN #lab"]
        await play.stop()
        assert play.server.said("QUIT") == ["QUIT"]

    run(scenario)


@pytest.mark.parametrize(
    ("code", "words"),
    [("432", "does not allow"), ("433", "in use"), ("436", "another server"), ("437", "just now")],
)
def test_nick_errors_are_told_apart_and_the_next_nick_is_tried(code: str, words: str) -> None:
    async def scenario() -> None:
        play = Play(account(alternative_nicks=("ann2",)))
        accept = play.server.on["NICK"]

        def nick(line: object) -> None:
            if play.server.lines[-1] == "NICK ann":
                play.server.say(f":irc.test {code} * ann :No")
            else:
                accept(line)  # type: ignore[arg-type]

        play.server.on["NICK"] = nick
        await play.start()
        assert play.of(NickInUse)[-1].nick == "ann2"
        (told,) = [event for event in play.of(Informed) if event.code == code]
        assert words in told.text
        assert "ann2" in told.text
        assert told.hint
        await play.stop()

    run(scenario)


def test_reconnecting_backs_off_and_rejoins_with_keys() -> None:
    async def scenario() -> None:
        settings = account(channels=(Autojoin("#open"), Autojoin("#shut", "key")))
        play = await Play(settings).start()
        assert play.server.said("JOIN") == ["JOIN #shut key", "JOIN #open"]
        play.server.refusals = [ConnectError("Refused.") for _ in range(8)]
        play.server.end(reason="The connection broke: reset.")
        await settle()
        delays = []
        for _ in range(9):
            link = last_link(play)
            assert link.state is LinkState.WAITING
            assert link.retry_in_s is not None
            delays.append(link.retry_in_s)
            await play.time.advance(link.retry_in_s)
        assert delays == [1, 2, 4, 8, 16, 32, 60, 60, 60]
        assert play.irc.is_online
        assert play.server.said("JOIN") == ["JOIN #shut key", "JOIN #open"] * 2
        await play.stop()

    run(scenario)


def test_a_left_channel_is_not_joined_again_and_a_kick_is_respected() -> None:
    async def scenario() -> None:
        settings = account(channels=(Autojoin("#a"), Autojoin("#b"), Autojoin("#c")))
        play = await Play(settings).start()
        play.server.say(":ann!ann@host.test PART #a :bye", ":bob!b@b KICK #b ann :out")
        play.server.end()
        await play.time.advance(1)
        assert play.server.said("JOIN")[-1] == "JOIN #c"
        await play.stop()

    run(scenario)


def test_the_servers_last_words_are_the_reason() -> None:
    async def scenario() -> None:
        play = await Play().start()
        play.server.end("ERROR :Closing Link: ann (Server going down)")
        await settle()
        assert last_link(play).state is LinkState.WAITING
        assert "Server going down" in last_link(play).detail
        await play.stop()

    run(scenario)


@pytest.mark.parametrize(
    "lines",
    [
        [":irc.test 465 ann :You are banned from this server"],
        ["ERROR :Closing Link: ann (K-Lined: spam)"],
        [":irc.test 464 ann :Password incorrect"],
        ["ERROR :Access denied: Bad password?"],
    ],
)
def test_where_it_is_not_welcome_the_account_does_not_insist(lines: list[str]) -> None:
    async def scenario() -> None:
        play = Play()
        play.server.on["USER"] = lambda line: play.server.end(*lines)
        await play.start()
        await play.time.advance(600)
        assert play.server.dials == 1
        assert last_link(play).state is LinkState.OFFLINE
        assert last_link(play).is_fault

    run(scenario)


def test_a_refused_certificate_is_handed_out_and_stops_the_account() -> None:
    async def scenario() -> None:
        play = Play()
        error = CertificateError("No.", "Look.", reason="self-signed", host="irc.test", chain=())
        play.server.refusals = [error]
        await play.start()
        await play.time.advance(600)
        assert play.of(CertificateRefused) == [CertificateRefused(ACCOUNT.id, error)]
        assert last_link(play).state is LinkState.OFFLINE
        assert play.server.dials == 1

    run(scenario)


def test_a_dead_connection_is_noticed_within_45_seconds_and_lag_is_measured() -> None:
    async def scenario() -> None:
        play = await Play().start()
        await play.time.advance(30)
        assert play.of(LagMeasured) == [LagMeasured(ACCOUNT.id, 0.0)]
        play.server.on["PING"] = lambda line: None
        await play.time.advance(50)
        waiting = [event for event in play.of(LinkChanged) if event.state is LinkState.WAITING]
        assert "silent" in waiting[0].detail
        await play.stop()

    run(scenario)


def test_after_a_sleep_a_dead_connection_is_noticed_within_five_seconds() -> None:
    async def scenario() -> None:
        play = await Play().start()
        play.irc.check_now()
        await play.time.advance(6)
        assert not [each for each in play.of(LinkChanged) if each.state is LinkState.WAITING]
        play.server.on["PING"] = lambda line: None
        play.irc.check_now()
        await play.time.advance(5.5)
        (lost,) = (each for each in play.of(LinkChanged) if each.state is LinkState.WAITING)
        assert "silent" in lost.detail
        await play.stop()

    run(scenario)


def test_after_a_sleep_nobody_waits_for_the_next_attempt() -> None:
    async def scenario() -> None:
        play = await Play().start()
        play.server.refusals = [ConnectError("No network yet.") for _ in range(5)]
        play.server.end(reason="The connection broke.")
        await play.time.advance(20)
        play.server.refusals.clear()
        assert last_link(play).state is LinkState.WAITING
        play.irc.check_now()
        await settle()
        assert play.irc.is_online
        await play.stop()

    run(scenario)


def test_a_registration_that_never_ends_is_given_up() -> None:
    async def scenario() -> None:
        play = Play()
        play.server.on.clear()
        await play.start()
        await play.time.advance(61)
        waiting = [event for event in play.of(LinkChanged) if event.state is LinkState.WAITING]
        assert "registration" in waiting[0].detail
        await play.stop()

    run(scenario)


def test_connect_while_waiting_tries_at_once() -> None:
    async def scenario() -> None:
        play = Play()
        play.server.refusals = [ConnectError("Refused.", "Is it running?")]
        await play.start()
        assert last_link(play).detail == "Refused. Is it running?"
        play.irc.start()
        await settle()
        assert play.irc.is_online
        await play.stop()

    run(scenario)


def test_servers_of_the_network_are_tried_in_turn_and_a_good_one_is_kept() -> None:
    async def scenario() -> None:
        play = Play(account(other_hosts=("irc2.test", "irc3.test")))
        play.server.refusals = [ConnectError("No.", "Wait.")] * 4
        await play.start()
        await play.time.advance(60)
        assert play.irc.is_online
        play.server.end(reason="gone")
        await play.time.advance(5)
        hosts = [dialled.host for dialled in play.server.accounts]
        assert hosts == ["irc.test", "irc2.test", "irc3.test", "irc.test", "irc2.test", "irc2.test"]
        await play.stop()

    run(scenario)


def test_who_connects_again_while_the_server_lets_go_is_connected_again() -> None:
    async def scenario() -> None:
        play = await Play().start()
        play.server.on["QUIT"] = lambda line: None  # It takes its time.
        play.irc.stop_soon("bye")
        await settle()
        assert play.states[-1] is LinkState.CLOSING
        play.irc.start()
        await play.time.advance(3)
        assert play.states[-3:] == [LinkState.CONNECTING, LinkState.REGISTERING, LinkState.ONLINE]
        assert play.server.said("JOIN") == ["JOIN #lab"] * 2
        await play.stop()

    run(scenario)


def test_who_changes_their_mind_again_stays_offline() -> None:
    async def scenario() -> None:
        play = await Play().start()
        play.server.on["QUIT"] = lambda line: None
        play.irc.stop_soon("bye")
        await settle()
        play.irc.start()
        play.irc.stop_soon("bye")
        await settle()
        await play.time.advance(5)
        assert play.states[-1] is LinkState.OFFLINE
        assert play.server.dials == 1

    run(scenario)


def test_an_operator_who_ends_the_connection_is_named() -> None:
    async def scenario() -> None:
        play = await Play().start()
        play.server.say(":boss!b@b KILL ann :Killed (boss (spam))")
        told = play.of(Informed)[-1]
        assert told.text == "boss disconnected you from the network: Killed (boss (spam))"
        await play.stop()

    run(scenario)


def test_an_answer_to_a_ping_that_got_lost_among_much_talk_costs_nothing() -> None:
    """A bouncer that lost its own server meanwhile never answers the PING that was on its way."""

    async def scenario() -> None:
        play = await Play().start()
        answer = play.server.on["PING"]
        play.server.on["PING"] = lambda line: None
        await play.time.advance(20)
        assert len(play.server.said("PING")) == 1
        play.server.on["PING"] = answer
        await play.time.advance(1)
        play.server.say(":bob!b@b PRIVMSG #lab :still here")
        for _ in range(8):
            await play.time.advance(5)
        assert (play.server.dials, play.irc.is_online) == (1, True)
        assert len(play.of(LagMeasured)) == 1
        await play.stop()

    run(scenario)
