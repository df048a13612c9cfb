"""``chatlab connect``: the engine of the window without the window, for scripts and for judges.

It connects as the window would, prints what happens (with ``--json`` every event as one line, see
``event_json``), obeys what it reads from standard input, and leaves at the end of that. Nothing is
captured. A line of input is what one types in the window: a slash command, or a text for the chat
that was opened last (by the address, ``/join`` or ``/query``).
"""

import argparse
import asyncio
import contextlib
import json
import signal
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from chatlab.app.feed import CaptureFeed
from chatlab.app.scratch import ScratchFolder
from chatlab.app.session import Session
from chatlab.capture.dissector import ScapyDissector
from chatlab.cli.event_json import Json, event_to_json, refusal_to_json
from chatlab.cli.given_secrets import GivenSecrets, read_password
from chatlab.cli.local_commands import LocalCommands
from chatlab.cli.standard_input import InputLines
from chatlab.cli.terminal import complain, give_up_output, harmless
from chatlab.cli.xmpp_account import make_xmpp_account
from chatlab.core import events as ev
from chatlab.core.account import (
    Account,
    AccountId,
    Application,
    Autojoin,
    LoginMethod,
    Security,
)
from chatlab.core.address import IrcAddress, parse_irc_url
from chatlab.core.chats import AccountState, Change, Chat, ChatBook, Note
from chatlab.core.commands import Command, Verb, parse
from chatlab.core.connection import LinkState
from chatlab.core.errors import ChatlabError, UsageError
from chatlab.core.flow import Direction
from chatlab.core.jid import bare_of
from chatlab.core.message import Message, MessageKind
from chatlab.core.nick import check_nick
from chatlab.core.rules import RuleBook
from chatlab.core.transfer import TransferKind, TransferPolicy, TransferState
from chatlab.core.xmpp_address import is_xmpp_link, parse_xmpp_url
from chatlab.protocol.irc_format import strip_formatting
from chatlab.protocol.irc_masking import mask_text
from chatlab.protocol.irc_perform import shown_command
from chatlab.store.paths import find_paths
from chatlab.store.sts import FILE_NAME, StsFile

_ONLINE_TIMEOUT_S = 60.0
"""How long a line of input waits for the server to let us in."""
_END_GRACE_S = 10.0
"""The same, when the input ended and nothing waits to be done."""
_DRAIN_TIMEOUT_S = 60.0
"""How long what was typed before the end of input may take to leave."""
_SHA256_LENGTH = 64
_READABLE = "Without TLS, anyone on the way can read the password."
_ALWAYS = frozenset({Verb.CONNECT, Verb.DISCONNECT, Verb.QUIT, Verb.RECONNECT})
"""Obeyed in any state; everything else waits until the account is online."""


def connect(options: argparse.Namespace) -> int:
    """Carry the command out; returns the exit code. Raises ChatlabError."""
    chat = ""
    if is_xmpp_link(options.url):
        account, chat = _xmpp_account(options)
    else:
        account = make_account(options, parse_irc_url(options.url))
    secrets = GivenSecrets(
        read_password(options.password_file, "--password-file") if options.password_file else "",
        read_password(options.server_password_file, "--server-password-file")
        if options.server_password_file
        else "",
    )
    sts = StsFile((options.state_dir or find_paths().data) / FILE_NAME)
    with ScratchFolder() as folder:
        visit = _Visit(account, secrets, sts, folder.path, options.json, chat)
        return asyncio.run(visit.run())


def make_account(options: argparse.Namespace, address: IrcAddress) -> Account:
    """The account that the options describe. Raises UsageError naming the one at fault."""
    nick = options.nick or address.nick or f"lab{uuid.uuid4().hex[:6]}"
    if problem := check_nick(nick):
        raise UsageError(
            f"“{nick}” cannot be a nick. {problem.reason}", f"“{problem.suggestion}” can."
        )
    logins = _read_mechanisms(options)
    allows_plain = address.security is Security.PLAIN and LoginMethod.PLAIN in logins
    if allows_plain or (address.security is Security.PLAIN and options.server_password_file):
        print(_READABLE, file=sys.stderr)
    return Account(
        id=AccountId(nick),
        name=f"{nick}@{address.host}",
        host=address.host,
        port=address.port,
        security=address.security,
        nick=nick,
        login=logins[0] if logins else LoginMethod.NONE,
        further_logins=logins[1:],
        login_name=options.login,
        has_server_password=options.server_password_file is not None,
        channels=(Autojoin(address.target),) if address.is_channel else (),
        ca_file=str(options.ca or ""),
        pinned_sha256=_read_pin(options.pin),
        client_certificate=str(options.client_cert or ""),
        tls_min=options.tls_min,
        tls_max=options.tls_max,
        # Whoever names the mechanism and an address without TLS has allowed exactly that.
        password_over_plain=allows_plain or options.server_password_file is not None,
        is_temporary=True,
    )


