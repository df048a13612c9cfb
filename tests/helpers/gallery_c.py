"""Pictures of the dialogs, light and dark: ``python -m tests.helpers.gallery_c FOLDER [NAME…]``.

``CHATLAB_FONT_SCALE=2`` shows them with text twice as big.
"""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget

from chatlab.core.account import Account, AccountId, Autojoin, LoginMethod, SecretKind, Security
from chatlab.core.chats import ChatBook
from chatlab.core.errors import CertificateError, CertificateInfo
from chatlab.core.export import ExportFacts
from chatlab.ui.actions import ACTIONS, Actions
from chatlab.ui.dialogs.about import AboutDialog
from chatlab.ui.dialogs.account import AccountDialog, StoredSecrets
from chatlab.ui.dialogs.accounts import AccountsDialog
from chatlab.ui.dialogs.certificate import CertificateDialog
from chatlab.ui.dialogs.export_capture import ExportDialog
from chatlab.ui.dialogs.help import HelpDialog
from chatlab.ui.dialogs.join import JoinDialog
from chatlab.ui.dialogs.session_notes import SessionNotesDialog
from chatlab.ui.dialogs.system_check import CheckRow, CheckState, SystemCheckDialog
from chatlab.ui.theme import Theme
from chatlab.ui.widgets.command_palette import CommandPalette
from chatlab.ui.widgets.first_start import FirstStart


@dataclass(frozen=True)
class Preset:
    name: str
    host: str
    tls_port: int | None
    plain_port: int | None
    note: str


PRESETS = (
    Preset("Libera.Chat", "irc.libera.chat", 6697, 6667, "TLS on 6697, plain text on 6667."),
    Preset("OFTC", "irc.oftc.net", 6697, 6667, "TLS on 6697, plain text on 6667."),
    Preset("hackint", "irc.hackint.org", 6697, None, "TLS only."),
)
ACCOUNT = Account(
    id=AccountId("a"),
    name="Lab plain",
    host="127.0.0.1",
    port=6667,
    security=Security.PLAIN,
    nick="first_last",
    user_name="firstname.lastname",
    real_name="Éva Last",
    login=LoginMethod.PLAIN,
    channels=(Autojoin("#lab"), Autojoin("#secret", "k3y")),
    leave_message="Good-bye, all",
)


def account_new() -> QWidget:
    dialog = AccountDialog(AccountId("a"), PRESETS)
    dialog.identity.nick.set_text("first.last")
    return dialog


def account_plain() -> QWidget:
    stored = StoredSecrets(frozenset({SecretKind.LOGIN}), is_lasting=False)
    return AccountDialog(AccountId("a"), PRESETS, ACCOUNT, stored)


def account_more() -> QWidget:
    dialog = AccountDialog(AccountId("a"), PRESETS, ACCOUNT)
    dialog.fold.set_open(True)
    dialog.more.pin.setText("abc")
    dialog.resize(dialog.width(), 1150)
    dialog.show()
    dialog.save_button.click()
    return dialog


LEAF = CertificateInfo(
    subject="CN=irc.lab.example",
    issuer="CN=ChatLab run-time CA",
    names=("irc.lab.example", "localhost", "127.0.0.1", "::1"),
    not_before="2026-01-31T12:00:00Z",
    not_after="2026-03-31T12:00:00Z",
    sha256="1f2e3d4c5b6a79880102030405060708090a0b0c0d0e0f101112131415161718",
    key="EC P-256",
)
REFUSED = CertificateError(
    "The certificate of irc.lab.example is not trusted.",
    "",
    reason="No authority that this system trusts has signed it.",
    host="irc.lab.example",
    chain=(LEAF, replace(LEAF, subject="CN=ChatLab run-time CA", names=())),
)


def accounts() -> QWidget:
    dialog = AccountsDialog()
    dialog.show_accounts(
        (
            replace(
                ACCOUNT,
                id=AccountId("b"),
                name="Libera.Chat",
                port=6697,
                host="irc.libera.chat",
                security=Security.DIRECT_TLS,
            ),
            ACCOUNT,
        )
    )
    dialog.remove_button.click()
    return dialog


def certificate() -> QWidget:
    return CertificateDialog(AccountId("a"), REFUSED)


def certificate_changed() -> QWidget:
    return CertificateDialog(AccountId("a"), REFUSED, pinned="ab" * 32)


def join() -> QWidget:
    dialog = JoinDialog(((AccountId("a"), "Libera.Chat"), (AccountId("b"), "Lab")))
    dialog.channel.set_text("#my lab")
    return dialog


def about() -> QWidget:
    return AboutDialog({"scapy": "2.8.0", "irc": "20.5.0"})


def system_check() -> QWidget:
    dialog = SystemCheckDialog()
    dialog.show_rows(
        (
            CheckRow("Python", CheckState.OK, "3.11.7"),
            CheckRow(
                "Capture",
                CheckState.FAILED,
                "This user may not open packet sockets. Chatting works all the same.",
                "sudo setcap cap_net_raw+ep /usr/lib/chatlab/opener\nchatlab doctor",
            ),
            CheckRow("Keyring", CheckState.WARNING, "None answers: passwords last until exit."),
            CheckRow("Loopback", CheckState.OK, "The lab server can listen on 127.0.0.1."),
        )
    )
    return dialog


def export_capture() -> QWidget:
    dialog = ExportDialog(Path("/home/me/lab6.pcapng"), 1412)
    facts = ExportFacts(
        frames=1412,
        sealed_connections=3,
        opened_connections=3,
        clear_messages=41,
        sealed_messages=12,
        clear_secrets=2,
    )
    dialog.tell(facts)
    return dialog


def session_notes() -> QWidget:
    return SessionNotesDialog("# Lab 6\n\nFrame 41 holds the password in clear.\n")


def help_page() -> QWidget:
    return HelpDialog(ACTIONS)


def help_search() -> QWidget:
    dialog = HelpDialog(ACTIONS)
    dialog.search("unknown")
    return dialog


def first_start() -> QWidget:
    page = FirstStart()
    page.resize(1280, 740)
    page.setFocus()
    return page


def first_start_narrow() -> QWidget:
    page = FirstStart()
    page.resize(640, 700)
    return page


def palette() -> QWidget:
    window = QMainWindow()
    window.resize(1000, 620)
    window.show()
    book = ChatBook()
    book.add_account(ACCOUNT)
    for name in ("#lab", "#capture", "alice"):
        book.open(ACCOUNT.id, name)
    actions = Actions(window)
    for spec in ACTIONS:
        if not spec.is_numbered:
            actions.on(spec.id, lambda: None)
    CommandPalette(book, actions, window).open("cap")
    return window


VIEWS: dict[str, Callable[[], QWidget]] = {
    "account-new": account_new,
    "account-plain": account_plain,
    "account-more": account_more,
    "accounts": accounts,
    "certificate": certificate,
    "changed-certificate": certificate_changed,
    "join": join,
    "about": about,
    "system-check": system_check,
    "export-capture": export_capture,
    "session-notes": session_notes,
    "help": help_page,
    "help-search": help_search,
    "first-start": first_start,
    "first-start-narrow": first_start_narrow,
    "palette": palette,
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
