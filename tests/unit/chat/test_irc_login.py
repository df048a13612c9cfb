"""Registering: capabilities, passwords and nicks, and what is never sent."""

import asyncio
import base64
from collections.abc import Callable, Coroutine

import pytest

from chatlab.core.account import LoginMethod, Security
from chatlab.core.connection import LinkState
from chatlab.core.errors import RemoteProtocolError
from chatlab.core.events import LineSeen, LinkChanged, NickInUse
from chatlab.protocol.irc import IrcLine
from chatlab.protocol.scram import SHA_1, SHA_256, ScramKeys, ScramServer
from tests.helpers.irc_play import MemorySecrets, Play, PlayServer, account, settle

PASSWORD = "correct horse"


def run(scenario: Callable[[], Coroutine[None, None, None]]) -> None:
    asyncio.run(scenario())


def last_link(play: Play) -> LinkChanged:
    return play.of(LinkChanged)[-1]


def test_only_offered_capabilities_are_asked_for_and_one_refusal_does_not_cost_the_others() -> None:
    async def scenario() -> None:
        play = Play(server=PlayServer("server-time batch unheard-of echo-message"))

        def cap(line: object) -> None:
            text = play.server.lines[-1]
            if text == "CAP LS 302":
                play.server.is_negotiating = True
                play.server.say("CAP * LS * :server-time batch unheard-of")
                play.server.say("CAP * LS :echo-message")
            elif text.startswith("CAP REQ") and ("batch" in text):
                play.server.say(f"CAP * NAK :{text.split(' ', 2)[2].lstrip(':')}")
            elif text.startswith("CAP REQ"):
                play.server.say(f"CAP * ACK :{text.split(' ', 2)[2].lstrip(':')} ")
            else:
                play.server.is_negotiating = False
                play.server.welcome()

        play.server.on["CAP"] = cap
        await play.start()
        assert play.irc.state.caps == {"server-time", "echo-message"}
        assert not any("unheard-of" in line for line in play.server.said("CAP"))
        assert play.server.said("CAP")[-1] == "CAP END"
        play.server.say("CAP ann NEW :away-notify setname=x", "CAP ann DEL :echo-message")
        await settle()
        assert play.server.said("CAP")[-1] == "CAP REQ :away-notify setname"
        assert "echo-message" not in play.irc.state.caps
        await play.stop()

    run(scenario)


def test_a_server_without_capabilities_is_a_server_all_the_same() -> None:
    async def scenario() -> None:
        play = Play()
        play.server.on["CAP"] = lambda line: play.server.say("421 * CAP :Unknown command")
        await play.start()
        assert play.irc.is_online
        assert "CAP END" not in play.server.lines
        await play.stop()

    run(scenario)


class SaslScript:
    """The server's side of AUTHENTICATE."""

    def __init__(self, play: Play, keys: ScramKeys | None = None) -> None:
        self.play = play
        self.payload = ""
        hash_name = keys.hash_name if keys is not None else SHA_256
        self.scram = ScramServer(lambda name: keys, hash_name=hash_name)
        self.steps = 0
        self.answer = "903 ann :SASL authentication successful"
        play.server.on["AUTHENTICATE"] = lambda line: self.take()

    def take(self) -> None:
        text = self.play.server.lines[-1].split(" ")[1]
        say = self.play.server.say
        self.steps += 1
        if self.steps == 1:
            say("AUTHENTICATE +")
            return
        self.payload += "" if text == "+" else text
        if len(text) == 400:
            return
        data = base64.b64decode(self.payload)
        if not data.startswith((b"n,,", b"c=")):
            say(f":irc.test {self.answer}")
            return
        self.payload = ""
        try:
            reply = self.scram.first(data) if data.startswith(b"n,,") else self.scram.final(data)
        except RemoteProtocolError:
            say(":irc.test 904 ann :SASL authentication failed")
            return
        say("AUTHENTICATE " + base64.b64encode(reply).decode())


