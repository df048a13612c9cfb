"""What TLS had sealed, as rows, layers and byte views show it, and where each byte comes from."""

import random
import ssl
from pathlib import Path

import pytest

from chatlab.analysis.byte_views import DECRYPTED_TLS, REASSEMBLED_TCP, REASSEMBLED_TLS
from chatlab.analysis.contents import Contents
from chatlab.analysis.correlate import Correlator
from chatlab.analysis.explain import Explainer
from chatlab.analysis.frame_log import FrameLog
from chatlab.analysis.layers import LayerBuilder
from chatlab.analysis.rows import FrameRow, RowBuilder
from chatlab.analysis.streams import Streams
from chatlab.core.flow import ByteRange
from chatlab.core.frame import ByteView, Exposure, Field, Layer
from chatlab.protocol.packet import ACK, PSH
from chatlab.protocol.tls_secrets import KeyLog
from tests.helpers.tcp_talk import RECEIVED, SENT, Talk
from tests.helpers.tls_records import LINES, Records, talk
from tests.helpers.tls_talk import TLS_FLOW, TlsTalk
from tests.unit.analysis.conftest import OpenLog

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]
LINE = b"PRIVMSG #lab :a sealed greeting\r\n"


class Look:
    """A capture as the window reads it."""

    def __init__(self, log: FrameLog, keys: KeyLog) -> None:
        self.log = log
        self.streams = Streams(log)
        correlator = Correlator(self.streams)
        correlator.update()
        self.contents = Contents(self.streams, correlator, keys)
        shared = log, self.streams, correlator, self.contents
        self.rows, self._layers = RowBuilder(*shared), LayerBuilder(*shared)
        self.explainer = Explainer(*shared)

    def row(self, number: int) -> FrameRow:
        return self.rows.row(number)

    def layers(self, number: int) -> tuple[Layer, ...]:
        return self._layers.layers(number, {})

    def views(self, number: int) -> tuple[ByteView, ...]:
        return self._layers.views(number)

    def text(self, number: int, field: Field) -> bytes:
        """The bytes that a field was read from."""
        arrays = (self.log.raw(number), *(view.data for view in self.views(number)))
        return arrays[field.source][field.span.start : field.span.stop]


def find(fields: tuple[Field, ...], name: str) -> Field:
    for each in fields:
        if each.name == name:
            return each
        if each.fields and (found := _find(each.fields, name)):
            return found
    raise AssertionError(f"no {name} among {[each.name for each in fields]}")


def _find(fields: tuple[Field, ...], name: str) -> Field | None:
    try:
        return find(fields, name)
    except AssertionError:
        return None


