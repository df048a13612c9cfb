"""Renders find, console, queue and what belongs to IRC alone to PNG files: gallery_irc.py DIRECTORY."""

import hashlib
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from chatlab.core import events as ev
from chatlab.core.account import AccountId, LoginMethod, Security
from chatlab.core.address import parse_irc_link
from chatlab.core.chat import Member
from chatlab.core.chats import AccountState, ChatBook
from chatlab.core.client_certificate import ClientCertificate, Digest
from chatlab.core.connection import LinkState
from chatlab.core.flow import ByteRange, ConnectionId, Direction, WireRange
from chatlab.core.frame import Exposure
from chatlab.core.message import Delivery
from chatlab.core.raw_lines import RawLineLog
from chatlab.ui.dialogs.account import AccountDialog
from chatlab.ui.dialogs.history_search import HistorySearchDialog
from chatlab.ui.dialogs.link import LinkDialog
from chatlab.ui.theme import Theme
from chatlab.ui.widgets.chat_pane import ChatPane
from chatlab.ui.widgets.colour_chooser import ColourChooser
from chatlab.ui.widgets.member_menu import MemberActs, fill_member_menu
from chatlab.ui.widgets.raw_console import RawConsole
from tests.helpers import talk_scenes
from tests.helpers.accounts import PRESETS
from tests.helpers.chats import NOON, account, message
from tests.helpers.gallery_b import make_book, services

_LINES = (
    (Direction.SENT, "CAP LS 302"),
    (Direction.SENT, "NICK me"),
    (Direction.SENT, "USER me 0 * :Me of the lab"),
    (Direction.RECEIVED, ":irc.example.org CAP * LS :multi-prefix server-time echo-message sasl=PLAIN"),
    (Direction.SENT, "AUTHENTICATE ••••"),
    (Direction.RECEIVED, ":irc.example.org 001 me :Welcome to the lab, me!me@127.0.0.1"),
    (Direction.RECEIVED, ":irc.example.org 005 me CHANTYPES=# PREFIX=(ov)@+ NICKLEN=30 :are supported"),
    (Direction.SENT, "JOIN #lab"),
    (Direction.RECEIVED, ":me!me@127.0.0.1 JOIN #lab me :Me of the lab"),
    (Direction.RECEIVED, "PING :irc.example.org"),
    (Direction.SENT, "PONG irc.example.org"),
    (Direction.RECEIVED, "@time=2026-03-14T12:03:04.567Z;msgid=x7 :alice!a@lab PRIVMSG #lab :hello everyone"),
    (Direction.SENT, "PRIVMSG #lab :hi alice, is \x02this\x02 bold?"),
    (Direction.RECEIVED, "@time=2026-03-14T12:03:09.112Z :bob!b@lab PRIVMSG me :\x01VERSION\x01"),
    (Direction.RECEIVED, ":: @@ not a line of IRC at all"),
    (Direction.RECEIVED, ":עמית!u@lab PRIVMSG #lab :מה שלומך"),
)  # fmt: skip


def raw_log(of: AccountId) -> RawLineLog:
    log = RawLineLog()
    for number, (direction, line) in enumerate(_LINES):
        span = ByteRange(100 * number, 100 * number + len(line))
        wire = WireRange(ConnectionId("c1"), direction, span)
        time_ns = NOON + number * 137_000_000
        log.take(ev.LineSeen(of, direction, line, time_ns, wire, "not a line" in line))
    return log


def console() -> QWidget:
    owner = account("Lab plain")
    made = RawConsole(raw_log(owner.id))
    made.show_accounts([owner, account("Libera.Chat")])
    made.show_account(owner.id)
    made.resize(540, 420)
    made.pull()
    made.lines.selectRow(11)
    return made


def refused() -> QWidget:
    made = console()
    assert isinstance(made, RawConsole)
    made._field.setText("WHOIS alice")
    made.say_refused("This account is not connected. Connect it first: /connect")
    made._keep_alive.setChecked(True)
    return made


def _pane(book: ChatBook, wide: int = 520) -> ChatPane:
    chat = book.chats[next(key for key in book.chats if key.name == "#lab")]
    made = ChatPane(chat, book, services(Exposure.READABLE))
    made.resize(wide, 620)
    return made


def finding() -> QWidget:
    made = _pane(make_book())
    made.show()
    made.find_bar.open()
    made.find_bar._field.setText("it is")
    QTimer.singleShot(60, made, lambda: made.find_bar.go(1))
    return made


