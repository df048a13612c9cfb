"""Servers that mean ill, on real sockets: they get no credential, no memory and no patience."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from chatlab.core.account import Account, AccountId, Application, Security
from chatlab.core.connection import LinkState
from chatlab.core.events import MessageAdded
from tests.helpers.xmpp_place import Client

_Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
_LIMIT_S = 20.0
_HEADER = (
    b"<?xml version='1.0'?><stream:stream from='localhost' id='s' version='1.0' "
    b"xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
)
_TLS = b"urn:ietf:params:xml:ns:xmpp-tls"
_OFFER = b"<stream:features><starttls xmlns='" + _TLS + b"'/></stream:features>"
_PROCEED = b"<proceed xmlns='" + _TLS + b"'/>"
_FORGED = b"<message from='eve@localhost'><body>believe me</body></message>"
ACCOUNT = Account(
    id=AccountId("alice"),
    name="alice",
    application=Application.XMPP,
    host="127.0.0.1",
    port=0,
    security=Security.STARTTLS,
    nick="alice",
    jid="alice@localhost",
)


def meet(script: _Script) -> tuple[Client, bytes]:
    """The account against a server of one connection; what the client wrote to it."""
    heard = bytearray()
    visits = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal visits
        visits += 1
        try:
            heard.extend(await reader.readuntil(b"version='1.0'>"))
            await script(reader, writer)
            async with asyncio.timeout(_LIMIT_S):
                heard.extend(await reader.read())
        except ConnectionError:
            pass  # The client has had enough: that is what it is here for.
        finally:
            writer.close()
            served.set()

    served = asyncio.Event()

    async def scene() -> Client:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            client = await Client(replace(ACCOUNT, port=port)).start()
            await client.xmpp.stop()
            async with asyncio.timeout(_LIMIT_S):
                await served.wait()
        return client

    client = asyncio.run(scene())
    assert visits == 1
    return client, bytes(heard)


async def _inject(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(_HEADER + _OFFER)
    await reader.readuntil(b"/>")
    writer.write(_PROCEED + _FORGED)


async def _inject_later(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(_HEADER + _OFFER)
    await reader.readuntil(b"/>")
    writer.write(_PROCEED)
    await writer.drain()
    await reader.read(1)  # The ClientHello has begun: it is too late for clear text.
    writer.write(_FORGED)


async def _strip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    mechanisms = (
        b"<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism>"
        b"<mechanism>ANONYMOUS</mechanism></mechanisms>"
    )
    writer.write(_HEADER + b"<stream:features>" + mechanisms + b"</stream:features>")


async def _speak_first(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(_HEADER + _FORGED + _OFFER)


async def _declare(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'aaaa'>]>" + _HEADER[21:])


async def _nest(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(_HEADER + b"<stream:features>" + b"<a>" * 100_000)


async def _adorn(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    many = b" ".join(b"a%d='x'" % number for number in range(10_000))
    writer.write(_HEADER + b"<stream:features " + many + b"/>")


async def _never_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(_HEADER + b"<stream:features><x>")
    for _ in range(160):  # 10 MB
        writer.write(b"x" * 65_536)
        await writer.drain()


async def _speak_irc(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b":irc.test NOTICE * :*** Looking up your hostname...\r\n")


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (_inject, "<proceed/>"),
        (_inject_later, ""),
        (_strip, "no password was sent"),
        (_speak_first, "before the login"),
        (_declare, "DOCTYPE"),
        (_nest, "nested"),
        (_adorn, "attributes"),
        (_never_end, "bytes"),
        (_speak_irc, "XMPP"),
    ],
)
def test_a_server_that_means_ill_gets_nothing_and_is_left(script: _Script, words: str) -> None:
    began = time.monotonic()
    client, heard = meet(script)
    end = next(link for link in client.links if link.detail)
    assert words in end.detail
    assert end.state in (LinkState.OFFLINE, LinkState.WAITING)
    assert b"alice" not in heard
    assert b"<auth" not in heard
    assert b"secret" not in heard
    assert not [event for event in client.events if isinstance(event, MessageAdded)]
    assert time.monotonic() - began < 5
