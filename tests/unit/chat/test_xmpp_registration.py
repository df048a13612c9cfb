"""Accounts made on a server: forms of both kinds, CAPTCHAs, refusals in words."""

import asyncio
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from chatlab.chat.xmpp.registration import XmppRegistrar
from chatlab.core.account import Security
from chatlab.core.errors import CertificateError, ChatlabError
from chatlab.core.events import ChatEvent, ConnectionOpened, LineSeen
from chatlab.core.forms import DataForm, FieldKind, FormField
from chatlab.core.xmpp_ports import Registrar
from tests.helpers.irc_play import FakeTime, settle
from tests.helpers.xmpp_play import ACCOUNT, PlayServer

_PLAIN = (
    "<query xmlns='jabber:iq:register'><instructions>Choose wisely.</instructions>"
    "<username/><password/><email/></query>"
)
_PICTURE = b"\x89PNG picture"
_CAPTCHA = f"""<query xmlns='jabber:iq:register'>
<instructions>Old clients: look at the web page.</instructions>
<x xmlns='jabber:x:oob'><url>https://chat.test/register</url></x>
<x xmlns='jabber:x:data' type='form'><title>Join us</title>
<instructions>Fill in.</instructions>
<field type='hidden' var='FORM_TYPE'><value>urn:xmpp:captcha</value></field>
<field type='text-single' var='username' label='User'><required/></field>
<field type='text-private' var='password'><required/></field>
<field type='text-single' var='ocr' label='Letters'>
<media xmlns='urn:xmpp:media-element'><uri type='image/png'>cid:pic@bob.xmpp.org</uri></media>
<required/></field>
</x><data xmlns='urn:xmpp:bob' cid='pic@bob.xmpp.org' type='image/png'>{b64encode(_PICTURE).decode()}
</data></query>"""


class Desk:
    """A registrar, its server and what was seen."""

    def __init__(self, form: str) -> None:
        self.server = PlayServer()
        self.events: list[ChatEvent] = []
        self.time = FakeTime()
        self.registrar = XmppRegistrar(self.server, self.events.append, self.time.timing())
        self.answer: Callable[[ET.Element], str] = lambda query: ""
        self.asked: list[ET.Element] = []

        def iq(element: ET.Element) -> None:
            name = element.get("id")
            self.asked.append(element)
            if element.get("type") == "get":
                self.server.say(f"<iq type='result' id='{name}'>{form}</iq>")
            elif error := self.answer(element):
                self.server.say(
                    f"<iq type='error' id='{name}'><error type='cancel'><{error} "
                    "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
                )
            else:
                self.server.say(f"<iq type='result' id='{name}'/>")

        self.server.on["iq"] = iq


def test_the_plain_fields_become_a_form() -> None:
    async def scene() -> None:
        desk = Desk(_PLAIN)
        registrar: Registrar = desk.registrar
        asked = await registrar.ask(ACCOUNT)
        assert asked.server == "chat.test"
        assert asked.form.instructions == "Choose wisely."
        names = [(field.name, field.kind) for field in asked.form.fields]
        assert names == [
            ("username", FieldKind.TEXT_SINGLE),
            ("password", FieldKind.TEXT_PRIVATE),
            ("email", FieldKind.TEXT_SINGLE),
        ]
        filled = replace(
            asked.form, fields=tuple(replace(f, values=(f.name,)) for f in asked.form.fields)
        )
        await registrar.submit(ACCOUNT, filled)
        query = desk.asked[-1][0]
        assert {child.tag.rpartition("}")[2]: child.text for child in query} == {
            "username": "username",
            "password": "password",
            "email": "email",
        }
        assert desk.server.transport.sent.endswith(b"</stream:stream>")
        assert len(desk.server.transports) == 1

    asyncio.run(scene())


def test_a_captcha_comes_with_its_picture_and_goes_back_with_what_is_hidden() -> None:
    async def scene() -> None:
        desk = Desk(_CAPTCHA)
        asked = await desk.registrar.ask(ACCOUNT)
        assert asked.web_address == "https://chat.test/register"
        assert asked.form.title == "Join us"
        *_, captcha = asked.form.fields
        assert captcha.media == (_PICTURE,)
        assert captcha.is_required
        filled = DataForm(
            fields=tuple(replace(f, values=f.values or ("abc",)) for f in asked.form.fields)
        )
        await desk.registrar.submit(ACCOUNT, filled)
        sent = desk.server.heard[-1]
        assert "urn:xmpp:captcha" in sent
        assert '<field var="ocr"><value>abc</value></field>' in sent
        assert 'type="submit"' in sent

    asyncio.run(scene())


