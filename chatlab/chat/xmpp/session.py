"""One session: its stanzas, its features, and the connections that carry it one after the other.

A session begins with a bound resource and ends for good, or is paused when its connection is lost
and resumed on the next one (XEP-0198): then everything in it, open questions included, goes on.
"""

import asyncio
import logging
from collections.abc import Sequence
from xml.etree import ElementTree as ET

from chatlab.chat.timing import Timers
from chatlab.chat.verdict import Verdict
from chatlab.chat.xmpp.composing import to_message
from chatlab.chat.xmpp.context import Context
from chatlab.chat.xmpp.features import FEATURES
from chatlab.chat.xmpp.link import Link
from chatlab.chat.xmpp.management import ASK_AFTER, REQUEST, Management, tag
from chatlab.chat.xmpp.outbox import Utterance
from chatlab.chat.xmpp.resumption import ResumptionWatch
from chatlab.chat.xmpp.shared import Shared
from chatlab.chat.xmpp.stanza_errors import FINAL_STREAM_ERRORS, stream_error
from chatlab.chat.xmpp.state import SessionState
from chatlab.chat.xmpp.stream import Arrival, Stream, is_stanza, parse_element
from chatlab.core.account import Account
from chatlab.core.commands import Command
from chatlab.core.errors import ConnectError, LocalProtocolError, RemoteProtocolError, Severity
from chatlab.core.flow import WireRange
from chatlab.protocol.xmpp import StreamUnit, UnitKind
from chatlab.protocol.xmpp_element import CLIENT_NAMESPACE, STREAMS_NAMESPACE

log = logging.getLogger(__name__)

_ACK_POLL_S = (0.01, 0.02, 0.05, 0.1, 0.2)
"""Waits between looks at what the peer's TCP has acknowledged; the last one repeats."""
_MAX_COMPLAINTS = 20


