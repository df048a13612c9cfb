"""What a connection took before its first message, phase by phase."""

from collections.abc import Sequence

from chatlab.analysis.compare_specimen import Specimen
from chatlab.core.comparison import HandshakeCost, Phase, PhaseCost
from chatlab.core.connection import Connection
from chatlab.core.flow import Direction
from chatlab.core.ladder import Ladder, Reading, Step
from chatlab.protocol.packet import SYN


def handshake_cost(
    specimen: Specimen, connection: Connection, ladder: Ladder
) -> HandshakeCost | None:
    """Every frame of a connection up to where it is ready; None where its SYN was not captured.

    A frame counts for the phase whose first step it follows, so each is counted once, ACKs
    included. Look-ups of DNS have sockets of their own and are left out.
    """
    steps = [step for step in ladder.steps if step.phase is not Phase.DNS and step.frames]
    if not steps or steps[0].phase is not Phase.TCP:
        return None
    last = _last_frame(specimen, connection, steps)
    frames = specimen.frames(connection, last)
    starts = _starts(steps)
    log = specimen.log
    phases: list[PhaseCost] = []
    for index, (phase, start) in enumerate(starts):
        stop = starts[index + 1][1] if index + 1 < len(starts) else last + 1
        own = [number for number in frames if start <= number < stop]
        phases.append(
            PhaseCost(
                phase=phase,
                frames=len(own),
                bytes=sum(log.wire_length(number) for number in own),
                duration_ns=_duration(log.time_ns(own[0]), log.time_ns(own[-1])) if own else None,
            )
        )
    is_known = ladder.is_ready and all(step.reading is not Reading.SEALED for step in steps)
    begin = min(step.begin_ns for step in steps)
    return HandshakeCost(
        phases=tuple(phases),
        frames=len(frames),
        bytes=sum(log.wire_length(number) for number in frames),
        round_trips=_round_trips(specimen, connection, frames),
        ready_ns=max(step.end_ns for step in steps) - begin if is_known else None,
    )


def _duration(begin_ns: int, end_ns: int) -> int | None:
    """None where the clock was set back in between."""
    return end_ns - begin_ns if end_ns >= begin_ns else None


def _last_frame(specimen: Specimen, connection: Connection, steps: Sequence[Step]) -> int:
    """The last step's last frame, and the bare ACKs right behind it."""
    last = max(step.frames[-1] for step in steps)
    for number in specimen.frames(connection):
        if number <= last:
            continue
        place = specimen.streams.place(number)
        if place is None or len(place.payload):
            break
        last = number
    return last


def _starts(steps: Sequence[Step]) -> list[tuple[Phase, int]]:
    """The first frame of each phase, in order; one that begins in the frame of another has none."""
    found: dict[Phase, int] = {}
    for step in steps:
        found[step.phase] = min(found.get(step.phase, step.frames[0]), step.frames[0])
    ordered = sorted(found.items(), key=lambda each: (each[1], list(Phase).index(each[0])))
    return ordered


def _round_trips(specimen: Specimen, connection: Connection, frames: Sequence[int]) -> int:
    """How often something of ours was answered; bare ACKs are no answers."""
    count, is_waiting = 0, False
    for number in frames:
        place = specimen.streams.place(number)
        if place is None or not (len(place.payload) or place.flags & SYN):
            continue
        if specimen.direction(connection, number) is Direction.SENT:
            is_waiting = True
        elif is_waiting:
            count, is_waiting = count + 1, False
    return count
