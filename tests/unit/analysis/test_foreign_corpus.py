"""Captures that others made, and tshark's opinion about what was found in them.

The public captures lie beside the project and are skipped where they are absent.
"""

import ssl
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from chatlab.analysis.contents import Contents
from chatlab.analysis.correlate import Correlator
from chatlab.analysis.frame_log import FrameLog
from chatlab.analysis.streams import Streams
from chatlab.core.flow import ByteRange
from chatlab.core.message import Message
from chatlab.protocol import pcapng
from chatlab.protocol.tls_secrets import KeyLog
from tests.conftest import find_program
from tests.helpers.tcp_talk import SENT
from tests.helpers.tls_talk import TlsTalk
from tests.helpers.tshark import carried_lines
from tests.unit.analysis.conftest import OpenLog
from tests.unit.analysis.test_finding import SAID, WELCOME, Search, spoken

CORPUS = Path(__file__).parents[4] / "shared" / "corpus"
needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="no public captures beside us")
WANTED = {
    "irc-basic.pcap": ["test"],
    "irc-dcc-send.pcapng": [
        "hi, i'm chatting for some packets",
        "more packets",
        "more packets!",
        "even more packets!",
        "do we still need more packets?",
        "maybe we do",
    ],
    "irc-starttls.pcap": [],
    "xmpp-starttls.pcap": [],
    "threema-port5222.pcap": [],
}


@needs_corpus
@pytest.mark.parametrize("name", WANTED)
def test_public_captures_hold_these_messages_and_no_other(name: str, open_log: OpenLog) -> None:
    found = Search(open_log(CORPUS / name))
    assert found.texts == WANTED[name]
    has_chat = name != "threema-port5222.pcap"
    assert bool(found.connections) is has_chat


@dataclass
class Sealed:
    """A capture, and the secrets that open it."""

    file: Path
    keys: Path


def decrypted(sealed: Sealed, log: FrameLog) -> list[bytes]:
    correlator = Correlator(Streams(log))
    correlator.update()
    keys = KeyLog(sealed.keys.read_text("ascii").splitlines())
    contents = Contents(correlator.streams, correlator, keys)
    sides = [contents.decryption(0, side) for side in (0, 1)]
    return sorted(each.read(ByteRange(0, each.high)) or b"" for each in sides if each is not None)


def by_tshark(sealed: Sealed) -> list[bytes]:
    """Both directions of the first stream, as tshark decrypts and follows it."""
    program = find_program("tshark")
    assert program is not None
    option = f"tls.keylog_file:{sealed.keys}"
    command = [program, "-n", "-2", "-r", str(sealed.file), "-o", option, "-q"]
    done = subprocess.run(
        [*command, "-z", "follow,tls,raw,0"], capture_output=True, text=True, timeout=60, check=True
    )
    sides = [b"", b""]
    for line in done.stdout.splitlines():
        digits = line.strip()
        if digits and all(digit in "0123456789abcdef" for digit in digits):
            sides[line.startswith("\t")] += bytes.fromhex(digits)
    return sorted(sides)


@needs_corpus
@pytest.mark.servers
def test_a_public_capture_decrypts_as_tshark_says(open_log: OpenLog) -> None:
    sealed = Sealed(CORPUS / "tls_nss_example.pcap", CORPUS / "tls_nss_example.keys.txt")
    found = decrypted(sealed, open_log(sealed.file))
    assert found[0].startswith(b"GET ")
    assert found == by_tshark(sealed)


@pytest.mark.servers
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tshark_decrypts_the_same_bytes(
    version: ssl.TLSVersion, tmp_path: Path, open_log: OpenLog
) -> None:
    tls = TlsTalk(tmp_path, version)
    for direction, line in (*WELCOME, *SAID, (SENT, b"x" * 15_000 + b"\r\n")):
        tls.write(direction, line)
    sealed = Sealed(tls.talk.write(tmp_path / "a.pcapng"), tls.keys)
    assert decrypted(sealed, open_log(sealed.file)) == by_tshark(sealed)


def plain_talk(folder: Path) -> Path:
    return spoken([*WELCOME, *SAID]).write(folder / "a.pcapng")


def split_talk(folder: Path) -> Path:
    """Lines over several segments, one of them sent twice."""
    talk = spoken(WELCOME)
    for direction, line in SAID:
        start = talk.reached[direction]
        talk.send(direction, line, mss=20)
        talk.again(direction, start, line[:20])
        talk.ack(direction.opposite)
    return talk.write(folder / "a.pcapng")


def tls_talk(folder: Path) -> Path:
    tls = TlsTalk(folder, ssl.TLSVersion.TLSv1_3)
    for direction, line in (*WELCOME, *SAID):
        tls.write(direction, line)
    secrets = pcapng.decryption_secrets(tls.key_log.encode())
    file = folder / "a.pcapng"
    file.write_bytes(pcapng.section_header() + secrets + tls.talk.packets())
    return file


@pytest.mark.servers
@pytest.mark.parametrize("make", [plain_talk, split_talk, tls_talk])
def test_tshark_finds_the_same_frames(
    make: Callable[[Path], Path], tmp_path: Path, open_log: OpenLog
) -> None:
    file = make(tmp_path)
    log = open_log(file)
    log.pull()
    key_log = "\n".join(block.data.decode("ascii") for block in log.secrets)
    found = Search(log, key_log)
    assert found.texts == ["hello all", "hi Alice", "in private", "waves"]
    lines = [line for line in carried_lines(file) if b"PRIVMSG" in line.text]
    for message in found.messages:
        known = found.correlator.attribution(message.id)
        assert known.frames in [line.frames for line in lines if says(line.text, message)]


def says(line: bytes, message: Message) -> bool:
    return message.text.encode() in line
