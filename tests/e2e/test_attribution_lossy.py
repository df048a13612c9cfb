"""Frames of messages on a line that loses, doubles and reorders, between two network namespaces."""

from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

import pytest

from chatlab.analysis.session_file import MessageRecord
from tests.helpers import tshark
from tests.helpers.clients import irssi
from tests.helpers.netns import Impairment, Network, joined_namespaces
from tests.helpers.proof import Command, Outcome, assert_proven, chatlab, texts
from tests.helpers.servers import inspircd, ngircd

pytestmark = [
    pytest.mark.network,
    pytest.mark.capture,
    pytest.mark.only_on("linux"),
    pytest.mark.servers("irssi", "tshark"),
]

COUNT = 60
BAD_LINE = Impairment(loss=0.08, duplicate=0.08, reorder=0.12, hold_s=0.015, delay_s=0.004)
OURS = [f"out {number} {'-' * (7 * number % 300)}." for number in range(COUNT)]
THEIRS = [f"in {number} {'+' * (11 * number % 150)}." for number in range(COUNT)]
_RESENT = "tcp.analysis.retransmission || tcp.analysis.out_of_order"
"""tshark's word for a resent segment depends on how soon it comes; fast ones count as both."""


def talk(
    network: Network, folder: Path, url: str, port: int, *options: str
) -> tuple[Path, Outcome]:
    """``say`` on one machine; server and irssi on the other."""
    file = folder / "lossy.pcapng"
    host = network.server.address
    with irssi(folder / "home", host, port, "bob", prefix=network.server.prefix) as bob:
        bob.wait_for("Mode change .* for user bob")
        bob.enter("/join #lab")
        bob.wait_for("Join to #lab was synced")
        network.impairment = BAD_LINE
        arguments = ["say", url, *OURS, *options, "--listen", "60", "--save", str(file), "--json"]
        with Command(*arguments, prefix=network.client.prefix) as command:
            bob.wait_for("ann .*has joined")
            for text in THEIRS:
                bob.enter(text)
            bob.wait_for(rf"out {COUNT - 1} ", timeout=60)
            bob.enter("/window 1")  # Where irssi shows the answers to a CTCP request.
            bob.enter("/ping ann")
            bob.wait_for("PING reply from ann", timeout=60)
            network.impairment = Impairment()
            return file, command.interrupt()


def assert_resent_segments_are_named(file: Path, records: Iterable[MessageRecord]) -> None:
    """Something was sent again, and tshark calls it the same, with words of its own."""
    named = {frame for record in records for frame in record["retransmissions"]}
    suspected = {
        int(row[0]) for row in tshark.fields(file, ["frame.number"], display_filter=_RESENT)
    }
    assert named
    assert named <= suspected


@pytest.mark.parametrize("version", [None, "TLSv1.3"], ids=["plain", "TLSv1.3"])
@pytest.mark.parametrize("interval", ["0.01", "0"], ids=["one by one", "burst"])
def test_no_frame_is_wrong_or_missing_on_a_bad_line(
    version: str | None, interval: str, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        network = stack.enter_context(joined_namespaces())
        host, prefix = network.server.address, network.server.prefix
        options = ["--interval", interval]
        if version is None:
            server = stack.enter_context(ngircd(tmp_path / "server", host=host, prefix=prefix))
        else:
            server = stack.enter_context(inspircd(tmp_path / "server", host=host, prefix=prefix))
            assert server.certificate is not None
            options += ["--ca", str(server.certificate.ca_file)]
        url = server.url("ann", tls=version is not None)
        file, outcome = talk(network, tmp_path, url, server.port, *options)
        carried = network.carried

    assert (outcome.exit_code, outcome.error) == (0, "")
    records = outcome.records
    assert texts(records, "sent") == OURS
    assert sorted(texts(records, "received")) == sorted(THEIRS)
    assert {record["tls"] for record in records} == {version}
    assert_proven(file, records, "ann")
    assert_resent_segments_are_named(file, records)
    assert chatlab("messages", str(file), "--json").records == records
    if interval == "0":  # Then TCP cuts the stream where it likes, not where a line ends.
        assert any(len(r["frames"]) > len(r["retransmissions"]) + 1 for r in records)
    assert min(carried.lost, carried.duplicated, carried.reordered) > 0
    assert tshark.complaints(file) == ""
