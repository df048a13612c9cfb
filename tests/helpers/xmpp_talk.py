"""An XMPP conversation for captures that a test builds, and all that looks at it."""

import base64
from dataclasses import replace

from chatlab.analysis.correlate import Correlator
from chatlab.analysis.explain import Explainer
from chatlab.analysis.frame_log import FrameLog
from chatlab.analysis.layers import LayerBuilder
from chatlab.analysis.rows import FrameRow, RowBuilder
from chatlab.analysis.streams import Streams
from chatlab.core.account import Application
from chatlab.core.flow import Endpoint, FlowKey
from chatlab.core.message import Delivery, Message
from tests.helpers.tcp_talk import LOCAL, RECEIVED, SENT, connection, message, wire

FLOW = FlowKey(LOCAL, Endpoint("10.0.0.2", 5222))
SASL = "urn:ietf:params:xml:ns:xmpp-sasl"
CLIENT_HEADER = (
    b"<?xml version='1.0'?><stream:stream to='lab.test' xmlns='jabber:client' "
    b"xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
)
SERVER_HEADER = CLIENT_HEADER.replace(b"to='lab.test'", b"from='lab.test' id='s1'")
FEATURES = (
    b"<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>"
    b"</stream:features>"
)
STARTTLS = b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
PROCEED = b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
HELLO = (
    "<message to='bob@lab.test' id='m1' type='chat'><body>hello caf\u00e9</body></message>".encode()
)
REPLY = b"<message from='bob@lab.test/x' to='alice@lab.test'><body>hi</body></message>"


def sasl(name: str, text: str, mechanism: str = "") -> bytes:
    attribute = f" mechanism='{mechanism}'" if mechanism else ""
    payload = base64.b64encode(text.encode()).decode()
    return f"<{name} xmlns='{SASL}'{attribute}>{payload}</{name}>".encode()


class Views:
    """A talk in a file, looked at as the window would."""

    def __init__(self, log: FrameLog, *, flow: FlowKey = FLOW, is_ours: bool = True) -> None:
        self.correlator = Correlator(Streams(log))
        if is_ours:
            self.correlator.opened(connection(flow, application=Application.XMPP))
        self.correlator.update()
        shared = log, self.correlator.streams, self.correlator
        self.rows, self.layers = RowBuilder(*shared), LayerBuilder(*shared)
        self.explainer = Explainer(*shared)

    def row(self, number: int) -> FrameRow:
        return self.rows.row(number)

    def told(self, number: int) -> str:
        return self.explainer.frame(number)


def xmpp(name: str, start: int, stop: int, text: str, *, is_sent: bool = True) -> Message:
    direction = SENT if is_sent else RECEIVED
    made = message(name, wire(direction, start, stop), text=text, direction=direction)
    return replace(
        made,
        application=Application.XMPP,
        sender="alice@lab.test" if is_sent else "bob@lab.test",
        target="bob@lab.test",
        delivery=Delivery.DELIVERED if is_sent else None,
    )
