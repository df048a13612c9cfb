"""An XMPP account over the life of several connections: nothing typed is lost."""

import asyncio
from dataclasses import replace

import pytest

from chatlab.core.account import Security
from chatlab.core.commands import parse
from chatlab.core.connection import LinkState
from chatlab.core.errors import ConnectError
from chatlab.core.events import MembersListed, MessageAdded
from chatlab.core.message import Delivery
from tests.helpers.irc_play import settle
from tests.helpers.xmpp_play import ACCOUNT, SM, Play, PlayServer, fate, message, wires

DIRECT = replace(ACCOUNT, security=Security.DIRECT_TLS)
BOB = "bob@chat.test"
ROOM = "lab@rooms.chat.test"


def test_a_message_knows_its_bytes_and_how_far_it_got() -> None:
    async def scene() -> None:
        play = await Play(DIRECT).start()
        (sent,) = play.xmpp.send(BOB, "grüße <&>")
        (wire,) = wires(play, sent)
        data = bytes(play.server.transport.sent)[wire.span.start : wire.span.stop]
        assert data.startswith(b"<message")
        assert data.endswith(b"</message>")
        assert "grüße &lt;&amp;&gt;" in data.decode()
        await play.until(lambda: Delivery.ECHOED in fate(play, sent))
        assert fate(play, sent) == [Delivery.WRITTEN, Delivery.ECHOED]
        await play.stop()

    asyncio.run(scene())


def test_tcps_acknowledgement_is_told_where_the_server_confirms_nothing() -> None:
    async def scene() -> None:
        play = await Play(DIRECT, PlayServer(manages=False)).start()
        (sent,) = play.xmpp.send(BOB, "hello")
        await play.time.advance(1)
        assert fate(play, sent) == [Delivery.WRITTEN, Delivery.ACKNOWLEDGED]
        assert not play.xmpp.has_echo
        await play.stop()

    asyncio.run(scene())


def test_many_messages_at_once_ask_for_one_acknowledgement() -> None:
    async def scene() -> None:
        play = await Play(DIRECT).start()
        for number in range(20):
            play.xmpp.send(BOB, f"line {number}")
        await play.until(lambda: play.deliveries.count(Delivery.ECHOED) == 20)
        assert len(play.sent("<r ")) == 1
        await play.stop()

    asyncio.run(scene())


def test_what_is_typed_offline_leaves_later_in_order() -> None:
    async def scene() -> None:
        play = Play(DIRECT)
        for text in ("one", "two", "three"):
            play.xmpp.send(BOB, text)
        assert play.xmpp.has_unsent
        await play.start()
        await play.until(lambda: play.deliveries.count(Delivery.ECHOED) == 3)
        bodies = [line.line.partition("<body>")[2][:5] for line in play.sent("<body>")]
        assert bodies == ["one</", "two</", "three"]
        await play.stop()

    asyncio.run(scene())


def test_a_lost_connection_is_resumed_and_the_rest_sent_again() -> None:
    async def scene() -> None:
        play = await Play(DIRECT).start()
        server = play.server
        first, second = play.xmpp.send(BOB, "had"), play.xmpp.send(BOB, "lost")
        await play.until(lambda: len(play.deliveries) == 4)
        server.transport.is_silent = True
        (third,) = play.xmpp.send(BOB, "on the way")
        await play.time.advance(1)
        handled = server.counted

        def resume(element: object) -> None:
            server._is_counting = True
            server.say(f"<resumed xmlns='{SM}' previd='again' h='{handled}'/>")

        server.on["resume"] = resume
        server.transport.drop("The connection broke.")
        await play.time.advance(2)
        await play.until(lambda: Delivery.ECHOED in fate(play, third))
        assert len(server.transports) == 2
        assert len(play.sent('id="bind"')) == 1
        one, other = wires(play, third)
        assert one.connection != other.connection
        assert [fate(play, sent[0])[-1] for sent in (first, second)] == [Delivery.ECHOED] * 2
        assert Delivery.FAILED not in play.deliveries
        await play.stop()

    asyncio.run(scene())


