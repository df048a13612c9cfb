"""A cable that is pulled: nothing tells of it, and it is noticed all the same."""

import asyncio
import errno
import os
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from typing import NamedTuple

import pytest

from chatlab.chat.timing import Timing
from chatlab.core.connection import LinkState
from chatlab.core.events import LinkChanged, MessageChanged
from chatlab.core.message import Delivery
from tests.helpers.netns import Impairment, Network, entered, joined_namespaces
from tests.helpers.talker import Talker

pytestmark = [pytest.mark.network, pytest.mark.only_on("linux")]

FASTER = 40
"""Times as fast as a real clock runs the client’s: 45 seconds take little more than one."""
UNACKNOWLEDGED_S = 0.6
PULLED, WHOLE = Impairment(loss=1.0), Impairment()
QUICK = Timing(
    monotonic=lambda: time.monotonic() * FASTER,
    sleep=lambda delay_s: asyncio.sleep(delay_s / FASTER),
)


class Place(NamedTuple):
    host: str
    port: int


@asynccontextmanager
async def server_in(network: Network) -> AsyncIterator[Place]:
    """As much of an IRC server as a client needs to be online, on the other machine."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with closing(writer):
            async for line in reader:
                verb, *rest = line.decode().split()
                answers = {
                    "CAP": ":irc.test 421 ann CAP :Unknown command",
                    "USER": ":irc.test 001 ann :Welcome\r\n:irc.test 422 ann :No message",
                    "JOIN": ":ann!a@b JOIN #lab\r\n:irc.test 366 ann #lab :End",
                    "PING": f":irc.test PONG irc.test {' '.join(rest)}",
                }
                if answer := answers.get(verb):
                    writer.write(f"{answer}\r\n".encode())

    with entered(network.server):
        sock = socket.create_server((network.server.address, 0))
    server = await asyncio.start_server(serve, sock=sock)
    async with server:
        yield Place(network.server.address, sock.getsockname()[1])
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until(talker: Talker, state: LinkState) -> LinkChanged:
    return await talker.next(LinkChanged, lambda event: event.state is state)


def test_a_link_that_died_without_a_word_is_noticed_by_a_ping_and_comes_back() -> None:
    async def scenario(network: Network) -> None:
        async with server_in(network) as server:
            talker = Talker(server, timing=QUICK)
            talker.irc.start()
            await until(talker, LinkState.ONLINE)
            network.impairment = PULLED
            lost = await until(talker, LinkState.WAITING)
            assert "silent for" in lost.detail
            assert lost.is_fault
            network.impairment = WHOLE
            await until(talker, LinkState.ONLINE)
            await talker.irc.stop()

    with joined_namespaces() as network, entered(network.client):
        asyncio.run(scenario(network))


def test_what_nobody_acknowledges_ends_the_link_and_says_what_became_of_it() -> None:
    """TCP_USER_TIMEOUT (RFC 5482): long before a PING would be missed."""

    async def scenario(network: Network) -> None:
        async with server_in(network) as server:
            talker = Talker(server, unacknowledged_s=UNACKNOWLEDGED_S)
            talker.irc.start()
            await until(talker, LinkState.ONLINE)
            network.impairment = PULLED
            begun = time.monotonic()
            (message,) = talker.irc.send("ann", "into the void")
            fate = await talker.next(
                MessageChanged,
                lambda event: event.message == message.id and event.delivery is Delivery.FAILED,
            )
            assert fate.failure
            lost = await until(talker, LinkState.WAITING)
            assert os.strerror(errno.ETIMEDOUT) in lost.detail
            assert time.monotonic() - begun < 5
            await talker.irc.stop()

    with joined_namespaces() as network, entered(network.client):
        asyncio.run(scenario(network))
