"""Whose frames are whose on a bad network, in every combination that fits two runs.

Six accounts of one session, IRC and XMPP, in clear and under TLS 1.2 and 1.3, two of them on one
port, all talk at once with others on another machine. The line between the machines loses, doubles,
delays and reorders; it makes segments small, windows are closed, sequence numbers wrap. tshark
judges every message: none wrong, none missing, none too many.
"""

import os
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from chatlab.analysis.session_file import MessageRecord
from tests.helpers import tshark
from tests.helpers.crowd import PASSWORD, Crowd, Speaker, crowd
from tests.helpers.netns import INTERFACE, Impairment, Network, entered, joined_namespaces
from tests.helpers.proof import (
    Feeder,
    assert_lines_proven,
    chatlab,
    onlooker,
    said,
    said_in_part,
    texts,
)
from tests.helpers.prosody import Prosody, prosody
from tests.helpers.rewriting import Rewriter
from tests.helpers.servers import RunningServer, inspircd
from tests.helpers.xmpp_proof import assert_stanzas_proven
from tests.helpers.xmpp_user import XmppUser

pytestmark = [
    pytest.mark.network,
    pytest.mark.capture,
    pytest.mark.only_on("linux"),
    pytest.mark.servers("inspircd", "prosody", "tshark"),
]

BAD_LINE = Impairment(loss=0.10, duplicate=0.06, reorder=0.10, hold_s=0.012, delay_s=0.003)
USERS = dict.fromkeys(("eve", "fay", "bob", "cat"), PASSWORD)
PARTNERS = {"eve": "bob", "fay": "cat"}
ALL, SOME = ("ann", "ben", "cid", "dan", "eve", "fay"), ("ann", "ben", "dan", "eve")
LINES, STANZAS = 11, 7
RAIN = tuple(f"rain {number} {'+' * (13 * number % 330)}." for number in range(24))
LONG = "long " + "0123456789" * 240
STILL_S = 0.5


@dataclass(frozen=True)
class Place:
    """The other machine."""

    network: Network
    irc: RunningServer
    xmpp: Prosody


@contextmanager
def servers(folder: Path, *, is_ipv6: bool) -> Iterator[Place]:
    with ExitStack() as stack:
        network = stack.enter_context(joined_namespaces())
        server = network.server
        host = server.address6 if is_ipv6 else server.address
        irc = stack.enter_context(inspircd(folder / "irc", host=host, prefix=server.prefix))
        xmpp = stack.enter_context(prosody(folder / "xmpp", USERS, host=host, prefix=server.prefix))
        yield Place(network, irc, xmpp)


def lines_of(nick: str) -> tuple[str, ...]:
    return tuple(f"{nick} {number} {'-' * (29 * number % 350)}." for number in range(LINES))


EARLY, LATE = lines_of("early"), lines_of("late")


def stanzas_of(name: str) -> tuple[str, ...]:
    said_by = (f"{name} {number} <&> é {'=' * (97 * number % 900)}." for number in range(STANZAS))
    return (*said_by, f"{name} {LONG}")


def speakers(place: Place, who: Sequence[str]) -> list[Speaker]:
    """Who of ours is there."""
    on_irc = [nick for nick in who if nick not in PARTNERS]
    everybody = [*irc_speakers(place.irc, len(on_irc) - 1), *xmpp_speakers(place.xmpp)]
    return [each for each in everybody if each.nick in who]


def irc_speakers(server: RunningServer, others: int) -> list[Speaker]:
    """All in #lab, where they hear each other and the rain."""
    assert server.certificate is not None
    assert server.tls_port is not None
    ann = Speaker(
        nick="ann",
        host=server.host,
        port=server.port,
        rounds=(lines_of("ann"),),
        hears=(others * LINES + len(RAIN),),
    )
    ca_file = str(server.certificate.ca_file)
    sealed = replace(ann, port=server.tls_port, security="tls", ca_file=ca_file)
    return [
        ann,
        replace(ann, nick="ben", rounds=(lines_of("ben"),)),
        replace(sealed, nick="cid", rounds=(lines_of("cid"),), tls_max="1.2"),
        replace(sealed, nick="dan", rounds=(lines_of("dan"),)),
    ]


