"""How XMPP connections begin: one mode each, the strongest login, the password proven once."""

import asyncio
from base64 import b64decode, b64encode
from dataclasses import replace

import pytest

from chatlab.core.account import Account, LoginMethod, SecretKind, Security
from chatlab.core.connection import LinkState
from chatlab.core.events import CertificateRefused, ConnectionOpened
from tests.helpers.xmpp_play import ACCOUNT, ME, PASSWORD, SASL, Play, PlayServer

PLAIN = replace(ACCOUNT, security=Security.PLAIN)
DIRECT = replace(ACCOUNT, security=Security.DIRECT_TLS)


@pytest.mark.parametrize("account", [ACCOUNT, PLAIN, DIRECT], ids=["starttls", "plain", "direct"])
def test_each_mode_leads_online_on_one_connection(account: Account) -> None:
    async def scene() -> None:
        play = await Play(account).start()
        assert play.state is LinkState.ONLINE
        assert len(play.server.transports) == 1
        wants_tls = account is ACCOUNT
        assert bool(play.sent("<starttls")) is wants_tls
        assert play.xmpp.session.context.state.jid == ME
        await play.stop()

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (("PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256"), "SCRAM-SHA-256"),
        (("PLAIN", "SCRAM-SHA-1"), "SCRAM-SHA-1"),
        (("ANONYMOUS", "PLAIN"), "PLAIN"),
    ],
)
def test_the_strongest_mechanism_is_chosen(offered: tuple[str, ...], chosen: str) -> None:
    async def scene() -> None:
        play = await Play(server=PlayServer(offered)).start()
        assert play.state is LinkState.ONLINE
        (auth,) = play.sent("<auth")
        assert f'mechanism="{chosen}"' in auth.line
        await play.stop()

    asyncio.run(scene())


def test_an_account_can_insist_on_one_mechanism() -> None:
    async def scene() -> None:
        account = replace(ACCOUNT, login=LoginMethod.SCRAM_SHA_256)
        play = await Play(account, PlayServer(("PLAIN", "SCRAM-SHA-1"))).start()
        assert play.state is LinkState.OFFLINE
        assert "SCRAM-SHA-256" in play.detail
        assert not play.sent("<auth")

    asyncio.run(scene())


def test_a_wrong_password_is_tried_exactly_once() -> None:
    async def scene() -> None:
        play = Play()
        play.secrets.set(ACCOUNT.id, SecretKind.LOGIN, "wrong")
        await play.start()
        assert play.state is LinkState.OFFLINE
        assert "Wrong password" in play.detail
        assert "not tried again" in play.detail
        assert len(play.sent("<auth")) == 1
        await play.time.advance(300)
        assert len(play.server.transports) == 1

    asyncio.run(scene())


def test_no_password_stored_is_said_before_anything_is_sent() -> None:
    async def scene() -> None:
        play = Play()
        play.secrets.delete(ACCOUNT.id)
        await play.start()
        assert "not stored" in play.detail
        assert not play.server.transports

    asyncio.run(scene())


def test_plain_in_clear_text_needs_the_owners_word() -> None:
    async def scene() -> None:
        server = PlayServer(("PLAIN",), offers_tls=False)
        play = await Play(PLAIN, server).start()
        assert play.state is LinkState.OFFLINE
        assert "anyone on the way" in play.detail
        assert not play.sent("<auth")
        allowed = await Play(replace(PLAIN, password_over_plain=True), server).start()
        assert allowed.state is LinkState.ONLINE
        assert PASSWORD not in str(allowed.sent("<auth"))
        assert b64encode(f"\0ann\0{PASSWORD}".encode()).decode() not in str(allowed.events)
        await allowed.stop()

    asyncio.run(scene())


def test_a_refused_certificate_stops_without_another_try() -> None:
    async def scene() -> None:
        for account in (ACCOUNT, DIRECT):
            server = PlayServer()
            server.refuses_certificate = True
            play = await Play(account, server).start()
            assert play.state is LinkState.OFFLINE
            assert len(play.of(CertificateRefused)) == 1
            assert not play.sent("<auth")
            await play.time.advance(300)
            assert len(play.server.transports) <= 1

    asyncio.run(scene())


def test_tls_that_was_agreed_is_told() -> None:
    async def scene() -> None:
        play = await Play().start()
        opened = play.of(ConnectionOpened)
        assert [event.connection.tls is not None for event in opened] == [False, True]
        await play.stop()

    asyncio.run(scene())


def test_our_address_is_in_no_header_that_can_be_read() -> None:
    async def scene() -> None:
        play = await Play().start()
        first, *others = play.sent("<stream:stream")
        assert "ann" not in first.line
        assert all("ann@chat.test" in header.line for header in others)
        await play.stop()

    asyncio.run(scene())


def test_passwords_and_proofs_are_masked_in_the_console() -> None:
    async def scene() -> None:
        play = await Play(server=PlayServer(("PLAIN",))).start()
        (auth,) = play.sent("<auth")
        assert "••••" in auth.line
        await play.stop()

    asyncio.run(scene())


def test_a_temporary_failure_is_tried_again_later() -> None:
    async def scene() -> None:
        server = PlayServer()
        server.on["auth"] = lambda element: server.refuse("temporary-auth-failure")
        play = await Play(server=server).start()
        assert play.state is LinkState.WAITING
        del server.on["auth"]
        await play.time.advance(3)
        await play.until(lambda: play.state is LinkState.ONLINE)
        await play.stop()

    asyncio.run(scene())


def test_the_servers_own_words_are_shown() -> None:
    async def scene() -> None:
        server = PlayServer()
        server.on["auth"] = lambda element: server.say(
            f"<failure xmlns='{SASL}'><account-disabled/><text>Ask Eve</text></failure>"
        )
        play = await Play(server=server).start()
        assert "disabled" in play.detail
        assert "“Ask Eve”" in play.detail

    asyncio.run(scene())


def test_a_resource_that_is_wanted_is_asked_for() -> None:
    async def scene() -> None:
        play = await Play(replace(ACCOUNT, resource="desk")).start()
        assert play.sent("<resource>desk</resource>")
        await play.stop()

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"), "SCRAM-SHA-256-PLUS"),
        (("SCRAM-SHA-1-PLUS", "SCRAM-SHA-256"), "SCRAM-SHA-256"),
        (("SCRAM-SHA-1-PLUS",), "SCRAM-SHA-1-PLUS"),
    ],
)
def test_a_login_is_bound_to_tls_where_both_sides_can(
    offered: tuple[str, ...], chosen: str
) -> None:
    async def scene() -> None:
        server = PlayServer(offered)
        server.on["auth"] = lambda element: server.refuse()
        play = await Play(server=server).start()
        (auth,) = play.sent("<auth")
        assert f'mechanism="{chosen}"' in auth.line
        first = b64decode(auth.line.partition(">")[2].partition("<")[0])
        assert first.startswith(b"p=tls-unique,," if "PLUS" in chosen else b"n,,")

    asyncio.run(scene())


def test_a_mechanism_with_a_binding_that_we_lack_is_left_out() -> None:
    async def scene() -> None:
        server = PlayServer(("SCRAM-SHA-256-PLUS", "SCRAM-SHA-1"))
        other = "<channel-binding type='tls-exporter'/>"
        known = f"<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'>{other}</sasl-channel-binding>"
        usual = server.features
        server.features = lambda: usual() + known  # type: ignore[method-assign]
        play = await Play(server=server).start()
        (auth,) = play.sent("<auth")
        assert 'mechanism="SCRAM-SHA-1"' in auth.line
        await play.stop()

    asyncio.run(scene())
