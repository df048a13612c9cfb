"""Several accounts in one session, in a process of its own: who they are, and what they say.

A test starts it on a machine of its own (``netns``) with a plan, tells it when to speak, and gets
what it has listed: ``python -m tests.helpers.crowd PLAN``. It answers each order when that is done:
``captured`` when the filters are in place, ``ready`` when all are in, ``spoken`` when all is said
and heard; at the end comes one JSON object for each message.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

from chatlab.analysis.session_file import MessageRecord, message_records
from chatlab.app.feed import CaptureFeed
from chatlab.app.saving import save_capture
from chatlab.app.session import Session
from chatlab.capture.child import environment
from chatlab.capture.dissector import ScapyDissector
from chatlab.chat.irc.outbox import SendPace
from chatlab.core import events as ev
from chatlab.core.account import (
    Account,
    AccountId,
    Application,
    Autojoin,
    LoginMethod,
    SecretKind,
    Security,
)
from chatlab.core.chats import ChatBook
from chatlab.core.connection import LinkState
from chatlab.core.message import Delivery
from chatlab.store.secrets import SessionSecrets

PASSWORD = "secret"
_TIMEOUT_S = 60.0
_SAFE = frozenset({Delivery.ACKNOWLEDGED, Delivery.ECHOED, Delivery.DELIVERED, Delivery.DISPLAYED})


@dataclass(frozen=True, kw_only=True)
class Speaker:
    """One account of the plan."""

    nick: str
    host: str
    port: int
    security: str = "plain"
    tls_max: str = ""
    ca_file: str = ""
    jid: str = ""
    """Empty for IRC."""
    target: str = "#lab"
    rounds: tuple[tuple[str, ...], ...]
    """What it says, each time that it is told to speak."""
    hears: tuple[int, ...]
    """How many messages it has heard in all by the end of each round."""

    @property
    def account(self) -> Account:
        is_irc = not self.jid
        return Account(
            id=AccountId(self.nick),
            name=self.nick,
            application=Application.IRC if is_irc else Application.XMPP,
            host=self.host,
            port=self.port,
            security=Security(self.security),
            nick=self.nick,
            jid=self.jid,
            channels=(Autojoin(self.target),) if is_irc else (),
            ca_file=self.ca_file,
            tls_max=self.tls_max,
            login=LoginMethod.NONE if is_irc else LoginMethod.PLAIN,
            password_over_plain=True,
        )


# --- the test's side ------------------------------------------------------------------------------


class Crowd:
    """The running process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def wait_for(self, word: str) -> None:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line == f"{word}\n", line

    def order(self, what: str) -> None:
        """``capture``, ``enter``, ``speak`` or ``leave``."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{what}\n")
        self.process.stdin.flush()

    def leave(self) -> list[MessageRecord]:
        """Let all of them go; every message with its frames."""
        self.order("leave")
        out, _ = self.process.communicate(timeout=_TIMEOUT_S)
        assert self.process.returncode == 0
        return [cast(MessageRecord, json.loads(line)) for line in out.splitlines()]


@contextmanager
def crowd(folder: Path, speakers: Sequence[Speaker], prefix: Sequence[str] = ()) -> Iterator[Crowd]:
    """Start it; what it captures is saved as ``crowd.pcapng`` in ``folder``, and the key log as
    ``keys``."""
    plan = folder / "plan.json"
    plan.write_text(json.dumps([asdict(each) for each in speakers]), encoding="utf-8")
    command = [*prefix, sys.executable, "-m", "tests.helpers.crowd", str(plan)]
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        command,
        cwd=root,
        env={**environment(), "PYTHONPATH": str(root)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Crowd(process)
        finally:
            if process.poll() is None:
                process.kill()


# --- the process ----------------------------------------------------------------------------------


class _Session:
    def __init__(self, folder: Path, speakers: Sequence[Speaker]) -> None:
        self._speakers = speakers
        self._folder = folder
        self._book = ChatBook()
        file = folder / "live.pcapng"
        self._feed = CaptureFeed(file, self._book, ScapyDissector(), is_live=True)
        secrets = SessionSecrets()
        self._session = Session(self._book, self._feed, secrets, pace=SendPace.unlimited())
        self._happened = asyncio.Event()
        self._session.observe(self._on_event)
        self._feed.on_frames(self._happened.set)
        self._connections = {}
        for each in speakers:
            account = each.account
            if each.jid:
                secrets.set(account.id, SecretKind.LOGIN, PASSWORD)
            self._connections[each.nick] = self._session.add_account(account)

    def _on_event(self, event: ev.ChatEvent) -> None:
        if isinstance(event, ev.LinkChanged) and event.is_fault:
            print(event.detail, file=sys.stderr, flush=True)
        self._happened.set()

    async def live(self) -> None:
        orders = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(orders), sys.stdin
        )
        spoken = 0
        while order := (await orders.readline()).decode().strip():
            match order:
                case "capture":
                    await self._session.start_capture()
                    print("captured", flush=True)
                case "enter":
                    for connection in self._connections.values():
                        connection.start()
                    await self._until(self._all_in)
                    print("ready", flush=True)
                case "speak":
                    await self._speak(spoken)
                    spoken += 1
                    print("spoken", flush=True)
                case _:
                    break
        await self._leave()

    def _all_in(self) -> bool:
        for each in self._speakers:
            state = self._book.accounts[AccountId(each.nick)]
            if state.state is not LinkState.ONLINE:
                return False
            if not each.jid and not self._book.open(state.account.id, each.target).is_joined:
                return False
        return True

    async def _speak(self, turn: int) -> None:
        for each in self._speakers:
            for text in each.rounds[turn]:
                self._connections[each.nick].send(each.target, text)
        await self._until(lambda: all(self._is_done(each, turn) for each in self._speakers))

    def _is_done(self, each: Speaker, turn: int) -> bool:
        mine = [m for m in self._feed.messages.values() if m.account == each.nick]
        said = [m for m in mine if m.delivery is not None]
        wanted = sum(map(len, each.rounds[: turn + 1]))
        has_echo = self._session.connections[AccountId(each.nick)].has_echo
        safe = _SAFE - {Delivery.ACKNOWLEDGED} if has_echo else _SAFE
        return (
            len(said) == wanted
            and all(m.delivery in safe for m in said)
            and len(mine) - len(said) == each.hears[turn]
        )

    async def _until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(_TIMEOUT_S):
            while not condition():
                self._happened.clear()
                await self._happened.wait()

    async def _leave(self) -> None:
        await self._session.catch_up()
        await self._until(lambda: not self._feed.correlator.is_settling)
        await asyncio.gather(*(each.stop() for each in self._connections.values()))
        await self._session.catch_up()
        await self._session.stop_capture()
        save_capture(self._feed, self._folder / "crowd.pcapng")
        keys = "".join(f"{line}\n" for line in self._feed.key_log)
        (self._folder / "keys").write_text(keys, encoding="ascii")
        for record in message_records(self._feed.messages.values(), self._feed.correlator):
            print(json.dumps(record))
        await self._session.close()
        self._feed.close()


def _main(plan: Path) -> None:
    speakers = [
        Speaker(
            **{
                **fields,
                "rounds": tuple(map(tuple, fields["rounds"])),
                "hears": tuple(fields["hears"]),
            }
        )
        for fields in json.loads(plan.read_text(encoding="utf-8"))
    ]

    async def live() -> None:
        await _Session(plan.parent, speakers).live()

    asyncio.run(live())


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
