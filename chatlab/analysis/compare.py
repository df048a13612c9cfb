"""The table: the same messages on several connections, each number counted from frames."""

from collections import Counter
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import NamedTuple

from chatlab.analysis.compare_cost import CostReader
from chatlab.analysis.compare_handshake import handshake_cost
from chatlab.analysis.compare_specimen import Specimen
from chatlab.analysis.compare_steps import ENTRIES_AT_ONCE, UNITS_AT_ONCE, finish
from chatlab.analysis.compare_twins import TwinGroup, grouping, merging
from chatlab.analysis.ladder import LadderReader
from chatlab.core.account import Application, Security
from chatlab.core.attribution import Attribution
from chatlab.core.comparison import (
    Column,
    Comparison,
    Figure,
    MessageCost,
    Row,
    Side,
    TwinEvidence,
)
from chatlab.core.connection import Connection
from chatlab.core.ladder import Ladder, Reading
from chatlab.core.measures import Measure
from chatlab.core.message import Message
from chatlab.protocol.tls_handshake import spoken_version

MAX_ROWS = 500
"""The newest so many are compared."""
_NAMES = {Application.IRC: "IRC", Application.XMPP: "XMPP"}


@dataclass(frozen=True, slots=True)
class _Basis:
    """What a cost was computed from: as long as this is the same, it is the same."""

    messages: tuple[Message, ...]
    known: tuple[Attribution, ...]
    keys: int


_Chosen = list[tuple[TwinGroup, tuple[MessageCost | None, ...]]]


class Table:
    """Compares the connections of one or two captures; remembers what frames have not touched."""

    def __init__(self, specimens: Sequence[Specimen]) -> None:
        self._specimens = specimens
        self._readers = [CostReader(specimen) for specimen in specimens]
        self._ladders = [LadderReader(specimen) for specimen in specimens]
        self._costs: dict[Side, dict[str, tuple[_Basis, MessageCost]]] = {}
        self._columns: dict[Side, tuple[object, Column, Ladder]] = {}
        self._groups: tuple[object, list[TwinGroup]] = None, []
        self._made: tuple[object, Comparison] = None, Comparison()
        """The newest table, and what it was made of."""

    # --- connections -------------------------------------------------------------------------

    def columns(self) -> tuple[Column, ...]:
        """Every connection for chats, each with a title of its own."""
        return finish(self._all_columns())

    def _all_columns(self) -> Generator[None, None, tuple[Column, ...]]:
        found: list[Column] = []
        for specimen in self._specimens:
            for connection in sorted(specimen.connections, key=lambda each: each.opened_ns):
                found.append((yield from self._column(specimen, connection)))
        return _distinct(found)

    def ladder(self, specimen: Specimen, connection: Connection) -> Ladder:
        finish(self._column(specimen, connection))
        return self._columns[Side(specimen.number, connection.id)][2]

    def known_ladder(self, side: Side) -> Ladder | None:
        """The ladder as the newest table has it."""
        known = self._columns.get(side)
        return known[2] if known is not None else None

    def _column(self, specimen: Specimen, connection: Connection) -> Generator[None, None, Column]:
        side = Side(specimen.number, connection.id)
        yield from specimen.look(connection)
        first = yield from self._ladders[specimen.number].first_message(connection)
        grown = len(specimen.frames(connection)) if first is None else 0
        basis = connection, first, grown, len(specimen.keys)
        known = self._columns.get(side)
        if known is not None and known[0] == basis:
            return known[1]
        ladder = yield from self._ladders[specimen.number].steps(connection)
        column = _column(specimen, connection, ladder)
        self._columns[side] = basis, column, ladder
        return column

    # --- the table ---------------------------------------------------------------------------

    def compare(self, sides: Sequence[Side], *, with_others: bool) -> Comparison:
        return finish(self.steps(sides, with_others=with_others))

    def latest(self) -> Generator[None, None, Comparison]:
        """Twins; before there are any, every message by itself. Step by step."""
        columns = yield from self._all_columns()
        sides = tuple(column.side for column in columns)
        groups = yield from self._all_groups()
        has_twins = any(len(group.members) > 1 for group in reversed(groups))
        return (yield from self.steps(sides, with_others=not has_twins))

    def steps(
        self, sides: Sequence[Side], *, with_others: bool
    ) -> Generator[None, None, Comparison]:
        """The same as ``compare``, step by step: no step counts more than one row."""
        columns = yield from self._all_columns()
        groups = yield from self._all_groups()
        chosen = yield from _newest(groups, sides, with_others=with_others)
        used = {side for group in chosen.groups for side in group.members} | set(sides)
        columns = tuple(column for column in columns if column.side in used)
        rows: _Chosen = []
        for group in chosen.groups:
            rows.append((group, tuple(self._cell(group, column) for column in columns)))
            yield
        basis = columns, rows, chosen.counts
        if self._made[0] == basis:
            return self._made[1]
        told = [_row(number, *row) for number, row in enumerate(rows, chosen.earlier + 1)]
        shared = yield from _with_shares(told, columns, chosen.counts)
        figures: list[tuple[Figure, ...]] = []
        for at in range(len(columns)):
            figures.append((yield from _figures(shared, at)))
        self._made = basis, Comparison(columns, shared, tuple(figures))
        return self._made[1]

    def _all_groups(self) -> Generator[None, None, list[TwinGroup]]:
        """Grouped anew only where a message or a connection has come or changed."""
        basis = [(tuple(each.messages()), each.connections) for each in self._specimens]
        if self._groups[0] != basis:
            captures: list[list[TwinGroup]] = []
            for specimen, (messages, connections) in zip(self._specimens, basis, strict=True):
                captures.append((yield from grouping(specimen.number, messages, connections)))
            merged = yield from merging(captures)
            self._groups = basis, merged
        return self._groups[1]

    def _cell(self, group: TwinGroup, column: Column) -> MessageCost | None:
        utterance = group.members.get(column.side)
        if utterance is None:
            return None
        specimen = self._specimens[column.side.capture]
        connection = specimen.connection(column.side)
        assert connection is not None
        messages = tuple(utterance.messages)
        known = tuple(specimen.correlator.attribution(each.id) for each in messages)
        basis = _Basis(messages, known, len(specimen.keys))
        costs = self._costs.setdefault(column.side, {})
        kept = costs.get(messages[0].id)
        if kept is None or kept[0] != basis:
            cost = self._readers[column.side.capture].cost(connection, messages)
            kept = costs[messages[0].id] = basis, cost
        return kept[1]


