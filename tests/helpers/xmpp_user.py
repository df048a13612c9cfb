"""Another user of an XMPP server on a bare socket; what is read is what was on the wire."""

import base64
import re
import socket
import time
from types import TracebackType

_TIMEOUT_S = 30.0


class XmppUser:
    """Signs in over plain text by SASL PLAIN, in one thread, with no library."""

    def __init__(self, host: str, port: int, name: str, password: str, domain: str) -> None:
        self._socket = socket.create_connection((host, port), _TIMEOUT_S)
        self._text = ""
        self._open(domain)
        token = base64.b64encode(f"\0{name}\0{password}".encode()).decode()
        self.say(f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{token}</auth>")
        self.wait_for("<success")
        self._open(domain)
        self.say(
            "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>",
            "<presence/>",
        )
        self.jid = self.wait_for("<jid>([^<]+)</jid>")[1]
        self.wait_for("<presence")

    def _open(self, domain: str) -> None:
        self.say(
            f"<stream:stream to='{domain}' version='1.0' xmlns='jabber:client' "
            "xmlns:stream='http://etherx.jabber.org/streams'>"
        )
        self.wait_for("</stream:features>")

    def say(self, *stanzas: str) -> None:
        """Write stanzas with one call."""
        self._socket.sendall("".join(stanzas).encode())

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Read on to the next place that matches."""
        deadline = time.monotonic() + _TIMEOUT_S
        while (found := re.search(pattern, self._text)) is None:
            assert time.monotonic() < deadline, f"“{pattern}” did not come: {self._text[-500:]}"
            data = self._socket.recv(65_536)
            assert data, f"closed before “{pattern}”: {self._text[-500:]}"
            self._text += data.decode("utf-8", "replace")
        self._text = self._text[found.end() :]
        return found

    def until_heard_by(self, jid: str) -> None:
        """Wait until ``jid`` has read all that was said: what comes after it is answered."""
        token = f"ping{time.monotonic_ns()}"
        self.say(f"<iq type='get' to='{jid}' id='{token}'><ping xmlns='urn:xmpp:ping'/></iq>")
        self.wait_for(f"<iq [^>]*{token}")

    def __enter__(self) -> "XmppUser":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._socket.close()
