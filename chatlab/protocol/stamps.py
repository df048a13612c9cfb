"""Dates as protocols write them: ISO 8601 in IRCv3's server-time and in XEP-0082."""

from datetime import UTC, datetime

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BELIEVABLE = range(1980, 2200)
"""Years; beyond them systems differ in what their clocks can show, and nobody chatted then."""


def stamp_ns(stamp: str) -> int:
    """Nanoseconds since the epoch of a date (ISO 8601); 0 when unreadable or out of all reason."""
    try:
        moment = datetime.fromisoformat(stamp)
        since = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH
    except (ValueError, OverflowError):
        return 0
    if moment.year not in _BELIEVABLE:
        return 0
    return ((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds) * 1_000


def stamp_of(time_ns: int) -> str:
    """A moment as XEP-0082 writes it, in UTC, to the millisecond before it."""
    moment = datetime.fromtimestamp(time_ns // 1_000_000_000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{time_ns // 1_000_000 % 1_000:03}Z"
