"""Accounts made on a server from within the program (XEP-0077), CAPTCHAs included (XEP-0158).

The question is put on a stream that is as secure as the account wants it, before any login. The
answer is a data form, or the few plain fields of old, or a web address. One stream serves question
and answer, because a CAPTCHA belongs to the stream on which it was asked.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Generic
from xml.etree import ElementTree as ET

from chatlab.chat.timing import Timers, Timing
from chatlab.chat.xmpp.data_forms import FORM, answers_of, decode_picture, read_form, write_form
from chatlab.chat.xmpp.link import Link
from chatlab.chat.xmpp.login import Refusal
from chatlab.chat.xmpp.negotiation import Negotiation, Units
from chatlab.chat.xmpp.stanza_errors import condition_of, text_of
from chatlab.chat.xmpp.transport import Dialler, T
from chatlab.core.account import Account
from chatlab.core.connection import LinkState
from chatlab.core.errors import ChatlabError, ConnectError
from chatlab.core.events import ConnectionOpened
from chatlab.core.forms import DataForm, FieldKind, FormField
from chatlab.core.jid import split_jid
from chatlab.core.ports import EventSink
from chatlab.core.registration import RegistrationForm
from chatlab.protocol.xmpp import StreamFault

REGISTER = "jabber:iq:register"
_BOB = "urn:xmpp:bob"
_OOB = "jabber:x:oob"
_ANSWER_S = 60.0
_PLAIN_FIELDS = (
    *("username", "nick", "password", "name", "first", "last", "email", "address", "city"),
    *("state", "zip", "phone", "url", "date", "misc", "text"),
)
"""XEP-0077, section 14.1."""
_LABELS = {
    "username": "Name of the account",
    "password": "Password",
    "email": "E-mail address",
    "name": "Your name",
    "nick": "Nickname",
}
_REFUSALS = {
    "conflict": ("There is an account of this name already", "Choose another name."),
    "not-acceptable": (
        "The server does not accept what was filled in",
        "Fill in all that is marked, and choose a longer password.",
    ),
    "not-allowed": (
        "The answer to the CAPTCHA was wrong, or the server makes no accounts in this way",
        "Ask for a new form, and try again.",
    ),
    "forbidden": ("The server makes no accounts in this way", "Try its web page."),
    "feature-not-implemented": ("The server makes no accounts in this way", "Try its web page."),
    "service-unavailable": ("The server makes no accounts in this way", "Try its web page."),
    "resource-constraint": (
        "The server makes only a few accounts in a certain time",
        "Try again in an hour.",
    ),
    "policy-violation": ("It is against the rules of the server", "Choose another name."),
    "jid-malformed": ("The server does not accept this name", "Choose another name."),
}


class XmppRegistrar(Generic[T]):
    """Implements ``core.xmpp_ports.Registrar``."""

    def __init__(self, dialler: Dialler[T], emit: EventSink, timing: Timing | None = None) -> None:
        self._dialler = dialler
        self._emit = emit
        self._timing = timing or Timing()
        self._timers = Timers(self._timing)
        self._link: Link | None = None
        self._units = Units()
        self._negotiation: Negotiation | None = None
        self._is_form = False
        self._count = 0

    async def ask(self, account: Account) -> RegistrationForm:
        """Ask the server what it wants to know. Raises ChatlabError in words."""
        await self.close()
        domain = split_jid(account.jid)[1]
        negotiation = await self._connect(account)
        query = ET.Element(f"{{{REGISTER}}}query")
        answer = await self._question(negotiation, "get", query, domain)
        payload = answer.find(f"{{{REGISTER}}}query")
        if answer.get("type") != "result" or payload is None:
            await self.close()
            raise _refusal(answer)
        form = payload.find(f"{{{FORM}}}x")
        self._is_form = form is not None
        web_address = payload.findtext(f"{{{_OOB}}}x/{{{_OOB}}}url") or ""
        read = read_form(form, _pictures(payload)) if form is not None else _plain_form(payload)
        if not read.fields and not web_address:
            await self.close()
            raise ChatlabError(
                f"{domain} makes no accounts in this way.", "Try its web page, or another server."
            )
        instructions = read.instructions or payload.findtext(f"{{{REGISTER}}}instructions") or ""
        whole = DataForm(title=read.title, instructions=instructions, fields=read.fields)
        return RegistrationForm(server=domain, form=whole, web_address=_web_only(web_address))

    async def submit(self, account: Account, answers: DataForm) -> None:
        """Hand the form in. Raises ChatlabError with the server's reason."""
        if self._negotiation is None:
            raise ChatlabError("The server was not asked yet.", "Ask it for its form first.")
        query = ET.Element(f"{{{REGISTER}}}query")
        if self._is_form:
            query.append(write_form(answers))
        else:
            for name, value in answers_of(answers).items():
                if name in _PLAIN_FIELDS:
                    ET.SubElement(query, f"{{{REGISTER}}}{name}").text = value
        domain = split_jid(account.jid)[1]
        answer = await self._question(self._negotiation, "set", query, domain)
        if answer.get("type") != "result":
            raise _refusal(answer)
        await self.close()

    async def close(self) -> None:
        """End the stream."""
        link, self._link, self._negotiation = self._link, None, None
        self._timers.cancel_all()
        if link is None:
            return
        link.end()
        await link.close()

    # -- inner

    async def _connect(self, account: Account) -> Negotiation:
        self._units = units = Units()

        def on_fault(fault: StreamFault, start: bytes) -> None:
            units.end(Refusal(str(fault)))
            link.abort(fault.message)

        link = Link(
            account.id,
            self._emit,
            self._timing,
            units.put,
            on_fault,
            lambda reason: units.end(Refusal(reason or "The server closed the connection.")),
        )
        wire = await self._dialler.dial(account, link, _nobody_watches)
        self._emit(ConnectionOpened(account.id, wire.connection))
        self._link = link

        async def secure() -> None:
            await self._dialler.secure(wire, account)
            self._emit(ConnectionOpened(account.id, wire.connection))

        link.attach(wire)
        self._negotiation = negotiation = Negotiation(account, link, units, secure)
        try:
            with self._patience(link):
                await negotiation.open()
        except ChatlabError:
            await self.close()
            raise
        return negotiation

    async def _question(
        self, negotiation: Negotiation, kind: str, query: ET.Element, domain: str
    ) -> ET.Element:
        self._count += 1
        assert self._link is not None  # made with the negotiation
        try:
            with self._patience(self._link):
                return await negotiation.ask(kind, f"register{self._count}", query, domain)
        except ConnectError as error:
            await self.close()
            raise ChatlabError(
                f"The server was lost on the way. {error.message}", "Ask it for its form again."
            ) from error

    @contextmanager
    def _patience(self, link: Link) -> Iterator[None]:
        """A server that does not answer is left; filling in the form may take its time."""

        def give_up() -> None:
            self._units.end(Refusal(f"The server did not answer within {_ANSWER_S:.0f} s."))
            link.abort("It took too long.")

        timer = self._timers.call_later(_ANSWER_S, give_up)
        try:
            yield
        finally:
            timer.cancel()


