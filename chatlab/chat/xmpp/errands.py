"""What is asked of a connection and awaited: ``AccountHolder`` and ``RoomKeeper`` of the core."""

from chatlab.chat.kept_connection import not_connected
from chatlab.chat.xmpp.account_keeping import AccountKeeping
from chatlab.chat.xmpp.context import Context
from chatlab.chat.xmpp.room_forms import RoomForms
from chatlab.core.forms import DataForm


class Errands:
    """The part of a connection that has them done by its session's features."""

    async def change_password(self, password: str) -> None:
        """Have the server take a new password; returns when it has. Raises ChatlabError."""
        await self._online_context().feature(AccountKeeping).change_password(password)

    async def delete_account(self) -> None:
        """Have the server delete the account for good. Raises ChatlabError."""
        await self._online_context().feature(AccountKeeping).delete_account()

    async def room_form(self, room: str) -> DataForm:
        """The room's settings as its owner may change them. Raises ChatlabError."""
        return await self._online_context().feature(RoomForms).ask(room)

    async def submit_room_form(self, room: str, answers: DataForm) -> None:
        """Returns when the room has taken them. Raises ChatlabError."""
        await self._online_context().feature(RoomForms).submit(room, answers)

    def _online_context(self) -> Context:
        """The session's; overridden by the connection. Raises UsageError when there is none."""
        raise not_connected()
