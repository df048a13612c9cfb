"""What clients say that they can do (XEP-0115), asked for once per kind of client."""

from chatlab.server.xmpp.element import Element
from chatlab.server.xmpp.namespaces import CAPS, DISCO_INFO

_MAX_KNOWN = 500


class Capabilities:
    """Features by ``node#ver``; a cache that the clients themselves fill."""

    def __init__(self) -> None:
        self._known: dict[str, frozenset[str]] = {}

    @staticmethod
    def node_of(presence: Element) -> str:
        """What a presence says about its client; empty when it says nothing."""
        caps = presence.child("c", CAPS)
        if caps is None or not caps.get("node") or not caps.get("ver"):
            return ""
        return f"{caps.get('node')}#{caps.get('ver')}"

    def features(self, node: str) -> frozenset[str] | None:
        """None when the client has to be asked."""
        return self._known.get(node)

    def learn(self, node: str, info: Element) -> frozenset[str]:
        """Take a client’s own answer (``disco#info``)."""
        found = frozenset(feature.get("var") for feature in info.all("feature", DISCO_INFO))
        if len(self._known) >= _MAX_KNOWN:
            self._known.clear()
        self._known[node] = found
        return found
