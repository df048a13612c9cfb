"""What a message took on the wire, in built captures: every byte has its layer."""

import ssl
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatlab.analysis.compare_cost import CostReader
from chatlab.core.comparison import FrameGroup, MessageCost
from chatlab.core.flow import ByteRange
from chatlab.core.measures import LayerBytes, Measure
from chatlab.core.message import Message
from chatlab.protocol.packet import ACK, PSH
from chatlab.protocol.tls_ciphers import expand_label
from chatlab.protocol.tls_secrets import CLIENT_TRAFFIC
from tests.helpers.compared import specimen
from tests.helpers.tcp_talk import RECEIVED, SENT, Talk, connection, message, tls_facts, wire
from tests.helpers.tls_talk import TLS_FLOW, TlsTalk
from tests.unit.analysis.conftest import OpenLog

LINE = b"PRIVMSG #lab :hi there\r\n"
ECHO = b":alice!u@h " + LINE
TEXT = "hi there"
HEADERS = {"tcp": 20, "ip": 20, "link": 14}
VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


def said(stop: int, start: int = 0, text: str = TEXT, echo: ByteRange | None = None) -> Message:
    returned = wire(RECEIVED, echo.start, echo.stop) if echo is not None else None
    return message(f"m{start}", wire(SENT, start, stop), echo=returned, text=text)


def cost_of(talk: Talk, open_log: OpenLog, folder: Path, *messages: Message) -> MessageCost:
    log = open_log(talk.write(folder / "c.pcapng"))
    ours = connection()
    return CostReader(specimen(log, [ours], messages)).cost(ours, messages)


def lengths(group: FrameGroup | None) -> int:
    assert group is not None
    assert all(frame.layers.total == frame.length for frame in group.frames)
    return group.length


# --- in clear ------------------------------------------------------------------------------------


def test_a_line_is_its_text_its_framing_and_three_headers(
    tmp_path: Path, open_log: OpenLog
) -> None:
    talk = Talk().handshake()
    talk.send(SENT, LINE)
    talk.ack(RECEIVED)
    cost = cost_of(talk, open_log, tmp_path, said(len(LINE)))
    assert cost.carried is not None
    assert cost.carried.layers == LayerBytes(text=8, framing=16, **HEADERS)
    assert lengths(cost.carried) == 54 + len(LINE)
    assert (cost.segments, cost.round_trips, cost.ack_ns) == (1, 1, 1_000_000)
    assert (cost.acks.numbers, cost.acks.length, cost.echo_ns) == ((5,), 54, None)
    assert cost.wire_bytes == 54 + len(LINE) + 54
    assert cost.leak is None
    assert not cost.notes


def test_the_echo_stands_apart_and_its_time_is_told(tmp_path: Path, open_log: OpenLog) -> None:
    talk = Talk().handshake()
    talk.send(SENT, LINE)
    talk.ack(RECEIVED)
    talk.send(RECEIVED, ECHO)
    cost = cost_of(talk, open_log, tmp_path, said(len(LINE), echo=ByteRange(0, len(ECHO))))
    assert cost.echo is not None
    assert cost.echo.layers == LayerBytes(text=8, framing=len(ECHO) - 8, **HEADERS)
    assert (cost.ack_ns, cost.echo_ns, cost.round_trips) == (1_000_000, 2_000_000, 2 - 1)


def test_an_ack_that_rides_on_data_costs_no_frame(tmp_path: Path, open_log: OpenLog) -> None:
    talk = Talk().handshake()
    talk.send(SENT, LINE)
    talk.send(RECEIVED, ECHO)
    cost = cost_of(talk, open_log, tmp_path, said(len(LINE), echo=ByteRange(0, len(ECHO))))
    assert not cost.acks.frames
    assert cost.ack_ns == cost.echo_ns == 1_000_000
    assert "rides on data in frame 5" in cost.notes[0]


def test_a_retransmission_stands_apart(tmp_path: Path, open_log: OpenLog) -> None:
    talk = Talk().handshake()
    talk.send(SENT, LINE)
    talk.again(SENT, 0, LINE)
    talk.ack(RECEIVED)
    cost = cost_of(talk, open_log, tmp_path, said(len(LINE)))
    assert cost.carried is not None
    assert cost.carried.layers.text == 8
    assert cost.repeated.layers == LayerBytes(repeated=len(LINE), **HEADERS)
    assert (cost.segments, cost.value(Measure.RETRANSMISSIONS)) == (1, 1)


