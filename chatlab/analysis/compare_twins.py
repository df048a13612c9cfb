"""Which messages are the same words on several connections.

Messages that were sent in one gesture say so. For others, and for captures of their own, the words
decide: in one capture the same text on another connection within seconds, across two captures the
same text in the same order.
"""

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field

from chatlab.analysis.compare_steps import ENTRIES_AT_ONCE, finish
from chatlab.core.comparison import Side, TwinEvidence
from chatlab.core.connection import Connection
from chatlab.core.flow import Direction
from chatlab.core.message import Message

WINDOW_NS = 10_000_000_000
"""Twins without a bond are sent within this time."""


@dataclass(slots=True)
class Utterance:
    """What was typed once and sent on one connection; several messages where it was cut."""

    side: Side
    messages: list[Message]
    connection: Connection

    def may_be_twin(self, other: "Utterance") -> bool:
        """Whether the same words on another connection are no repetition behind a reconnect."""
        if self.side == other.side:
            return False
        one, two = self.connection, other.connection
        latest = max(one.opened_ns, two.opened_ns)
        return one.account != two.account or latest <= min(self.time_ns, other.time_ns)

    @property
    def text(self) -> str:
        return "".join(message.text for message in self.messages)

    @property
    def time_ns(self) -> int:
        return self.messages[0].time_ns


@dataclass(slots=True)
class TwinGroup:
    """The same words on different connections, at most once on each."""

    twin: str
    evidence: TwinEvidence
    members: dict[Side, Utterance] = field(default_factory=dict)

    @property
    def first(self) -> Utterance:
        return min(self.members.values(), key=lambda each: each.time_ns)


def groups_of(
    capture: int, messages: Iterable[Message], connections: Sequence[Connection]
) -> list[TwinGroup]:
    """The groups of one capture, oldest first; single messages are groups of one."""
    return finish(grouping(capture, tuple(messages), connections))


def grouping(
    capture: int, messages: Sequence[Message], connections: Sequence[Connection]
) -> Generator[None, None, list[TwinGroup]]:
    """The same, step by step."""
    known = {each.id: each for each in connections}
    bonded: dict[str, TwinGroup] = {}
    loose: list[Utterance] = []
    sent = (each for each in messages if each.direction is Direction.SENT and not each.is_history)
    for count, message in enumerate(sorted(sent, key=lambda each: each.time_ns), 1):
        if not count % ENTRIES_AT_ONCE:
            yield
        connection = message.wire.connection if message.wire is not None else None
        if connection is None or connection not in known:
            continue
        side = Side(capture, connection)
        if not message.twin:
            loose.append(Utterance(side, [message], known[connection]))
            continue
        group = bonded.setdefault(message.twin, TwinGroup(message.twin, TwinEvidence.GESTURE))
        said = group.members.setdefault(side, Utterance(side, [], known[connection]))
        said.messages.append(message)
    alone = yield from _by_text(loose)
    return sorted([*bonded.values(), *alone], key=lambda each: each.first.time_ns)


def _by_text(utterances: Sequence[Utterance]) -> Generator[None, None, list[TwinGroup]]:
    found: list[TwinGroup] = []
    waiting: dict[str, list[TwinGroup]] = {}
    for count, utterance in enumerate(utterances, 1):
        if not count % ENTRIES_AT_ONCE:
            yield
        text, now = utterance.text, utterance.time_ns
        same = [each for each in waiting.get(text, []) if now - each.first.time_ns <= WINDOW_NS]
        waiting[text] = same
        group = next(
            (
                group
                for group in same
                if all(utterance.may_be_twin(each) for each in group.members.values())
            ),
            None,
        )
        if group is None or not text:
            group = TwinGroup("", TwinEvidence.ALONE)
            found.append(group)
            same.append(group)
        elif group.evidence is TwinEvidence.ALONE:
            group.evidence = TwinEvidence.SAME_TEXT
        group.members[utterance.side] = utterance
    return found


def merged(captures: Sequence[Sequence[TwinGroup]]) -> list[TwinGroup]:
    """The groups of several captures as one list: the same words in the same order belong
    together."""
    return finish(merging(captures))


def merging(captures: Sequence[Sequence[TwinGroup]]) -> Generator[None, None, list[TwinGroup]]:
    """The same, step by step. What is given stays as it is."""
    if len(captures) < 2:
        return list(captures[0]) if captures else []
    found: list[TwinGroup] = []
    for count, group in enumerate(captures[0], 1):
        found.append(TwinGroup(group.twin, group.evidence, dict(group.members)))
        if not count % ENTRIES_AT_ONCE:
            yield
    for groups in captures[1:]:
        free: dict[str, list[TwinGroup]] = {}
        for group in found:
            free.setdefault(group.first.text, []).append(group)
        for count, group in enumerate(groups, 1):
            if not count % ENTRIES_AT_ONCE:
                yield
            candidates = free.get(group.first.text, [])
            if not candidates or not group.first.text:
                found.append(group)
                continue
            partner = candidates.pop(0)
            partner.members |= group.members
            if partner.evidence is TwinEvidence.ALONE or not partner.twin:
                partner.evidence = TwinEvidence.SAME_TEXT
    return found
