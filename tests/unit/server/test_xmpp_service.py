"""IRC and XMPP from one set of options: what is served, said, and refused."""

import asyncio
import socket
from pathlib import Path

import pytest

from chatlab.core.errors import ConnectError, UsageError
from chatlab.server import foreground
from chatlab.server.service import Service, ServiceOptions, start


def test_what_xmpp_exposes_is_said(tmp_path: Path) -> None:
    async def scene() -> tuple[Service, list[str]]:
        service = await start(ServiceOptions(directory=tmp_path, accounts={"ann": "pencil"}))
        await service.stop()
        return service, foreground.describe(service)

    service, lines = asyncio.run(scene())
    text = "\n".join(lines)
    assert f"127.0.0.1:{service.xmpp_port}\n" in text
    assert f"127.0.0.1:{service.xmpp_tls_port}\n" in text
    assert "NAME@localhost" in text
    assert "lab@rooms.localhost" in text
    assert "Accounts: ann" in text


def test_who_exposes_the_server_is_warned_of_registration(tmp_path: Path) -> None:
    async def scene() -> str:
        service = await start(ServiceOptions(directory=tmp_path))
        await service.stop()
        service.address = "192.0.2.5"
        return "\n".join(foreground.describe(service))

    assert "create XMPP accounts" in asyncio.run(scene())


def test_a_taken_port_of_xmpp_leaves_no_irc_behind(tmp_path: Path) -> None:
    async def scene() -> None:
        with (
            socket.create_server(("127.0.0.1", 0)) as taken,
            socket.create_server(("127.0.0.1", 0)) as free,
        ):
            port, irc_port = taken.getsockname()[1], free.getsockname()[1]
            free.close()
            options = ServiceOptions(directory=tmp_path, plain_port=irc_port, xmpp_port=port)
            with pytest.raises(ConnectError, match=f"port {port}: .*in use"):
                await start(options)
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.1", irc_port)

    asyncio.run(scene())


def test_accounts_that_differ_in_case_only_are_refused(tmp_path: Path) -> None:
    options = ServiceOptions(directory=tmp_path, accounts={"Ann": "pencil", "ann": "pencil"})
    with pytest.raises(UsageError, match="“ann” cannot be made"):
        asyncio.run(start(options))
