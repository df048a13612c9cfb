"""What the engine can do, in the order in which stanzas are offered to it and it comes online."""

from chatlab.chat.xmpp.account_keeping import AccountKeeping
from chatlab.chat.xmpp.answers import Answers
from chatlab.chat.xmpp.archive import Archive
from chatlab.chat.xmpp.blocking import Blocking
from chatlab.chat.xmpp.bookmarks import Bookmarks
from chatlab.chat.xmpp.carbons import Carbons
from chatlab.chat.xmpp.cards import Cards
from chatlab.chat.xmpp.chat_states import ChatStates
from chatlab.chat.xmpp.contacts import Contacts
from chatlab.chat.xmpp.context import Feature
from chatlab.chat.xmpp.corrections import Corrections
from chatlab.chat.xmpp.discovery import Discovery
from chatlab.chat.xmpp.encrypted import Encrypted
from chatlab.chat.xmpp.idling import Idling
from chatlab.chat.xmpp.invitations import Invitations
from chatlab.chat.xmpp.keepalive import Keepalive
from chatlab.chat.xmpp.markers import Markers
from chatlab.chat.xmpp.messages import Messages
from chatlab.chat.xmpp.own_picture import OwnPicture
from chatlab.chat.xmpp.personal_events import PersonalEvents
from chatlab.chat.xmpp.presence import OwnPresence
from chatlab.chat.xmpp.reactions import Reactions
from chatlab.chat.xmpp.receipts import Receipts
from chatlab.chat.xmpp.replies import Replies
from chatlab.chat.xmpp.retraction import Retraction
from chatlab.chat.xmpp.room_admin import RoomAdmin
from chatlab.chat.xmpp.room_commands import RoomCommands
from chatlab.chat.xmpp.room_forms import RoomForms
from chatlab.chat.xmpp.room_identity import RoomIdentity
from chatlab.chat.xmpp.room_list import RoomList
from chatlab.chat.xmpp.rooms import Rooms
from chatlab.chat.xmpp.unstyled import Unstyled

FEATURES: tuple[type[Feature], ...] = (
    Messages,
    Contacts,
    OwnPresence,
    Rooms,
    RoomCommands,
    RoomForms,
    AccountKeeping,
    Encrypted,
    ChatStates,
    Receipts,
    Markers,
    Retraction,
    Reactions,
    Corrections,
    Replies,
    Discovery,
    Answers,
    Carbons,
    Archive,
    PersonalEvents,
    Blocking,
    Cards,
    Invitations,
    RoomAdmin,
    RoomList,
    RoomIdentity,
    Keepalive,
    Idling,
    Bookmarks,
    Unstyled,
    OwnPicture,
)
