"""A comparison as plain records: one dictionary a line, for scripts and for tables.

The keys are a promise to those who read them with programs: names stay, new ones may come.
"""

from collections.abc import Iterator

from chatlab.analysis.session_file import iso_time
from chatlab.core.comparison import Column, Comparison, HandshakeCost, LengthLeak, MessageCost, Row
from chatlab.core.ladder import Ladder
from chatlab.core.observing import ObserverView
from chatlab.protocol.irc_masking import MASK

Record = dict[str, object]


def comparison_records(comparison: Comparison) -> Iterator[Record]:
    """Connections, then every message on each of them, then sums and medians."""
    for column in comparison.columns:
        yield connection_record(column)
    for number, row in enumerate(comparison.rows, 1):
        for column, cell in zip(comparison.columns, row.cells, strict=True):
            if cell is not None:
                yield message_record(number, row, column, cell)
    for column, figures in zip(comparison.columns, comparison.figures, strict=True):
        yield {
            "kind": "summary",
            **_name(column),
            "sums": {each.measure.value: each.sum for each in figures if each.count},
            "medians": {each.measure.value: each.median for each in figures if each.count},
        }


def connection_record(column: Column) -> Record:
    return {
        "kind": "connection",
        **_name(column),
        "account": column.account,
        "protocol": column.application.value,
        "security": column.security.value,
        "tls": column.version or None,
        "cipher": column.cipher or None,
        "host": column.host,
        "local": str(column.flow.local),
        "remote": str(column.flow.remote),
        "handshake": _handshake(column.handshake),
    }


def message_record(number: int, row: Row, column: Column, cell: MessageCost) -> Record:
    """One message on one connection; a number is None where no frame tells it."""
    return {
        "kind": "message",
        "row": number,
        "evidence": row.evidence.value,
        **_name(column),
        "messages": list(cell.messages),
        "time": iso_time(cell.time_ns),
        "sender": cell.sender,
        "target": cell.target,
        "text": cell.text,
        **{measure.value: value for measure, value in cell.values().items()},
        "tls_records": cell.records,
        "nth": cell.nth,
        "frame_numbers": list(cell.carried.numbers) if cell.carried is not None else [],
        "retransmission_frame_numbers": list(cell.repeated.numbers),
        "ack_frame_numbers": list(cell.acks.numbers),
        "echo_frame_numbers": list(cell.echo.numbers) if cell.echo is not None else [],
        "leak": _leak(cell.leak),
        "problem": cell.problem or None,
        "notes": list(cell.notes),
    }


def step_records(column: Column, ladder: Ladder) -> Iterator[Record]:
    """The steps of a handshake; passwords in them are blanked."""
    for number, step in enumerate(ladder.steps, 1):
        start = ladder.start_ns or 0
        yield {
            "kind": "step",
            **_name(column),
            "number": number,
            "name": step.name,
            "phase": step.phase.value,
            "direction": step.direction.value,
            "reading": step.reading.value,
            "exposure": step.exposure.value,
            "frame_numbers": list(step.frames),
            "begin_ms": (step.begin_ns - start) / 1e6,
            "end_ms": (step.end_ns - start) / 1e6,
            "size": step.size,
            "wire_bytes": step.wire_bytes,
            "details": {
                detail.label: MASK if detail.is_secret else detail.value for detail in step.details
            },
            "is_before_starttls": ladder.clear_until is not None and number <= ladder.clear_until,
        }


def claim_records(column: Column, view: ObserverView) -> Iterator[Record]:
    """What an observer learns; passwords are blanked."""
    for claim in view.claims:
        yield {
            "kind": "claim",
            **_name(column),
            "observer": view.observer.value,
            "topic": claim.topic.value,
            "value": MASK if claim.is_secret else claim.value,
            "is_learnt": claim.is_learnt,
            "certainty": claim.certainty.value,
            "count": claim.count,
            "words": claim.words,
            "evidence": [[each.frame, each.span.start, each.span.stop] for each in claim.evidence],
        }


def _name(column: Column) -> Record:
    return {
        "connection": column.title,
        "connection_id": column.side.connection,
        "file": column.capture or None,
    }


def _handshake(cost: HandshakeCost | None) -> Record | None:
    if cost is None:
        return None
    return {
        "frames": cost.frames,
        "bytes": cost.bytes,
        "round_trips": cost.round_trips,
        "ready_ms": None if cost.ready_ns is None else cost.ready_ns / 1e6,
        "phases": [
            {
                "phase": phase.phase.value,
                "frames": phase.frames,
                "bytes": phase.bytes,
                "ms": None if phase.duration_ns is None else phase.duration_ns / 1e6,
            }
            for phase in cost.phases
        ],
    }


def _leak(leak: LengthLeak | None) -> Record | None:
    if leak is None:
        return None
    return {
        "record_bytes": leak.record_bytes,
        "protection_bytes": leak.protection_bytes,
        "inferred_bytes": leak.inferred_bytes,
        "padding_bytes": leak.padding_bytes,
        "content_bytes": leak.content_bytes,
        "framing_bytes": leak.framing_bytes,
        "text_bytes": leak.text_bytes,
        "words": leak.words,
    }