def _xmpp_account(options: argparse.Namespace) -> tuple[Account, str]:
    """The account, and the chat that texts are for; without --account, the address is ours."""
    place = parse_xmpp_url(options.url)
    chat = place.jid
    if not options.account and not place.account:
        options.account, chat = place.jid, ""
    logins = _read_mechanisms(options)
    allows_plain = options.security == "plain" and LoginMethod.PLAIN in logins
    if allows_plain:
        print(_READABLE, file=sys.stderr)
    account = replace(
        make_xmpp_account(options, place),
        login=logins[0] if logins else LoginMethod.NONE,
        further_logins=logins[1:],
        login_name=options.login,
        channels=(Autojoin(place.jid, place.password),) if place.is_room else (),
        pinned_sha256=_read_pin(options.pin),
        client_certificate=str(options.client_cert or ""),
        tls_min=options.tls_min,
        tls_max=options.tls_max,
        # Whoever names the mechanism and no TLS has allowed exactly that.
        password_over_plain=allows_plain,
    )
    return (replace(account, nick=options.nick) if options.nick else account), chat


def _read_mechanisms(options: argparse.Namespace) -> tuple[LoginMethod, ...]:
    if not options.sasl:
        logins: tuple[LoginMethod, ...] = (LoginMethod.SCRAM_SHA_256,) if options.login else ()
    else:
        known = {method.value: method for method in LoginMethod if method.is_sasl}
        names = [name.strip().upper() for name in options.sasl.split(",")]
        if unknown := [name for name in names if name not in known]:
            raise UsageError(
                f"--sasl: “{unknown[0]}” is not known here.", f"Known are {', '.join(known)}."
            )
        logins = tuple(known[name] for name in names)
    needs_password = any(login.is_scram or login is LoginMethod.PLAIN for login in logins)
    if needs_password and not options.password_file:
        raise UsageError("This login needs a password.", "Name its file with --password-file.")
    if LoginMethod.EXTERNAL in logins and not options.client_cert:
        raise UsageError("SASL EXTERNAL needs a certificate.", "Name its file with --client-cert.")
    return logins


def _read_pin(text: str) -> str:
    pin = text.replace(":", "").replace(" ", "").lower()
    if pin and (len(pin) != _SHA256_LENGTH or set(pin) - set("0123456789abcdef")):
        raise UsageError(
            f"--pin: “{text}” is no SHA-256 fingerprint.", "It has 64 hexadecimal digits."
        )
    return pin