def test_nothing_is_asked_before_tls_where_the_account_wants_it() -> None:
    async def scene() -> None:
        desk = Desk(_PLAIN)
        desk.server.offers_tls = False
        with pytest.raises(ChatlabError, match="does not offer TLS"):
            await desk.registrar.ask(ACCOUNT)
        assert not desk.asked
        desk.server.offers_tls = desk.server.refuses_certificate = True
        with pytest.raises(CertificateError):
            await desk.registrar.ask(ACCOUNT)
        assert not desk.asked

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("conflict", "of this name already"),
        ("not-acceptable", "does not accept"),
        ("not-allowed", "CAPTCHA"),
        ("resource-constraint", "certain time"),
        ("gone", "gone"),
    ],
)
def test_a_refusal_is_said_in_words_and_can_be_answered(condition: str, words: str) -> None:
    async def scene() -> None:
        desk = Desk(_PLAIN)
        form = (await desk.registrar.ask(ACCOUNT)).form
        desk.answer = lambda query: condition
        with pytest.raises(ChatlabError, match=words):
            await desk.registrar.submit(ACCOUNT, form)
        desk.answer = lambda query: ""
        await desk.registrar.submit(ACCOUNT, form)

    asyncio.run(scene())


def test_a_server_that_makes_no_accounts_says_so() -> None:
    async def scene() -> None:
        desk = Desk("<query xmlns='jabber:iq:register'/>")
        with pytest.raises(ChatlabError, match="makes no accounts"):
            await desk.registrar.ask(ACCOUNT)
        await settle()
        assert desk.server.transport.is_closed

    asyncio.run(scene())


def test_a_web_address_alone_is_an_answer_but_only_a_page_is_offered() -> None:
    async def scene() -> None:
        for address, offered in (("https://chat.test/r", True), ("file:///etc/passwd", False)):
            oob = f"<x xmlns='jabber:x:oob'><url>{address}</url></x>"
            desk = Desk(f"<query xmlns='jabber:iq:register'>{oob}<username/></query>")
            asked = await desk.registrar.ask(ACCOUNT)
            assert bool(asked.web_address) is offered
            await desk.registrar.close()

    asyncio.run(scene())


def test_a_stream_that_is_lost_meanwhile_asks_for_another_form() -> None:
    async def scene() -> None:
        desk = Desk(_PLAIN)
        form = (await desk.registrar.ask(ACCOUNT)).form
        desk.server.transport.drop("The connection broke.")
        with pytest.raises(ChatlabError, match="lost on the way"):
            await desk.registrar.submit(ACCOUNT, form)
        with pytest.raises(ChatlabError, match="not asked"):
            await desk.registrar.submit(ACCOUNT, form)
        await desk.registrar.ask(ACCOUNT)
        await desk.registrar.close()
        await desk.registrar.close()

    asyncio.run(scene())


def test_a_server_that_never_answers_is_left() -> None:
    async def scene() -> None:
        desk = Desk(_PLAIN)
        desk.server.on["iq"] = lambda element: None
        asking = asyncio.ensure_future(desk.registrar.ask(ACCOUNT))
        await settle()
        await desk.time.advance(61)
        with pytest.raises(ChatlabError, match="60 s"):
            await asking

    asyncio.run(scene())


def test_the_password_is_masked_and_the_connection_told() -> None:
    async def scene() -> None:
        desk = Desk(_PLAIN)
        plain = replace(ACCOUNT, security=Security.DIRECT_TLS)
        await desk.registrar.ask(plain)
        fields = (FormField(name="password", values=("pencil",)),)
        await desk.registrar.submit(plain, DataForm(fields=fields))
        lines = [event.line for event in desk.events if isinstance(event, LineSeen)]
        assert not any("pencil" in line for line in lines)
        assert any(isinstance(event, ConnectionOpened) for event in desk.events)

    asyncio.run(scene())