def test_bytes_that_came_before_in_part_are_counted_as_repeated(
    tmp_path: Path, open_log: OpenLog
) -> None:
    talk = Talk().handshake()
    talk.send(SENT, LINE[:10])
    talk.again(SENT, 5, LINE[5:])
    talk.reached[SENT] = len(LINE)
    cost = cost_of(talk, open_log, tmp_path, said(len(LINE)))
    assert cost.carried is not None
    layers = cost.carried.layers
    assert (len(cost.carried), layers.repeated, layers.text + layers.framing) == (2, 5, len(LINE))
    assert lengths(cost.carried) == 2 * 54 + len(LINE) + 5
    assert cost.round_trips is None


def test_other_payload_of_the_frame_is_told_apart(tmp_path: Path, open_log: OpenLog) -> None:
    talk = Talk().handshake()
    ping = b"PING :here\r\n"
    talk.send(SENT, ping + LINE)
    cost = cost_of(talk, open_log, tmp_path, said(len(ping + LINE), len(ping)))
    assert cost.carried is not None
    assert cost.carried.layers == LayerBytes(text=8, framing=16, other=len(ping), **HEADERS)
    assert cost.notes == ("12 bytes of its frames belong to something else.",)


def test_two_messages_in_a_frame_each_see_the_other(tmp_path: Path, open_log: OpenLog) -> None:
    talk = Talk().handshake()
    talk.send(SENT, LINE + LINE)
    log = open_log(talk.write(tmp_path / "c.pcapng"))
    ours = connection()
    both = [said(len(LINE)), said(2 * len(LINE), len(LINE))]
    reader = CostReader(specimen(log, [ours], both))
    one, other = (reader.cost(ours, [each]) for each in both)
    assert one.carried is not None
    assert other.carried is not None
    assert one.carried.layers.other == other.carried.layers.other == len(LINE)
    assert one.notes == ("Its frames also carry 1 other message.",)


def test_an_action_s_text_is_without_its_wrapping(tmp_path: Path, open_log: OpenLog) -> None:
    line = b"PRIVMSG #lab :\x01ACTION waves\x01\r\n"
    talk = Talk().handshake()
    talk.send(SENT, line)
    cost = cost_of(talk, open_log, tmp_path, said(len(line), text="waves"))
    assert cost.value(Measure.TEXT) == 5


def test_an_utterance_of_two_lines_is_counted_as_one(tmp_path: Path, open_log: OpenLog) -> None:
    talk = Talk().handshake()
    talk.send(SENT, LINE)
    talk.send(SENT, LINE)
    talk.ack(RECEIVED)
    both = said(len(LINE)), said(2 * len(LINE), len(LINE))
    cost = cost_of(talk, open_log, tmp_path, *both)
    assert cost.carried is not None
    assert (len(cost.carried), cost.value(Measure.TEXT), cost.text) == (2, 16, TEXT + TEXT)
    assert cost.ack_ns == 2_000_000
    assert cost.acks.numbers == (6,)


def test_joined_segments_are_said(tmp_path: Path, open_log: OpenLog) -> None:
    line = b"PRIVMSG #lab :" + b"x" * 2_000 + b"\r\n"
    talk = Talk().handshake()
    talk.segment(SENT, PSH | ACK, line)
    cost = cost_of(talk, open_log, tmp_path, said(len(line), text="x" * 2_000))
    assert (cost.value(Measure.FRAMES), cost.segments) == (1, 2)
    assert "GRO, TSO" in cost.notes[0]


def test_a_new_flight_is_a_round_trip_more(tmp_path: Path, open_log: OpenLog) -> None:
    talk = Talk().handshake()
    talk.send(SENT, LINE[:10])
    talk.ack(RECEIVED)
    talk.send(SENT, LINE[10:])
    talk.ack(RECEIVED)
    cost = cost_of(talk, open_log, tmp_path, said(len(LINE)))
    assert cost.round_trips == 2


def test_a_clock_that_was_set_back_gives_no_delay(tmp_path: Path, open_log: OpenLog) -> None:
    talk = Talk().handshake()
    talk.send(SENT, LINE)
    talk.ack(RECEIVED)
    time_ns, direction, raw = talk.frames[-1]
    talk.frames[-1] = time_ns - 3_600_000_000_000, direction, raw
    cost = cost_of(talk, open_log, tmp_path, said(len(LINE)))
    assert (cost.acks.numbers, cost.ack_ns) == ((5,), None)


