"""A comparison as a table for others: CSV for a spreadsheet, HTML for a lecture's page."""

import csv
import io
from collections.abc import Iterator, Sequence
from html import escape

from chatlab.analysis.compare_records import comparison_records
from chatlab.analysis.compare_style import STYLE
from chatlab.core.comparison import Column, Comparison, MessageCost
from chatlab.core.measures import LayerBytes, Measure, WireLayer

_LEADING = (
    *("row", "evidence", "connection", "connection_id", "file", "time", "sender", "target", "text"),
    "nth",
)
_TRAILING = ("frame_numbers", "notes", "problem")
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


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
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{body}\n"
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
        f'<span><i class="{layer.name.lower()}"></i>{escape(layer.words)}</span>'
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
    yield "<h2>Connections</h2>\n<section><table>"
    heads = ("Connection", "File", "TLS", "Cipher suite")
    numbers = ("Frames", "Bytes", "Round trips", "Ready after (ms)")
    yield _head([*_heads(heads), *_heads(numbers, "n")])
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
    yield "</tbody></table>"
    yield '<p class="note">Frames, bytes and round trips before the first message.</p></section>'


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
    yield f'<section><table class="twins">\n<caption>{escape(caption)}</caption>'
    yield _head(["<td></td>", *_heads([column.title for column, _ in present], "n")])
    bars = [
        _bar(cell.carried.layers, widest) if cell.carried is not None else "" for _, cell in present
    ]
    if any(bars):
        yield _row(["<td></td>", *(f"<td>{bar}</td>" for bar in bars)])
    numbers = [cell.values() for _, cell in present]
    for measure in Measure:
        values = [each[measure] for each in numbers]
        if any(values):
            yield _row([_measure(measure), *map(_number, values)])
    yield "</tbody></table>"
    for column, cell in present:
        told = (cell.problem, *cell.notes, cell.leak.words if cell.leak is not None else "")
        for words in filter(None, told):
            yield f'<p class="note"><b>{escape(column.title)}:</b> {escape(words)}</p>'
    yield "</section>"


def _figures(comparison: Comparison) -> Iterator[str]:
    yield "<h2>All messages</h2>\n<section><table>"
    names = [
        f"{column.title}, {what}" for column in comparison.columns for what in ("sum", "median")
    ]
    yield _head(["<td></td>", *_heads(names, "n")])
    for at, measure in enumerate(Measure):
        figures = [each[at] for each in comparison.figures]
        if any(figure.sum for figure in figures):
            values = [
                value
                for figure in figures
                for value in (figure.sum if figure.count else None, figure.median)
            ]
            yield _row([_measure(measure), *map(_number, values)])
    yield "</tbody></table></section>"


def _bar(layers: LayerBytes, widest: int) -> str:
    """A frame's layers as lengths, on the same scale for all."""
    parts = "".join(
        f'<i class="{layer.name.lower()}" style="width:{100 * size / widest:.2f}%" '
        f'title="{escape(layer.words)}: {size:,} bytes"></i>'
        for layer, size in layers.parts()
    )
    return f'<div class="bar">{parts}</div>'


def _measure(measure: Measure) -> str:
    words = f"{measure.words} ({measure.unit})" if measure.unit else measure.words
    return f'<th scope="row">{escape(words)}</th>'


def _heads(names: Sequence[str], kind: str = "") -> list[str]:
    mark = f' class="{kind}"' if kind else ""
    return [f'<th scope="col"{mark}>{escape(name)}</th>' for name in names]


def _head(cells: Sequence[str]) -> str:
    return f"<thead>{_row(cells)}</thead><tbody>"


def _row(cells: Sequence[str]) -> str:
    return f"<tr>{''.join(cells)}</tr>"


def _number(value: float | None) -> str:
    if value is None:
        return '<td class="n">–</td>'
    return f'<td class="n">{value:,.3f}</td>' if value % 1 else f'<td class="n">{value:,.0f}</td>'
