"""Ways in to an XMPP server on real sockets: who has to be proved, and what the ClientHello says."""

import asyncio
import ssl
from dataclasses import replace
from pathlib import Path

import pytest

from chatlab.chat.dial import Dialler
from chatlab.chat.wire import Wire
from chatlab.core.account import Account, AccountId, Application, Security
from chatlab.core.errors import CertificateError
from chatlab.core.flow import ByteRange
from tests.e2e.test_dns import NameServer, answering
from tests.e2e.test_wire import TIMEOUT_S, Recorder, listening, server_context
from tests.helpers.servers import free_port


def account(port: int, security: Security, ca_file: Path, domain: str = "localhost") -> Account:
    return Account(
        id=AccountId("alice"),
        name="Alice",
        application=Application.XMPP,
        host="127.0.0.1",
        port=port,
        security=security,
        nick="alice",
        jid=f"alice@{domain}/desk",
        ca_file=str(ca_file),
    )


async def dialled(recorder: Recorder, to: Account) -> tuple[Dialler, Wire]:
    dialler = Dialler(recorder, recorder)
    return dialler, await dialler.dial(to, recorder, lambda _: None)


def test_direct_tls_says_xmpp_client_and_names_the_domain(tmp_path: Path) -> None:
    context = server_context(tmp_path)
    context.set_alpn_protocols(["xmpp-client"])
    names: list[str | None] = []
    chosen: list[str | None] = []

    def note_name(tls: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        names.append(name)

    context.sni_callback = note_name

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        chosen.append(writer.get_extra_info("ssl_object").selected_alpn_protocol())
        await reader.read()

    async def check() -> None:
        recorder = Recorder()
        async with listening(serve, context) as port:
            to = account(port, Security.DIRECT_TLS, tmp_path / "ca.pem")
            _, wire = await dialled(recorder, to)
            await wire.close()
        assert recorder.connections[-1].host == "127.0.0.1"
        assert recorder.connections[-1].purpose == "XMPP to 127.0.0.1"

    asyncio.run(check())
    assert (names, chosen) == (["localhost"], ["xmpp-client"])


async def upgrading(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, context: ssl.SSLContext
) -> None:
    """Agree to TLS, finish the handshake, echo one line."""
    await reader.readuntil(b"<starttls/>")
    writer.write(b"<proceed/>")
    try:
        await writer.start_tls(context)
    except (ssl.SSLError, ConnectionError):
        return
    writer.write(await reader.readline())
    await reader.read()


def test_starttls_goes_on_in_tls_on_the_same_wire(tmp_path: Path) -> None:
    context = server_context(tmp_path)

    async def check() -> None:
        recorder = Recorder()
        async with listening(lambda r, w: upgrading(r, w, context)) as port:
            to = account(port, Security.STARTTLS, tmp_path / "ca.pem")
            dialler, wire = await dialled(recorder, to)
            wire.write(b"<starttls/>")
            await recorder.until_received(len(b"<proceed/>"))
            async with asyncio.timeout(TIMEOUT_S):
                await dialler.secure(wire, to)
            wire.write(b"<presence/>\n")
            await recorder.until_received(len(b"<proceed/><presence/>\n"))
            await wire.close()
        assert recorder.chunks[0] == (b"<proceed/>", ByteRange(0, 10), True)
        assert not recorder.chunks[-1][2]
        facts = recorder.connections[-1].tls
        assert facts is not None
        assert facts.server_name == "localhost"

    asyncio.run(check())


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.DIRECT_TLS])
def test_the_certificate_of_another_domain_is_refused(tmp_path: Path, security: Security) -> None:
    context = server_context(tmp_path)

    async def check() -> None:
        recorder = Recorder()
        direct = security is Security.DIRECT_TLS

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await (reader.read() if direct else upgrading(reader, writer, context))

        async with listening(serve, context if direct else None) as port:
            to = account(port, security, tmp_path / "ca.pem", "bank.test")
            with pytest.raises(CertificateError, match=r"bank\.test") as caught:
                await _secured(recorder, to)
        assert caught.value.is_wrong_host

    asyncio.run(check())


async def _secured(recorder: Recorder, to: Account) -> None:
    dialler, wire = await dialled(recorder, to)
    wire.write(b"<starttls/>")
    await recorder.until_received(len(b"<proceed/>"))
    await dialler.secure(wire, to)


def test_servers_of_a_domain_are_tried_in_turn_and_each_look_up_is_captured(
    tmp_path: Path,
) -> None:
    """The first server that DNS names is down: the second one is taken, and nothing is guessed."""
    silent = free_port()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async def check() -> None:
        recorder = Recorder()
        async with listening(serve) as port:
            server = NameServer()
            server.records = {
                ("_xmpp-client._tcp.lab.test.", "SRV"): (
                    f"5 0 {silent} down.lab.test.",
                    f"9 0 {port} up.lab.test.",
                ),
                ("down.lab.test.", "A"): ("127.0.0.1",),
                ("up.lab.test.", "A"): ("127.0.0.1",),
            }
            async with answering(server, tmp_path / "hosts") as resolver:
                dialler = Dialler(recorder, recorder, resolver)
                to = replace(
                    account(0, Security.STARTTLS, tmp_path / "ca.pem", "lab.test"), host=""
                )
                wire = await dialler.dial(to, recorder, lambda _: None)
                assert wire.connection.flow.remote.port == port
                await wire.close()
        assert [connection.purpose for connection in recorder.connections] == [
            "DNS look-up of _xmpp-client._tcp.lab.test",
            "DNS look-up of down.lab.test",
            "XMPP to down.lab.test",
            "DNS look-up of up.lab.test",
            "XMPP to up.lab.test",
        ]
        assert {connection.account for connection in recorder.connections} == {"alice"}
        assert recorder.order.count("admit") == recorder.order.count("dismiss") == 5

    asyncio.run(check())
