"""What the user typed, carried out: by the connection itself, or by a feature of the session."""

from typing import Protocol

from chatlab.chat.kept_connection import not_connected
from chatlab.chat.xmpp.session import Session
from chatlab.core.account import Application
from chatlab.core.commands import COMMANDS, Command, Verb
from chatlab.core.errors import LocalProtocolError, UsageError
from chatlab.core.message import Message, MessageKind
from chatlab.protocol.xmpp import StreamFault
from chatlab.protocol.xmpp_element import parse_stanza

_STANZAS = ("message", "presence", "iq")


class Engine(Protocol):
    """What commands need of the connection."""

    @property
    def is_online(self) -> bool: ...

    @property
    def session(self) -> Session: ...

    def start(self) -> None: ...

    def send(
        self, chat: str, text: str, kind: MessageKind = MessageKind.MESSAGE, *, reply_to: str = ""
    ) -> tuple[Message, ...]: ...

    def stop_soon(self, reason: str) -> None: ...

    def restart_soon(self) -> None: ...


class Commands:
    """Carries commands out."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def execute(self, command: Command, chat: str) -> None:
        """Raises UsageError, LocalProtocolError."""
        match command.verb:
            case Verb.SAY | Verb.ME | Verb.MSG | Verb.QUERY | Verb.NOTICE:
                self._talk(command, chat)
            case Verb.CONNECT:
                self._engine.start()
            case Verb.DISCONNECT | Verb.QUIT:
                self._engine.stop_soon(command.argument(0))
            case Verb.RECONNECT:
                self._engine.restart_soon()
            case _:
                self._online(command, chat)

    def _talk(self, command: Command, chat: str) -> None:
        match command.verb:
            case Verb.SAY:
                self._engine.send(_needed(chat), command.argument(0))
            case Verb.ME:
                self._engine.send(_needed(chat), command.argument(0), MessageKind.ACTION)
            case Verb.MSG:
                self._engine.send(command.argument(0), command.argument(1))
            case Verb.NOTICE:
                self._engine.send(command.argument(0), command.argument(1), MessageKind.NOTICE)
            case Verb.QUERY:
                self._engine.session.context.open_chat(command.argument(0), is_room=False)
                if text := command.argument(1):
                    self._engine.send(command.argument(0), text)

    def _online(self, command: Command, chat: str) -> None:
        if not self._engine.is_online:
            raise not_connected()
        if command.verb is Verb.RAW:
            self._send_raw(command.argument(0))
        elif command.verb is Verb.SEND:
            raise UsageError(
                "ChatLab sends files on IRC only.",
                "Put it where others can fetch it, and send the link.",
            )
        elif not self._engine.session.execute(command, chat):
            spec = next((spec for spec in COMMANDS if spec.verb is command.verb), None)
            foreign = spec is not None and spec.only not in (None, Application.XMPP)
            why = "belongs to IRC" if foreign else "has no meaning on XMPP, or not in this chat"
            raise UsageError(f"/{command.verb.value} {why}.", "/help lists all commands.")

    def _send_raw(self, text: str) -> None:
        """A stanza exactly as typed, once it is sure to be one."""
        data = text.strip().encode("utf-8", "surrogatepass")
        try:
            stanza = parse_stanza(data)
        except StreamFault as fault:
            raise LocalProtocolError(
                f"This is no stanza: {fault.message}", "It was not sent."
            ) from fault
        if stanza.name not in _STANZAS:
            raise LocalProtocolError(
                f"<{stanza.name}/> is not sent by hand: it would break the stream.",
                "Type a message, presence or iq.",
            )
        self._engine.session.send_raw(data)


def _needed(chat: str) -> str:
    if not chat:
        raise UsageError("Nobody reads what is said here.", "Open a chat: /query address")
    return chat
