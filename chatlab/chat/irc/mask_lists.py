"""A channel's lists of masks: bans, exceptions from them, standing invitations, quiets."""

from chatlab.chat.irc.context import Context
from chatlab.chat.irc.link import Dispatcher, LineEvent
from chatlab.core.errors import UsageError
from chatlab.core.listings import ListedMask, MasksListed

_MAX_MASKS = 10_000
"""Of one list; servers allow a few hundred."""
_ENTRIES = {"367": "b", "348": "e", "346": "I", "728": "q"}
_ENDS = {"368": "b", "349": "e", "347": "I", "729": "q"}
_WORDS = {
    "b": "Banned",
    "e": "Excepted from bans",
    "I": "Invited for good",
    "q": "Quieted",
}
_END_WORDS = {
    "b": "End of the ban list.",
    "e": "End of the list of ban exceptions.",
    "I": "End of the list of invitations.",
    "q": "End of the quiet list.",
}
_NS = 1_000_000_000


class MaskLists:
    """Lists that a window asked for come as one event; those that were typed for, as words."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._state = context.state
        self._wanted: dict[tuple[str, str], list[ListedMask]] = {}
        """By folded channel and letter of the mode."""

    def handle(self, dispatcher: Dispatcher) -> None:
        dispatcher.on(" ".join(_ENTRIES), self._on_entry)
        dispatcher.on(" ".join(_ENDS), self._on_end)

    def ask(self, channel: str, letter: str) -> None:
        """Have the list handed on as one ``MasksListed``. Raises UsageError."""
        if letter not in self._state.isupport.channel_modes[0]:
            raise UsageError(f"This server keeps no list by the mode {letter}.")
        self._context.outbox.put_command("MODE", channel, f"+{letter}")
        self._wanted[(self._state.fold(channel), letter)] = []

    def _on_entry(self, event: LineEvent) -> None:
        """``367 <me> <channel> <mask> [<by> <time>]``; 728 has the letter after the channel."""
        letter = _ENTRIES[event.line.command]
        first = 3 if event.line.command == "728" else 2
        name, mask = event.parameter(1), event.parameter(first)
        by, when = event.parameter(first + 1), event.parameter(first + 2)
        masks = self._wanted.get((self._state.fold(name), letter))
        if masks is None:
            self._say(event, f"{_WORDS[letter]}: {mask}")
        elif len(masks) < _MAX_MASKS:
            is_time = when.isascii() and when.isdigit() and len(when) < 11
            masks.append(ListedMask(mask, by.partition("!")[0], int(when) * _NS if is_time else 0))

    def _on_end(self, event: LineEvent) -> None:
        letter = _ENDS[event.line.command]
        name = event.parameter(1)
        masks = self._wanted.pop((self._state.fold(name), letter), None)
        if masks is None:
            self._say(event, _END_WORDS[letter])
            return
        self._context.emit(
            MasksListed(
                self._context.account.id,
                self._context.chat_name(name),
                letter,
                tuple(masks),
                event.time_ns,
            )
        )

    def _say(self, event: LineEvent, words: str) -> None:
        channel = self._state.channel(event.parameter(1))
        self._context.inform(
            words, event, chat=channel.name if channel else "", code=event.line.command
        )
