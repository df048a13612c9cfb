"""What is asked about the network besides talking: its channels, their lists, and being away."""

from chatlab.chat.irc.context import Context
from chatlab.chat.irc.link import Dispatcher, LineEvent
from chatlab.chat.irc.lists import ChannelList
from chatlab.chat.irc.mask_lists import MaskLists
from chatlab.chat.irc.numerics import explain
from chatlab.core.events import AwayChanged


class Inquiries:
    """The questions of one connection."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.channels = ChannelList(context)
        self.masks = MaskLists(context)

    def handle(self, dispatcher: Dispatcher) -> None:
        self.channels.handle(dispatcher)
        self.masks.handle(dispatcher)
        dispatcher.on("305", lambda event: self._on_away(event, is_away=False))
        dispatcher.on("306", lambda event: self._on_away(event, is_away=True))

    def _on_away(self, event: LineEvent, *, is_away: bool) -> None:
        """RPL_UNAWAY and RPL_NOWAWAY: the server has taken our AWAY."""
        code = event.line.command
        self._context.emit(AwayChanged(self._context.account.id, is_away, event.time_ns))
        self._context.inform(explain(code, event.line.parameters).text, event, code=code)
