"""Every message's frames against tshark's opinion, on real servers, with irssi as the other user."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.helpers import tshark
from tests.helpers.clients import irssi
from tests.helpers.proof import SAY_KEYS, Command, Feeder, assert_proven, chatlab, lab_server, texts
from tests.helpers.servers import RunningServer, TlsVersions, inspircd, ngircd
from tests.helpers.terminal import Terminal
from tests.helpers.told_by_packets import assert_told_by_packets

pytestmark = [pytest.mark.capture, pytest.mark.only_on("linux")]

BURST = 200
END = "that was all"
LONG = "".join(f"{number:03d}|" for number in range(100))
"""400 bytes."""
SPOKEN = (
    "x",
    "a short one",
    LONG,
    "Grüße, 世界: αβγ 🙂",
    "ok",
    "ok",
    "first line",
    "second line",
    END,
)
ANSWERS = ("hello", "ok", "ok", LONG, "naïve café – “quoted”", "/me waves", END)


@dataclass(frozen=True, slots=True)
class Place:
    """A server to talk on, and what ChatLab and irssi have to know about it."""

    host: str
    port: int
    version: str | None
    """The TLS version that must come out of it."""
    ca_file: Path | None
    has_echo: bool

    def say(self, file: Path, nick: str, *arguments: str) -> Command:
        scheme = "ircs" if self.ca_file else "irc"
        url = f"{scheme}://{nick}@{self.host}:{self.port}/%23lab"
        trust = ["--ca", str(self.ca_file)] if self.ca_file else []
        return Command("say", url, *arguments, *trust, "--save", str(file), "--json")

    def irssi(self, folder: Path, nick: str) -> Terminal:
        # By name: GnuTLS and OpenSSL both take that for the certificate's subject.
        return irssi(folder, "localhost", self.port, nick, ca_file=self.ca_file)

    def feeder(self, nick: str) -> Feeder:
        return Feeder(self.host, self.port, nick, ca_file=self.ca_file)


def _of_inspircd(server: RunningServer, version: str) -> Place:
    assert server.tls_port is not None
    assert server.certificate is not None
    return Place(server.host, server.tls_port, version, server.certificate.ca_file, True)


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("ngircd", marks=pytest.mark.servers("ngircd", "irssi", "tshark")),
        pytest.param("InspIRCd TLSv1.2", marks=pytest.mark.servers("inspircd", "irssi", "tshark")),
        pytest.param("InspIRCd TLSv1.3", marks=pytest.mark.servers("inspircd", "irssi", "tshark")),
        pytest.param("lab", marks=pytest.mark.servers("irssi", "tshark")),
        pytest.param("lab TLSv1.3", marks=pytest.mark.servers("irssi", "tshark")),
    ],
)
def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("server")
    match request.param:
        case "ngircd":
            with ngircd(folder) as server:
                yield Place(server.host, server.port, None, None, False)
        case "InspIRCd TLSv1.2":
            with inspircd(folder, tls=TlsVersions.TLS_1_2) as server:
                yield _of_inspircd(server, "TLSv1.2")
        case "InspIRCd TLSv1.3":
            with inspircd(folder, tls=TlsVersions.TLS_1_3) as server:
                yield _of_inspircd(server, "TLSv1.3")
        case "lab":
            with lab_server(folder) as lab:
                yield Place(lab.host, lab.port, None, None, True)
        case _:
            with lab_server(folder) as lab:
                yield Place(lab.host, lab.tls_port, "TLSv1.3", lab.ca_file, True)


def test_a_talk_with_irssi_has_its_frames_both_ways(place: Place, tmp_path: Path) -> None:
    file = tmp_path / "talk.pcapng"
    with place.irssi(tmp_path / "home", "bob") as bob:
        bob.wait_for("Mode change .* for user bob")
        bob.enter("/join #lab")
        bob.wait_for("Join to #lab was synced")
        with place.say(file, "ann", *SPOKEN, "--interval", "0.03", "--listen", "60") as command:
            bob.wait_for(END)
            for line in ANSWERS:
                bob.enter(line)
            bob.enter("/window 1")  # Where irssi shows the answers to a CTCP request.
            bob.enter("/ping ann")
            bob.wait_for("PING reply from ann")
            outcome = command.interrupt()

    assert (outcome.exit_code, outcome.error) == (0, "")
    records = outcome.records
    assert texts(records, "sent") == list(SPOKEN)
    assert texts(records, "received") == [answer.removeprefix("/me ") for answer in ANSWERS]
    assert all(set(SAY_KEYS) <= record.keys() for record in records)
    assert {record["tls"] for record in records} == {place.version}
    arrived = "echoed" if place.has_echo else "acknowledged"
    assert {r["delivery"] for r in records if r["direction"] == "sent"} == {arrived}
    assert all(record["acks"] for record in records)
    assert_proven(file, records, "ann")
    assert_told_by_packets(file, records)
    assert tshark.complaints(file) == ""


def test_bursts_crossing_each_other_have_their_frames(place: Place, tmp_path: Path) -> None:
    file = tmp_path / "burst.pcapng"
    ours = [f"out {number} {'-' * (number % 90 + 1)}" for number in range(BURST)]
    theirs = [f"in {number} {'+' * (number % 70 + 1)}" for number in range(BURST)]
    with (
        place.feeder("rain") as feeder,
        place.say(file, "ann", *ours, "--interval", "0", "--listen", "60") as command,
    ):
        feeder.wait_for(r"^(?:@\S+ )?:ann\S* JOIN")
        feeder.speak(*theirs)
        feeder.wait_for(rf" :out {BURST - 1} ")
        feeder.until_heard_by("ann")
        outcome = command.interrupt()

    assert (outcome.exit_code, outcome.error) == (0, "")
    records = outcome.records
    assert texts(records, "sent") == ours
    assert texts(records, "received") == theirs
    assert_proven(file, records, "ann")
    assert_told_by_packets(file, records)
    assert chatlab("messages", str(file), "--json").records == records
