"""Servers, and people on the way, that mean ill: nothing of a stream is believed too early."""

import asyncio
import logging
import time
from base64 import b64decode, b64encode
from dataclasses import replace

import pytest

from chatlab.core.account import Account, Security
from chatlab.core.connection import LinkState
from chatlab.core.events import Informed, LineSeen, MessageAdded, MessageChanged
from chatlab.core.message import Message
from tests.helpers.xmpp_play import (
    ACCOUNT,
    ME,
    PASSWORD,
    SASL,
    STREAMS,
    TLS,
    Play,
    PlayServer,
    message,
)

DIRECT = replace(ACCOUNT, security=Security.DIRECT_TLS)
_HEADER = (
    f"<stream:stream from='chat.test' id='s' version='1.0' xmlns='jabber:client' "
    f"xmlns:stream='{STREAMS}'>"
)


def texts(play: Play) -> list[str]:
    return [event.message.text for event in play.of(MessageAdded)]


def assert_nothing_believed(play: Play) -> None:
    """No message was shown, no credential sent, and nothing is tried again by itself."""
    assert not play.of(MessageAdded)
    assert not play.sent("<auth")
    assert PASSWORD not in bytes(play.server.transport.sent).decode()
    assert play.state is LinkState.OFFLINE
    assert play.detail


def run_against(server: PlayServer, account: Account = ACCOUNT) -> Play:
    async def scene() -> Play:
        play = await Play(account, server).start()
        await play.time.advance(200)
        return play

    return asyncio.run(scene())


# -- before TLS


def test_starttls_taken_out_ends_with_a_plain_sentence_and_no_credential() -> None:
    play = run_against(PlayServer(offers_tls=False))
    assert_nothing_believed(play)
    assert "does not offer TLS" in play.detail
    assert "no password was sent" in play.detail
    assert len(play.server.transports) == 1


def test_a_stanza_in_clear_behind_proceed_ends_the_connection() -> None:
    server = PlayServer()
    injected = message("eve@chat.test", "believe me")
    server.on["starttls"] = lambda element: server.say(f"<proceed xmlns='{TLS}'/>{injected}")
    play = run_against(server)
    assert_nothing_believed(play)
    assert "<proceed/>" in play.detail


def test_a_stanza_before_tls_ends_the_connection() -> None:
    server = PlayServer()
    features = f"<stream:features><starttls xmlns='{TLS}'/></stream:features>"
    server.on["header"] = lambda element: server.say(
        _HEADER, message("eve@chat.test", "hello"), features
    )
    play = run_against(server)
    assert_nothing_believed(play)
    assert "before the login" in play.detail


def test_a_stanza_behind_the_features_is_not_believed_after_tls() -> None:
    server = PlayServer()

    def greet(element: object) -> None:
        is_secure = server.transport.connection.tls is not None
        early = "" if is_secure else message("eve@chat.test", "hello")
        server.say(_HEADER, f"<stream:features>{server.features()}</stream:features>{early}")

    server.on["header"] = greet
    play = run_against(server)
    assert_nothing_believed(play)


def test_a_refused_starttls_is_not_followed_by_clear_text() -> None:
    server = PlayServer()
    server.on["starttls"] = lambda element: server.say(f"<failure xmlns='{TLS}'/>")
    play = run_against(server)
    assert_nothing_believed(play)
    assert "refused it" in play.detail


def test_login_without_being_asked_is_not_accepted() -> None:
    server = PlayServer(manages=False)
    server.mechanisms = ()
    play = run_against(server)
    assert_nothing_believed(play)
    assert "none at all" in play.detail


# -- login


def test_anonymous_is_not_taken_although_a_password_is_set() -> None:
    play = run_against(PlayServer(("ANONYMOUS",)))
    assert_nothing_believed(play)


@pytest.mark.parametrize("iterations", [1, 4095, 600_001, 5_000_000])
def test_scram_iterations_are_bounded(iterations: int) -> None:
    server = PlayServer()

    def challenge(element: object) -> None:
        text = f"r={nonce_of(server)}server,s={b64encode(b'salt').decode()},i={iterations}"
        server.challenge(text.encode())

    server.on["auth"] = challenge
    began = time.perf_counter()
    play = run_against(server, DIRECT)
    assert time.perf_counter() - began < 2
    assert play.state is LinkState.OFFLINE
    assert "iterations" in play.detail
    assert not play.sent("<response")


