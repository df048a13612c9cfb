"""The table: which messages belong together, and what is summed up."""

import ssl
from dataclasses import replace
from pathlib import Path

import pytest

from chatlab.analysis.compare import Table
from chatlab.analysis.compare_specimen import Specimen
from chatlab.analysis.compare_twins import WINDOW_NS, groups_of, merged
from chatlab.core.account import AccountId, Security
from chatlab.core.comparison import Comparison, Phase, TwinEvidence
from chatlab.core.connection import Connection
from chatlab.core.flow import ConnectionId, Endpoint, FlowKey
from chatlab.core.measures import Measure
from chatlab.core.message import Message, MessageId
from tests.helpers.compared import specimen, write
from tests.helpers.tcp_talk import (
    REMOTE,
    SENT,
    START_NS,
    Talk,
    connection,
    message,
    tls_facts,
    wire,
)
from tests.helpers.tls_talk import TLS_FLOW, TlsTalk
from tests.unit.analysis.conftest import OpenLog

SECOND = 1_000_000_000
OTHER_FLOW = FlowKey(Endpoint("10.0.0.1", 40_001), REMOTE)
CONNECTIONS = [connection(name="c1"), connection(OTHER_FLOW, name="c2")]


def sent(name: str, text: str, on: str, at_s: float = 0, twin: str = "") -> Message:
    found = message(name, wire(SENT, 0, 10, on), text=text)
    return replace(found, time_ns=START_NS + int(at_s * SECOND), twin=twin)


def bonds(messages: list[Message]) -> list[tuple[list[str], TwinEvidence]]:
    groups = groups_of(0, messages, CONNECTIONS)
    return [
        (
            [each.id for said in group.members.values() for each in said.messages],
            group.evidence,
        )
        for group in groups
    ]


# --- twins ---------------------------------------------------------------------------------------


def test_messages_of_one_gesture_belong_together_whatever_they_say() -> None:
    messages = [
        sent("a", "hello", "c1", 0, "t1"),
        sent("b", "hello!", "c2", 60, "t1"),
        sent("c", "hello", "c2", 1),
    ]
    assert bonds(messages) == [
        (["a", "b"], TwinEvidence.GESTURE),
        (["c"], TwinEvidence.ALONE),
    ]


def test_the_same_words_within_seconds_belong_together_in_their_order() -> None:
    messages = [
        sent("a", "ok", "c1", 0),
        sent("b", "ok", "c1", 1),
        sent("c", "ok", "c2", 2),
        sent("d", "ok", "c2", 3),
        sent("e", "no", "c2", 3),
    ]
    assert bonds(messages) == [
        (["a", "c"], TwinEvidence.SAME_TEXT),
        (["b", "d"], TwinEvidence.SAME_TEXT),
        (["e"], TwinEvidence.ALONE),
    ]


def test_the_same_words_later_are_no_twin() -> None:
    late = WINDOW_NS / SECOND + 1
    messages = [sent("a", "ok", "c1"), sent("b", "ok", "c2", late)]
    assert [evidence for _, evidence in bonds(messages)] == [TwinEvidence.ALONE] * 2


def test_a_repetition_behind_a_reconnect_is_no_twin() -> None:
    later = replace(CONNECTIONS[1], opened_ns=START_NS + SECOND)
    messages = [sent("a", "ok", "c1"), sent("b", "ok", "c2", 2)]
    assert len(groups_of(0, messages, [CONNECTIONS[0], later])) == 2
    other = replace(later, account=AccountId("somebody else"))
    assert len(groups_of(0, messages, [CONNECTIONS[0], other])) == 1


def test_messages_whose_words_the_file_withholds_are_not_guessed_to_be_twins() -> None:
    assert len(bonds([sent("a", "", "c1"), sent("b", "", "c2")])) == 2


def test_what_was_replayed_or_heard_is_not_compared() -> None:
    replayed = replace(sent("a", "ok", "c1"), is_history=True)
    unknown = sent("b", "ok", "somewhere else")
    assert bonds([replayed, unknown, replace(sent("c", "ok", "c1"), wire=None)]) == []


