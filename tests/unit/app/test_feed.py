"""The feed joins the capture file with what our own connections know."""

import asyncio
from pathlib import Path

import pytest

from chatlab.analysis.finding import find_messages
from chatlab.app.feed import CaptureFeed
from chatlab.app.replay import fill_from_file
from chatlab.app.saving import save_capture
from chatlab.core.account import AccountId
from chatlab.core.capture import WHOLE_INTERFACE, CaptureIdle, CaptureLive, CaptureRefused
from chatlab.core.chats import ChatBook, ChatKey
from chatlab.core.errors import ChatlabError
from chatlab.core.flow import ConnectionId, Direction, Endpoint, FlowKey
from chatlab.core.frame import Exposure
from chatlab.core.message import MessageId
from chatlab.protocol import pcapng
from tests.helpers.tcp_talk import SENT, Talk, connection, message, tls_facts, wire
from tests.unit.app.feeding import HEARD, SAID, NoDissector, full_feed, live_feed, messages, talk

LIVE = CaptureLive(backend="packet socket", frames=6, dropped=0, position=1, flows=1)
SAID_ID, HEARD_ID = MessageId("m1"), MessageId("m2")


def test_before_the_file_is_there_nothing_is_captured(tmp_path: Path) -> None:
    feed, _ = live_feed(tmp_path / "later.pcapng")
    assert feed.pull() == feed.count == 0
    assert isinstance(feed.status, CaptureIdle)


def test_a_live_status_brings_the_new_frames_and_tells_who_watches(tmp_path: Path) -> None:
    feed, _ = live_feed(tmp_path / "capture.pcapng")
    seen: list[int] = []
    feed.on_frames(lambda: seen.append(feed.count))
    talk().write(feed.file)
    feed.take_status(LIVE)
    assert seen == [6]
    assert feed.status is LIVE


def test_a_refusal_is_told_although_no_frame_comes(tmp_path: Path) -> None:
    feed, _ = live_feed(tmp_path / "capture.pcapng")
    told: list[str] = []
    feed.on_frames(lambda: told.append(type(feed.status).__name__))
    feed.take_status(CaptureRefused(reason="No.", remedy="Ask."))
    assert told == ["CaptureRefused"]


def test_each_message_has_its_frames_and_each_frame_its_message(tmp_path: Path) -> None:
    feed, _ = full_feed(tmp_path / "capture.pcapng")
    assert feed.attribution(SAID_ID).frames == (4,)
    assert feed.attribution(HEARD_ID).frames == (6,)
    assert feed.messages_of(4) == (SAID_ID,)
    ((owner, span),) = feed.message_spans(4)
    assert owner == SAID_ID
    assert feed.raw(4)[span.start : span.stop] == SAID
    assert feed.account_of(4) == AccountId("lab")
    assert feed.row(4).direction is Direction.SENT
    assert feed.row(6).direction is Direction.RECEIVED


def test_a_chat_has_the_frames_of_its_messages_and_their_acks(tmp_path: Path) -> None:
    feed, _ = full_feed(tmp_path / "capture.pcapng")
    assert feed.chat_frames(ChatKey(AccountId("lab"), "#lab")) == {4, 5, 6}
    assert feed.chat_frames(ChatKey(AccountId("lab"), "#other")) == frozenset()


def test_tls_makes_a_message_sealed(tmp_path: Path) -> None:
    feed, _ = full_feed(tmp_path / "capture.pcapng")
    assert feed.exposure_of(SAID_ID) is Exposure.READABLE
    feed.changed(connection(tls=tls_facts()))
    assert feed.exposure_of(SAID_ID) is Exposure.SEALED
    assert feed.exposure_of(MessageId("nobody's")) is None


def test_the_tap_keeps_the_bytes_where_no_frame_is(tmp_path: Path) -> None:
    feed, _ = live_feed(tmp_path / "never.pcapng")
    feed.carried(connection(), SENT, SAID)
    feed.assign(messages()[0])
    assert feed.tap_bytes(SAID_ID) == SAID
    assert feed.tap_bytes(MessageId("nobody's")) == b""
    assert "No frame" in feed.explain_message(SAID_ID)


def test_a_message_that_waits_says_so(tmp_path: Path) -> None:
    feed, _ = live_feed(tmp_path / "never.pcapng")
    feed.assign(message("m9", None))
    assert "waiting" in feed.explain_message(MessageId("unknown"))


