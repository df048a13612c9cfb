"""What clients say that they can do (XEP-0115), asked for once per kind of client."""

import hashlib
from base64 import b64encode

from chatlab.server.xmpp.element import Element
from chatlab.server.xmpp.forms import submitted
from chatlab.server.xmpp.namespaces import CAPS, DATA_FORMS

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
        """Take a client’s own answer (``disco#info``).

        Others are believed to be alike only if the answer fits its hash: otherwise one client
        could say what another’s kind can do (section 8.1).
        """
        found = frozenset(feature.get("var") for feature in info.all("feature"))
        if node.rpartition("#")[2] == verification(info):
            if len(self._known) >= _MAX_KNOWN:
                self._known.clear()
            self._known[node] = found
        return found


def verification(info: Element) -> str:
    """The hash that stands for an answer (section 5.1)."""
    lines = sorted(
        "/".join(one.get(key) for key in ("category", "type", "xml:lang", "name"))
        for one in info.all("identity")
    )
    lines += sorted(feature.get("var") for feature in info.all("feature"))
    forms = [submitted(x) for x in info.all("x", DATA_FORMS)]
    for values in sorted(forms, key=lambda form: form.get("FORM_TYPE", [""])):
        lines += values.pop("FORM_TYPE", [""])
        for name in sorted(values):
            lines += [name, *sorted(values[name])]
    text = "".join(f"{line}<" for line in lines)
    return b64encode(hashlib.sha1(text.encode(), usedforsecurity=False).digest()).decode()
