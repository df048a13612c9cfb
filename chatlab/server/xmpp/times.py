"""Dates and times as XMPP writes them (XEP-0082)."""

from datetime import datetime

from chatlab.server.xmpp.errors import StanzaError


def parse_time(text: str) -> float:
    """Seconds since the epoch. Raises StanzaError."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError("without a zone")
        return moment.timestamp()
    except (ValueError, OverflowError):
        raise StanzaError("bad-request", f"“{text[:40]}” is no date and time.") from None