def _nobody_watches(state: LinkState) -> None:
    """A registration has no account in the sidebar yet."""


def _plain_form(query: ET.Element) -> DataForm:
    fields = [
        FormField(
            name=name,
            kind=FieldKind.TEXT_PRIVATE if name == "password" else FieldKind.TEXT_SINGLE,
            label=_LABELS.get(name, name.capitalize()),
            is_required=True,
        )
        for name in _PLAIN_FIELDS
        if query.find(f"{{{REGISTER}}}{name}") is not None
    ]
    return DataForm(fields=tuple(fields))


def _pictures(query: ET.Element) -> dict[str, bytes]:
    """Bits of binary that came along, by content id (XEP-0231)."""
    found: dict[str, bytes] = {}
    for data in query.iterfind(f"{{{_BOB}}}data"):
        if data.get("type", "").startswith("image/") and (
            picture := decode_picture(data.text or "")
        ):
            found[data.get("cid", "")] = picture
    return found


def _web_only(address: str) -> str:
    """Nothing but a web page is offered to be opened."""
    return address.strip() if address.strip().lower().startswith(("https://", "http://")) else ""


def _refusal(answer: ET.Element) -> ChatlabError:
    condition = condition_of(answer)
    reason, hint = _REFUSALS.get(
        condition, (f"The server made no account ({condition or 'no reason given'})", "")
    )
    text = text_of(answer)
    said = f" It says: “{text}”" if text else ""
    return ChatlabError(f"{reason}.{said}", hint)