def nonce_of(server: PlayServer) -> str:
    """The client's nonce, out of its first message."""
    encoded = server.heard[-1].partition(">")[2].partition("<")[0]
    return b64decode(encoded).decode().rpartition("r=")[2]


@pytest.mark.parametrize("final", [b"", b"v=AAAA", b"v=" + b64encode(bytes(32))])
def test_a_server_that_cannot_prove_the_password_is_left(final: bytes) -> None:
    server = PlayServer()
    server.on["response"] = lambda element: server.succeed(final)
    play = run_against(server)
    assert play.state is LinkState.OFFLINE
    assert not play.sent("<presence")
    assert not play.sent('id="bind"')


def test_an_address_of_somebody_else_is_not_taken_over() -> None:
    server = PlayServer()
    server.on["iq"] = lambda element: server.say(
        "<iq type='result' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
        "<jid>ann@elsewhere.test/x</jid></bind></iq>"
    )
    play = run_against(server)
    assert play.state is LinkState.OFFLINE
    assert "not of this account" in play.detail


def test_a_server_that_never_answers_is_given_up() -> None:
    async def scene() -> None:
        server = PlayServer()
        server.on["header"] = lambda element: None
        play = Play(server=server)
        play.xmpp.start()
        await play.until(lambda: len(play.sent("<stream:stream")) == 1)
        await play.time.advance(60.5)
        assert play.state is LinkState.WAITING
        assert "60 s" in play.detail
        await play.stop()

    asyncio.run(scene())


# -- XML


@pytest.mark.parametrize(
    ("attack", "words"),
    [
        ("<!DOCTYPE x [<!ENTITY a 'b'>]>", "DOCTYPE"),
        ("<message from='eve@chat.test'><body>&xxe;</body></message>", "entity"),
        ("<!-- hello -->", "comment"),
        ("<?php x?>", "processing instruction"),
        ("<message>" + "<a>" * 200, "deep"),
        ("<message from='eve@chat.test'><body>" + "x" * (1024 * 1024 + 9), "bytes"),
        (f"<message {' '.join(f'a{i}={chr(39)}{chr(39)}' for i in range(200))}/>", "attributes"),
    ],
    ids=["doctype", "entity", "comment", "pi", "depth", "size", "attributes"],
)
def test_what_no_parser_should_see_ends_the_connection(attack: str, words: str) -> None:
    async def scene() -> None:
        play = await Play(account=DIRECT).start()
        play.server.say(attack)
        await play.until(lambda: play.state is not LinkState.ONLINE)
        assert words in play.detail
        assert play.sent("<stream:error>")
        refused = [line for line in play.of(LineSeen) if line.is_malformed]
        assert len(refused) == 1
        assert len(refused[0].line) < 500
        assert not play.of(MessageAdded)
        await play.stop()

    asyncio.run(scene())


@pytest.mark.parametrize(
    "broken",
    [
        "<message from='eve@chat.test'><a:body>x</a:body></message>",
        "<message from='eve@chat.test'><body>x</boby></message>",
        "<message from='eve@chat.test'><body>\x01</body></message>",
        "<message from='a' from='b'><body>x</body></message>",
    ],
    ids=["prefix", "nesting", "control", "twice"],
)
def test_one_broken_stanza_costs_no_other(broken: str) -> None:
    async def scene() -> None:
        play = await Play(account=DIRECT).start()
        play.server.say(broken, message("bob@chat.test", "still here"))
        await play.until(lambda: bool(play.of(MessageAdded)))
        assert texts(play) == ["still here"]
        assert any("broken XML" in event.text for event in play.of(Informed))
        await play.stop()

    asyncio.run(scene())