class _Visit:
    """One run of the command."""

    def __init__(
        self,
        account: Account,
        secrets: GivenSecrets,
        sts: StsFile,
        directory: Path,
        as_json: bool,
        chat: str = "",
    ) -> None:
        self._account = account
        self._as_json = as_json
        self._book = ChatBook()
        file = directory / "capture.pcapng"
        self._feed = CaptureFeed(file, self._book, ScapyDissector(), is_live=True)
        rules = RuleBook()
        rules.observe(lambda now: self._book.set_muted(now.muted))
        self._session = Session(self._book, self._feed, secrets, sts=sts, rules=rules)
        self._local = LocalCommands(account.id, self._book, rules, self._answer)
        self._session.observe(self._on_event)
        if not as_json:
            self._book.observe(self._on_book_changed)
        self._irc = self._session.connections
        self._chat = chat or (account.channels[0].channel if account.channels else "")
        self._happened = asyncio.Event()
        self._is_leaving = False
        self._is_over = asyncio.Event()
        self._failure = ""

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        with contextlib.suppress(NotImplementedError):  # Windows knows no such signal.
            loop.add_signal_handler(signal.SIGTERM, self._is_over.set)
        connection = self._session.add_account(self._account)
        if transfers := self._session.transfers(self._account.id):
            # As other programs of the command line do; nothing that is there is overwritten.
            transfers.policy = TransferPolicy(folder=Path.cwd())
        connection.start()
        obeying = asyncio.create_task(self._obey(InputLines()), name="standard input")
        ending = asyncio.create_task(self._is_over.wait(), name="end")
        try:
            await asyncio.wait({obeying, ending}, return_when=asyncio.FIRST_COMPLETED)
            if obeying.done():
                obeying.result()
        finally:
            obeying.cancel()
            ending.cancel()
            self._is_leaving = True
            await self._session.close()
            self._feed.close()
        if self._failure:
            complain(self._failure)
        return 1 if self._failure else 0

    # -- what is read

    async def _obey(self, lines: InputLines) -> None:
        """Carry out line after line; returns at the end of input, once all of it has left."""
        while (line := await lines.next()) is not None:
            if line.strip():
                await self._obey_line(line)
        await self._until(self._is_settled, _END_GRACE_S)
        await self._until(self._has_left, _DRAIN_TIMEOUT_S)
        await self._until(self._has_carried, None)

    async def _obey_line(self, line: str) -> None:
        try:
            command = parse(line)
            if self._local.obey(command, self._chat):
                return
            if command.verb not in _ALWAYS:
                await self._until(self._is_online, _ONLINE_TIMEOUT_S)
            self._is_leaving = self._is_leaving or command.verb is Verb.QUIT
            self._irc[self._account.id].execute(command, self._chat)
            self._follow(command)
        except ChatlabError as error:
            self._refuse(line, error)

    def _follow(self, command: Command) -> None:
        """The chat that was opened last is the one that texts are for."""
        if command.verb is Verb.JOIN:
            self._chat = command.argument(0).split(",")[-1]
            if self._account.application is Application.XMPP:
                self._chat = bare_of(self._chat)  # A nickname may stand behind the room.
        elif command.verb is Verb.QUERY:
            self._chat = command.argument(0)
        elif command.verb is Verb.PART:
            self._chat = ""

    def _answer(self, text: str) -> None:
        """A line of the answer to a command that no server carries out."""
        event = ev.Informed(self._account.id, text, time.time_ns(), chat=self._chat)
        if self._as_json:
            self._on_event(event)
        else:
            self._print(harmless(text))

    def _refuse(self, line: str, error: ChatlabError) -> None:
        shown = shown_command(line) if line.startswith("/") else mask_text(self._chat, line)
        if self._as_json:
            self._print(json.dumps(refusal_to_json(shown, error), ensure_ascii=False))
        else:
            complain(error)

    def _has_carried(self) -> bool:
        """No file is on its way. Each ends by itself, be it for want of an answer."""
        transfers = self._session.transfers(self._account.id)
        return transfers is None or not any(
            transfer.kind is TransferKind.FILE
            and not transfer.state.is_over
            and (
                transfer.direction is Direction.SENT or transfer.state is not TransferState.OFFERED
            )
            for transfer in transfers.transfers
        )

    async def _until(self, condition: Callable[[], bool], limit_s: float | None) -> None:
        """Wait for ``condition``, but not longer than ``limit_s``."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                while not condition():
                    self._happened.clear()
                    await self._happened.wait()

    @property
    def _state(self) -> AccountState:
        return self._book.accounts[self._account.id]

    def _is_online(self) -> bool:
        return self._state.state is LinkState.ONLINE

    def _is_settled(self) -> bool:
        return self._state.state in (LinkState.ONLINE, LinkState.OFFLINE)

    def _has_left(self) -> bool:
        return not self._is_online() or not self._irc[self._account.id].has_unsent

    # -- what is written

    def _on_event(self, event: ev.ChatEvent) -> None:
        if self._as_json:
            self._print(_to_line(event_to_json(event)))
        if isinstance(event, ev.LinkChanged) and event.state is LinkState.OFFLINE:
            if event.is_fault:
                self._failure = event.detail
            if event.is_fault or self._is_leaving:
                self._is_over.set()
        self._happened.set()

    def _on_book_changed(
        self, change: Change, what: Chat | AccountState, first: int, count: int
    ) -> None:
        if not isinstance(what, Chat):
            return
        entries = what.entries[first : first + count]
        for entry in entries if change is Change.ENTRIES_ADDED else ():
            if isinstance(entry, Message):
                self._print(harmless(_message_line(what, entry)))
            else:
                self._print_note(what, f"{entry.text} {entry.hint}")
        for entry in entries if change is Change.ENTRY_CHANGED else ():
            if isinstance(entry, Note) and entry.parts:  # A sentence more in a line of several.
                self._print_note(what, entry.parts[-1])

    def _print_note(self, chat: Chat, text: str) -> None:
        words = strip_formatting(text.strip())
        self._print(harmless(f"[{chat.title}] {words}" if chat.title else words))

    def _print(self, line: str) -> None:
        try:
            print(line, flush=True)
        except BrokenPipeError:
            # The reader has seen enough. What is still to be written goes nowhere.
            give_up_output()
            self._is_over.set()


def _to_line(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _message_line(chat: Chat, message: Message) -> str:
    text = strip_formatting(message.text.replace("\n", " "))
    match message.kind:
        case MessageKind.ACTION:
            said = f"* {message.sender} {text}"
        case MessageKind.NOTICE:
            said = f"-{message.sender}- {text}"
        case MessageKind.MESSAGE:
            said = f"<{message.sender}> {text}"
    return f"[{chat.title}] {said}"
