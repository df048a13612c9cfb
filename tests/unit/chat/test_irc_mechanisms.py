"""Several SASL mechanisms: the account's order, the next one where that helps, never a guess."""

import asyncio
import base64
from collections.abc import Callable, Coroutine
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from chatlab.chat.irc.sasl import make_mechanism
from chatlab.core.account import LoginMethod, Security
from chatlab.core.connection import LinkState
from chatlab.core.events import LinkChanged
from tests.helpers.irc_play import MemorySecrets, Play, PlayServer, account, settle

PASSWORD = "correct horse"
REFUSED = ":irc.test 904 ann :SASL authentication failed"
SUCCESS = ":irc.test 903 ann :SASL authentication successful"


def run(scenario: Callable[[], Coroutine[None, None, None]]) -> None:
    asyncio.run(scenario())


def play_with(offered: str, first: LoginMethod, *further: LoginMethod, **changes: object) -> Play:
    settings = account(first, further_logins=further, **changes)
    return Play(settings, PlayServer(f"sasl{offered}"), secrets=MemorySecrets(login=PASSWORD))


def asked(play: Play) -> list[str]:
    """The mechanisms that the client began, in order."""
    names = {method.value for method in LoginMethod}
    words = [line.split(" ")[1] for line in play.server.said("AUTHENTICATE")]
    return [word for word in words if word in names]


def answer(play: Play, **by_mechanism: str) -> None:
    """``EXTERNAL="+"`` and so on: what the server says to the name of a mechanism."""

    def take(line: object) -> None:
        word = play.server.lines[-1].split(" ")[1].replace("-", "_")
        play.server.say(by_mechanism.get(word, SUCCESS))

    play.server.on["AUTHENTICATE"] = take


def test_mechanisms_are_tried_in_order_and_only_those_on_offer() -> None:
    async def scenario() -> None:
        order = (LoginMethod.EXTERNAL, LoginMethod.SCRAM_SHA_256, LoginMethod.PLAIN)
        play = play_with("=PLAIN,EXTERNAL", LoginMethod.SCRAM_SHA_256, *order)
        answer(play, EXTERNAL=REFUSED, PLAIN="AUTHENTICATE +")
        await play.start()
        assert asked(play) == ["EXTERNAL", "PLAIN"]
        assert play.irc.is_online
        await play.stop()

    run(scenario)


def test_a_server_that_names_no_mechanisms_tells_them_when_it_refuses_one() -> None:
    async def scenario() -> None:
        order = (LoginMethod.SCRAM_SHA_256, LoginMethod.EXTERNAL, LoginMethod.PLAIN)
        play = play_with("", *order)
        told = ":irc.test 908 ann PLAIN :are available SASL mechanisms\r\n" + REFUSED
        answer(play, SCRAM_SHA_256=told, PLAIN="AUTHENTICATE +")
        await play.start()
        assert asked(play) == ["SCRAM-SHA-256", "PLAIN"]
        await play.stop()

    run(scenario)


def test_a_password_that_was_judged_wrong_is_not_handed_to_the_next_mechanism() -> None:
    async def scenario() -> None:
        play = play_with("=PLAIN,EXTERNAL", LoginMethod.PLAIN, LoginMethod.EXTERNAL)
        play.server.on["AUTHENTICATE"] = lambda line: play.server.say(
            "AUTHENTICATE +" if play.server.lines[-1].endswith("PLAIN") else REFUSED
        )
        await play.start()
        assert asked(play) == ["PLAIN"]
        assert play.of(LinkChanged)[-1].state is LinkState.OFFLINE
        assert play.server.lines[-1] == "QUIT"

    run(scenario)


@pytest.mark.parametrize("caps", ["server-time", "sasl=EXTERNAL"])
def test_without_sasl_nickserv_is_asked_where_the_account_says_so(caps: str) -> None:
    async def scenario() -> None:
        settings = account(LoginMethod.PLAIN, further_logins=(LoginMethod.NICKSERV,))
        play = Play(settings, PlayServer(caps), secrets=MemorySecrets(login=PASSWORD))
        await play.start()
        assert play.irc.is_online
        assert play.server.said("PRIVMSG") == [f"PRIVMSG NickServ :IDENTIFY {PASSWORD}"]
        await play.stop()

    run(scenario)


def test_with_sasl_nickserv_is_left_in_peace() -> None:
    async def scenario() -> None:
        play = play_with("=PLAIN", LoginMethod.PLAIN, LoginMethod.NICKSERV)
        answer(play, PLAIN="AUTHENTICATE +")
        await play.start()
        assert play.irc.is_online
        assert play.server.said("PRIVMSG") == []
        assert play.server.said("JOIN") == ["JOIN #lab"]
        await play.stop()

    run(scenario)


def test_in_clear_what_would_show_the_password_is_left_out_of_the_order() -> None:
    async def scenario() -> None:
        play = play_with(
            "=PLAIN,SCRAM-SHA-256",
            LoginMethod.PLAIN,
            LoginMethod.EXTERNAL,
            LoginMethod.SCRAM_SHA_256,
            security=Security.PLAIN,
        )
        answer(play, SCRAM_SHA_256=REFUSED)
        await play.start()
        assert asked(play) == ["SCRAM-SHA-256"]

    run(scenario)


def test_ecdsa_signs_the_servers_challenge_with_the_key_of_the_file(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    file = tmp_path / "key.pem"
    file.write_bytes(
        b"some words before it\n"
        + key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    )
    challenge = bytes(range(32))

    async def scenario() -> None:
        play = play_with("", LoginMethod.ECDSA, client_certificate=str(file))
        answers = iter(
            ["AUTHENTICATE +", f"AUTHENTICATE {base64.b64encode(challenge).decode()}", SUCCESS]
        )
        play.server.on["AUTHENTICATE"] = lambda line: play.server.say(next(answers))
        await play.start()
        assert play.irc.is_online
        name, signature = (
            base64.b64decode(line.split(" ")[1]) for line in play.server.said("AUTHENTICATE")[1:]
        )
        assert name == b"ann"
        key.public_key().verify(signature, challenge, ec.ECDSA(utils.Prehashed(hashes.SHA256())))
        await play.stop()

    run(scenario)


@pytest.mark.parametrize(
    "content", [b"", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"]
)
def test_a_key_that_cannot_be_used_is_told_before_anything_is_signed(
    tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "key.pem"
    file.write_bytes(content)

    async def scenario() -> None:
        play = await play_with("", LoginMethod.ECDSA, client_certificate=str(file)).start()
        await settle()
        assert asked(play) == []
        assert "key.pem" in play.of(LinkChanged)[-1].detail

    run(scenario)


@pytest.mark.parametrize("method", [m for m in LoginMethod if not m.is_sasl])
def test_what_is_no_mechanism_is_never_taken_for_the_password_itself(method: LoginMethod) -> None:
    with pytest.raises(ValueError, match="no SASL mechanism"):
        make_mechanism(method, "ann", PASSWORD)