def test_an_ack_in_the_capture_reaches_as_far_as_it_says(tmp_path: Path) -> None:
    feed, _ = full_feed(tmp_path / "capture.pcapng")
    assert feed.acknowledged(ConnectionId("c1")) == len(SAID)


def test_a_late_echo_belongs_to_the_message_at_once(tmp_path: Path) -> None:
    feed, _ = full_feed(tmp_path / "capture.pcapng")
    echo = wire(Direction.RECEIVED, 0, len(HEARD))
    feed.assign(message("m1", wire(SENT, 0, len(SAID)), echo=echo))
    assert feed.attribution(SAID_ID).echo_frames == (6,)


def test_a_secret_is_kept_and_handed_to_the_capture(tmp_path: Path) -> None:
    feed, _ = live_feed(tmp_path / "capture.pcapng")
    told: list[str] = []
    feed.on_secret = told.append
    feed.secret("CLIENT_RANDOM 00 11")
    assert feed.key_log == told == ["CLIENT_RANDOM 00 11"]


def test_layers_below_come_from_the_dissector_those_above_from_us(tmp_path: Path) -> None:
    dissector = NoDissector()
    feed, _ = full_feed(tmp_path / "capture.pcapng", dissector)
    names = [layer.name for layer in asyncio.run(feed.layers(4))]
    assert dissector.asked == [(feed.raw(4), 1)]
    assert "Internet Relay Chat" in names


def test_a_dissector_that_gives_up_is_heard(tmp_path: Path) -> None:
    feed, _ = full_feed(tmp_path / "capture.pcapng", NoDissector(ChatlabError("Too slow.")))
    with pytest.raises(ChatlabError, match="Too slow"):
        asyncio.run(feed.layers(4))


@pytest.mark.parametrize("is_ours", [False, True])
def test_of_a_whole_interface_only_what_is_ours_is_coloured(tmp_path: Path, is_ours: bool) -> None:
    feed, _ = live_feed(tmp_path / "capture.pcapng")
    others = FlowKey(Endpoint("192.0.2.9", 4711), Endpoint("192.0.2.10", 6667))
    if is_ours:
        feed.opened(connection(others, name="c2"))
    own = talk().blocks()
    described = pcapng.interface("eth0", 1, 262_144, description=WHOLE_INTERFACE)
    recorded = Talk(others).handshake()
    recorded.send(SENT, SAID)
    frames = [pcapng.enhanced_packet(1, time_ns, raw) for time_ns, _, raw in recorded.frames]
    feed.file.write_bytes(own + described + b"".join(frames))
    feed.take_status(LIVE)
    assert feed.row(4).exposure is Exposure.READABLE
    row, words = feed.row(10), feed.explain_frame(10)
    assert row.exposure is (Exposure.READABLE if is_ours else Exposure.PLUMBING)
    assert (row.why == "not ours") is not is_ours
    assert words.startswith("Not one of ChatLab’s own frames.") is not is_ours


def test_a_saved_capture_still_knows_what_is_not_ours(tmp_path: Path) -> None:
    feed, _ = live_feed(tmp_path / "capture.pcapng")
    recorded = Talk(FlowKey(Endpoint("192.0.2.9", 4711), Endpoint("192.0.2.10", 6667)))
    recorded.handshake().send(SENT, SAID)
    described = pcapng.interface("eth0", 1, 262_144, description=WHOLE_INTERFACE)
    frames = [pcapng.enhanced_packet(1, time_ns, raw) for time_ns, _, raw in recorded.frames]
    feed.file.write_bytes(talk().blocks() + described + b"".join(frames))
    feed.take_status(LIVE)
    for one in messages():
        feed.assign(one)
    file = tmp_path / "saved.pcapng"
    save_capture(feed, file)

    book = ChatBook()
    saved = CaptureFeed(file, book, NoDissector(), is_live=False)
    saved.pull()
    fill_from_file(saved, book)
    assert [saved.row(number).exposure for number in (4, 10)] == [
        Exposure.READABLE,
        Exposure.PLUMBING,
    ]
    # What strangers said to one another is not looked for, either.
    found = find_messages(saved.contents, saved.streams, saved.correlator)
    assert not [each for each in found if each.messages]
    saved.close()
