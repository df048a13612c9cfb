"""What every frame tells whoever forwards it, sealed or not: addresses, ports, lengths, times."""

import ipaddress
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from chatlab.analysis.compare_specimen import Specimen
from chatlab.analysis.compare_talk import Said, Talk
from chatlab.analysis.observer_claims import in_frames
from chatlab.analysis.observer_words import shown
from chatlab.core.connection import Connection
from chatlab.core.flow import ByteRange, Direction, Transport
from chatlab.core.ladder import Reading
from chatlab.core.observing import MAX_EVIDENCE, Certainty, Claim, FrameSpan, Topic
from chatlab.protocol.dns import summarise
from chatlab.protocol.packet import PacketHeaders, parse
from chatlab.protocol.tls_handshake import protection, spoken_version

_NAME_AT = 12
"""Where the question's name begins in a DNS message."""
_MAX_LENGTHS = 8
_NOTHING = ByteRange(0, 0)


def address_spans(headers: PacketHeaders) -> tuple[ByteRange, ByteRange]:
    """The source and the destination address in a frame."""
    start, size = (12, 4) if headers.version == 4 else (8, 16)
    source = ByteRange(headers.network + start, headers.network + start + size)
    return source, source.shifted(size)


def headers_of(specimen: Specimen, number: int) -> PacketHeaders | None:
    log = specimen.log
    return parse(log.raw(number), log.link_type(number), log.wire_length(number))


def ends(specimen: Specimen, connection: Connection, frames: Sequence[int]) -> Iterator[Claim]:
    """Who talks with whom: the first of the frames proves it."""
    headers = headers_of(specimen, frames[0]) if frames else None
    if headers is None:
        return
    first = frames[0]
    is_sent = specimen.direction(connection, first) is Direction.SENT
    spans = address_spans(headers)
    ours, theirs = spans if is_sent else spans[::-1]
    flow = connection.flow
    yield Claim(
        topic=Topic.ADDRESS,
        value=flow.local.address,
        words=f"The address that our side has here.{_behind(flow.local.address)}",
        evidence=(FrameSpan(first, ours),),
        certainty=Certainty.SEEN,
    )
    yield Claim(
        topic=Topic.ADDRESS,
        value=flow.remote.address,
        words="The address of the server. Every router on the way needs it.",
        evidence=(FrameSpan(first, theirs),),
        certainty=Certainty.SEEN,
    )
    if headers.transport >= 0:
        at = headers.transport + (2 if is_sent else 0)
        yield Claim(
            topic=Topic.PORT,
            value=str(flow.remote.port),
            words=f"The server’s port. {_custom(flow.remote.port)}",
            evidence=(FrameSpan(first, ByteRange(at, at + 2)),),
            certainty=Certainty.SEEN,
        )


def _behind(address: str) -> str:
    """What a private address means for those further away."""
    found = ipaddress.ip_address(address)
    if found.is_loopback:
        return " It is this machine itself."
    if found.is_private:
        return (
            " It is private: behind the router (NAT) others see the router’s address instead, and "
            "only who runs that network knows whose it was."
        )
    return ""


def _custom(port: int) -> str:
    """What a port tells by custom, and by custom only."""
    known = {
        6667: "IRC in clear",
        6697: "IRC with TLS",
        5222: "XMPP, in clear or with STARTTLS",
        5223: "XMPP with TLS",
        443: "the web",
    }.get(port)
    if known is None:
        return "It is none that says by custom what is spoken."
    return f"By custom it says what is spoken: {known}."


def times(specimen: Specimen, spoken: Sequence[tuple[int, int]]) -> Iterator[Claim]:
    """When something was said: by the frames with payload."""
    if not spoken:
        return
    first, last = (_clock(specimen.log.time_ns(spoken[at][0])) for at in (0, -1))
    yield Claim(
        topic=Topic.TIME,
        value=f"{first} to {last} UTC" if len(spoken) > 1 else f"{first} UTC",
        words="When something was said, to the microsecond: who is awake, who answers whom.",
        evidence=tuple(FrameSpan(number, _NOTHING) for number, _ in spoken[:MAX_EVIDENCE]),
        certainty=Certainty.SEEN,
        count=len(spoken),
    )


def sizes(spoken: Sequence[tuple[int, int]]) -> Iterator[Claim]:
    """How much was said: by the frames with payload and its length."""
    if not spoken:
        return
    total = sum(size for _, size in spoken)
    segments = f"{len(spoken):,} segment{'' if len(spoken) == 1 else 's'}"
    yield Claim(
        topic=Topic.SIZE,
        value=f"{total:,} bytes in {segments}",
        words="How much was said, segment by segment.",
        evidence=tuple(FrameSpan(number, _NOTHING) for number, _ in spoken[:MAX_EVIDENCE]),
        certainty=Certainty.SEEN,
        count=len(spoken),
    )


def record_lengths(
    specimen: Specimen, talk: Talk, version: str, cipher: str, units: Sequence[Said]
) -> Iterator[Claim]:
    """The lengths of what is sealed of ``units``, as they follow from the records'."""
    each = protection(version, cipher)
    for direction in Direction:
        sealed = [
            said for said in units if said.direction is direction and said.reading is Reading.SEALED
        ]
        if not sealed:
            continue
        spans = [ByteRange(said.span.start, said.span.start + 5) for said in sealed]
        evidence = in_frames(specimen, talk, direction, spans[:MAX_EVIDENCE])
        lengths = [len(said.span) for said in sealed]
        who = "We send" if direction is Direction.SENT else "The server sends"
        words = f"{who} sealed records; the five bytes before each say how long it is."
        certainty = Certainty.SEEN
        if each is not None and min(lengths) >= each:
            lengths = [length - each for length in lengths]
            certainty = Certainty.INFERRED
            words = (
                f"{words} {spoken_version(version)} with {cipher} adds {each} bytes to each, so "
                "this is how long the lines or stanzas inside are, unless somebody pads them."
            )
        yield Claim(
            topic=Topic.SIZE,
            value=_listed(lengths, "sent" if direction is Direction.SENT else "received"),
            words=words,
            evidence=tuple(evidence[:MAX_EVIDENCE]),
            certainty=certainty,
            count=len(sealed),
        )


def _listed(sizes: Sequence[int], what: str) -> str:
    listed = ", ".join(f"{size:,}" for size in sizes[-_MAX_LENGTHS:])
    before = "… " if len(sizes) > _MAX_LENGTHS else ""
    return f"{what}: {before}{listed} bytes"


def lookups(specimen: Specimen, connection: Connection) -> Iterator[Claim]:
    """The names that were asked for before the connection."""
    for _, frames in specimen.lookups(connection):
        for number in frames:
            yield from lookup(specimen, number)


def lookup(specimen: Specimen, number: int) -> Iterator[Claim]:
    """The name that a frame of DNS asks for."""
    place = specimen.streams.place(number)
    if place is None:
        return
    skipped = 2 if place.transport is Transport.TCP else 0
    raw = specimen.log.raw(number)[place.payload.start + skipped : place.payload.stop]
    found = summarise(raw)
    if found is None:
        return
    start = place.payload.start + skipped + _NAME_AT
    yield Claim(
        topic=Topic.SERVER_NAME,
        value=shown(found.name),
        words="The name was looked up by DNS, which is not encrypted here.",
        evidence=(FrameSpan(number, ByteRange(start, start + len(found.name) + 2)),),
        certainty=Certainty.SEEN,
    )


def _clock(time_ns: int) -> str:
    return f"{datetime.fromtimestamp(time_ns // 10**9, UTC):%H:%M:%S}"