def test_missing_bytes_are_said(tmp_path: Path, open_log: OpenLog) -> None:
    talk = Talk().handshake()
    talk.send(SENT, LINE[:10])
    cost = cost_of(talk, open_log, tmp_path, said(len(LINE)))
    assert cost.carried is not None
    assert lengths(cost.carried) == 64
    assert "Some of its bytes are in no captured frame." in cost.notes
    assert cost.ack_ns is None


def test_without_frames_there_are_no_numbers_but_a_reason(
    tmp_path: Path, open_log: OpenLog
) -> None:
    cost = cost_of(Talk().handshake(), open_log, tmp_path, said(len(LINE)))
    assert cost.carried is None
    assert cost.problem == "no frame of it was captured"
    assert [cost.value(measure) for measure in Measure] == [None] * len(Measure)
    assert cost.wire_bytes is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(
    texts=st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0\x01"), min_size=1),
        min_size=1,
        max_size=5,
    ),
    mss=st.integers(3, 60),
    again=st.integers(0, 5),
)
def test_however_tcp_cuts_it_the_layers_are_the_frames(
    texts: list[str], mss: int, again: int, tmp_path: Path, open_log: OpenLog
) -> None:
    talk, messages, start = Talk().handshake(), [], 0
    stream = b""
    for text in texts:
        line = f"PRIVMSG #lab :{text}\r\n".encode()
        messages.append(said(start + len(line), start, text))
        stream, start = stream + line, start + len(line)
    talk.send(SENT, stream, mss)
    talk.again(SENT, again, stream[again : again + mss])
    log = open_log(talk.write(tmp_path / "c.pcapng"))
    ours = connection()
    reader = CostReader(specimen(log, [ours], messages))
    for each in messages:
        cost = reader.cost(ours, [each])
        assert cost.carried is not None
        for group in (cost.carried, cost.repeated):
            assert lengths(group) == sum(log.wire_length(number) for number in group.numbers)
        layers = cost.carried.layers
        assert each.wire is not None
        assert layers.text == len(each.text.encode())
        assert layers.text + layers.framing == len(each.wire.span)


# --- under TLS -----------------------------------------------------------------------------------


@pytest.fixture(params=VERSIONS, ids=["1.2", "1.3"])
def sealed(request: pytest.FixtureRequest, tmp_path: Path) -> TlsTalk:
    return TlsTalk(tmp_path, request.param)


def sealed_costs(
    tls: TlsTalk, open_log: OpenLog, folder: Path, messages: list[Message], *, with_keys: bool
) -> list[MessageCost]:
    log = open_log(tls.talk.write(folder / "c.pcapng"))
    ours = connection(TLS_FLOW, tls=tls_facts())
    keys = tls.key_log if with_keys else ""
    reader = CostReader(specimen(log, [ours], messages, keys=keys))
    return [reader.cost(ours, [each]) for each in messages]


@pytest.mark.parametrize("with_keys", [True, False])
def test_a_record_adds_what_its_cipher_suite_says(
    sealed: TlsTalk, tmp_path: Path, open_log: OpenLog, *, with_keys: bool
) -> None:
    span, echo = sealed.write(SENT, LINE), sealed.write(RECEIVED, ECHO)
    spoken = [said(span.stop, span.start, echo=echo)]
    (cost,) = sealed_costs(sealed, open_log, tmp_path, spoken, with_keys=with_keys)
    added = len(span) - len(LINE)
    assert added in (22, 29)
    assert cost.carried is not None
    assert cost.carried.layers == LayerBytes(text=8, framing=16, tls=added, **HEADERS)
    assert cost.echo is not None
    assert cost.echo.layers == LayerBytes(text=8, framing=27, tls=added, **HEADERS)
    assert cost.records == 1
    assert any("keys are not at hand" in note for note in cost.notes) is not with_keys


@pytest.mark.parametrize("with_keys", [True, False])
def test_the_length_of_the_words_leaks_exactly(
    sealed: TlsTalk, tmp_path: Path, open_log: OpenLog, *, with_keys: bool
) -> None:
    span = sealed.write(SENT, LINE)
    (cost,) = sealed_costs(
        sealed, open_log, tmp_path, [said(span.stop, span.start)], with_keys=with_keys
    )
    leak = cost.leak
    assert leak is not None
    assert leak.record_bytes == len(span)
    assert leak.inferred_bytes == len(LINE)
    assert (leak.text_bytes, leak.framing_bytes) == (8, 16)
    assert leak.content_bytes == (len(LINE) if with_keys else None)
    assert f"{len(LINE)} bytes are inside" in leak.words
    if with_keys and len(span) - len(LINE) == 22:
        assert leak.padding_bytes == 0