def test_a_text_that_had_to_be_cut_is_one_utterance() -> None:
    messages = [
        sent("a", "one ", "c1", 0, "t"),
        sent("b", "two", "c1", 0.1, "t"),
        sent("c", "one two", "c2", 0.2, "t"),
    ]
    (group,) = groups_of(0, messages, CONNECTIONS)
    assert [said.text for said in group.members.values()] == ["one two", "one two"]


def test_two_captures_are_joined_by_their_words_at_any_time() -> None:
    first = groups_of(0, [sent("a", "ok", "c1"), sent("b", "ok", "c1", 20)], CONNECTIONS)
    second = groups_of(1, [sent("c", "ok", "c1", 9_000), sent("d", "new", "c1")], CONNECTIONS)
    groups = merged([first, second])
    assert [(len(group.members), group.evidence) for group in groups] == [
        (2, TwinEvidence.SAME_TEXT),
        (1, TwinEvidence.ALONE),
        (1, TwinEvidence.ALONE),
    ]


# --- the table -----------------------------------------------------------------------------------


TEXTS = ("Meet me at noon", "ok")


class Pair:
    """The same words in clear and under TLS 1.3, in one capture."""

    def __init__(self, folder: Path, open_log: OpenLog) -> None:
        self.plain = Talk().handshake()
        self.sealed = TlsTalk(folder, ssl.TLSVersion.TLSv1_3)
        self.messages: list[Message] = []
        for number, text in enumerate(TEXTS):
            line = f"PRIVMSG #lab :{text}\r\n".encode()
            start = self.plain.reached[SENT]
            self.plain.send(SENT, line)
            span = self.sealed.write(SENT, line)
            clear = message(f"p{number}", wire(SENT, start, start + len(line)), text=text)
            under = message(f"s{number}", wire(SENT, span.start, span.stop, "c2"), text=text)
            at = START_NS + number * SECOND
            self.messages += [replace(each, time_ns=at) for each in (clear, under)]
        self.connections = [
            connection(),
            replace(connection(TLS_FLOW, name="c2"), account=AccountId("b"), tls=tls_facts()),
        ]
        # Each conversation has a local port of its own.
        self.file = write(folder / "both.pcapng", self.plain, self.sealed.talk)
        self.specimen: Specimen = specimen(
            open_log(self.file), self.connections, self.messages, keys=self.sealed.key_log
        )


@pytest.fixture
def pair(tmp_path: Path, open_log: OpenLog) -> Pair:
    return Pair(tmp_path, open_log)


def compared(*specimens: Specimen) -> Comparison:
    return Table(specimens).compare((), with_others=False)


def test_twins_stand_in_one_row_and_differ_by_what_tls_adds(pair: Pair) -> None:
    table = compared(pair.specimen)
    assert [row.text for row in table.rows] == list(TEXTS)
    for row in table.rows:
        clear, sealed = row.cells
        assert clear is not None
        assert sealed is not None
        assert row.evidence is TwinEvidence.SAME_TEXT
        assert sealed.value(Measure.TLS) == 22
        for measure in (Measure.TEXT, Measure.FRAMING, Measure.TCP, Measure.IP, Measure.LINK):
            assert clear.value(measure) == sealed.value(measure)
        assert sealed.value(Measure.BYTES) == (clear.value(Measure.BYTES) or 0) + 22


def test_columns_say_what_the_bytes_show(pair: Pair) -> None:
    clear, sealed = compared(pair.specimen).columns
    assert (clear.title, clear.security, clear.version) == ("IRC · in clear", Security.PLAIN, "")
    assert (sealed.title, sealed.security) == ("IRC · TLS 1.3", Security.DIRECT_TLS)
    assert sealed.cipher == pair.sealed.cipher


