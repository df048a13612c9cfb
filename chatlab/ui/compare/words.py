"""Figures of a comparison as they are shown: with their units, short enough for a bar."""

from datetime import datetime

from chatlab.core.account import Application, Security
from chatlab.core.comparison import Column, Comparison, MessageCost, TwinEvidence
from chatlab.core.frame import Exposure
from chatlab.core.measures import Measure, WireLayer

MINUS = "\u2212"
_MS = 1e6
_PROTOCOLS = {
    Application.IRC: "IRC",
    Application.XMPP: "XMPP",
    Application.DNS: "DNS",
    Application.DCC: "DCC",
}
_SHORT = {
    WireLayer.TEXT: "Text",
    WireLayer.TLS: "TLS",
    WireLayer.SEALED: "Sealed",
    WireLayer.REPEATED: "Again",
    WireLayer.OTHER: "Other",
    WireLayer.TCP: "TCP",
    WireLayer.IP: "IP",
    WireLayer.LINK: "Eth",
}
_EVIDENCE = {
    TwinEvidence.GESTURE: "sent in one gesture",
    TwinEvidence.SAME_TEXT: "the same words within seconds",
    TwinEvidence.ALONE: "sent on one connection only",
}


def bytes_words(count: float | None) -> str:
    """``1,204 B``; a dash where it is not known."""
    return "–" if count is None else f"{count:,.0f} B"


def difference(count: int) -> str:
    """``+22``, ``−5``, ``±0``."""
    if not count:
        return "±0"
    return f"{'+' if count > 0 else MINUS}{abs(count):,}"


def time_words(ms: float | None) -> str:
    """A duration with the unit that suits it."""
    if ms is None:
        return "–"
    if ms >= 1000:
        return f"{ms / 1000:.2f} s"
    digits = 2 if ms < 1 else 1 if ms < 100 else 0
    return f"{ms:.{digits}f} ms"


def duration_words(ns: int | None) -> str:
    return time_words(None if ns is None else ns / _MS)


def value_words(value: float | None, measure: Measure) -> str:
    match measure.unit:
        case "B":
            return bytes_words(value)
        case "ms":
            return time_words(value)
        case _:
            return "–" if value is None else f"{value:,.0f}"


def counted(count: int, one: str) -> str:
    """``1 frame``, ``2 frames``."""
    return f"{count:,} {one}" if count == 1 else f"{count:,} {one}s"


def moment(time_ns: int) -> str:
    return f"{datetime.fromtimestamp(time_ns / 1e9):%H:%M:%S}"


def evidence_words(evidence: TwinEvidence) -> str:
    return _EVIDENCE[evidence]


def layer_words(layer: WireLayer, application: Application) -> str:
    """What a part of a bar is called where room is short."""
    return _PROTOCOLS[application] if layer is WireLayer.FRAMING else _SHORT[layer]


def is_sealed(column: Column) -> bool:
    return column.security is not Security.PLAIN


def exposure_of(column: Column) -> Exposure:
    return Exposure.SEALED if is_sealed(column) else Exposure.READABLE


def column_words(comparison: Comparison, column: Column) -> str:
    """The column's title, and the file where there are several."""
    several = len({each.side.capture for each in comparison.columns}) > 1
    where = column.capture or "this session"
    return f"{column.title} – {where}" if several else column.title


def sum_words(comparison: Comparison, at: int) -> str:
    """What all messages of a column took together, and one of them in the middle."""
    column = comparison.columns[at]
    figures = comparison.figures[at] if at < len(comparison.figures) else ()
    known = {figure.measure: figure for figure in figures if figure.count}
    total = known.get(Measure.BYTES)
    if total is None:
        return ""
    parts = [f"{counted(total.count, 'message')}, {bytes_words(total.sum)}"]
    for measure, what in ((Measure.ACK_TIME, "ACK"), (Measure.ECHO_TIME, "echo")):
        if (figure := known.get(measure)) is not None:
            parts.append(f"median {what} {time_words(figure.median)}")
    if (handshake := column.handshake) is not None:
        each = bytes_words(handshake.bytes / total.count)
        frames = counted(handshake.frames, "frame")
        parts.append(f"handshake {bytes_words(handshake.bytes)} in {frames}: {each} a message")
    return f"{column_words(comparison, column)}: {', '.join(parts)}"


def cost_words(cost: MessageCost, column: Column) -> str:
    """A message's cost in one sentence, for screen readers and tooltips."""
    if cost.carried is None:
        return f"{column.title}: {cost.problem or 'no frame of it was captured'}"
    parts = [
        f"{layer_words(layer, column.application)} {count}"
        for layer, count in cost.carried.layers.parts()
    ]
    return (
        f"{column.title}: {cost.carried.length} bytes in {counted(len(cost.carried), 'frame')} "
        f"({', '.join(parts)}), acknowledged after {duration_words(cost.ack_ns)}, "
        f"echo after {duration_words(cost.echo_ns)}"
    )