def test_padding_hides_the_length_and_is_told_with_the_keys(
    tmp_path: Path, open_log: OpenLog
) -> None:
    tls = TlsTalk(tmp_path, ssl.TLSVersion.TLSv1_3)
    padding = 50
    secret = next(
        line.split()[2] for line in tls.key_log.splitlines() if line.startswith(CLIENT_TRAFFIC)
    )
    record = padded_record(tls.cipher, bytes.fromhex(secret), LINE, padding)
    start = tls.talk.reached[SENT]
    tls.talk.send(SENT, record)
    spoken = [said(start + len(record), start)]
    (cost,) = sealed_costs(tls, open_log, tmp_path, spoken, with_keys=True)
    leak = cost.leak
    assert leak is not None
    assert (leak.inferred_bytes, leak.content_bytes) == (len(LINE) + padding, len(LINE))
    assert leak.padding_bytes == padding
    assert "50 of them are zeros" in leak.words
    assert cost.carried is not None
    assert cost.carried.layers == LayerBytes(text=8, framing=16, tls=22 + padding, **HEADERS)


def padded_record(cipher: str, secret: bytes, line: bytes, padding: int) -> bytes:
    """The first record of application data of TLS 1.3, as RFC 8446, section 5.2, makes it."""
    digest = "sha384" if cipher.endswith("SHA384") else "sha256"
    key = expand_label(digest, secret, "key", 32 if "256_GCM" in cipher else 16)
    inner = line + b"\x17" + bytes(padding)
    header = b"\x17\x03\x03" + (len(inner) + 16).to_bytes(2, "big")
    return header + AESGCM(key).encrypt(expand_label(digest, secret, "iv", 12), inner, header)


def test_two_messages_in_a_record_are_told_apart_with_the_keys_only(
    sealed: TlsTalk, tmp_path: Path, open_log: OpenLog
) -> None:
    other = b"PRIVMSG #lab :yes\r\n"
    span = sealed.write(SENT, LINE + other)
    both = [said(span.stop, span.start), said(span.stop, span.start, "yes")]
    both[1] = message("n", both[1].wire, text="yes")
    one, two = sealed_costs(sealed, open_log, tmp_path, both, with_keys=True)
    for cost, text, rest in ((one, 8, other), (two, 3, LINE)):
        assert cost.carried is not None
        assert (cost.carried.layers.text, cost.carried.layers.other) == (text, len(rest))
    one, two = sealed_costs(sealed, open_log, tmp_path, both, with_keys=False)
    for cost, text in ((one, 8), (two, 3)):
        assert cost.carried is not None
        layers = cost.carried.layers
        assert (layers.text, layers.sealed) == (text, len(LINE + other) - text)
        assert cost.leak is not None
        assert "only the sum shows" in cost.leak.words


def test_two_lines_of_one_utterance_in_a_record_are_counted_once_each(
    sealed: TlsTalk, tmp_path: Path, open_log: OpenLog
) -> None:
    more = b"PRIVMSG #lab :yes\r\n"
    span = sealed.write(SENT, LINE + more)
    both = [message("m", wire(SENT, span.start, span.stop), text=TEXT)]
    both.append(message("n", both[0].wire, text="yes"))
    log = open_log(sealed.talk.write(tmp_path / "c.pcapng"))
    ours = connection(TLS_FLOW, tls=tls_facts())
    cost = CostReader(specimen(log, [ours], both, keys=sealed.key_log)).cost(ours, both)
    added = len(span) - len(LINE + more)
    assert cost.carried is not None
    assert cost.carried.layers == LayerBytes(text=11, framing=32, tls=added, **HEADERS)
    assert cost.records == 1
    assert cost.leak is not None
    assert (cost.leak.text_bytes, cost.leak.framing_bytes) == (11, 32)


def test_a_text_that_the_file_withholds_stays_sealed(
    sealed: TlsTalk, tmp_path: Path, open_log: OpenLog
) -> None:
    span = sealed.write(SENT, LINE)
    (cost,) = sealed_costs(
        sealed, open_log, tmp_path, [said(span.stop, span.start, "")], with_keys=False
    )
    assert cost.carried is not None
    assert (cost.carried.layers.sealed, cost.text_bytes) == (len(LINE), None)
