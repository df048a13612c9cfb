"""Pictures of what concerns channels and people: ``python -m tests.helpers.gallery_e FOLDER [NAME…]``.

``CHATLAB_FONT_SCALE=2`` shows them with text twice as big.
"""

import os
import random
import sys
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QWidget

from chatlab.core import events as ev
from chatlab.core.account import AccountId
from chatlab.core.chat import Member
from chatlab.core.chats import ChatKey
from chatlab.core.connection import LinkState
from chatlab.core.features import ServerFeatures
from chatlab.core.highlighting import HighlightRule
from chatlab.core.ignoring import IgnoreKind, IgnoreRule
from chatlab.core.listings import ChannelsListed, ListedChannel, ListedMask
from chatlab.core.preferences import Preferences
from chatlab.core.rules import Buddy
from chatlab.ui.dialogs.buddies import BuddiesDialog
from chatlab.ui.dialogs.channel import ChannelDialog
from chatlab.ui.dialogs.channel_list import ChannelListDialog
from chatlab.ui.dialogs.highlights import HighlightsDialog
from chatlab.ui.dialogs.ignores import IgnoresDialog
from chatlab.ui.dialogs.mentions import MentionsDialog
from chatlab.ui.dialogs.preferences import PreferencesDialog
from chatlab.ui.models.account_tree import AccountTreeModel
from chatlab.ui.notifier import badged_icon
from chatlab.ui.theme import Theme
from chatlab.ui.widgets.account_pane import AccountPane
from tests.helpers.chats import MINUTE, NOON, account, book_with, message

LAB, LIBERA = AccountId("lab"), AccountId("libera")
NAMES = ((LAB, "Lab plain"), (LIBERA, "Libera.Chat"))
FEATURES = ServerFeatures(
    is_known=True, topic_length=390, list_modes="eIbq", exception_mode="e", invitation_mode="I",
    modes_with_parameter="k", modes_set_with_parameter="flj", flag_modes="CFLMPQScgimnprstuz",
    list_limits=(("bqeI", 100),), list_filters="CMNTU", channel_count=31_204, buddy_limit=100,
    has_safe_list=True,
)  # fmt: skip
MEMBERS = {
    "bob": Member(nick="bob", user_host="~bob@192.0.2.17"),
    "me": Member(nick="me", prefixes="@"),
}
TOPICS = (
    "Welcome to the lab | Read the notes first: https://lab.example/notes | Be kind",
    "\x02Support\x02 for \x0304everything\x03 — ask, wait, be patient", "", "Off topic",
)  # fmt: skip


def channels(count: int) -> tuple[ListedChannel, ...]:
    dice = random.Random(6)
    words = ("linux", "python", "lab", "music", "qt", "security", "networks", "cooking", "debian")
    return tuple(
        ListedChannel(
            f"#{dice.choice(words)}-{number}", int(dice.paretovariate(0.7)), dice.choice(TOPICS)
        )
        for number in range(count)
    )


def list_running() -> QWidget:
    dialog = ChannelListDialog("Libera.Chat", FEATURES)
    dialog.begin()
    dialog.show_block(ChannelsListed(LIBERA, channels(12_500), NOON))
    dialog.filter.setText("python")
    return dialog


def list_careful() -> QWidget:
    features = ServerFeatures(is_known=True, channel_count=31_204, list_filters="U")
    dialog = ChannelListDialog("Example Net", features)
    dialog.begin()
    return dialog


def channel(page: int = 0, signs: str = "@") -> ChannelDialog:
    dialog = ChannelDialog("#lab", FEATURES, MEMBERS)
    dialog.show_channel(TOPICS[0], "+ntlk 20", signs)
    dialog.tabs.setCurrentIndex(page)
    masks = (
        ListedMask("*!*@192.0.2.17", "alice", NOON),
        ListedMask("*!*spam@*.isp.example", "carol", NOON - 300 * MINUTE),
        ListedMask("mallory!*@*", "", 0),
    )
    dialog.show_masks("b", masks)
    dialog.show_masks("e", ())
    return dialog


