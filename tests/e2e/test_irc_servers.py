"""The engine against servers that nobody here wrote: ngIRCd and InspIRCd from Debian."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.connecting import ConnectClient
from tests.helpers.servers import RunningServer, inspircd, ngircd

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module")
def insp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with inspircd(tmp_path_factory.mktemp("inspircd")) as running:
        yield running


def client(
    server: RunningServer,
    nick: str,
    folder: Path,
    *options: str,
    channel: str = "#lab",
    tls: bool = False,
) -> ConnectClient:
    """A client on its way into a channel."""
    state = ("--state-dir", str(folder / nick))
    trust = ("--ca", str(server.certificate.ca_file)) if tls and server.certificate else ()
    return ConnectClient(server.url(nick, channel, tls=tls), *state, *trust, *options)


def text_of(event: dict[str, object]) -> dict[str, object]:
    message = event["message"]
    assert isinstance(message, dict)
    return message


def test_what_ircv3_adds_arrives_from_inspircd(insp: RunningServer, tmp_path: Path) -> None:
    with client(insp, "ann", tmp_path, tls=True) as ann, client(insp, "bob", tmp_path) as bob:
        ann.event("members-listed", chat="#lab")
        bob.event("members-listed", chat="#lab")
        ann.type("Grüße an alle")
        received = text_of(bob.event("message-added"))
        assert (received["sender"], received["text"]) == ("ann", "Grüße an alle")
        assert received["msgid"]
        echoed = ann.event("message-changed", delivery="echoed")
        assert echoed["msgid"] == received["msgid"]

        bob.type("/raw @+typing=active TAGMSG #lab")
        assert ann.event("typing-seen")["nick"] == "bob"
        bob.type(f"/raw @+draft/reply={received['msgid']};+draft/react=👍 TAGMSG #lab")
        assert ann.event("reaction-seen")["msgid"] == received["msgid"]

        bob.type("/monitor + ann carol")
        seen = {str(bob.event("contact-seen")["nick"]) for _ in range(2)}
        assert seen == {"ann", "carol"}
        ann.type("/quit bye")
        assert ann.wait() == 0
        assert bob.event("member-left")["reason"] == "Quit: bye"
        assert bob.event("contact-seen", is_online=False)["nick"] == "ann"


def test_inspircds_own_limits_are_refused_in_words(insp: RunningServer, tmp_path: Path) -> None:
    with client(insp, "ann", tmp_path, channel="#limits") as ann:
        ann.event("members-listed", chat="#limits")
        ann.type("/topic " + "x" * 480, "/topic short enough")
        assert "too long" in str(ann.event("command-refused")["text"])
        # Whoever founds a channel is no operator on this server.
        refused = ann.event("informed", code="482", chat="#limits")
        assert refused["text"] == "Only an operator of #limits may do that."
        ann.type("/away at lunch")
        assert ann.event("informed", code="306")["text"] == "You are marked as away."
        ann.type("/raw WHOIS ann ann")
        ann.event("informed", code="311")
        ann.event("informed", code="301", text="ann is away: at lunch")


def test_the_own_nick_comes_back_when_its_holder_leaves(
    insp: RunningServer, tmp_path: Path
) -> None:
    with client(insp, "dora", tmp_path) as holder:
        holder.event("link-changed", state="online")
        with ConnectClient(insp.url("dora"), "--state-dir", str(tmp_path / "second")) as second:
            assert second.event("nick-in-use")["nick"] == "dora_"
            second.event("link-changed", state="online")
            # Asked for after the wish for the nick, so the server has taken that.
            second.event("members-listed")
            holder.end_input()
            assert second.event("nick-in-use")["nick"] == "dora"


def test_an_unknown_certificate_is_refused_and_its_pin_is_accepted(
    insp: RunningServer, tmp_path: Path
) -> None:
    url = insp.url("ann", tls=True)
    with ConnectClient(url, "--state-dir", str(tmp_path)) as stranger:
        error = stranger.event("certificate-refused")["error"]
        assert isinstance(error, dict)
        assert stranger.wait() == 1
    pin = error["chain"][0]["sha256"]
    with ConnectClient(url, "--state-dir", str(tmp_path), "--pin", pin) as friend:
        friend.event("link-changed", state="online")
    with ConnectClient(url, "--state-dir", str(tmp_path), "--pin", "0" * 64) as alarmed:
        assert "another certificate" in str(alarmed.event("certificate-refused")["error"])
        assert alarmed.wait() == 1


def test_ngircd_lets_in_who_knows_its_password_and_nobody_else(tmp_path: Path) -> None:
    right, wrong = tmp_path / "right", tmp_path / "wrong"
    right.write_text("open sesame\n", encoding="utf-8")
    wrong.write_text("open barley\n", encoding="utf-8")
    with ngircd(tmp_path / "server", password="open sesame") as server:
        with client(server, "ann", tmp_path, "--server-password-file", str(right)) as ann:
            ann.event("members-listed", chat="#lab")
            ann.type("/nick ann2", "hello")
            assert ann.event("nick-in-use", nick="ann2")
            sent = text_of(ann.event("message-added"))
            ann.event("message-changed", message=sent["id"], delivery="acknowledged")
            # This server sends nothing back: its PONG to a PING behind the line proves it.
            ann.event("message-changed", message=sent["id"], delivery="echoed")
            ann.type("/whois ann2")
            ann.event("informed", code="312")
            ann.end_input()
            assert ann.wait() == 0
        with client(server, "bob", tmp_path, "--server-password-file", str(wrong)) as bob:
            refused = bob.event("link-changed", state="offline")
            assert "password" in str(refused["detail"]).lower()
            assert bob.wait() == 1