class Session:
    """Features and their context; made before the first connection, so that offline work can ask."""

    def __init__(self, account: Account, shared: Shared) -> None:
        self._shared = shared
        self.management = Management(self._on_taken)
        self.context = Context(
            account=account,
            emit=shared.emit,
            timing=shared.timing,
            timers=Timers(shared.timing),
            state=SessionState(account.jid, account.nick),
            stream=Stream(account.jid, self._transmit),
            outbox=shared.outbox,
            deliveries=shared.deliveries,
            lasting=shared.lasting,
        )
        for kind in FEATURES:
            self.context.features[kind] = kind(self.context)
        for feature in self.context.features.values():
            feature.handle(self.context.stream)
        self._watch = ResumptionWatch(self.context, self.management, self.leave)
        self._is_request_due = False
        self._ack_poll: asyncio.Task[None] | None = None
        self._malformed = 0
        self._is_ended = False
        self._is_unread = False
        """The server’s parser failed before it read anything of the connection that resumed."""

    # -- the life of it

    def begin(self, link: Link, jid: str) -> None:
        """The first connection has bound a resource."""
        self.context.state.jid = jid
        self.context.link = link
        self.context.state.is_online = True
        self.context.stream.begin(jid)
        self._come_online(is_resumed=False)

    def resume(self, link: Link, answer: ET.Element) -> None:
        """Go on, on another connection. Raises RemoteProtocolError."""
        self.context.link = link
        self.context.state.is_online = True
        self._is_unread = False
        open_before = len(self.management.pending)
        again = self.management.resumed(answer)
        for number, pending in enumerate(again, 1):
            wire = link.write(pending.data)
            if pending.is_message:
                self.context.deliveries.rewritten(pending.stanza_id, wire)
            if number % ASK_AFTER == 0:
                link.write(REQUEST)
        if again:
            has_moved = len(again) < open_before
            self._watch.begin(link, link.write(REQUEST), has_moved=has_moved)
        self._poll_acks_later()
        self._come_online(is_resumed=True)

    def pause(self, link: Link) -> None:
        """A connection is gone; nothing happens when it was not the one of this session."""
        if self.context.link is not link:
            return
        self._look_for_acks()
        self.context.link = None
        self.context.state.is_online = False
        self.context.outbox.close()
        self.management.lost(self.context.timing.monotonic())

    @property
    def can_resume(self) -> bool:
        is_wanted = not self._is_ended and not self._watch.is_hopeless
        return is_wanted and self.management.can_resume(self.context.timing.monotonic())

    def end(self, reason: str) -> None:
        """It is over for good: what the server did not take is in doubt."""
        if self._is_ended:
            return
        self._is_ended = True
        self.context.timers.cancel_all()
        for feature in self.context.features.values():
            feature.ended(reason)
        self.context.stream.end(reason)
        self.context.outbox.forget_rooms()
        is_unread = self._is_unread or self._watch.is_hopeless
        pending = [each.stanza_id for each in self.management.pending]
        self._tell_lost_acts(pending)
        unread = self.context.deliveries.unread(pending if is_unread else ())
        self.context.deliveries.lost(
            f"The connection was lost before the server had it. {reason}".strip(),
            confirms=self.management.is_enabled,
        )
        for utterance in unread:
            self.context.deliveries.requeued(utterance)
        self.context.outbox.put_back(unread)

    def _tell_lost_acts(self, pending: Sequence[str]) -> None:
        for stanza_id in pending:
            if act := self.context.lasting.acts.pop(stanza_id, None):
                self.context.inform(
                    f"{act.words} may not have arrived: the connection was lost before the server "
                    "had it.",
                    chat=act.chat,
                    severity=Severity.WARNING,
                    hint="Do it once more.",
                )

    def leave(self, reason: str = "") -> None:
        """Say what we have and that we go; the server then ends the stream, and the connection.

        Without ``reason``, the end of the stream says it all (RFC 6121, section 4.5.2). What a
        server believes undelivered it keeps and sends once more (XEP-0198, section 4).
        """
        link = self.context.link
        if link is None or not link.is_writable:
            return
        if reason:
            self._say_goodbye(reason)
        if self.management.has_pending:
            link.write(REQUEST)
        if self.management.is_enabled:
            link.write(self.management.acknowledgement())
        link.end()

    # -- stanzas

    def take(self, unit: StreamUnit, wire: WireRange) -> None:
        """One unit of the stream, in its turn."""
        if unit.kind is UnitKind.CLOSED:
            self.context.verdict = self.context.verdict or Verdict("The server ended the stream.")
            self.context.timers.spawn(self._close)
        if unit.kind is not UnitKind.ELEMENT:
            return
        try:
            element = parse_element(unit.data)
        except ET.ParseError as error:
            self._complain(f"A stanza of the server is broken XML and was left out: {error}.")
            return
        if is_stanza(element):
            try:
                if self._is_question_of_nobody(element):
                    return
                self.context.stream.take(element, Arrival(wire, self.context.timing.clock_ns()))
            finally:
                self.management.received()
        elif element.tag == f"{{{STREAMS_NAMESPACE}}}error":
            condition, words = stream_error(element)
            # Prosody 0.12 goes on with the parser of a connection that was cut, half a stanza in it.
            if condition == "not-well-formed" and self.management.has_stood_still:
                self._is_unread = True
            hint = _STREAM_HINTS.get(condition, "")
            self.context.verdict = self.context.verdict or Verdict(
                f"{words} {hint}".strip(), condition not in FINAL_STREAM_ERRORS
            )
        else:
            self._manage(element)

    def _is_question_of_nobody(self, element: ET.Element) -> bool:
        """Who is ignored gets no answer, not even an automatic one."""
        if element.get("type") not in ("get", "set") or not element.tag.endswith("}iq"):
            return False
        sender, state = element.get("from", ""), self.context.state
        is_ours = not sender or state.is_me(sender) or sender.lower() == state.domain.lower()
        return not is_ours and not self.context.lasting.may_answer(sender)

    def step_over(self, words: str) -> None:
        """A stanza was left out; it counts as received, or it would come again."""
        self.management.received()
        self._complain(words)

    def execute(self, command: Command, chat: str) -> bool:
        """Have a feature carry a command out; False when none knows it."""
        features = self.context.features.values()
        return any(feature.execute(command, chat) for feature in features)

    def send_raw(self, data: bytes) -> None:
        """Send a stanza as it was typed. Raises ConnectError, LocalProtocolError."""
        try:
            element = parse_element(data)
        except ET.ParseError as error:
            raise LocalProtocolError(f"This is no stanza: {error}.", "It was not sent.") from error
        self._transmit(data, element)

    def compose(self, utterance: Utterance) -> ET.Element:
        """The stanza of a message."""
        message = to_message(utterance)
        for feature in self.context.features.values():
            feature.decorate(utterance, message)
        return message

    # -- inner

    def _say_goodbye(self, reason: str) -> None:
        presence = ET.Element(f"{{{CLIENT_NAMESPACE}}}presence", type="unavailable")
        ET.SubElement(presence, f"{{{CLIENT_NAMESPACE}}}status").text = reason
        try:
            self.context.stream.send_element(presence)
        except LocalProtocolError:
            log.debug("The leave message cannot be written in XML, and goes unsaid")

    async def _close(self) -> None:
        """The server ended the stream: so do we."""
        self.leave()
        if self.context.link is not None:
            await self.context.link.close()

    def _come_online(self, *, is_resumed: bool) -> None:
        for feature in self.context.features.values():
            feature.online(is_resumed)
        self.context.outbox.open(self._write)
        self.context.outbox.flush()

    def _transmit(self, data: bytes, element: ET.Element) -> WireRange:
        link = self.context.link
        if link is None:
            raise ConnectError("This account is not connected.", "Type /connect.")
        wire = link.write(data)
        try:
            self.management.sent(data, element)
        except RemoteProtocolError as error:
            self.context.give_up(error.message, error.hint, may_retry=True)
        if self.management.is_due or element.get("id", "") in self.context.lasting.acts:
            self._request_later()
        return wire

    def _write(self, utterance: Utterance) -> None:
        wire = self.context.stream.send_element(self.compose(utterance))
        self.context.deliveries.written(utterance, wire)
        for feature in self.context.features.values():
            feature.written(utterance)
        self._request_later()
        self._poll_acks_later()

    def _manage(self, element: ET.Element) -> None:
        link = self.context.link
        if element.tag == tag("r") and link is not None:
            link.write(self.management.acknowledgement())
        elif element.tag == tag("a"):
            try:
                self.management.acknowledge(element)
            except RemoteProtocolError as error:
                self.context.give_up(error.message, error.hint, may_retry=True)

    def _on_taken(self, stanza_id: str) -> None:
        sent = self.context.deliveries.find(stanza_id)
        if sent is not None and not sent.is_taken and not sent.utterance.is_room:
            self.context.deliveries.echoed(sent)

    def _request_later(self) -> None:
        """Ask once for everything that is written in this turn of the loop."""
        if self.management.is_enabled and not self._is_request_due:
            self._is_request_due = True
            asyncio.get_running_loop().call_soon(self._request)

    def _request(self) -> None:
        self._is_request_due = False
        link = self.context.link
        if link is not None and link.is_writable and self.management.has_pending:
            link.write(REQUEST)

    def _poll_acks_later(self) -> None:
        if self._ack_poll is None or self._ack_poll.done():
            self._ack_poll = self.context.timers.spawn(self._poll_acks)

    async def _poll_acks(self) -> None:
        looks = 0
        while self.context.deliveries.has_unacknowledged and self.context.link is not None:
            await self.context.timing.sleep(_ACK_POLL_S[min(looks, len(_ACK_POLL_S) - 1)])
            looks += 1
            if not self._look_for_acks():
                return

    def _look_for_acks(self) -> bool:
        """Ask the operating system; False when it cannot tell."""
        link = self.context.link
        offset = link.acknowledged() if link is not None else None
        if offset is not None:
            self.context.deliveries.acknowledged(offset)
        return offset is not None

    def _complain(self, words: str) -> None:
        self._malformed += 1
        if self._malformed <= _MAX_COMPLAINTS:
            self.context.inform(words, severity=Severity.WARNING)


_STREAM_HINTS = {
    "conflict": "Give this account a resource of its own, then connect again: two programs that "
    "take it from one another would go on for ever.",
    "host-unknown": "Check the domain of the account’s address.",
    "see-other-host": "ChatLab follows DNS only: ask the server’s operator.",
}
