"""Who learns what from frames: the words, the bytes that prove them, and how sure that is."""

from dataclasses import dataclass
from enum import Enum

from chatlab.core.comparison import Side
from chatlab.core.flow import ByteRange


class Observer(Enum):
    """Somebody who sees the traffic, or its ends."""

    NETWORK = "network"
    """On the path: the café’s Wi-Fi, the internet provider. Has the frames as they were sent."""
    SERVER = "server"
    """Who runs the server. Has what is inside of TLS, because TLS ends there."""
    PERSON = "person"
    """The other person: what the server passes on to those who are in the chat."""

    @property
    def words(self) -> str:
        return _OBSERVERS[self]


_OBSERVERS = {
    Observer.NETWORK: "Café Wi-Fi, internet provider",
    Observer.SERVER: "Server operator",
    Observer.PERSON: "The other person",
}


class Certainty(Enum):
    """How we know that the observer knows; the surest first."""

    SEEN = "seen"
    """It stands in the frames, in clear."""
    DECRYPTED = "decrypted"
    """It stands in the frames; read with the keys of the connection, which the server has, too."""
    KNOWN = "known"
    """Our own end wrote or read it; the frames show the records that carry it."""
    INFERRED = "inferred"
    """Computed from lengths, times or what follows from the protocol’s rules."""

    @property
    def words(self) -> str:
        return _CERTAINTIES[self]


_CERTAINTIES = {
    Certainty.SEEN: "read in the frames",
    Certainty.DECRYPTED: "read in the frames with the connection’s keys",
    Certainty.KNOWN: "known from our own end",
    Certainty.INFERRED: "inferred",
}


class Topic(Enum):
    """What a claim is about; the value is what a list shows before it."""

    ADDRESS = "Addresses"
    PORT = "Port"
    SERVER_NAME = "Server name"
    PROTOCOL = "Protocol"
    CIPHERS = "Cipher suites"
    CERTIFICATE = "Certificate"
    SIZE = "Sizes"
    TIME = "Times"
    NICK = "Nick"
    USER = "User name"
    REAL_NAME = "Real name"
    LOGIN = "Login name"
    PASSWORD = "Password"
    KEY = "Channel key"
    HOST = "Host"
    JID = "JID"
    RESOURCE = "Program"
    """A JID’s resource, or what answers CTCP VERSION: which program, which device."""
    CHANNEL = "Channel"
    CONTACT = "Contact"
    PRESENCE = "Presence"
    TEXT = "Message"
    TYPING = "Typing"
    OTHER = "Other"


@dataclass(frozen=True, slots=True, order=True)
class FrameSpan:
    """Bytes of a frame, for the hex view; empty where the frame as a whole is the proof."""

    frame: int
    span: ByteRange


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One thing that an observer learns, or that stays hidden from them."""

    topic: Topic
    value: str
    """What is learnt, as short as can be: ``alice``, ``59 bytes``; empty for a hidden thing."""
    words: str
    """One sentence."""
    evidence: tuple[FrameSpan, ...]
    """The bytes that say so, in the order of the capture; the first ``MAX_EVIDENCE`` of them."""
    certainty: Certainty
    is_learnt: bool = True
    """False: the observer does not get to know it; ``evidence`` is what they have instead."""
    is_secret: bool = False
    """``value`` is a real password: for the reader’s eyes, never for a file or a log."""
    count: int = 1
    """How often it was said."""


MAX_EVIDENCE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameView:
    """One frame in the eyes of an observer."""

    observer: Observer
    frame: int
    legible: tuple[ByteRange, ...]
    """Bytes of the frame that mean something to them: disjoint, ascending. Under TLS, for the
    server: the records whose inside it reads."""
    claims: tuple[Claim, ...]
    words: str
    """What the frame is to them, in a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObserverView:
    """A whole connection in the eyes of an observer."""

    observer: Observer
    side: Side
    is_sealed: bool
    """TLS protects at least a part of the connection."""
    claims: tuple[Claim, ...]
    """Each thing once; what is learnt before what stays hidden, by topic."""
    words: str
    """The sum of it, in a sentence."""
    problem: str = ""
    """Why the view is not complete: nothing captured, no keys for what is inside."""

    @property
    def learnt(self) -> tuple[Claim, ...]:
        return tuple(claim for claim in self.claims if claim.is_learnt)

    @property
    def hidden(self) -> tuple[Claim, ...]:
        return tuple(claim for claim in self.claims if not claim.is_learnt)
