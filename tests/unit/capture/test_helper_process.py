"""What the capture process is told arrives in order, however many connections begin at once."""

import asyncio
import json
import os
import socket
import sys

import pytest

from chatlab.capture.helper_process import HelperProcess
from tests.helpers.capturing import until

COUNT = 600
"""More than any channel takes before it is read."""


class Input:
    """Standard input of a process."""

    def __init__(self) -> None:
        self.commands: list[dict[str, object]] = []

    def is_closing(self) -> bool:
        return False

    def write(self, data: bytes) -> None:
        self.commands += [json.loads(line) for line in data.splitlines()]


class Process:
    """Stands for one that was started and reads nothing yet."""

    def __init__(self) -> None:
        self.stdin = Input()


def in_use() -> int:
    return len(os.listdir("/proc/self/fd"))


async def crowd(helper: HelperProcess) -> None:
    """Tell of many connections, whose sockets are closed soon after, and what follows them."""
    for number in range(COUNT):
        with socket.socket() as packets:
            helper.send({"add": number}, packets.fileno())
    helper.send({"remove": 0, "closed_ns": 1})
    helper.send({"sync": COUNT})


@pytest.mark.skipif(sys.platform != "linux", reason="descriptors are passed on Linux only")
def test_a_crowd_of_connections_waits_until_the_process_reads() -> None:
    async def run() -> None:
        helper, process = HelperProcess(lambda words: None, lambda *_: None), Process()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with ours, theirs:
            ours.setblocking(False)
            theirs.setblocking(False)
            helper._process, helper._channel = process, ours  # type: ignore[assignment]
            before = in_use()
            await crowd(helper)
            told = process.stdin.commands
            assert 0 < len(told) < COUNT
            for number in range(COUNT):
                await until(lambda number=number: {"add": number} in told)  # type: ignore[misc]
                _, (descriptor,), _, _ = socket.recv_fds(theirs, 64, 1)
                os.close(descriptor)
            await until(lambda: {"sync": COUNT} in told)
            expected = [{"add": number} for number in range(COUNT)]
            assert told == [*expected, {"remove": 0, "closed_ns": 1}, {"sync": COUNT}]
            assert in_use() == before

    asyncio.run(run())


@pytest.mark.skipif(sys.platform != "linux", reason="descriptors are passed on Linux only")
def test_what_waits_for_a_process_that_dies_is_let_go_of() -> None:
    async def run() -> None:
        helper, process = HelperProcess(lambda words: None, lambda *_: None), Process()
        before = in_use()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with ours, theirs:
            ours.setblocking(False)
            helper._process, helper._channel = process, ours  # type: ignore[assignment]
            await crowd(helper)
            helper._forget_waiting()
        assert in_use() == before

    asyncio.run(run())