def test_what_is_typed_while_the_connection_breaks_waits_for_the_next() -> None:
    async def scene() -> None:
        play = await Play(DIRECT).start()
        link = play.xmpp.session.context.link
        assert link is not None
        link.abort("The connection broke.")
        (sent,) = play.xmpp.send(BOB, "in the gap")
        assert fate(play, sent) == []
        play.server.on["resume"] = lambda element: play.server.say(
            f"<resumed xmlns='{SM}' previd='again' h='{play.server.counted}'/>"
        )
        await play.time.advance(2)
        await play.until(lambda: Delivery.WRITTEN in fate(play, sent))
        await play.stop()

    asyncio.run(scene())


def test_rooms_and_open_questions_survive_a_resumption() -> None:
    async def scene() -> None:
        play = await Play(DIRECT).start()
        server = play.server
        play.xmpp.execute(parse(f"/join {ROOM}"), "")
        await play.until(lambda: bool(play.of(MembersListed)))
        server.on["resume"] = lambda element: server.say(
            f"<resumed xmlns='{SM}' previd='again' h='{server.counted}'/>"
        )
        server.transport.drop("The connection broke.")
        await play.time.advance(2)
        await play.until(lambda: len(play.of(MembersListed)) == 2)
        assert play.state is LinkState.ONLINE
        assert len([line for line in play.sent("<presence to=") if "muc" in line.line]) == 1
        await play.stop()

    asyncio.run(scene())


def test_a_forgotten_session_begins_anew_and_says_which_message_is_in_doubt() -> None:
    async def scene() -> None:
        play = await Play(DIRECT).start()
        server = play.server
        server.transport.is_silent = True
        (sent,) = play.xmpp.send(BOB, "on the way")
        await play.time.advance(1)
        server.on["resume"] = lambda element: server.say(
            f"<failed xmlns='{SM}'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
            "</failed>"
        )
        server.transport.drop("The connection broke.")
        await play.time.advance(2)
        await play.until(lambda: Delivery.FAILED in fate(play, sent))
        assert play.state is LinkState.ONLINE
        play.xmpp.resend(sent.id)
        await play.until(lambda: fate(play, sent)[-1] is Delivery.ECHOED)
        ids = {line.line.partition('id="')[2][:32] for line in play.sent("on the way")}
        assert len(ids) == 1
        await play.stop()

    asyncio.run(scene())


def test_a_conflict_does_not_reconnect() -> None:
    async def scene() -> None:
        play = await Play(DIRECT).start()
        play.server.say(
            "<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"
            "</stream:stream>"
        )
        await play.until(lambda: play.state is LinkState.OFFLINE)
        assert "same resource" in play.detail
        await play.time.advance(300)
        assert len(play.server.transports) == 1

    asyncio.run(scene())


def test_a_shutdown_is_waited_out() -> None:
    async def scene() -> None:
        play = await Play(DIRECT, PlayServer(manages=False)).start()
        play.server.say(
            "<stream:error><system-shutdown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
            "</stream:error></stream:stream>"
        )
        await play.until(lambda: play.state is LinkState.WAITING)
        assert "shut down" in play.detail
        await play.time.advance(3)
        await play.until(lambda: play.state is LinkState.ONLINE)
        await play.stop()

    asyncio.run(scene())


def test_waits_between_attempts_grow() -> None:
    async def scene() -> None:
        server = PlayServer()
        play = await Play(DIRECT, server).start()
        server.on["auth"] = lambda element: server.transport.drop("The connection broke.")
        server.transport.drop("The connection broke.")
        waits: list[float] = []
        for _ in range(5):
            await play.until(lambda: play.state is LinkState.WAITING)
            waits.append(play.retry_in_s)
            await play.time.advance(play.retry_in_s)
        assert waits == [1, 2, 4, 8, 16]
        await play.stop()

    asyncio.run(scene())


def test_stopping_says_goodbye_and_waits_for_the_servers() -> None:
    async def scene() -> None:
        play = await Play(DIRECT).start()
        await play.stop()
        assert play.sent("</stream:stream>")
        assert play.server.transport.is_closed

    asyncio.run(scene())


def test_who_leaves_says_first_what_has_come_so_that_it_does_not_come_again() -> None:
    async def scene() -> None:
        play = await Play(DIRECT).start()
        await play.time.advance(1)
        play.server.say(f"<r xmlns='{SM}'/>", message(BOB, "one", "m1"), message(BOB, "two", "m2"))
        await play.until(lambda: sum(isinstance(e, MessageAdded) for e in play.events) == 2)
        await play.stop()
        before, after = (int(line.line.partition("h='")[2][:-3]) for line in play.sent("<a "))
        assert after - before == 2
        assert bytes(play.server.transport.sent).endswith(
            f"<a xmlns='{SM}' h='{after}'/></stream:stream>".encode()
        )

    asyncio.run(scene())