def _row(number: int, group: TwinGroup, cells: tuple[MessageCost | None, ...]) -> Row:
    is_alone = sum(cell is not None for cell in cells) < 2
    first = group.first
    return Row(
        twin=group.twin or str(number),
        evidence=TwinEvidence.ALONE if is_alone else group.evidence,
        text=first.text,
        time_ns=first.time_ns,
        cells=cells,
    )


class _Newest(NamedTuple):
    groups: list[TwinGroup]
    earlier: int
    """Groups before them that are not listed any more."""
    counts: Counter[Side]
    """How many of those each connection has."""


def _newest(
    groups: Sequence[TwinGroup], sides: Sequence[Side], *, with_others: bool
) -> Generator[None, None, _Newest]:
    """The groups as far as they are on these connections; all of them where none is named."""
    wanted, found = set(sides), _Newest([], 0, Counter())
    earlier = 0
    for count, group in enumerate(reversed(groups), 1):
        if not count % ENTRIES_AT_ONCE:
            yield
        members = {side: each for side, each in group.members.items()
                   if not wanted or side in wanted}  # fmt: skip
        if len(members) <= (0 if with_others else 1):
            continue
        if len(found.groups) < MAX_ROWS:
            found.groups.append(TwinGroup(group.twin, group.evidence, members))
        else:
            earlier += 1
            found.counts.update(members.keys())
    return _Newest(found.groups[::-1], earlier, found.counts)


def _with_shares(
    rows: Sequence[Row], columns: Sequence[Column], earlier: Counter[Side]
) -> Generator[None, None, tuple[Row, ...]]:
    """Each message's number on its connection, and its share of what the handshake took."""
    counts = [earlier[column.side] for column in columns]
    found: list[Row] = []
    for row in rows:
        cells: list[MessageCost | None] = []
        for at, cell in enumerate(row.cells):
            if cell is not None:
                counts[at] += 1
                handshake = columns[at].handshake
                share = handshake.bytes / counts[at] if handshake is not None else None
                cell = replace(cell, nth=counts[at], handshake_share=share)
            cells.append(cell)
        found.append(replace(row, cells=tuple(cells)))
        if not len(found) % UNITS_AT_ONCE:
            yield
    return tuple(found)


def _figures(rows: Sequence[Row], at: int) -> Generator[None, None, tuple[Figure, ...]]:
    cells: list[dict[Measure, float | None]] = []
    for count, row in enumerate(rows, 1):
        if not count % UNITS_AT_ONCE:
            yield
        if (cell := row.cells[at]) is not None:
            cells.append(cell.values())
    found: list[Figure] = []
    for measure in Measure:
        values = [value for cell in cells if (value := cell[measure]) is not None]
        middle = median(values) if values else None
        found.append(Figure(measure, len(values), sum(values), middle))
    return tuple(found)


# --- what a connection is called ------------------------------------------------------------------


def _column(specimen: Specimen, connection: Connection, ladder: Ladder) -> Column:
    conversation = specimen.conversation(connection)
    agreed = specimen.contents.tls(conversation.number) if conversation is not None else None
    facts = connection.tls
    version = agreed.version if agreed is not None else facts.version if facts else ""
    cipher = agreed.cipher if agreed is not None else facts.cipher if facts else ""
    is_sealed = bool(version) or any(step.reading is not Reading.CLEAR for step in ladder.steps)
    security = Security.DIRECT_TLS if is_sealed else Security.PLAIN
    if ladder.clear_until is not None:
        security = Security.STARTTLS
    return Column(
        side=Side(specimen.number, connection.id),
        title=_title(connection, security, version),
        capture=specimen.name,
        account=connection.account,
        application=connection.application,
        security=security,
        version=version,
        cipher=cipher,
        flow=connection.flow,
        host=connection.host,
        handshake=handshake_cost(specimen, connection, ladder),
    )


def _title(connection: Connection, security: Security, version: str) -> str:
    name = _NAMES[connection.application]
    if security is Security.PLAIN:
        return f"{name} · in clear"
    spoken = spoken_version(version)
    return f"{name} · STARTTLS, {spoken}" if security is Security.STARTTLS else f"{name} · {spoken}"


def _distinct(columns: Sequence[Column]) -> tuple[Column, ...]:
    """Titles that tell the columns apart: by the account where need be, and then by number."""
    titles = [column.title for column in columns]
    named = [
        f"{column.title} · {column.account}" if titles.count(column.title) > 1 else column.title
        for column in columns
    ]
    found: list[Column] = []
    for at, column in enumerate(columns):
        number = named[: at + 1].count(named[at])
        title = f"{named[at]} ({number})" if named.count(named[at]) > 1 else named[at]
        found.append(replace(column, title=title))
    return tuple(found)
