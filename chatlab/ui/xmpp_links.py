"""What becomes of an ``xmpp:`` link: a chat that opens, or a room that is asked about.

A link is somebody else's words: nothing is sent, entered or connected before the reader says so.
"""

from chatlab.core.account import Application
from chatlab.core.chats import AccountState, ChatBook, ChatKind
from chatlab.core.connection import LinkState
from chatlab.core.errors import Severity, UsageError
from chatlab.core.xmpp_address import XmppAddress, parse_xmpp_url
from chatlab.ui.dialog_desk import DialogDesk
from chatlab.ui.presenter import Presenter
from chatlab.ui.rich_text import isolated
from chatlab.ui.room_desk import RoomDesk
from chatlab.ui.widgets.message_bar import BarMessage


class XmppLinks:
    """Follows links with the accounts that there are."""

    def __init__(
        self, presenter: Presenter, desk: DialogDesk, book: ChatBook, rooms: RoomDesk
    ) -> None:
        self._presenter = presenter
        self._bar = presenter.window.bar
        self._desk = desk
        self._book = book
        self._rooms = rooms
        desk.offer_xmpp_link = self.follow

    def follow(self, url: str) -> None:
        """Go where ``url`` leads, as far as no packet is needed; what is wrong with it is said."""
        try:
            address = parse_xmpp_url(url)
        except UsageError as error:
            self._bar.post(BarMessage(Severity.WARNING, error.message, error.hint, topic="link"))
            return
        state = self._best(address)
        if state is None:
            self._offer_account(address)
        elif address.is_room:
            self._rooms.ask(state.account.id, room=address.jid, password=address.password)
        else:
            chat = self._book.open(state.account.id, address.jid, ChatKind.PRIVATE)
            self._presenter.show_chat(chat.key)
            if address.body:
                self._presenter.window.chats.active.composer.begin(address.body)

    def _best(self, address: XmppAddress) -> AccountState | None:
        """The account that the link names, else one that is online, else any."""
        states = [
            state
            for state in self._book.accounts.values()
            if state.account.application is Application.XMPP and not state.source
        ]
        states.sort(
            key=lambda state: (
                state.account.jid.lower() != address.account.lower(),
                state.state is not LinkState.ONLINE,
            )
        )
        return states[0] if states else None

    def _offer_account(self, address: XmppAddress) -> None:
        self._bar.post(
            BarMessage(
                Severity.INFO,
                f"{isolated(address.jid)} is an XMPP address, and there is no XMPP account yet.",
                "With one you can write there; it may be made for free.",
                action="Add an account…",
                on_action=lambda: self._desk.edit_xmpp_account(None),
                topic="link",
            )
        )
