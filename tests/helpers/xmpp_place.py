"""A real prosody or the lab’s own server to connect to, and the engine as a client of it."""

import asyncio
import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import pytest

from chatlab.capture.child import environment, module_command
from chatlab.chat.dial import Dialler
from chatlab.chat.timing import Timing
from chatlab.chat.xmpp.connection import XmppConnection
from chatlab.core.account import Account, AccountId, Application, SecretKind, Security
from chatlab.core.connection import LinkState
from chatlab.core.events import ChatEvent, Informed, LineSeen, LinkChanged
from chatlab.core.flow import Direction
from chatlab.core.forms import DataForm
from chatlab.core.xmpp_ports import Memory
from chatlab.server.xmpp.limits import ROOMS_DOMAIN
from tests.helpers.irc_play import MemorySecrets
from tests.helpers.prosody import ROOMS, prosody
from tests.helpers.talker import NoCapture

USERS = {"alice": "secret", "bob": "secret"}
LIMIT_S = 20.0


@dataclass(frozen=True, slots=True)
class Place:
    """A server for ``localhost``."""

    port: int
    """Clear text, and STARTTLS."""
    tls_port: int
    ca_file: Path
    rooms: str
    host: str = "127.0.0.1"

    def room(self, name: str) -> str:
        return f"{name}@{self.rooms}"


class Client:
    """One account and what it saw."""

    def __init__(
        self,
        account: Account,
        password: str = "secret",
        timing: Timing | None = None,
        dialler: Dialler | None = None,
        memory: Memory | None = None,
    ) -> None:
        self.events: list[ChatEvent] = []
        self.secrets = MemorySecrets(**{SecretKind.LOGIN.value: password})
        self._news = asyncio.Event()
        none = NoCapture()
        self.dialler = dialler or Dialler(none, none)
        self.xmpp = XmppConnection(
            account, self._take, self.dialler, self.secrets, timing=timing, memory=memory
        )

    def _take(self, event: ChatEvent) -> None:
        self.events.append(event)
        self._news.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(LIMIT_S):
            while not condition():
                self._news.clear()
                await self._news.wait()

    async def start(self) -> Self:
        self.xmpp.start()
        ends = (LinkState.ONLINE, LinkState.OFFLINE, LinkState.WAITING)
        await self.until(lambda: bool(self.links) and self.links[-1].state in ends)
        return self

    @property
    def links(self) -> list[LinkChanged]:
        return [event for event in self.events if isinstance(event, LinkChanged)]

    @property
    def written(self) -> str:
        """Everything that was sent, as the console shows it."""
        lines = [event for event in self.events if isinstance(event, LineSeen)]
        return "".join(line.line for line in lines if line.direction is Direction.SENT)

    @property
    def story(self) -> str:
        """What crossed the wire and what became of the link, for who wonders about a failure."""
        lines = []
        for event in self.events:
            if isinstance(event, LineSeen):
                sign = ">" if event.direction is Direction.SENT else "<"
                lines.append(f"{sign} {event.line[:300]}")
            elif isinstance(event, LinkChanged | Informed):
                lines.append(f"= {event}")
        return "\n".join(lines)

    def told(self, words: str) -> list[Informed]:
        return [e for e in self.events if isinstance(e, Informed) and words in e.text]


def account_of(server: Place, name: str = "alice", **changes: object) -> Account:
    account = Account(
        id=AccountId(name),
        name=name,
        application=Application.XMPP,
        host=server.host,
        port=server.port,
        security=Security.STARTTLS,
        nick=name,
        jid=f"{name}@localhost",
        ca_file=str(server.ca_file),
    )
    return replace(account, **changes)  # type: ignore[arg-type]


@pytest.fixture(scope="module", params=["prosody", "lab"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "prosody":
        with prosody(folder, USERS) as running:
            yield Place(running.port, running.tls_port, running.certificate.ca_file, ROOMS)
    else:
        with _lab(folder) as place:
            yield place


@contextmanager
def _lab(folder: Path) -> Iterator[Place]:
    """The program's own server."""
    arguments = ["--directory", str(folder / "files")]
    for name, password in USERS.items():
        file = folder / f"password-{name}"
        file.write_text(password, encoding="utf-8")
        arguments += ["--account", f"{name}:{file}"]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            module_command("chatlab.server.process", *arguments),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=environment(),
        )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        ready = process.stdout.readline()
        assert ready, (folder / "server.log").read_text(encoding="utf-8")
        facts = json.loads(ready)
        yield Place(
            facts["xmpp_port"], facts["xmpp_tls_port"], Path(facts["ca_file"]), ROOMS_DOMAIN
        )
        process.stdin.close()  # It takes that as the end.


def filled(form: DataForm, name: str) -> DataForm:
    answers = {"username": name, "password": "first one"}
    fields = (replace(f, values=(answers.get(f.name, ""),)) for f in form.fields)
    return replace(form, fields=tuple(fields))
