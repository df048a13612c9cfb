"""A comparison for a terminal: messages as blocks, connections side by side."""

import shutil
from collections.abc import Iterator, Sequence

from chatlab.cli.terminal import show
from chatlab.core.comparison import Column, Comparison, MessageCost, Row, Side, TwinEvidence
from chatlab.core.flow import Direction
from chatlab.core.ladder import Ladder
from chatlab.core.measures import Measure
from chatlab.core.observing import ObserverView
from chatlab.protocol.irc_masking import MASK

_ALWAYS = (Measure.FRAMES, Measure.SEGMENTS, Measure.BYTES, Measure.TEXT, Measure.FRAMING)
_LABEL = 24
_MAX_WIDTH = 30


def print_comparison(comparison: Comparison) -> None:
    """Handshakes, every message, and the sum of all."""
    if not comparison.rows:
        show("There are no messages to compare.")
        return
    _print_handshakes(comparison.columns)
    explained: set[Side] = set()
    for number, row in enumerate(comparison.rows, 1):
        _print_row(number, row, comparison.columns, explained)
    _print_figures(comparison)


def _print_handshakes(columns: Sequence[Column]) -> None:
    show("Before the first message")
    for column in columns:
        cost, name = column.handshake, column.title
        where = f" ({column.capture})" if column.capture else ""
        if cost is None:
            show(f"  {name}{where}: its beginning was not captured")
            continue
        ready = f", ready after {cost.ready_ns / 1e6:,.1f} ms" if cost.ready_ns is not None else ""
        phases = ", ".join(f"{phase.phase.value} {phase.bytes:,} B" for phase in cost.phases)
        show(
            f"  {name}{where}: {cost.frames:,} frames, {cost.bytes:,} bytes, "
            f"{cost.round_trips} round trips{ready} ({phases})"
        )


def _print_row(number: int, row: Row, columns: Sequence[Column], explained: set[Side]) -> None:
    """``explained``: connections of which it was said how the length of records leaks."""
    text = _printable(row.text) or "(text not in the file)"
    alone = " – nothing to compare it with" if row.evidence is TwinEvidence.ALONE else ""
    show(f"\n{number}. “{_fitted(text)}”{alone}")
    cells = [(column, cell) for column, cell in zip(columns, row.cells, strict=True) if cell]
    _print_table(
        [column.title for column, _ in cells],
        [
            (measure, [cell.value(measure) for _, cell in cells])
            for measure in Measure
            if measure in _ALWAYS or any(cell.value(measure) for _, cell in cells)
        ],
    )
    for column, cell in cells:
        for words in _told(cell, is_first=column.side not in explained):
            show(f"  {column.title}: {words}")
        explained.add(column.side)


def _told(cell: MessageCost, *, is_first: bool) -> Iterator[str]:
    if cell.problem:
        yield cell.problem
    yield from cell.notes
    leak = cell.leak
    if leak is not None and is_first:
        yield leak.words
    elif leak is not None:
        yield (
            f"{leak.record_bytes:,} bytes of TLS records give away that {leak.inferred_bytes:,} "
            "are inside."
        )


def _print_figures(comparison: Comparison) -> None:
    show("\nAll messages (median)")
    _print_table(
        [column.title for column in comparison.columns],
        [
            (measure, [figures[at].median for figures in comparison.figures])
            for at, measure in enumerate(Measure)
            if any(figures[at].sum for figures in comparison.figures)
        ],
    )


def _print_table(
    heads: Sequence[str], rows: Sequence[tuple[Measure, Sequence[float | None]]]
) -> None:
    shown = [
        (_words(measure), [_number(value, measure) for value in values]) for measure, values in rows
    ]
    names = [head if len(head) <= _MAX_WIDTH else head[: _MAX_WIDTH - 1] + "…" for head in heads]
    widths = [
        max(len(name), *(len(values[at]) for _, values in shown)) if shown else len(name)
        for at, name in enumerate(names)
    ]
    for label, values in (("", names), *shown):
        cells = [value.rjust(width) for value, width in zip(values, widths, strict=True)]
        show(f"  {label:<{_LABEL}}{'  '.join(cells)}".rstrip())


def print_ladder(column: Column, ladder: Ladder) -> None:
    """The steps of a handshake with their times; passwords stay out of terminals."""
    show(f"\nHandshake: {column.title}")
    start = ladder.start_ns or 0
    for number, step in enumerate(ladder.steps):
        if ladder.clear_until == number:
            show("  ---- up to here in clear ----")
        arrow = "→" if step.direction is Direction.SENT else "←"
        frames = ",".join(map(str, step.frames[:3])) + ("…" if len(step.frames) > 3 else "")
        show(
            f"  {(step.begin_ns - start) / 1e6:9.2f} ms {arrow} {_printable(step.name)} "
            f"({step.size:,} B, frame {frames}, {step.reading.value})"
        )
        for detail in step.details:
            value = MASK if detail.is_secret else _printable(detail.value)
            show(f"  {'':14}{detail.label}: {_fitted(value)}")
    for note in ladder.notes:
        show(f"  {note}")


def print_claims(column: Column, view: ObserverView) -> None:
    """What an observer learns, and what stays hidden; passwords are blanked."""
    show(f"\n{view.observer.words}: {column.title}\n  {view.words}")
    if view.problem:
        show(f"  {view.problem}")
    for claim in view.claims:
        sign = "+" if claim.is_learnt else "-"
        value = MASK if claim.is_secret else _printable(claim.value)
        frames = ",".join(map(str, dict.fromkeys(each.frame for each in claim.evidence[:3])))
        what = f"{claim.topic.value}: {value}" if value else claim.topic.value
        show(_fitted(f"  {sign} {what} (frame {frames}; {claim.certainty.words})"))


def _words(measure: Measure) -> str:
    return f"{measure.words} ({measure.unit})" if measure.unit else measure.words


def _number(value: float | None, measure: Measure) -> str:
    if value is None:
        return "–"
    if measure.unit == "ms":
        return f"{value:,.2f}"
    return f"{value:,.1f}" if value % 1 else f"{value:,.0f}"


def _printable(text: str) -> str:
    """Control characters would move the terminal's cursor about."""
    return "".join(char if char.isprintable() else "�" for char in text)


def _fitted(text: str) -> str:
    width = max(40, shutil.get_terminal_size((100, 24)).columns - 6)
    return text if len(text) <= width else text[: width - 1] + "…"