def xmpp_speakers(server: Prosody) -> list[Speaker]:
    """Each with a partner of its own."""
    return [
        Speaker(
            nick=nick,
            jid=f"{nick}@localhost",
            target=f"{PARTNERS[nick]}@localhost",
            host=server.host,
            port=server.port,
            security=security,
            ca_file=str(server.certificate.ca_file),
            rounds=(stanzas_of(nick),),
            hears=(len(stanzas_of("bob")),),
        )
        for nick, security in (("eve", "starttls"), ("fay", "plain"))
    ]


def answer(user: XmppUser, name: str, peer: str) -> None:
    """Say everything to whoever of ours has written first."""
    jid = user.wait_for(rf"<message [^>]*from=['\"]({peer}@localhost/[^'\"]+)['\"]")[1]
    user.say(
        *(
            f"<message to='{jid}' type='chat'><body>{escape(text)}</body></message>"
            for text in stanzas_of(name)
        )
    )


@contextmanager
def held(*pids: int) -> Iterator[None]:
    """Keep processes from reading for a while: their receive windows close."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
        if pids:
            time.sleep(STILL_S)  # That long nothing is read; nobody waits for anything here.
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def talk(
    place: Place, folder: Path, who: Sequence[str], *, closes_windows: bool
) -> list[MessageRecord]:
    """Everybody says everything at once; what ChatLab has listed."""
    network, xmpp = place.network, place.xmpp
    with ExitStack() as stack:
        with entered(network.server):
            rain = stack.enter_context(Feeder(place.irc.host, place.irc.port, "rain"))
            partners = {
                peer: stack.enter_context(
                    XmppUser(xmpp.host, xmpp.port, name, PASSWORD, "localhost")
                )
                for peer, name in PARTNERS.items()
                if peer in who
            }
        group = stack.enter_context(crowd(folder, speakers(place, who), network.client.prefix))
        group.order("capture")
        group.wait_for("captured")
        network.impairment = BAD_LINE
        group.order("enter")
        group.wait_for("ready")
        group.order("speak")
        with held(*([group.process.pid] if closes_windows else [])):
            rain.speak(*RAIN)
        with held(*([place.irc.process.pid] if closes_windows else [])):
            for peer, user in partners.items():
                answer(user, PARTNERS[peer], peer)
        group.wait_for("spoken")
        network.impairment = Impairment()
        return group.leave()


def assert_all_proven(
    spoken: Sequence[Speaker], file: Path, records: Sequence[MessageRecord]
) -> None:
    """Every message of every account, by its own connection."""
    lines, stanzas = said(file), tshark.carried_messages(file)
    for each in spoken:
        mine = [record for record in records if record["account"] == each.nick]
        assert sorted(texts(mine, "sent")) == sorted(each.rounds[0])
        assert len(texts(mine, "received")) == each.hears[0]
        (stream,) = {record["stream"] for record in mine}
        if each.jid:
            of_stream = [line for line in stanzas if line.stream == stream]
            assert_stanzas_proven(of_stream, mine, each.port)
        else:
            assert_lines_proven(
                [line for line in lines if line.line.stream == stream], mine, each.nick
            )


def new_frames(record: MessageRecord) -> int:
    return len(record["frames"]) - len(record["retransmissions"])


def are_packed(records: Sequence[MessageRecord]) -> bool:
    """Some frame carries several messages."""
    frames = [frame for record in records for frame in record["frames"]]
    return len(set(frames)) < len(frames)


def test_no_frame_is_wrong_or_missing_on_a_bad_line(tmp_path: Path) -> None:
    with servers(tmp_path, is_ipv6=False) as place:
        place.network.rewriter = Rewriter(wrap_after=2500)
        records = talk(place, tmp_path, ALL, closes_windows=False)
    carried, rewriter = place.network.carried, place.network.rewriter
    file = tmp_path / "crowd.pcapng"
    assert_all_proven(speakers(place, ALL), file, records)
    assert tshark.complaints(file) == ""
    assert chatlab("messages", str(file), "--json").records == records
    assert min(carried.lost, carried.duplicated, carried.reordered) > 10
    assert rewriter.wrapped >= len(ALL)
    assert {record["tls"] for record in records} == {None, "TLSv1.2", "TLSv1.3"}
    assert any(record["retransmissions"] for record in records)
    assert are_packed(records)


def test_no_frame_is_wrong_or_missing_in_tiny_segments_and_closed_windows(tmp_path: Path) -> None:
    with servers(tmp_path, is_ipv6=True) as place:
        for machine in (place.network.client, place.network.server):
            machine.run("sysctl", "-qw", "net.ipv4.tcp_rmem=4096 6000 6000")
        place.network.rewriter = Rewriter(mss=88, wrap_after=2500)
        records = talk(place, tmp_path, SOME, closes_windows=True)
    file = tmp_path / "crowd.pcapng"
    assert_all_proven(speakers(place, SOME), file, records)
    assert tshark.complaints(file) == ""
    assert place.network.rewriter.wrapped >= len(SOME)
    assert max(new_frames(record) for record in records) >= 30
    full = "ipv6 && (tcp.analysis.window_full || tcp.analysis.zero_window)"
    assert tshark.fields(file, ["frame.number"], display_filter=full)


def talk_captured_late(folder: Path, whole: Path, *, is_sealed: bool) -> list[MessageRecord]:
    """One account speaks, then is captured, and speaks again; dumpcap sees it all in ``whole``."""
    with joined_namespaces() as network, ExitStack() as stack:
        client, server = network.client, network.server
        irc = stack.enter_context(
            inspircd(folder / "irc", host=server.address, prefix=server.prefix)
        )
        port = irc.tls_port if is_sealed else irc.port
        assert port is not None
        assert irc.certificate is not None
        speaker = Speaker(
            nick="ann",
            host=irc.host,
            port=port,
            security="tls" if is_sealed else "plain",
            ca_file=str(irc.certificate.ca_file),
            rounds=(EARLY, LATE),
            hears=(len(RAIN), 2 * len(RAIN)),
        )
        look = stack.enter_context(onlooker(whole, port, INTERFACE, client.prefix))
        with entered(server):
            rain = stack.enter_context(Feeder(irc.host, irc.port, "rain"))
        group = stack.enter_context(crowd(folder, [speaker], client.prefix))
        group.order("enter")
        group.wait_for("ready")
        network.impairment = replace(BAD_LINE, loss=0.15)
        speak_twice(group, rain)
        network.impairment = Impairment()
        records = group.leave()
        look.until_the_end()
    if is_sealed:
        look.decrypt((folder / "keys").read_text("ascii").splitlines())
    return records


def speak_twice(group: Crowd, rain: Feeder) -> None:
    for is_captured in (False, True):
        if is_captured:
            group.order("capture")
            group.wait_for("captured")
        group.order("speak")
        rain.speak(*RAIN)
        group.wait_for("spoken")


@pytest.mark.parametrize("is_sealed", [False, True], ids=["plain", "TLSv1.3"])
def test_a_capture_that_begins_late_on_a_bad_line_names_no_wrong_frame(
    tmp_path: Path, is_sealed: bool
) -> None:
    whole = tmp_path / "whole.pcapng"
    records = talk_captured_late(tmp_path, whole, is_sealed=is_sealed)
    assert texts(records, "sent") == [*EARLY, *LATE]
    assert texts(records, "received") == [*RAIN, *RAIN]
    parts = said_in_part(whole, tmp_path / "crowd.pcapng")
    for direction, nick in (("sent", ""), ("received", "rain")):
        ours = [record for record in records if record["direction"] == direction]
        ours.sort(key=lambda record: record["bytes"] or [])
        theirs = [part for part in parts if part.said.nick == nick]
        assert [(r["text"], tuple(r["frames"])) for r in ours] == [
            (part.said.text, part.frames) for part in theirs
        ]
        assert {r["evidence"] for r in ours[-len(LATE) :]} == {"content"}