@pytest.mark.parametrize(
    "odd",
    [
        "<message/>",
        "<message from='@@@'><body>x</body></message>",
        "<message from='bob@chat.test' type='chat'><body/></message>",
        "<presence/>",
        "<presence from='lab@rooms.chat.test'/>",
        "<iq/>",
        "<iq type='result' id='nobody-asked'/>",
        "<iq type='error' id='nobody-asked'/>",
        f"<iq type='get' id='q' from='eve@chat.test' to='{ME}'><query xmlns='odd'/></iq>",
        "<message type='error' id='x' from='eve@chat.test'/>",
        "<message type='groupchat' from='nowhere@rooms.chat.test/x'><body>x</body></message>",
        "<unknown xmlns='odd'/>",
        "<a xmlns='urn:xmpp:sm:3' h='x'/>",
        "<a xmlns='urn:xmpp:sm:3'/>",
        "<resumed xmlns='urn:xmpp:sm:3' h='5'/>",
        "<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>",
        f"<proceed xmlns='{SASL}'/>",
        " \n ",
    ],
)
def test_odd_stanzas_do_no_harm(odd: str, caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> None:
        play = await Play(account=DIRECT).start()
        play.server.say(odd, message("bob@chat.test", "still here"))
        await play.until(lambda: "still here" in texts(play))
        assert play.state is LinkState.ONLINE
        await play.stop()

    with caplog.at_level(logging.ERROR, "chatlab"):
        asyncio.run(scene())
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_acknowledging_more_than_was_sent_ends_the_connection() -> None:
    async def scene() -> None:
        play = await Play(account=DIRECT).start()
        play.server.say("<a xmlns='urn:xmpp:sm:3' h='1000'/>")
        await play.until(lambda: play.state is not LinkState.ONLINE)
        assert "acknowledged more" in play.detail
        await play.stop()

    asyncio.run(scene())


def test_a_delivery_error_is_believed_from_the_addressee_only() -> None:
    async def scene() -> None:
        play = await Play(account=DIRECT).start()
        (sent,) = play.xmpp.send("bob@chat.test", "hi")
        name = sent.msgid
        error = (
            "<error type='cancel'><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
        )
        play.server.say(f"<message type='error' id='{name}' from='eve@chat.test'>{error}</message>")
        assert not _failed(play, sent)
        play.server.say(f"<message type='error' id='{name}' from='bob@chat.test'>{error}</message>")
        assert _failed(play, sent)
        await play.stop()

    asyncio.run(scene())


def _failed(play: Play, sent: Message) -> bool:
    changes = [event for event in play.of(MessageChanged) if event.message == sent.id]
    return any(event.failure for event in changes)


# -- poison


def test_a_stanza_that_kills_three_times_is_named_and_can_be_left_out() -> None:
    async def scene() -> None:
        server = PlayServer(manages=False)
        deep = "<a>" * 200 + "</a>" * 200
        poison = f"<message from='eve@chat.test/x' id='1'>{deep}</message>"
        server.on["presence"] = lambda element: server.say(
            poison, message("bob@chat.test", "behind it")
        )
        play = await Play(DIRECT, server).start()
        while await play.until_it_waits():
            await play.time.advance(play.retry_in_s)
        assert "eve@chat.test/x" in play.detail
        assert "3 times" in play.detail
        await play.time.advance(300)
        assert len(server.transports) == 3
        play.xmpp.start()
        await play.until(lambda: "behind it" in texts(play))
        assert play.state is LinkState.ONLINE
        left_out = [event for event in play.of(Informed) if "left out" in event.text]
        assert any("eve@chat.test/x" in event.text for event in left_out)
        await play.stop()

    asyncio.run(scene())


def test_a_stanza_that_kills_behind_a_resumption_is_named_as_well() -> None:
    async def scene() -> None:
        server = PlayServer()
        poison = "<message from='eve@chat.test/x' id='1'>" + "<a>" * 200
        server.on["resume"] = lambda element: server.say(
            f"<resumed xmlns='urn:xmpp:sm:3' previd='again' h='{server.counted}'/>", poison
        )
        play = await Play(DIRECT, server).start()
        server.transport.drop("Cut.")
        while await play.until_it_waits():
            await play.time.advance(play.retry_in_s)
        assert "eve@chat.test/x" in play.detail
        assert "3 times" in play.detail
        assert len(server.transports) == 4

    asyncio.run(scene())