def test_sasl_plain_sends_long_answers_in_pieces_of_400() -> None:
    async def scenario() -> None:
        # "ann\0ann\0" and 292 more bytes are 300, which is exactly 400 in Base64.
        password = "p" * 292
        play = Play(account(LoginMethod.PLAIN), secrets=MemorySecrets(login=password))
        script = SaslScript(play)
        await play.start()
        assert play.irc.is_online
        assert base64.b64decode(script.payload) == f"ann\0ann\0{password}".encode()
        sent = play.server.said("AUTHENTICATE")
        assert [len(line.split(" ")[1]) for line in sent] == [5, 400, 1]
        seen = [event.line for event in play.of(LineSeen)]
        assert not any(script.payload in line for line in seen)
        assert "AUTHENTICATE ••••" in seen
        await play.stop()

    run(scenario)


def test_sasl_external_has_nothing_to_send() -> None:
    async def scenario() -> None:
        play = Play(account(LoginMethod.EXTERNAL))
        SaslScript(play)
        await play.start()
        assert play.server.said("AUTHENTICATE") == ["AUTHENTICATE EXTERNAL", "AUTHENTICATE +"]
        assert play.irc.is_online
        await play.stop()

    run(scenario)


@pytest.mark.parametrize(
    ("method", "hash_name"),
    [(LoginMethod.SCRAM_SHA_256, SHA_256), (LoginMethod.SCRAM_SHA_1, SHA_1)],
)
def test_scram_proves_the_password_on_both_sides_even_in_plain_text(
    method: LoginMethod, hash_name: str
) -> None:
    async def scenario() -> None:
        play = Play(
            account(method, security=Security.PLAIN),
            PlayServer(f"sasl={method.value}"),
            secrets=MemorySecrets(login=PASSWORD),
        )
        SaslScript(play, ScramKeys.derive(PASSWORD, hash_name=hash_name))
        online = asyncio.Event()
        take = play.server.on["AUTHENTICATE"]

        def on_authenticate(line: object) -> None:
            if play.server.lines[-1] == "AUTHENTICATE +":
                play.server.say("903 ann :SASL authentication successful")
                online.set()
            else:
                take(line)  # type: ignore[arg-type]

        play.server.on["AUTHENTICATE"] = on_authenticate
        await play.start()
        async with asyncio.timeout(5):
            await online.wait()
        await settle()
        assert play.irc.is_online
        await play.stop()

    run(scenario)


def test_a_server_that_skips_its_own_scram_proof_is_left() -> None:
    async def scenario() -> None:
        play = Play(account(LoginMethod.SCRAM_SHA_256), secrets=MemorySecrets(login=PASSWORD))
        SaslScript(play).steps = 0
        play.server.on["AUTHENTICATE"] = lambda line: play.server.say("903 ann :fine")
        await play.start()
        assert last_link(play).state is LinkState.OFFLINE
        assert "impostor" in last_link(play).detail

    run(scenario)


@pytest.mark.parametrize("numeric", ["902", "904", "905", "906"])
def test_a_failed_login_is_told_and_not_tried_again(numeric: str) -> None:
    async def scenario() -> None:
        play = Play(account(LoginMethod.PLAIN), secrets=MemorySecrets(login="wrong"))
        SaslScript(play).answer = f"{numeric} ann :Login refused"
        await play.start()
        await play.time.advance(600)
        assert play.server.dials == 1
        assert last_link(play).state is LinkState.OFFLINE
        assert last_link(play).is_fault
        assert "“ann” failed: Login refused" in last_link(play).detail

    run(scenario)


@pytest.mark.parametrize("caps", ["server-time", "sasl=EXTERNAL", ""])
def test_without_the_wanted_login_the_server_is_left(caps: str) -> None:
    async def scenario() -> None:
        play = Play(
            account(LoginMethod.PLAIN), PlayServer(caps), secrets=MemorySecrets(login=PASSWORD)
        )
        await play.start()
        assert last_link(play).state is LinkState.OFFLINE
        assert "SASL" in last_link(play).detail
        assert play.server.said("AUTHENTICATE") == []

    run(scenario)


