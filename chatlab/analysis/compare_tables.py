"""A comparison as a table for others: CSV for a spreadsheet, HTML for a lecture's page."""

import csv
import io
from collections.abc import Iterator, Sequence
from html import escape

from chatlab.analysis.compare_records import comparison_records
from chatlab.core.comparison import Column, Comparison, MessageCost
from chatlab.core.measures import LayerBytes, Measure, WireLayer

_LEADING = (
    *("row", "evidence", "connection", "connection_id", "file", "time", "sender", "target", "text"),
    "nth",
)
_TRAILING = ("frame_numbers", "notes", "problem")
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
_COLOURS = {
    WireLayer.TEXT: "#b3261e",
    WireLayer.FRAMING: "#e8a33d",
    WireLayer.TLS: "#1b7f5c",
    WireLayer.SEALED: "#0b4f6c",
    WireLayer.REPEATED: "#8a5fbf",
    WireLayer.OTHER: "#9aa5b1",
    WireLayer.TCP: "#5b7fbd",
    WireLayer.IP: "#7f9fd6",
    WireLayer.LINK: "#b3c6ea",
}
"""Told apart by lightness, too, and never without their names."""
_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0 2rem; table-layout: fixed; width: 100%; }
caption { font-weight: 600; padding: .4rem 0; text-align: left; }
th, td { border-bottom: 1px solid #8884; padding: .25rem .6rem; text-align: left; }
td.n, th.n { font-variant-numeric: tabular-nums; text-align: right; }
.bar { display: flex; height: 1.1rem; }
.bar i { display: block; min-width: 2px; }
.key i { display: inline-block; height: .8rem; margin: 0 .3rem 0 1rem; width: .8rem; }
p.note { margin: .2rem 0; opacity: .8; }
"""


def as_csv(comparison: Comparison) -> str:
    """One line for each message on each connection, with a heading; UTF-8, commas."""
    names = [*_LEADING, *(measure.value for measure in Measure), *_TRAILING]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(names)
    for record in comparison_records(comparison):
        if record["kind"] == "message":
            writer.writerow([_cell(record[name]) for name in names])
    return out.getvalue()


def _cell(value: object) -> str:
    """A value for a spreadsheet. What others typed must not become a formula there."""
    if value is None:
        return ""
    if isinstance(value, list):
        return " ".join(map(str, value))
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA_SIGNS) else text


# --- HTML -----------------------------------------------------------------------------------------


def as_html(comparison: Comparison, title: str = "Plain beside encrypted") -> str:
    """A page of its own: nothing is loaded from elsewhere."""
    body = "\n".join(_page(comparison, title))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n{body}\n"
        "</body>\n</html>\n"
    )


def _page(comparison: Comparison, title: str) -> Iterator[str]:
    yield f"<h1>{escape(title)}</h1>"
    if not comparison.rows:
        yield "<p>There are no messages to compare.</p>"
        return
    yield from _connections(comparison)
    yield "<h2>Messages</h2>"
    used = {
        layer
        for row in comparison.rows
        for cell in row.cells
        if cell is not None and cell.carried is not None
        for layer, _ in cell.carried.layers.parts()
    }
    marks = "".join(
        f'<i style="background:{_COLOURS[layer]}"></i>{escape(layer.words)}'
        for layer in WireLayer
        if layer in used
    )
    yield f'<p class="key">{marks}</p>'
    widest = max((_length(cell) for row in comparison.rows for cell in row.cells), default=0)
    for number, row in enumerate(comparison.rows, 1):
        caption = f"{number}. “{row.text}”" if row.text else f"{number}. (text not in the file)"
        yield from _table(caption, comparison.columns, row.cells, widest)
    yield from _figures(comparison)


def _length(cell: MessageCost | None) -> int:
    return cell.carried.length if cell is not None and cell.carried is not None else 0


def _connections(comparison: Comparison) -> Iterator[str]:
    yield "<h2>Connections</h2>\n<table>"
    heads = ("Connection", "File", "TLS", "Cipher suite")
    numbers = ("Frames", "Bytes", "Round trips", "Ready after (ms)")
    yield _row([*_heads(heads), *_heads(numbers, "n")])
    for column in comparison.columns:
        cost = column.handshake
        ready = cost.ready_ns / 1e6 if cost is not None and cost.ready_ns is not None else None
        values = (
            (cost.frames, cost.bytes, cost.round_trips, ready)
            if cost is not None
            else (None, None, None, None)
        )
        words = (column.title, column.capture, column.version or "none", column.cipher or "–")
        yield _row([*(f"<td>{escape(word)}</td>" for word in words), *map(_number, values)])
    yield "</table>"
    yield '<p class="note">Frames, bytes and round trips before the first message.</p>'


def _table(
    caption: str,
    columns: Sequence[Column],
    cells: Sequence[MessageCost | None],
    widest: int,
) -> Iterator[str]:
    """One message: connections side by side, measures below each other."""
    present = [
        (column, cell) for column, cell in zip(columns, cells, strict=True) if cell is not None
    ]
    yield f"<table>\n<caption>{escape(caption)}</caption>"
    yield _row(["<th></th>", *_heads([column.title for column, _ in present], "n")])
    bars = [
        _bar(cell.carried.layers, widest) if cell.carried is not None else "" for _, cell in present
    ]
    if any(bars):
        yield _row(["<td></td>", *(f"<td>{bar}</td>" for bar in bars)])
    numbers = [cell.values() for _, cell in present]
    for measure in Measure:
        values = [each[measure] for each in numbers]
        if any(values):
            yield _row([f"<td>{escape(_words(measure))}</td>", *map(_number, values)])
    yield "</table>"
    for column, cell in present:
        told = (cell.problem, *cell.notes, cell.leak.words if cell.leak is not None else "")
        for words in filter(None, told):
            yield f'<p class="note"><b>{escape(column.title)}:</b> {escape(words)}</p>'


def _figures(comparison: Comparison) -> Iterator[str]:
    yield "<h2>All messages</h2>\n<table>"
    names = [
        f"{column.title}, {what}" for column in comparison.columns for what in ("sum", "median")
    ]
    yield _row(["<th></th>", *_heads(names, "n")])
    for at, measure in enumerate(Measure):
        figures = [each[at] for each in comparison.figures]
        if any(figure.sum for figure in figures):
            values = [
                value
                for figure in figures
                for value in (figure.sum if figure.count else None, figure.median)
            ]
            yield _row([f"<td>{escape(_words(measure))}</td>", *map(_number, values)])
    yield "</table>"


def _bar(layers: LayerBytes, widest: int) -> str:
    """A frame's layers as lengths, on the same scale for all."""
    parts = "".join(
        f'<i style="background:{_COLOURS[layer]};width:{100 * size / widest:.2f}%" '
        f'title="{escape(layer.words)}: {size:,} bytes"></i>'
        for layer, size in layers.parts()
    )
    return f'<div class="bar">{parts}</div>'


def _words(measure: Measure) -> str:
    return f"{measure.words} ({measure.unit})" if measure.unit else measure.words


def _heads(names: Sequence[str], kind: str = "") -> list[str]:
    return [f'<th class="{kind}">{escape(name)}</th>' if kind else f"<th>{escape(name)}</th>"
            for name in names]  # fmt: skip


def _row(cells: Sequence[str]) -> str:
    return f"<tr>{''.join(cells)}</tr>"


def _number(value: float | None) -> str:
    if value is None:
        return '<td class="n">–</td>'
    return f'<td class="n">{value:,.3f}</td>' if value % 1 else f'<td class="n">{value:,.0f}</td>'
