"""``chatlab say``: connect, send, wait for ACK and echo, show the frames of each message, leave."""

import argparse
import asyncio
import json
import os
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from chatlab.analysis.session_file import MessageRecord, message_records
from chatlab.app.feed import CaptureFeed
from chatlab.app.saving import SESSION_SUFFIX, capture_work, save, session_work
from chatlab.app.scratch import ScratchFolder
from chatlab.app.session import Session
from chatlab.capture.dissector import ScapyDissector
from chatlab.chat.irc.numerics import JOIN_REFUSALS
from chatlab.chat.irc.outbox import SendPace
from chatlab.chat.xmpp.room_words import JOIN_REFUSED
from chatlab.cli.given_secrets import GivenSecrets, read_password
from chatlab.cli.table import print_records
from chatlab.cli.terminal import complain
from chatlab.cli.xmpp_account import make_xmpp_account
from chatlab.core import events as ev
from chatlab.core.account import Account, AccountId, Application, LoginMethod
from chatlab.core.address import IrcAddress, parse_irc_url
from chatlab.core.capture import CaptureLost, CaptureRefused
from chatlab.core.chats import ChatBook
from chatlab.core.commands import Command, Verb
from chatlab.core.connection import LinkState
from chatlab.core.errors import ChatlabError, FileError, UsageError
from chatlab.core.flow import Direction
from chatlab.core.message import Delivery, Message
from chatlab.core.ports import ChatConnection
from chatlab.core.xmpp_address import is_xmpp_link, parse_xmpp_url
from chatlab.protocol.irc import IrcLine, parse

_ONLINE_TIMEOUT_S = 60.0
_JOIN_TIMEOUT_S = 20.0
_DELIVERY_TIMEOUT_S = 20.0
_DEFAULT_INTERVAL_S = 0.2
_ARRIVED = frozenset(
    {Delivery.ACKNOWLEDGED, Delivery.ECHOED, Delivery.DELIVERED, Delivery.DISPLAYED}
)
_REFUSALS_OF_A_NICK = {"432", "433", "436", "437"}


def say(options: argparse.Namespace) -> int:
    """Carry the command out; returns the exit code. Raises ChatlabError."""
    goal = _goal_of(options)
    if options.texts and not goal.target:
        raise UsageError(
            "The address names nobody to talk to.", "Add a channel (/%23lab) or a nick (/bob)."
        )
    if any(not text or "\n" in text or "\r" in text for text in options.texts):
        raise UsageError("Each TEXT is one line that is not empty.", "Give several as several.")
    if not options.texts and not options.listen:
        raise UsageError("There is nothing to send.", "Give a TEXT, or --listen SECONDS.")
    if options.save and not os.access(options.save.parent, os.W_OK):
        raise FileError(
            f"Nothing can be saved in {options.save.parent}.",
            "Give --save a file in a folder that is there and yours. Nothing was sent.",
        )
    with ScratchFolder() as folder:
        return asyncio.run(_Talk(options, goal, folder.path).run())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Goal:
    """Who connects, and whom the texts are for."""

    account: Account
    target: str
    """Empty when there is nobody to talk to."""
    is_room: bool
    """To be joined first."""
    password: str = ""
    """Of the room."""
    wanted_nick: str = ""
    """The nick that must be ours, on IRC."""


def _goal_of(options: argparse.Namespace) -> _Goal:
    if is_xmpp_link(options.url):
        place = parse_xmpp_url(options.url)
        account = make_xmpp_account(options, place)
        return _Goal(
            account=account, target=place.jid, is_room=place.is_room, password=place.password
        )
    address = parse_irc_url(options.url)
    return _Goal(
        account=_irc_account(options, address),
        target=address.target,
        is_room=address.is_channel,
        wanted_nick=address.nick,
    )


