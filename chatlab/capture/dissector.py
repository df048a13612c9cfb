"""The window's side of dissection: asks the dissection process, and never waits long for it."""

import asyncio
import hashlib
import json
import logging
from collections import OrderedDict

from chatlab.capture.child import environment, module_command
from chatlab.core.errors import ChatlabError
from chatlab.core.flow import ByteRange
from chatlab.core.frame import Field, Layer

FRAME_S = 2.0
"""What one frame may take."""
START_S = 15.0
"""What the process may take to load scapy, on a slow and busy machine."""
MAX_FRAME = 16 * 1024
"""Headers lie at the front; the rest of a huge frame is payload and stays here."""
MAX_ANSWER = 1024 * 1024
MAX_NODES = 4096
MAX_DEPTH = 8
CACHE_SIZE = 512

_HEAD = 12
_LENGTH = 4
_SHOWN_ANYWAY = "Its bytes are shown all the same."

_log = logging.getLogger(__name__)

Answer = dict[str, object]


class ScapyDissector:
    """Implements ``core.ports.Dissector`` with a process that is started at the first frame."""

    def __init__(self, module: str = "chatlab.capture.dissect", frame_s: float = FRAME_S) -> None:
        self._module = module
        self._frame_s = frame_s
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()
        self._number = 0
        self._answers: dict[int, asyncio.Future[Answer]] = {}
        self._cache: OrderedDict[bytes, tuple[Layer, ...]] = OrderedDict()

    @property
    def pid(self) -> int | None:
        """Process id of the dissection process while there is one."""
        return self._process.pid if self._process else None

    async def dissect(self, raw: bytes, link_type: int) -> tuple[Layer, ...]:
        """See ``core.ports.Dissector.dissect``."""
        key = hashlib.blake2b(raw, digest_size=16, salt=link_type.to_bytes(4, "big")).digest()
        if (known := self._cache.get(key)) is not None:
            self._cache.move_to_end(key)
            return known
        async with self._turn:
            answer = await self._ask(raw[:MAX_FRAME], link_type)
        if "layers" not in answer:
            reason = answer.get("error", "no answer")
            raise ChatlabError(f"This frame cannot be taken apart: {reason}.", _SHOWN_ANYWAY)
        layers = read_layers(answer["layers"], min(len(raw), MAX_FRAME))
        self._cache[key] = layers
        while len(self._cache) > CACHE_SIZE:
            self._cache.popitem(last=False)
        return layers

    async def close(self) -> None:
        """End the process; the next frame would start another."""
        async with self._turn:
            await self._end()

    async def _ask(self, raw: bytes, link_type: int) -> Answer:
        process = await self._running()
        self._number += 1
        head = b"".join(
            value.to_bytes(4, "big") for value in (len(raw), self._number, link_type & 0xFFFFFFFF)
        )
        assert process.stdin is not None
        process.stdin.write(head + raw)
        try:
            return await self._answer(self._number, self._frame_s)
        except TimeoutError:
            await self._end()
            raise ChatlabError(
                f"This frame could not be taken apart within {self._frame_s:g} seconds.",
                _SHOWN_ANYWAY,
            ) from None
        except EOFError:
            await self._end()
            raise ChatlabError(
                "The dissection process died over this frame.", _SHOWN_ANYWAY
            ) from None

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is not None and self._process.returncode is None:
            return self._process
        await self._end()
        try:
            process = await asyncio.create_subprocess_exec(
                *module_command(self._module),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env=environment(),
            )
        except OSError as error:
            raise ChatlabError(
                f"The dissection process cannot be started: {error.strerror}.", _SHOWN_ANYWAY
            ) from None
        self._process = process
        self._reader = asyncio.create_task(self._read(process))
        try:
            await self._answer(0, START_S)
        except (TimeoutError, EOFError):
            await self._end()
            raise ChatlabError(
                "The dissection process does not start.",
                f"Is scapy installed for {module_command('')[0]}? {_SHOWN_ANYWAY}",
            ) from None
        return process

    async def _answer(self, number: int, timeout_s: float) -> Answer:
        """Raises TimeoutError, or EOFError when the process is gone."""
        answer = self._answers.get(number)
        if answer is None:
            answer = asyncio.get_running_loop().create_future()
            self._answers[number] = answer
        try:
            if self._reader is None or self._reader.done():
                raise EOFError
            return await asyncio.wait_for(answer, timeout_s)
        finally:
            self._answers.pop(number, None)

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        """Hand out answers; those nobody waits for any more are dropped."""
        assert process.stdout is not None
        try:
            while True:
                length = int.from_bytes(await process.stdout.readexactly(_LENGTH), "big")
                if length > MAX_ANSWER:
                    _log.error("an answer of %d bytes from the dissection process", length)
                    break
                words = json.loads(await process.stdout.readexactly(length))
                number = words["id"]
                if number == 0 and number not in self._answers:
                    self._answers[0] = asyncio.get_running_loop().create_future()
                if (waiting := self._answers.get(number)) is not None and not waiting.done():
                    waiting.set_result(words)
        except asyncio.IncompleteReadError:
            pass  # it has ended; whoever waits is told below
        except (ValueError, KeyError, TypeError) as error:
            _log.error("the dissection process speaks nonsense: %s", error)
        for waiting in self._answers.values():
            if not waiting.done():
                waiting.set_exception(EOFError())

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            process.kill()
        await process.wait()
        if self._reader is not None:
            await self._reader
        if process.stdin is not None:
            process.stdin.close()
        self._answers.clear()


def read_layers(words: object, frame_length: int) -> tuple[Layer, ...]:
    """Values out of JSON from a process that hostile bytes may own. Raises ChatlabError."""
    try:
        budget = [MAX_NODES]
        if not isinstance(words, list):
            raise TypeError("layers are a list")
        return tuple(
            Layer(
                str(name),
                str(summary),
                _span(start, stop, frame_length),
                _fields(fields, frame_length, budget, MAX_DEPTH),
            )
            for name, summary, start, stop, fields in words
        )
    except (TypeError, ValueError) as error:
        raise ChatlabError(
            f"The dissection process gave an answer that makes no sense: {error}.", _SHOWN_ANYWAY
        ) from None


def _fields(words: object, limit: int, budget: list[int], depth: int) -> tuple[Field, ...]:
    if not isinstance(words, list) or not depth:
        raise TypeError("fields are a list, not too deep")
    budget[0] -= len(words)
    if budget[0] < 0:
        raise ValueError("too many fields")
    return tuple(
        Field(
            str(name),
            str(value),
            _span(start, stop, limit),
            _fields(children, limit, budget, depth - 1),
        )
        for name, value, start, stop, children in words
    )


def _span(start: object, stop: object, limit: int) -> ByteRange:
    if not isinstance(start, int) or not isinstance(stop, int) or not 0 <= start <= stop <= limit:
        raise ValueError("a field lies outside the frame")
    return ByteRange(start, stop)
