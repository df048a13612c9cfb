"""What a frame is to the chosen message."""

from enum import Enum

from chatlab.core.attribution import Attribution


class Link(Enum):
    """What a frame is to the chosen message."""

    CARRIES = "carries"
    RESENDS = "resends"
    ACKNOWLEDGES = "ACK"
    ECHOES = "echo"


LINK_WORDS: dict[Link, str] = {
    Link.CARRIES: "Carries the chosen message",
    Link.RESENDS: "Carries bytes of the chosen message once more (retransmission)",
    Link.ACKNOWLEDGES: "Acknowledges the chosen message",
    Link.ECHOES: "The server’s echo of the chosen message",
}


def links_of(attribution: Attribution) -> dict[int, Link]:
    """Frame number to its part in a message; carrying comes before acknowledging."""
    links: dict[int, Link] = dict.fromkeys(attribution.echo_frames, Link.ECHOES)
    links.update(dict.fromkeys(attribution.acks, Link.ACKNOWLEDGES))
    both = set(attribution.acks) & set(attribution.echo_frames)
    links.update(dict.fromkeys(both, Link.ECHOES))
    links.update(dict.fromkeys(attribution.frames, Link.CARRIES))
    links.update(dict.fromkeys(attribution.retransmissions, Link.RESENDS))
    return links


def differing(before: dict[int, Link], now: dict[int, Link]) -> set[int]:
    """Frames that are something else to the chosen message than they were."""
    return {number for number, _link in before.items() ^ now.items()}
