"""How the lab’s servers end a connection: what they said last arrives, whoever goes first."""

import asyncio
import contextlib
from pathlib import Path
from unittest.mock import Mock

from chatlab.server.listener import BaseConnection
from chatlab.server.service import ServiceOptions, start

FLOOD = b"PRIVMSG #lab :more and more\r\n" * 20_000


def test_the_reason_of_the_end_survives_what_the_client_is_still_saying(tmp_path: Path) -> None:
    """A close with something unread would be a reset, which takes the last words with it."""

    async def scene() -> bytes:
        service = await start(ServiceOptions(directory=tmp_path))
        reader, writer = await asyncio.open_connection(service.address, service.plain_port)
        writer.write(b"NICK ann\r\nUSER u 0 * :U\r\nQUIT :bye\r\n" + FLOOD)
        async with asyncio.timeout(10):
            said = await reader.read()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        await service.stop()
        return said

    assert b"ERROR :Closing link" in asyncio.run(scene())


def test_who_is_gone_already_is_told_nothing_more() -> None:
    async def scene() -> None:
        transport = Mock(spec=asyncio.Transport)
        transport.get_extra_info.return_value = None
        transport.is_closing.return_value = False
        transport.can_write_eof.return_value = True
        transport.write_eof.side_effect = OSError(107, "Transport endpoint is not connected")
        connection = BaseConnection(1_000)
        connection.connection_made(transport)
        connection.close()
        connection.close()
        connection.write(b"to nobody")
        connection.connection_lost(None)
        transport.close.assert_called_once_with()
        transport.write.assert_not_called()
        assert connection.closed.done()

    asyncio.run(scene())
