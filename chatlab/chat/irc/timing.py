"""Where the engine's clocks and timers were before XMPP shared them."""

from chatlab.chat.timing import Timers, Timing, first_of

__all__ = ["Timers", "Timing", "first_of"]