def channel_bans() -> QWidget:
    dialog = channel(2)
    dialog.go_to("b", "bob")
    return dialog


def channel_locked() -> QWidget:
    return channel(1, "")


def ignores() -> QWidget:
    dialog = IgnoresDialog(NAMES)
    dialog.show_rules(
        (
            IgnoreRule(mask="mallory!*@*"),
            IgnoreRule(
                mask="*!*@*.spam.example",
                kinds=frozenset({IgnoreKind.PRIVATE, IgnoreKind.INVITE}),
                account=LIBERA,
                until_ns=4_000_000_000_000_000_000,
            ),
        )
    )
    dialog.propose("bob")
    return dialog


def highlights() -> QWidget:
    dialog = HighlightsDialog(NAMES)
    dialog.show_rules(
        (
            HighlightRule(text="deploy*"),
            HighlightRule(text=r"lab ?[0-9]+", is_pattern=True, chat="#lab"),
            HighlightRule(text="deploy bot", is_exception=True, account=LIBERA),
        )
    )
    dialog.kind.setCurrentIndex(1)
    dialog.text.setText("(lab")
    return dialog


def mentions() -> QWidget:
    book, _ = book_with()
    for number, text in enumerate(("me: did you see the SYN?", "ask me later", "thanks, me!")):
        at = NOON + number * 7 * MINUTE
        said = message(text, ("alice", "bob")[number % 2], at=at, is_highlight=True)
        book.apply(ev.MessageAdded(said))
    return MentionsDialog(book)


def mentions_empty() -> QWidget:
    book, _ = book_with()
    return MentionsDialog(book)


def buddies() -> QWidget:
    dialog = BuddiesDialog(NAMES, frozenset({LIBERA}))
    known = [Buddy(LAB, "alice"), Buddy(LAB, "bob"), Buddy(LIBERA, "carol")]
    dialog.show_buddies(known, {known[1]: True, known[0]: False})
    dialog.where.setCurrentIndex(1)
    return dialog


def preferences() -> QWidget:
    return PreferencesDialog(Preferences(auto_away_minutes=10), can_notify=True)


def sidebar() -> QWidget:
    book, _ = book_with()
    book.apply(ev.LinkChanged(LAB, LinkState.ONLINE, NOON))
    book.apply(ev.AwayChanged(LAB, True, NOON))
    other = account("libera")
    book.add_account(other)
    book.apply(ev.LinkChanged(other.id, LinkState.ONLINE, NOON))
    for name in ("#noisy", "bob"):
        book.open(LAB, name)
    book.apply(ev.MessageAdded(message("psst", "bob", chat="bob")))
    book.set_muted(frozenset({ChatKey(LAB, "#noisy")}))
    box = QWidget()
    row = QHBoxLayout(box)
    row.addWidget(AccountPane(AccountTreeModel(book, box), box))
    for count in (0, 3, 42, 120):
        label = QLabel(box)
        label.setPixmap(badged_icon(count).pixmap(64, 64))
        row.addWidget(label)
    box.resize(560, 300)
    return box


VIEWS: dict[str, Callable[[], QWidget]] = {
    "list-running": list_running,
    "list-careful": list_careful,
    "channel-topic": channel,
    "channel-modes": lambda: channel(1),
    "channel-bans": channel_bans,
    "channel-locked": channel_locked,
    "ignores": ignores,
    "highlights": highlights,
    "mentions": mentions,
    "mentions-empty": mentions_empty,
    "buddies": buddies,
    "preferences": preferences,
    "sidebar": sidebar,
}


def main(folder: Path, wanted: list[str]) -> None:
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    folder.mkdir(parents=True, exist_ok=True)
    for theme in ("light", "dark"):
        Theme.load(theme).apply(app, float(os.environ.get("CHATLAB_FONT_SCALE", "1")))
        for name, make in VIEWS.items():
            if wanted and not any(name.startswith(word) for word in wanted):
                continue
            widget = make()
            widget.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
            widget.show()
            widget.activateWindow()
            for _ in range(5):
                app.processEvents()
            widget.grab().save(str(folder / f"{name}-{theme}.png"))
            widget.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