def test_nothing_is_written_behind_the_end_of_our_stream() -> None:
    async def scene() -> None:
        play = await Play(DIRECT).start()
        server = play.server
        server.transport.is_silent = True  # It takes its time to end its own.
        stopping = asyncio.ensure_future(play.xmpp.stop())
        await settle()
        server.say(f"<r xmlns='{SM}'/>", message(BOB, "late", "m1"))
        server.say("<iq type='get' id='p' from='chat.test'><ping xmlns='urn:xmpp:ping'/></iq>")
        play.xmpp.send(BOB, "too late")
        play.xmpp.set_active(False)
        with pytest.raises(ConnectError):
            play.xmpp.session.send_raw(b"<presence/>")
        await settle()
        assert bytes(server.transport.sent).endswith(b"</stream:stream>")
        assert bytes(server.transport.sent).count(b"</stream:stream>") == 1
        await play.time.advance(3)
        await stopping
        assert play.xmpp.has_unsent  # For the next time.

    asyncio.run(scene())


def test_every_request_for_an_acknowledgement_is_answered_with_the_count() -> None:
    async def scene() -> None:
        play = await Play(DIRECT).start()
        request = f"<r xmlns='{SM}'/>"
        await play.time.advance(1)
        play.server.say(request, *[message(BOB, "x", f"m{i}") for i in range(7)], request)
        await play.until(lambda: len(play.sent("<a ")) == 2)
        before, after = (int(line.line.partition("h='")[2][:-3]) for line in play.sent("<a "))
        assert after - before == 7
        await play.stop()

    asyncio.run(scene())


def test_another_account_takes_over_no_session() -> None:
    async def scene() -> None:
        play = await Play(DIRECT).start()
        play.xmpp.update(replace(DIRECT, sends_typing=True))
        assert play.xmpp.session.context.account.sends_typing
        play.xmpp.update(replace(DIRECT, resource="phone"))
        play.server.transport.drop("The connection broke.")
        await play.time.advance(2)
        await play.until(lambda: len(play.sent('id="bind"')) == 2)
        assert not play.sent("<resume")
        await play.stop()

    asyncio.run(scene())


def test_a_server_that_never_acknowledges_is_connected_to_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def scene() -> None:
        monkeypatch.setattr("chatlab.chat.xmpp.management.MAX_UNACKNOWLEDGED", 5)
        play = await Play(DIRECT).start()
        play.server.on["r"] = lambda element: None
        for number in range(6):
            play.xmpp.send(BOB, f"line {number}")
        await play.until(lambda: play.state is LinkState.WAITING)
        assert "has not acknowledged 5 stanzas" in play.detail
        assert Delivery.FAILED not in play.deliveries
        await play.stop()

    asyncio.run(scene())


def test_what_came_before_the_counting_began_does_not_count() -> None:
    """A server that were told of more stanzas than it counts would end the connection."""

    async def scene() -> None:
        server = PlayServer()
        server.on["enable"] = lambda element: server.say(
            message("bob@chat.test", "early"),
            "<enabled xmlns='urn:xmpp:sm:3' id='again' resume='true'/>",
            "<r xmlns='urn:xmpp:sm:3'/>",
            message("bob@chat.test", "late"),
            "<r xmlns='urn:xmpp:sm:3'/>",
        )
        play = await Play(server=server).start()
        await play.until(lambda: len(play.sent("<a xmlns")) == 2)
        assert [event.message.text for event in play.of(MessageAdded)] == ["early", "late"]
        acknowledged = [line.line for line in play.sent("<a xmlns")]
        assert ["h='0'" in acknowledged[0], "h='1'" in acknowledged[1]] == [True, True]
        await play.stop()

    asyncio.run(scene())


def test_a_login_that_failed_ends_the_stream_as_it_should() -> None:
    async def scene() -> None:
        play = Play()
        play.server.on["auth"] = lambda element: play.server.refuse()
        await play.start()
        assert play.sent("</stream:stream>")

    asyncio.run(scene())