@pytest.fixture(scope="module", params=["1.2", "1.2 CBC", "1.3"])
def records(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Records:
    version = VERSIONS[1 if request.param == "1.3" else 0]
    cipher = "ECDHE-ECDSA-AES128-SHA256:@SECLEVEL=0" if "CBC" in request.param else ""
    return talk(tmp_path_factory.mktemp("tls"), version, cipher)


@pytest.mark.parametrize("seed", range(4))
def test_plaintext_is_what_was_written_however_tcp_cuts_it(
    seed: int, records: Records, tmp_path: Path, open_log: OpenLog
) -> None:
    dice = random.Random(seed)
    made = Talk(flow=TLS_FLOW).handshake()
    wholes = {SENT: b"".join(records.client), RECEIVED: b"".join(records.server)}
    pieces: list[tuple[object, int, int]] = []
    for direction, whole in wholes.items():
        start = 0
        while start < len(whole):
            stop = start + dice.randrange(1, dice.choice([40, 1400, 20_000]))
            pieces.append((direction, start, min(stop, len(whole))))
            start = stop
    dice.shuffle(pieces)
    for direction in (SENT, RECEIVED):
        for each, start, stop in pieces:
            if each is direction:
                payload = wholes[direction][start:stop]
                made.segment(direction, PSH | ACK, payload, offset=start, acknowledged=0)
    look = Look(open_log(made.write(tmp_path / "a.pcapng")), KeyLog(records.key_log))
    for side, said in ((0, LINES), (1, [line[-10:] for line in LINES])):
        found = None
        for _ in range(3):
            found = look.contents.decryption(0, side)
        assert found is not None
        assert found.read(ByteRange(0, found.high)) == b"".join(said)
        for _ in range(50):
            start = dice.randrange(found.high)
            stop = dice.randrange(start, found.high) + 1
            carried = found.carriers(ByteRange(start, stop))
            opened = found.opened(carried)
            assert opened[0].span.start <= start < opened[0].span.stop
            assert opened[-1].span.start < stop <= opened[-1].span.stop


@pytest.mark.parametrize("version", VERSIONS, ids=["1.2", "1.3"])
@pytest.mark.parametrize("lost", [1, 3])
def test_behind_frames_that_were_not_captured_records_open_again(
    lost: int, version: ssl.TLSVersion, tmp_path: Path, open_log: OpenLog
) -> None:
    tls = TlsTalk(tmp_path, version)
    first = len(tls.talk.frames)
    lines = [b"PRIVMSG #lab :number %d\r\n" % number for number in range(8)]
    for line in lines:
        tls.write(SENT, line)
    del tls.talk.frames[first + 4 : first + 4 + 2 * lost]  # Each line has a frame and an ACK.
    log = open_log(tls.talk.write(tmp_path / "a.pcapng"))
    look = Look(log, KeyLog(tls.key_log.splitlines()))
    shown = [look.row(number).info for number in range(first + 1, len(log) + 1)]
    inside = [info.rpartition("[")[2] for info in shown if "PRIVMSG" in info]
    kept = lines[:2] + lines[2 + lost :]
    assert inside == [line.decode().strip() + "]" for line in kept]
    (irc,) = (layer for layer in look.layers(len(log) - 1) if "Relay" in layer.name)
    assert look.text(len(log) - 1, find(irc.fields, "Parameter 2")) == b"number 7"


@pytest.fixture(params=VERSIONS, ids=["1.2", "1.3"])
def sealed(request: pytest.FixtureRequest, tmp_path: Path, open_log: OpenLog) -> Look:
    """A session whose last frames are: our line, the server's, two lines in one record."""
    tls = TlsTalk(tmp_path, request.param)
    tls.write(SENT, LINE)
    tls.write(RECEIVED, b":bob!u@h PRIVMSG #lab :hello alice\r\n")
    tls.write(SENT, b"PING :one\r\nPRIVMSG NickServ :IDENTIFY hunter2\r\n")
    log = open_log(tls.talk.write(tmp_path / "a.pcapng"))
    return Look(log, KeyLog(tls.key_log.splitlines()))


def frames_with(look: Look, words: str) -> list[int]:
    return [n for n in range(1, len(look.log) + 1) if words in look.row(n).info]


def test_rows_say_in_brackets_what_is_sealed(sealed: Look) -> None:
    (said,) = frames_with(sealed, "[PRIVMSG #lab :a sealed greeting]")
    row = sealed.row(said)
    assert row.info == "Application Data [PRIVMSG #lab :a sealed greeting]"
    assert row.exposure is Exposure.SEALED
    (two,) = frames_with(sealed, "[PING :one ┊ PRIVMSG NickServ :IDENTIFY ••••]")
    assert two == len(sealed.log) - 1
    assert frames_with(sealed, "Finished")


def test_the_sentence_says_what_is_sealed_and_who_can_read_it(sealed: Look) -> None:
    (said,) = frames_with(sealed, "[PRIVMSG #lab :a sealed greeting]")
    words = (
        "With its TLS secrets, which ChatLab has here, it reads: PRIVMSG #lab :a sealed greeting"
    )
    assert sealed.explainer.frame(said).endswith(words)
    sealed.contents.uses_keys = False
    assert "secrets" not in sealed.explainer.frame(said)


def test_without_the_secrets_rows_are_as_an_observer_has_them(sealed: Look) -> None:
    sealed.contents.uses_keys = False
    assert not frames_with(sealed, "[P")
    assert not frames_with(sealed, "Finished")
    number = len(sealed.log) - 1
    assert sealed.views(number) == ()
    assert [layer.name for layer in sealed.layers(number)] == ["Transport Layer Security"]
    sealed.contents.uses_keys = True
    assert frames_with(sealed, "[PING")


def test_a_sealed_line_is_a_layer_of_its_own(sealed: Look) -> None:
    (said,) = frames_with(sealed, "[PRIVMSG #lab :a sealed greeting]")
    tls, irc = sealed.layers(said)
    (view,) = sealed.views(said)
    assert (view.name, view.data) == (DECRYPTED_TLS, LINE)
    assert (irc.name, irc.source, irc.exposure) == ("Internet Relay Chat", 1, Exposure.SEALED)
    assert sealed.text(said, find(irc.fields, "Parameter 2")) == b"a sealed greeting"
    decrypted = find(tls.fields, "Decrypted")
    assert decrypted.value == f"Application Data, {len(LINE)} bytes"
    assert sealed.text(said, decrypted) == LINE


def test_a_sealed_letter_has_its_place_in_the_frame(sealed: Look) -> None:
    """GCM encrypts byte for byte, behind the header and, in TLS 1.2, half of the nonce."""
    (said,) = frames_with(sealed, "[PRIVMSG #lab :a sealed greeting]")
    (view,) = sealed.views(said)
    tls, irc = sealed.layers(said)
    text = find(irc.fields, "Parameter 2")
    here = view.in_frame(text.span)
    record = tls.fields[0]
    assert len(here) == len(text.span)
    behind = 13 if "1.2" in sealed.row(said).protocol else 5
    assert here.start == record.span.start + behind + text.span.start
    assert view.from_frame(here) == text.span
    assert view.from_frame(ByteRange(0, 14)) == ByteRange(0, 0)


def test_no_password_is_shown_of_what_was_sealed(sealed: Look) -> None:
    number = len(sealed.log) - 1
    (_, irc) = sealed.layers(number)
    assert "hunter2" not in str(irc)
    assert find(irc.fields, "Parameter 2").value == "••••"


def test_a_line_over_several_records_is_put_together(tmp_path: Path, open_log: OpenLog) -> None:
    tls = TlsTalk(tmp_path, VERSIONS[1])
    first = len(tls.talk.frames) + 1
    tls.write(SENT, b"PRIVMSG #lab :in two ")
    tls.write(SENT, b"records\r\nPING :x\r\n")
    log = open_log(tls.talk.write(tmp_path / "a.pcapng"))
    look = Look(log, KeyLog(tls.key_log.splitlines()))
    last = first + 2
    assert look.row(first).info == "Application Data […]"
    assert look.row(last).info == "Application Data [PRIVMSG #lab :in two records ┊ PING :x]"
    one, two = look.views(last)
    assert (one.name, one.data) == (DECRYPTED_TLS, b"records\r\nPING :x\r\n")
    assert (two.name, two.data) == (REASSEMBLED_TLS, b"PRIVMSG #lab :in two records\r\n")
    (_, irc) = look.layers(last)
    line, ping = irc.fields
    assert f"(begins in frame {first})" in line.value
    assert (line.source, ping.source) == (2, 1)
    text = find(line.fields, "Parameter 2")
    assert look.text(last, text) == b"in two records"
    assert len(two.in_frame(text.span)) == len(b"records")


def test_a_line_over_several_frames_is_put_together(tmp_path: Path, open_log: OpenLog) -> None:
    made = Talk().handshake()
    numbers = made.send(SENT, b"PRIVMSG #lab :" + b"long " * 20 + b"\r\n", mss=60)
    look = Look(open_log(made.write(tmp_path / "a.pcapng")), KeyLog())
    (view,) = look.views(numbers[-1])
    assert view.name == REASSEMBLED_TCP
    assert view.data.startswith(b"PRIVMSG #lab :long")
    (irc,) = look.layers(numbers[-1])
    assert irc.source == 0
    text = find(irc.fields, "Parameter 2")
    assert look.text(numbers[-1], text) == b"long " * 20
    raw = look.log.raw(numbers[-1])
    here = view.in_frame(text.span)
    assert here == ByteRange(54, len(raw) - 2)


def test_a_closed_record_says_why(sealed: Look, tmp_path: Path) -> None:
    number = len(sealed.log) - 1
    foreign = Look(sealed.log, KeyLog([f"CLIENT_RANDOM {'0' * 64} {'1' * 96}"]))
    (tls,) = foreign.layers(number)
    why = find(tls.fields, "Not decrypted")
    assert why.value == "there is no secret for this connection"


def test_without_the_hello_it_is_said_that_the_beginning_is_missing(
    sealed: Look, tmp_path: Path, open_log: OpenLog
) -> None:
    tls = TlsTalk(tmp_path, VERSIONS[1])
    first = len(tls.talk.frames) + 1
    tls.write(SENT, LINE)
    log = open_log(tls.talk.write(tmp_path / "late.pcapng", first))
    look = Look(log, KeyLog(tls.key_log.splitlines()))
    (layer,) = look.layers(1)
    why = find(layer.fields, "Not decrypted")
    assert why.value == "the capture does not hold the beginning of this connection"


def test_secrets_that_come_late_are_used(sealed: Look, tmp_path: Path) -> None:
    keys = KeyLog([f"CLIENT_RANDOM {'0' * 64} {'1' * 96}"])
    look = Look(sealed.log, keys)
    number = len(sealed.log) - 1
    assert "[" not in look.row(number).info
    for line in (tmp_path / "keys.txt").read_text("ascii").splitlines():
        keys.add(line)
    assert "[PING" in look.row(number).info
