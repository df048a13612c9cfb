"""What the window needs from the session behind it; ``app`` provides it."""

from collections.abc import Callable
from typing import Protocol

from chatlab.analysis.rows import FrameRow
from chatlab.core.account import AccountId
from chatlab.core.attribution import Attribution
from chatlab.core.capture import CaptureStatus
from chatlab.core.chats import ChatKey
from chatlab.core.flow import ByteRange
from chatlab.core.frame import Layer
from chatlab.core.message import MessageId


class WireFeed(Protocol):
    """The capture as the wire pane reads it. Frames are numbered from 1; all calls are quick
    but ``layers``, which asks another process."""

    @property
    def count(self) -> int:
        """Frames indexed so far."""
        ...

    @property
    def status(self) -> CaptureStatus: ...

    def row(self, number: int) -> FrameRow: ...

    def raw(self, number: int) -> bytes: ...

    async def layers(self, number: int) -> tuple[Layer, ...]:
        """The detail tree, application layers included. Raises ChatlabError."""
        ...

    def account_of(self, number: int) -> AccountId | None:
        """Whose connection the frame belongs to."""
        ...

    def chat_frames(self, chat: ChatKey) -> frozenset[int]:
        """Frames that carry, acknowledge or echo messages of a chat."""
        ...

    def attribution(self, message: MessageId) -> Attribution: ...

    def messages_of(self, number: int) -> tuple[MessageId, ...]: ...

    def message_spans(self, number: int) -> tuple[tuple[MessageId, ByteRange], ...]:
        """Which bytes of the frame carry which message."""
        ...

    def explain_message(self, message: MessageId) -> str:
        """One line of plain language."""
        ...

    def explain_frame(self, number: int) -> str: ...

    def tap_bytes(self, message: MessageId) -> bytes:
        """The bytes of a message as ChatLab's own tap saw them; empty when no longer kept.

        Shown where nothing may be captured, and named as what it is: not frames.
        """
        ...

    def on_frames(self, observer: Callable[[], None]) -> None:
        """``observer`` is called when frames were added or the status changed."""
        ...
