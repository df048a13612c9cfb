"""What can be typed about rooms (XEP-0045): entering, leaving, nickname, subject, who is there."""

from xml.etree import ElementTree as ET

from chatlab.chat.xmpp.context import Feature
from chatlab.chat.xmpp.elements import message_to
from chatlab.chat.xmpp.presence import OwnPresence
from chatlab.chat.xmpp.rooms import SUBJECT, Rooms
from chatlab.chat.xmpp.state import Room
from chatlab.core.commands import Command, Verb
from chatlab.core.errors import UsageError
from chatlab.core.jid import check_resource, check_room


class RoomCommands(Feature):
    """Carries them out through ``Rooms``."""

    @property
    def _rooms(self) -> Rooms:
        return self.context.feature(Rooms)

    def execute(self, command: Command, chat: str) -> bool:
        rooms = self._rooms
        match command.verb:
            case Verb.JOIN:
                self._join_typed(command)
            case Verb.PART if room := self.context.state.room(chat):
                rooms.leave(room, command.argument(0))
            case Verb.CYCLE:
                room = rooms.needed(chat)
                password = self.context.lasting.key_of(room.name)
                rooms.leave(room, "")
                rooms.join(room.name, password)
            case Verb.NICK:
                self._change_nick(command.argument(0), chat)
            case Verb.TOPIC if command.argument(0):
                self._set_subject(rooms.needed(chat), command.argument(0))
            case Verb.CLEARTOPIC:
                self._set_subject(rooms.needed(chat), "-")
            case Verb.TOPIC:
                room = rooms.needed(chat)
                text = f"The subject is: {room.subject}" if room.subject else "There is no subject."
                self.context.inform(text, chat=room.name)
            case Verb.NAMES:
                self._tell_names(rooms.needed(chat))
            case _:
                return False
        return True

    def _join_typed(self, command: Command) -> None:
        address, _, nick = command.argument(0).partition("/")
        if problem := check_room(address):
            raise UsageError(f"“{address}” is no room. {problem.reason}", problem.suggestion)
        if nick and (problem := check_resource(nick)):
            raise UsageError(f"“{nick}” cannot be a nickname. {problem.reason}")
        room = self.context.state.room(address)
        if room is not None and room.is_joined:
            raise UsageError(f"You are in {room.name} already.", "/nick changes your name there.")
        self._rooms.join(address, command.argument(1), nick)

    def _change_nick(self, nick: str, chat: str) -> None:
        if problem := check_resource(nick):
            raise UsageError(f"“{nick}” cannot be a nickname. {problem.reason}")
        here = self.context.state.room(chat)
        rooms = (
            [here]
            if here
            else [room for room in self.context.state.rooms.values() if room.is_joined]
        )
        if not rooms:
            raise UsageError("On XMPP, nicknames belong to rooms.", "Enter one: /join")
        for room in rooms:
            presence = self.context.feature(OwnPresence).element(f"{room.name}/{nick}")
            self.context.stream.send_element(presence)

    def _set_subject(self, room: Room, text: str) -> None:
        message = message_to(room.name, "groupchat")
        ET.SubElement(message, SUBJECT).text = "" if text == "-" else text
        self.context.send_act(message, room.name, "Your subject of the room")

    def _tell_names(self, room: Room) -> None:
        names = ", ".join(sorted(room.members, key=str.lower))
        self.context.inform(f"In {room.name}: {names}", chat=room.name)