def test_the_handshake_is_counted_once_and_shared_by_the_messages_so_far(pair: Pair) -> None:
    table = compared(pair.specimen)
    clear, sealed = (column.handshake for column in table.columns)
    assert clear is not None
    assert sealed is not None
    assert (clear.frames, clear.round_trips, clear.ready_ns) == (3, 1, None)
    assert [phase.phase for phase in sealed.phases] == [Phase.TCP, Phase.TLS]
    assert sum(phase.bytes for phase in sealed.phases) == sealed.bytes
    assert sum(phase.frames for phase in sealed.phases) == sealed.frames
    first = pair.specimen.correlator.attribution(MessageId("s0")).frames[0]
    before = pair.specimen.frames(pair.connections[1], first - 1)
    assert sealed.bytes == sum(pair.specimen.log.wire_length(number) for number in before)
    shares = [cell.handshake_share for row in table.rows if (cell := row.cells[1]) is not None]
    assert shares == [sealed.bytes, sealed.bytes / 2]


def test_sums_and_medians_are_those_of_the_cells(pair: Pair) -> None:
    table = compared(pair.specimen)
    for at in (0, 1):
        figures = {figure.measure: figure for figure in table.figures[at]}
        values = [cell.value(Measure.BYTES) or 0 for row in table.rows if (cell := row.cells[at])]
        assert figures[Measure.BYTES].sum == sum(values)
        assert figures[Measure.BYTES].median == sum(values) / 2
        assert figures[Measure.ECHO_TIME].count == 0
        assert figures[Measure.ECHO_TIME].median is None


def test_one_connection_alone_has_rows_only_when_they_are_asked_for(pair: Pair) -> None:
    table = Table([pair.specimen])
    side = compared(pair.specimen).columns[0].side
    assert table.compare([side], with_others=False).rows == ()
    alone = table.compare([side], with_others=True)
    assert [column.side for column in alone.columns] == [side]
    assert {row.evidence for row in alone.rows} == {TwinEvidence.ALONE}


def test_two_captures_stand_side_by_side(pair: Pair, open_log: OpenLog) -> None:
    again = specimen(
        open_log(pair.file),
        pair.connections[:1],
        pair.messages[::2],
        number=1,
        name="again.pcapng",
    )
    table = compared(pair.specimen, again)
    assert [column.capture for column in table.columns] == ["", "", "again.pcapng"]
    assert len({column.title for column in table.columns}) == 3
    assert all(cell is not None for row in table.rows for cell in row.cells)


def test_a_message_sent_meanwhile_joins_the_table_and_the_rest_stays(
    tmp_path: Path, open_log: OpenLog
) -> None:
    line = b"PRIVMSG #lab :hi\r\n"
    talk = Talk().handshake()
    talk.send(SENT, line)
    file = talk.write(tmp_path / "c.pcapng")
    log = open_log(file, is_growing=True)
    messages = [message("a", wire(SENT, 0, len(line)))]
    growing = specimen(log, [connection()], messages)
    growing.messages = lambda: tuple(messages)
    table = Table([growing])
    before = table.compare((), with_others=True)
    talk.ack(SENT.opposite)
    talk.send(SENT, line)
    file.write_bytes(talk.blocks())
    messages.append(message("b", wire(SENT, len(line), 2 * len(line)), text="again"))
    growing.correlator.assign(messages[1].id, messages[1].wire or wire(SENT, 0, 0))
    growing.correlator.update()
    after = table.compare((), with_others=True)
    assert [len(each.rows) for each in (before, after)] == [1, 2]
    first = after.rows[0].cells[0]
    assert first is not None
    assert first.acks.numbers == (5,)


def test_connections_of_the_same_kind_get_titles_of_their_own(
    tmp_path: Path, open_log: OpenLog
) -> None:
    def ours(name: str, port: int, account: str) -> Connection:
        flow = FlowKey(Endpoint("10.0.0.1", port), REMOTE)
        return replace(connection(flow), id=ConnectionId(name), account=AccountId(account))

    three = [ours("c1", 1, "ann"), ours("c2", 2, "bob"), ours("c3", 3, "bob")]
    log = open_log(Talk().handshake().write(tmp_path / "c.pcapng"))
    titles = [column.title for column in Table([specimen(log, three)]).columns()]
    assert titles == [
        "IRC · in clear · ann",
        "IRC · in clear · bob (1)",
        "IRC · in clear · bob (2)",
    ]