def _irc_account(options: argparse.Namespace, address: IrcAddress) -> Account:
    nick = address.nick or f"lab{uuid.uuid4().hex[:6]}"
    return Account(
        id=AccountId(nick),
        name=f"{nick}@{address.host}",
        host=address.host,
        port=address.port,
        security=address.security,
        nick=nick,
        login=LoginMethod.SCRAM_SHA_256 if options.login else LoginMethod.NONE,
        login_name=options.login,
        ca_file=str(options.ca) if options.ca else "",
        tls_max=options.tls_max,
        is_temporary=True,
    )


class _Talk:
    """One run of the command."""

    def __init__(self, options: argparse.Namespace, goal: _Goal, directory: Path) -> None:
        self._options = options
        self._goal = goal
        self._book = ChatBook()
        file = directory / "capture.pcapng"
        self._feed = CaptureFeed(file, self._book, ScapyDissector(), is_live=True)
        given = options.password_file
        login = read_password(given, "--password-file") if given else ""
        self._session = Session(
            self._book,
            self._feed,
            GivenSecrets(login),
            accepts_any_certificate=options.insecure,
            pace=SendPace.unlimited(),
        )
        self._session.observe(self._on_event)
        self._account = goal.account
        self._happened = asyncio.Event()
        self._failure: ChatlabError | None = None
        self._refusal: ChatlabError | None = None
        self._server_words = ""
        self._sent: list[Message] = []
        self._is_kept = True

    async def run(self) -> int:
        await self._session.start_capture()
        connection = self._session.add_account(self._account)
        failure: ChatlabError | None = None
        try:
            try:
                await self._talk(connection)
            except ChatlabError as error:
                failure = error  # What was captured until then may show why.
            await connection.stop()
            await self._session.catch_up()
            self._explain_missing_frames()
            await self._session.stop_capture()
            self._save()  # First: whoever reads the report may have seen enough of it.
            self._report()
        finally:
            await self._session.close()
            self._feed.close()
        if failure := failure or self._failure:
            raise failure
        return 0 if self._all_delivered() and self._is_kept else 1

    def _explain_missing_frames(self) -> None:
        """Say why nothing was captured, and the remedy; that may show only at the first packet."""
        match self._feed.status:
            case CaptureRefused(reason=reason, remedy=help_):
                complain(f"No frames: {reason} {help_}")
            case CaptureLost(reason=reason, hint=help_):
                complain(f"Frames are missing: {reason} {help_}")
            case _:
                pass

    async def _talk(self, connection: ChatConnection) -> None:
        connection.start()
        await self._until(self._is_online, _ONLINE_TIMEOUT_S, "The server did not let us in")
        if self._goal.is_room:
            wish = (self._goal.target, self._goal.password)
            connection.execute(Command(Verb.JOIN, tuple(filter(None, wish))), "")
            await self._until(self._is_joined, _JOIN_TIMEOUT_S, "The channel was not joined")
        await self._send_all()
        await self._stay()

    async def _send_all(self) -> None:
        interval = self._options.interval
        pause = _DEFAULT_INTERVAL_S if interval is None else interval
        connection = self._session.connections[self._account.id]
        for number, text in enumerate(self._options.texts):
            if number and pause:
                await asyncio.sleep(pause)
            self._sent.extend(connection.send(self._goal.target, text))

    async def _stay(self) -> None:
        """Wait for delivery, then listen as long as asked for; Ctrl-C ends that early."""
        try:
            await self._until(self._is_delivered, _DELIVERY_TIMEOUT_S, "")
            await self._listen()
        except asyncio.CancelledError:
            # asyncio turns Ctrl-C into this. What was heard until now is still to be shown.
            task = asyncio.current_task()
            assert task is not None
            task.uncancel()

    async def _listen(self) -> None:
        """Stay for the seconds asked for; a lost connection ends them early."""
        try:
            async with asyncio.timeout(self._options.listen):
                while self._failure is None:
                    self._happened.clear()
                    await self._happened.wait()
        except TimeoutError:
            return

    async def _until(self, condition: Callable[[], bool], limit_s: float, what: str) -> None:
        """Wait for ``condition``; a time-out with words in ``what`` is an error."""
        try:
            async with asyncio.timeout(limit_s):
                while not condition():
                    if self._failure or self._refusal:
                        raise self._refusal or self._failure or AssertionError
                    self._happened.clear()
                    await self._happened.wait()
        except TimeoutError:
            if what:
                raise ChatlabError(f"{what} within {limit_s:.0f} s.", "Try again later.") from None

    def _on_event(self, event: ev.ChatEvent) -> None:
        match event:
            case ev.LinkChanged(state=LinkState.OFFLINE | LinkState.WAITING, is_fault=True):
                self._failure = ChatlabError(event.detail)
            case ev.CertificateRefused(_, error):
                self._failure = error
            case ev.Informed(code=code) if code == JOIN_REFUSED and not self._is_joined():
                self._refusal = ChatlabError(event.text, event.hint)
            case ev.Informed(code=code) if code in JOIN_REFUSALS and not self._is_joined():
                words = f"{event.text} The server says: “{self._server_words}”"
                self._refusal = ChatlabError(words, event.hint)
            case ev.LineSeen(direction=Direction.RECEIVED, is_malformed=False) if (
                self._account.application is Application.IRC and self._is_arriving()
            ):
                self._note_words(parse(event.line))
            case _:
                pass
        self._happened.set()

    def _note_words(self, line: IrcLine) -> None:
        """Keep the server's words; a nick that was asked for is not to be exchanged."""
        self._server_words = line.parameters[-1] if line.parameters else ""
        if line.command in _REFUSALS_OF_A_NICK and self._goal.wanted_nick and not self._is_online():
            self._refusal = ChatlabError(
                f"The server refuses the nick “{self._goal.wanted_nick}”: {self._server_words}",
                "Put another nick into the address.",
            )

    def _is_online(self) -> bool:
        return self._book.accounts[self._account.id].state is LinkState.ONLINE

    def _is_arriving(self) -> bool:
        return not (self._is_online() and self._is_joined())

    def _is_joined(self) -> bool:
        if not self._goal.is_room:
            return True
        return self._book.open(self._account.id, self._goal.target).is_joined

    def _as_they_are(self) -> list[Message]:
        """What was sent, with what has become of it."""
        found = (self._book.find(message.id) for message in self._sent)
        entries = (chat.entries[index] for chat, index in (pair for pair in found if pair))
        return [entry for entry in entries if isinstance(entry, Message)]

    def _is_delivered(self) -> bool:
        """Nothing more is to come for any message, as far as this server tells."""
        echoes = self._session.connections[self._account.id].has_echo
        final = {*_ARRIVED, Delivery.FAILED} - {Delivery.ACKNOWLEDGED}
        if not echoes:
            final.add(Delivery.ACKNOWLEDGED)
        return all(message.delivery in final for message in self._as_they_are())

    def _all_delivered(self) -> bool:
        return all(message.delivery in _ARRIVED for message in self._as_they_are())

    def _report(self) -> None:
        """Show what there is, and say of every message that did not arrive why."""
        records = self._records()
        if self._options.json:
            for record in records:
                print(json.dumps(record, ensure_ascii=False))
        elif records or not (self._failure or self._refusal):
            print_records(records)
        for message in self._as_they_are():
            if message.delivery not in _ARRIVED:
                why = message.failure or "nothing acknowledged it."
                complain(f"“{message.text}” did not arrive: {why}")

    def _save(self) -> None:
        """Keep what was captured where that is wanted; what is in the way is said."""
        if self._options.save:
            is_session = self._options.save.suffix.lower() == SESSION_SUFFIX
            work = session_work(self._feed, self._book, "") if is_session else None
            try:
                save(work or capture_work(self._feed), self._options.save)
            except FileError as error:
                complain(f"{error.message} The capture of this talk is kept nowhere.")
                self._is_kept = False

    def _records(self) -> list[MessageRecord]:
        ours = {message.id for message in self._sent}
        wanted = [
            message
            for message in self._feed.messages.values()
            if message.id in ours or self._options.listen
        ]
        return list(message_records(wanted, self._feed.correlator))
