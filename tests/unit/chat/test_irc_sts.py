"""STS: a server that demands TLS gets it, at once and after every restart, and never less."""

import asyncio
from collections.abc import Callable, Coroutine

import pytest

from chatlab.chat.irc.sts import MemorySts, StsOffer, parse_sts
from chatlab.core.account import LoginMethod, Security
from chatlab.core.commands import parse
from chatlab.core.connection import LinkState
from chatlab.core.errors import CertificateError, ConnectError, FileError, LocalProtocolError
from chatlab.core.events import CertificateRefused, Informed, LinkChanged
from chatlab.core.sts import MAX_DURATION_S, StsPolicy
from tests.helpers.irc_play import START_NS, MemorySecrets, Play, PlayServer, account, settle

START_S = START_NS // 1_000_000_000
CLEAR = account(security=Security.PLAIN, port=6667, channels=())


def run(scenario: Callable[[], Coroutine[None, None, None]]) -> None:
    asyncio.run(scenario())


def ports(play: Play) -> list[tuple[Security, int]]:
    return [(wanted.security, wanted.port) for wanted in play.server.accounts]


@pytest.mark.parametrize(
    ("value", "offer"),
    [
        ("port=6697,duration=10", StsOffer(6697, 10)),
        ("duration=0,preload", StsOffer(None, 0)),
        ("port=0", StsOffer(None, None)),
        ("port=65536,duration=-1", StsOffer(None, None)),
        ("port=²,duration=" + "9" * 40, StsOffer(None, None)),
        ("", StsOffer(None, None)),
    ],
)
def test_a_policy_is_read_with_suspicion(value: str, offer: StsOffer) -> None:
    assert parse_sts(value) == offer


def test_a_demand_in_clear_leads_to_tls_before_anything_else_is_said() -> None:
    async def scenario() -> None:
        play = await Play(CLEAR, PlayServer("server-time sts=port=6699,duration=50")).start()
        assert ports(play) == [(Security.PLAIN, 6667), (Security.DIRECT_TLS, 6699)]
        assert play.server.said("CAP").count("CAP REQ server-time") == 1
        assert play.irc.is_online
        assert next(told.code for told in play.of(Informed)) == "sts"
        await play.stop()

    run(scenario)


def test_a_policy_of_a_verified_server_holds_for_its_time_and_its_port_is_the_one_in_use() -> None:
    async def scenario() -> None:
        store = MemorySts()
        first = Play(CLEAR, PlayServer("sts=port=6699,duration=100"), sts=store)
        await first.start()
        assert store.get("IRC.test.") == StsPolicy(
            port=6699, duration_s=100, expires_s=START_S + 100
        )
        await first.time.advance(40)
        await first.stop()
        # Its time begins anew where a connection ends.
        kept = store.get("irc.test")
        assert kept is not None
        assert kept.expires_s == START_S + 140

        second = Play(CLEAR, PlayServer(), sts=store)
        await second.time.advance(139)
        await second.start()
        assert ports(second) == [(Security.DIRECT_TLS, 6699)]
        (told,) = [told.text for told in second.of(Informed) if told.code == "sts"]
        assert "port 6699 with TLS, not to 6667" in told
        await second.stop()

        third = Play(CLEAR, PlayServer(), sts=store)
        await third.time.advance(400)
        await third.start()
        assert ports(third) == [(Security.PLAIN, 6667)]
        await third.stop()

    run(scenario)


def test_over_tls_the_port_is_ignored_and_a_duration_of_nothing_ends_the_policy() -> None:
    async def scenario() -> None:
        store = MemorySts()
        play = Play(account(), PlayServer("sts=port=12345,duration=" + "9" * 15), sts=store)
        await play.start()
        kept = store.get("irc.test")
        assert kept is not None
        assert (kept.port, kept.duration_s) == (6697, MAX_DURATION_S)
        play.server.say("CAP ann DEL :sts")
        assert store.get("irc.test") is not None
        play.server.say("CAP ann NEW :sts=duration=0")
        assert store.get("irc.test") is None
        assert play.server.dials == 1
        await play.stop()
        assert store.get("irc.test") is None

    run(scenario)