def queue() -> QWidget:
    book = make_book()
    made = _pane(book)
    for number in range(7):
        text = f"line {number + 1} of what was pasted"
        book.apply(ev.MessageAdded(message(text, "me", of="Lab plain", delivery=Delivery.QUEUED)))
    return made


def formatting() -> QWidget:
    made = _pane(make_book())
    words = "\x02bold\x02, \x1dslanted\x1d, \x1funder\x1f, \x1estruck\x1e, \x11mono\x11 "
    made.composer.set_text(words + "\x0304red\x03 and \x0301,08black on yellow\x0f, \x02still bold")
    return made


def colours() -> QWidget:
    made = ColourChooser()
    made.setWindowFlags(Qt.WindowType.Widget)
    return made


def link() -> QWidget:
    return LinkDialog(parse_irc_link("ircs://irc.libera.chat/python,needkey"), (), "alice")


def link_plain() -> QWidget:
    state = AccountState(account("Lab plain"), LinkState.ONLINE)
    return LinkDialog(parse_irc_link("irc://irc.example.org/lab"), (state,))


def search() -> QWidget:
    made = HistorySearchDialog("packet")
    texts = (
        ("alice", "who has the packet of the first message?"),
        ("bob", "Packet 41 carries it; " * 3 + "and packet 43 is the ACK"),
        ("עמית", "מה זה packet בעברית?"),
        ("carol", "a long story " * 12 + "about one packet that was lost on its way"),
    )
    found = [
        (message(text, who, at=NOON - at * 3_000_000_000_000), f"#lab · {'Lab plain'}")
        for at, (who, text) in enumerate(texts)
    ]
    made.wanted.connect(lambda words: made.show_found(words, found, is_cut=False))
    return made


def certificate() -> QWidget:
    mine = replace(account("Libera.Chat", Security.DIRECT_TLS), login=LoginMethod.EXTERNAL)
    made = AccountDialog(mine.id, PRESETS, mine)
    made.login.certificate.show_answer(
        ClientCertificate(
            file="~/.config/chatlab/certificates/libera.pem",
            subject="alice",
            not_after="2036-03-14T12:03:00Z",
            fingerprints={
                digest: hashlib.new(digest.value.replace("-", ""), b"x").hexdigest()
                for digest in Digest
            },
        )
    )
    made.area.ensureWidgetVisible(made.login.certificate)
    QTimer.singleShot(100, made, lambda: made.area.ensureWidgetVisible(made.login.certificate))
    return made


def no_certificate() -> QWidget:
    mine = replace(account("Libera.Chat", Security.DIRECT_TLS), login=LoginMethod.EXTERNAL)
    made = AccountDialog(mine.id, PRESETS, mine)
    made.save_button.click()
    QTimer.singleShot(100, made, lambda: made.area.ensureWidgetVisible(made.login.certificate))
    return made


def member_menu() -> QWidget:
    made = QWidget()
    made.resize(560, 420)
    menu = QMenu(made)
    acts = MemberActs(print, print, print, print, print)
    fill_member_menu(menu, Member(nick="bob", prefixes="+"), "me", "@", acts)
    inner = next(action.menu() for action in menu.actions() if action.text() == "Moderate")
    for part, left in ((menu, 8), (inner, 300)):
        assert isinstance(part, QMenu)
        part.setParent(made, Qt.WindowType.Widget)
        part.move(left, 8)
        part.show()
    return made


def argument() -> QWidget:
    made = _pane(make_book())
    made.composer.set_text("/kick bob ")
    return made


SCENES: dict[str, Callable[[], QWidget]] = {
    **talk_scenes.SCENES,
    "console": console,
    "console-refused": refused,
    "find": finding,
    "queue": queue,
    "member-menu": member_menu,
    "argument": argument,
    "certificate": certificate,
    "no-certificate": no_certificate,
    "search": search,
    "link": link,
    "link-plain": link_plain,
    "formatting": formatting,
    "colours": colours,
}


def main() -> None:
    application = QApplication(sys.argv)
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    wanted = sys.argv[2:] or list(SCENES)
    shots = [(theme, name) for theme in ("light", "dark") for name in wanted]

    def shoot() -> None:
        if not shots:
            application.quit()
            return
        theme, name = shots.pop(0)
        Theme.load(theme).apply(application)
        widget = SCENES[name]()
        widget.show()

        def grab() -> None:
            widget.grab().save(str(target / f"{name}-{theme}.png"))
            widget.hide()
            widget.deleteLater()
            shoot()

        QTimer.singleShot(500, widget, grab)

    QTimer.singleShot(0, shoot)
    application.exec()


if __name__ == "__main__":
    main()
