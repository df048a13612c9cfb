"""What the engine can do, in the order in which stanzas are offered to it and it comes online."""

from chatlab.chat.xmpp.account_keeping import AccountKeeping
from chatlab.chat.xmpp.context import Feature
from chatlab.chat.xmpp.messages import Messages
from chatlab.chat.xmpp.presence import OwnPresence
from chatlab.chat.xmpp.room_commands import RoomCommands
from chatlab.chat.xmpp.room_forms import RoomForms
from chatlab.chat.xmpp.rooms import Rooms

FEATURES: tuple[type[Feature], ...] = (
    Messages,
    OwnPresence,
    Rooms,
    RoomCommands,
    RoomForms,
    AccountKeeping,
)