def test_a_certificate_that_nobody_vouches_for_sets_no_policy() -> None:
    async def scenario() -> None:
        store = MemorySts()
        server = PlayServer("sts=duration=100")
        server.trust = "unverified"
        play = await Play(account(), server, sts=store).start()
        assert play.irc.is_online
        assert store.get("irc.test") is None
        await play.stop()

    run(scenario)


def test_nothing_falls_back_to_clear_text_when_tls_fails() -> None:
    async def scenario() -> None:
        play = Play(CLEAR, PlayServer("sts=port=6699"))
        error = CertificateError("No.", "Look.", reason="self-signed", host="irc.test", chain=())
        cap = play.server.on["CAP"]

        def refuse_next(line: object) -> None:
            play.server.refusals = [ConnectError("Refused."), error]
            play.server.on["CAP"] = cap
            cap(line)  # type: ignore[arg-type]

        play.server.on["CAP"] = refuse_next
        await play.start()
        await play.time.advance(10)
        assert play.of(CertificateRefused)
        assert play.of(LinkChanged)[-1].state is LinkState.OFFLINE
        play.irc.start()
        await settle()
        assert ports(play) == [(Security.PLAIN, 6667)] + [(Security.DIRECT_TLS, 6699)] * 3
        await play.stop()

    run(scenario)


def test_a_policy_that_cannot_be_written_is_told_and_holds_for_now() -> None:
    class FullDisk(MemorySts):
        def put(self, host: str, policy: StsPolicy) -> None:
            super().put(host, policy)
            raise FileError("The disk is full.", "Free some space.")

    async def scenario() -> None:
        store = FullDisk()
        play = await Play(account(), PlayServer("sts=duration=100"), sts=store).start()
        assert play.irc.is_online
        (told,) = [told for told in play.of(Informed) if told.code == "sts"]
        assert (told.hint, "disk is full" in told.text) == ("Free some space.", True)
        await play.stop()

    run(scenario)


def test_an_experiment_in_clear_is_told_and_lets_no_password_out() -> None:
    async def scenario() -> None:
        settings = account(
            security=Security.PLAIN, channels=(), ignores_sts=True, password_over_plain=True
        )
        store = MemorySts()
        store.put("irc.test", StsPolicy(port=6699, duration_s=9, expires_s=START_S + 9))
        play = await Play(settings, PlayServer("sts=port=6699"), sts=store).start()
        assert play.irc.is_online
        assert ports(play) == [(Security.PLAIN, 6697)]
        (told,) = [told for told in play.of(Informed) if told.code == "sts"]
        assert "experiment" in told.text
        for line in (
            "/msg NickServ IDENTIFY hunter2",
            "/raw PRIVMSG NickServ :IDENTIFY hunter2",
            "/raw PASS hunter2",
            "/raw OPER ann hunter2",
        ):
            with pytest.raises(LocalProtocolError, match="experiment"):
                play.irc.execute(parse(line), "")
        play.irc.execute(parse("/msg NickServ help"), "")
        await settle()
        assert not any("hunter2" in line for line in play.server.lines)
        await play.stop()

    run(scenario)


@pytest.mark.parametrize(
    ("login", "has_server_password"),
    [(LoginMethod.PLAIN, False), (LoginMethod.NICKSERV, False), (LoginMethod.NONE, True)],
)
def test_an_experiment_in_clear_does_not_log_in(
    login: LoginMethod, has_server_password: bool
) -> None:
    async def scenario() -> None:
        settings = account(
            login,
            security=Security.PLAIN,
            has_server_password=has_server_password,
            password_over_plain=True,
            ignores_sts=True,
        )
        play = await Play(settings, secrets=MemorySecrets(login="x", server="x")).start()
        assert play.server.dials == 0
        assert "experiment" in play.of(LinkChanged)[-1].detail

    run(scenario)
