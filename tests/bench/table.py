"""What a bench found: rows to compare, and whether the aims were met."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Verdict:
    """One aim and what was measured of it."""

    aim: str
    measured: str
    is_met: bool

    def __str__(self) -> str:
        return f"{'met' if self.is_met else 'MISSED'}: {self.aim} – {self.measured}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The outcome of one bench."""

    title: str
    how: str
    """In a sentence or two: what was done, so that the numbers can be understood."""
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    verdicts: tuple[Verdict, ...] = ()
    skipped: tuple[str, ...] = field(default=())
    """Peers that this machine lacks, each with its reason."""

    def text(self) -> str:
        """For a terminal."""
        widths = [max(map(len, column)) for column in zip(self.header, *self.rows, strict=True)]
        lines = [
            "  ".join(
                cell.ljust(width) if at == 0 else cell.rjust(width)
                for at, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in (self.header, *self.rows)
        ]
        rule = "-" * max(map(len, lines))
        ending = [*map(str, self.verdicts), *(f"skipped: {words}" for words in self.skipped)]
        return "\n".join([self.title, lines[0], rule, *lines[1:], *ending])

    def markdown(self) -> str:
        """For the README."""
        rows = [self.header, ("---", *("---:" for _ in self.header[1:])), *self.rows]
        lines = [f"| {' | '.join(row)} |" for row in rows]
        ending = [f"- {verdict}" for verdict in self.verdicts]
        ending += [f"- skipped: {words}" for words in self.skipped]
        return "\n".join([f"### {self.title}", "", self.how, "", *lines, "", *ending])


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def span(values: Sequence[float], digits: int = 2, unit: str = "") -> str:
    """Median, and the smallest and largest of the repetitions in brackets."""
    low, high = min(values), max(values)
    return f"{median(values):,.{digits}f}{unit} ({low:,.{digits}f}–{high:,.{digits}f})"


def ratio(values: Sequence[float], base: Sequence[float]) -> str:
    """How many times the median of ``base`` the median of ``values`` is."""
    return f"{median(values) / median(base):.2f} ×"


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that ``percent`` of all do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]
