"""What the length of TLS records tells about the words inside.

A record cipher adds the same number of bytes to every record, so an observer subtracts it and has
the length of the line or stanza. Only padding prevents that (RFC 8446, section 5.4), and chat
programs do not pad.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from chatlab.core.comparison import LengthLeak
from chatlab.protocol.tls import HEADER_SIZE
from chatlab.protocol.tls_handshake import spoken_version


class Sealing(NamedTuple):
    """One record of a message."""

    size: int
    """On the wire, header included."""
    content: int | None
    """Bytes inside; None while the keys are not known."""


def length_leak(
    sealings: Sequence[Sealing],
    version: str,
    cipher: str,
    each: int,
    text: int | None,
    *,
    others: int = 0,
) -> LengthLeak:
    """What an observer computes, beside the truth.

    ``each``: what the cipher suite adds to one record; ``text``: bytes of the words, where they are
    known; ``others``: further messages in the same records.
    """
    size = sum(sealing.size for sealing in sealings)
    inferred = size - each * len(sealings)
    contents = [sealing.content for sealing in sealings if sealing.content is not None]
    content = sum(contents) if len(contents) == len(sealings) else None
    padding = inferred - content if content is not None and version == "TLSv1.3" else None
    inside = content if content is not None else inferred
    framing = inside - text if text is not None and not others and text <= inside else None
    leak = LengthLeak(
        records=len(sealings),
        record_bytes=size,
        protection_bytes=each * len(sealings),
        inferred_bytes=inferred,
        padding_bytes=padding,
        content_bytes=content,
        framing_bytes=framing,
        text_bytes=text,
        words="",
    )
    return _worded(leak, version, cipher, others)


def _worded(leak: LengthLeak, version: str, cipher: str, others: int) -> LengthLeak:
    many = "The record has" if leak.records == 1 else f"The {leak.records} records have"
    words = [
        f"{many} {leak.record_bytes:,} bytes. {spoken_version(version)} with {cipher} adds "
        f"{leak.protection_bytes:,} ({_parts(version, cipher, leak)}), which everybody knows: "
        f"{leak.inferred_bytes:,} bytes are inside."
    ]
    if leak.padding_bytes:
        words.append(
            f"That is wrong, because the sender padded: {leak.padding_bytes:,} of them are zeros "
            "that TLS 1.3 takes off again (RFC 8446, section 5.4). Padding is what hides lengths."
        )
    elif leak.padding_bytes == 0:
        words.append("That is exact: nothing was padded.")
    if leak.framing_bytes is not None and leak.text_bytes is not None:
        words.append(
            f"{leak.framing_bytes:,} of them are the chat protocol, as good as the same for every "
            f"message of this chat; the rest is the length of the words: {leak.text_bytes:,} bytes."
        )
    if others:
        more = "another message" if others == 1 else f"{others} other messages"
        words.append(f"They also hold {more}: only the sum shows.")
    return replace(leak, words=" ".join(words))


def _parts(version: str, cipher: str, leak: LengthLeak) -> str:
    each = leak.protection_bytes // leak.records
    kind = 1 if version == "TLSv1.3" else 0
    tag = 8 if "CCM_8" in cipher or "CCM8" in cipher else 16
    nonce = each - HEADER_SIZE - kind - tag
    named = ((HEADER_SIZE, "header"), (nonce, "nonce"), (kind, "content type"), (tag, "tag"))
    parts = " + ".join(f"{size} {name}" for size, name in named if size)
    return parts if leak.records == 1 else f"{parts}, each time"