@pytest.mark.parametrize(
    ("login", "has_server_password"), [(LoginMethod.PLAIN, False), (LoginMethod.NONE, True)]
)
def test_a_stored_password_never_crosses_the_network_in_clear(
    login: LoginMethod, has_server_password: bool
) -> None:
    async def scenario() -> None:
        settings = account(login, security=Security.PLAIN, has_server_password=has_server_password)
        play = Play(settings, secrets=MemorySecrets(login=PASSWORD, server=PASSWORD))
        await play.start()
        assert play.server.dials == 0
        assert last_link(play).state is LinkState.OFFLINE
        assert "plain text" in last_link(play).detail

    run(scenario)


def test_a_server_password_is_sent_and_masked() -> None:
    async def scenario() -> None:
        settings = account(
            security=Security.PLAIN, has_server_password=True, password_over_plain=True
        )
        play = await Play(settings, secrets=MemorySecrets(server=PASSWORD)).start()
        assert play.server.said("PASS") == [f"PASS :{PASSWORD}"]
        assert not any(PASSWORD in event.line for event in play.of(LineSeen))
        await play.stop()

    run(scenario)


def test_a_nick_that_the_grammar_refuses_ends_the_attempt_with_a_legal_one() -> None:
    async def scenario() -> None:
        play = Play(account(nick="ann.lab"))
        play.server.on["NICK"] = lambda line: play.server.say("432 * ann.lab :Erroneous Nickname")
        await play.start()
        assert last_link(play).state is LinkState.OFFLINE
        assert "dot" in last_link(play).detail
        assert "ann_lab" in last_link(play).detail
        await play.time.advance(600)
        assert play.server.dials == 1

    run(scenario)


def test_nicks_in_use_get_underscores_until_one_is_free() -> None:
    async def scenario() -> None:
        play = Play()
        play.server.on["NICK"] = lambda line: play.server.say("433 * x :Nickname is in use")
        await play.start()
        assert play.server.said("NICK") == [
            "NICK ann",
            "NICK ann_",
            "NICK ann__",
            "NICK ann___",
            "NICK ann____",
        ]
        assert last_link(play).state is LinkState.WAITING
        await play.stop()

    run(scenario)


@pytest.mark.parametrize("says", ["432 * {tried} :Nickname too long", "433 * {cut} :In use"])
def test_where_no_underscore_fits_behind_the_nick_it_takes_the_place_of_its_end(says: str) -> None:
    """Our own ghost has the nick, which is as long as the server allows: refused, or cut."""

    async def scenario() -> None:
        play = Play(account(nick="student12"))
        accept = play.server.on["NICK"]

        def nick(line: IrcLine) -> None:
            tried = line.parameters[0]
            if tried in ("student12", "student1_"):
                play.server.say(f"433 * {tried} :Nickname is in use")
            elif len(tried) > len("student12"):
                play.server.say(says.format(tried=tried, cut=tried[:9]))
            else:
                accept(line)
                play.server.welcome()

        play.server.on["NICK"] = nick
        await play.start()
        assert play.server.said("NICK") == [
            "NICK student12",
            "NICK student12_",
            "NICK student1_",
            "NICK student__",
        ]
        assert play.irc.is_online
        await play.stop()

    run(scenario)


def test_a_nick_in_use_is_tried_again_later_even_if_the_other_one_is_no_nick() -> None:
    async def scenario() -> None:
        play = Play(account(nick="a", alternative_nicks=("b.c",)))

        def nick(line: IrcLine) -> None:
            tried = line.parameters[0]
            play.server.say(f"{433 if tried == 'a' else 432} * {tried} :No")

        play.server.on["NICK"] = nick
        await play.start()
        assert last_link(play).state is LinkState.WAITING
        await play.stop()

    run(scenario)


def test_the_server_has_the_last_word_on_the_nick() -> None:
    async def scenario() -> None:
        play = Play(account(nick="annannannannannannannann"))
        play.server.on["USER"] = lambda line: None
        play.server.on["CAP"] = lambda line: None
        await play.start()
        play.server.say("001 annann :Welcome", "376 annann :End of MOTD")
        assert play.of(NickInUse)[-1].nick == "annann"
        assert play.irc.state.nick == "annann"
        await play.stop()

    run(scenario)
