"""Telling the server that nobody looks (XEP-0352), so that it holds back what can wait.

It is told again on a new connection, where servers take us for active.
"""

from chatlab.chat.xmpp.context import Context, Feature

IDLING = "urn:xmpp:csi:0"


class Idling(Feature):
    """Says ``<inactive/>`` and ``<active/>``, which are no stanzas and are not counted."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._told = True

    def online(self, is_resumed: bool) -> None:
        self._told = True
        self.tell_server()

    def tell_server(self) -> None:
        """Say what changed; called whenever the window is looked at, or left."""
        context = self.context
        is_active = context.lasting.is_active
        if not context.state.can_idle or context.link is None or not context.link.is_writable:
            return
        if is_active is not self._told:
            self._told = is_active
            name = "active" if is_active else "inactive"
            context.link.write(f"<{name} xmlns='{IDLING}'/>".encode())
