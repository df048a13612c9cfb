"""What the server has taken, formatting over two lines, and answers that are not wanted."""

import asyncio
from collections.abc import Callable, Coroutine

from chatlab.chat.irc.messages import CTCP_LIMIT, CTCP_PERIOD_S
from chatlab.core.events import Informed, MessageAdded
from chatlab.core.message import Delivery
from tests.helpers.irc_play import Play, PlayServer, account, deliveries, settle

NO_ECHO = "message-tags server-time"


def run(scenario: Callable[[], Coroutine[None, None, None]]) -> None:
    asyncio.run(scenario())


def test_without_echo_message_a_ping_behind_it_tells_that_the_server_took_it() -> None:
    async def scenario() -> None:
        play = await Play(server=PlayServer(NO_ECHO)).start()
        pong = play.server.on.pop("PING")
        (first,) = play.irc.send("#lab", "hello")
        await play.time.advance(6)
        assert play.server.lines[-2:] == ["PRIVMSG #lab :hello", "PING chatlab-1"]
        assert deliveries(play, first) == [Delivery.WRITTEN, Delivery.ACKNOWLEDGED]
        (behind,) = play.irc.send("#lab", "behind the PING")
        await settle()
        play.server.on["PING"] = pong
        play.server.say(":irc.test PONG irc.test :chatlab-1")
        assert deliveries(play, first)[-1] is Delivery.ECHOED
        assert Delivery.ECHOED not in deliveries(play, behind)
        await play.time.advance(6)
        assert deliveries(play, behind)[-1] is Delivery.ECHOED
        count = len(play.server.said("PING"))
        await play.time.advance(10)
        assert len(play.server.said("PING")) == count
        await play.stop()

    run(scenario)


def test_with_echo_message_no_ping_is_needed_for_that() -> None:
    async def scenario() -> None:
        play = await Play().start()
        play.server.on["PRIVMSG"] = lambda line: None
        (message,) = play.irc.send("NickServ", "help")
        await play.time.advance(15)
        assert Delivery.ECHOED not in deliveries(play, message)
        assert play.server.said("PING") == []
        await play.stop()

    run(scenario)


def test_a_bold_text_stays_bold_in_each_of_its_lines() -> None:
    async def scenario() -> None:
        play = await Play().start()
        messages = play.irc.send("#lab", "\x02" + "bold " * 150)
        assert len(messages) == 2
        await settle()
        assert all(":\x02" in line for line in play.server.said("PRIVMSG"))
        await play.stop()

    run(scenario)


def test_who_does_not_want_to_answer_questions_of_clients_does_not() -> None:
    async def scenario() -> None:
        play = await Play(account(answers_ctcp=False)).start()
        for request in ("VERSION", "PING 1", "TIME", "CLIENTINFO"):
            play.server.say(f":bob!b@b PRIVMSG ann :\x01{request}\x01")
        await settle()
        assert play.server.said("NOTICE") == []
        told = [event.text for event in play.of(Informed) if event.code == "CTCP"]
        assert len(told) == 4
        play.server.say(":bob!b@b PRIVMSG #lab :\x01ACTION waves\x01")
        assert play.of(MessageAdded)[-1].message.text == "waves"
        await play.stop()

    run(scenario)


def test_requests_without_an_answer_cannot_flood_the_reader() -> None:
    async def scenario() -> None:
        play = await Play(account(answers_ctcp=False)).start()

        async def ask(count: int) -> list[str]:
            before = len(play.of(Informed))
            for _ in range(count):
                play.server.say(":bob!b@b PRIVMSG ann :\x01VERSION\x01")
            await settle()
            return [event.text for event in play.of(Informed)[before:]]

        told = await ask(200)
        assert len(told) == CTCP_LIMIT + 1
        assert "More CTCP requests" in told[-1]
        await play.time.advance(CTCP_PERIOD_S + 1)
        assert len(await ask(1)) == 1
        await play.stop()

    run(scenario)
