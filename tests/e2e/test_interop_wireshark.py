"""Saved captures in Wireshark's own tools: read, decrypted, cut and written anew by them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from chatlab.analysis.session_file import MessageRecord
from tests.helpers import tshark
from tests.helpers.proof import (
    SAY_KEYS,
    Command,
    Feeder,
    assert_proven,
    chatlab,
    lab_server,
    run_tool,
    texts,
)

pytestmark = [pytest.mark.capture, pytest.mark.only_on("linux"), pytest.mark.servers("tshark")]

CUT = 10
"""Frames that are taken off the front."""
SPOKEN = ("a sentence to be found", "ok", "ok", "schön – mit Umlaut", "z" * 400)
HEARD = ("and one in return", "ok", "ok")


@dataclass(frozen=True, slots=True)
class Saved:
    """A file that ``say`` saved, and what it printed."""

    file: Path
    records: list[MessageRecord]
    version: str | None
    server_port: int


@pytest.fixture(scope="module", params=[None, "TLSv1.2", "TLSv1.3"], ids=["plain", "1.2", "1.3"])
def saved(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Saved]:
    folder = tmp_path_factory.mktemp("saved")
    version: str | None = request.param
    file = folder / "talk.pcapng"
    arguments = ["--interval", "0.02", "--listen", "60", "--json", "--save", str(file)]
    with lab_server(folder / "server") as lab, Feeder(lab.host, lab.port, "rain") as feeder:
        if version:
            arguments += ["--ca", str(lab.ca_file), "--tls-max", version.removeprefix("TLSv")]
        url = lab.url("ann", tls=version is not None)
        with Command("say", url, *SPOKEN, *arguments) as command:
            feeder.wait_for(f" :{SPOKEN[-1]}")
            feeder.speak(*HEARD)
            feeder.until_heard_by("ann")
            outcome = command.interrupt()
        assert (outcome.exit_code, outcome.error) == (0, "")
        port = lab.tls_port if version else lab.port
        yield Saved(file, outcome.records, version, port)


def test_the_file_says_what_say_printed(saved: Saved) -> None:
    assert texts(saved.records, "sent") == list(SPOKEN)
    assert texts(saved.records, "received") == list(HEARD)
    assert {record["tls"] for record in saved.records} == {saved.version}
    for record in saved.records:
        assert tuple(record)[: len(SAY_KEYS)] == SAY_KEYS
        assert (record["account"], record["protocol"]) == ("ann", "irc")
    outcome = chatlab("messages", str(saved.file), "--json")
    assert (outcome.exit_code, outcome.error) == (0, "")
    assert outcome.records == saved.records
    assert_proven(saved.file, outcome.records, "ann")


def test_wireshark_s_tools_have_nothing_against_the_file(saved: Saved) -> None:
    assert tshark.complaints(saved.file) == ""
    assert tshark.fields(saved.file, ["frame.number"], display_filter="_ws.malformed") == []
    facts = run_tool("capinfos", "-M", str(saved.file))
    frames = len(tshark.fields(saved.file, ["frame.number"]))
    assert f"Number of packets:   {frames}" in facts
    assert "Strict time order:   True" in facts
    assert "Capture application: ChatLab" in facts


def test_tshark_reads_the_words_without_being_given_a_key(saved: Saved) -> None:
    """As “Follow” shows them in Wireshark, with its settings as they come."""
    layer = "tls" if saved.version else "tcp"
    shown = run_tool("tshark", "-q", "-r", str(saved.file), "-z", f"follow,{layer},ascii,0")
    for text in ("a sentence to be found", "and one in return", SPOKEN[-1]):
        assert text in shown
    raw = saved.file.read_bytes()
    # The comments carry the words too; the frames carry them only where they are readable.
    assert (b"PRIVMSG #lab :a sentence" in raw) is (saved.version is None)


def test_a_file_cut_by_editcap_counts_its_own_frames(saved: Saved, tmp_path: Path) -> None:
    cut = tmp_path / "cut.pcapng"
    run_tool("editcap", str(saved.file), str(cut), f"1-{CUT}")

    found = chatlab("messages", str(cut), "--json").records
    assert found == [moved(record, lambda number: number - CUT) for record in saved.records]
    assert {record["evidence"] for record in found} == {"offset"}


def test_a_file_written_by_tshark_without_bare_acks_counts_its_own_frames(
    saved: Saved, tmp_path: Path
) -> None:
    written = tmp_path / "written.pcapng"
    keeps_data = "tcp.len > 0"
    run_tool("tshark", "-r", str(saved.file), "-Y", keeps_data, "-w", str(written))
    kept = tshark.fields(saved.file, ["frame.number"], display_filter=keeps_data)
    new_number = {int(row[0]): place for place, row in enumerate(kept, 1)}

    found = chatlab("messages", str(written), "--json").records
    assert [record["frames"] for record in found] == [
        [new_number[number] for number in record["frames"]] for record in saved.records
    ]
    assert [record["bytes"] for record in found] == [record["bytes"] for record in saved.records]
    assert [record["stream"] for record in found] == [0] * len(saved.records)


def test_a_file_written_anew_by_tshark_says_the_same(saved: Saved, tmp_path: Path) -> None:
    written = tmp_path / "written.pcapng"
    run_tool("tshark", "-r", str(saved.file), "-w", str(written))
    assert chatlab("messages", str(written), "--json").records == saved.records


def moved(record: MessageRecord, number: Callable[[int], int]) -> MessageRecord:
    """A record with other frame numbers; the first of them must still be there."""
    changed = record.copy()
    for key in ("frames", "acks", "retransmissions", "echo_frames"):
        changed[key] = [number(each) for each in record[key]]
        assert min(changed[key], default=1) > 0
    return changed
