"""The certificate dialog: refusing is the easy way, and a change is an alarm."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from chatlab.core.account import AccountId
from chatlab.core.errors import CertificateError
from chatlab.ui.dialogs.certificate import CertificateDialog
from tests.helpers.accounts import LEAF, refused

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")
ME = AccountId("lab")


def opened(
    qtbot: QtBot, error: CertificateError, pinned: str = ""
) -> tuple[CertificateDialog, list[tuple[str, ...]]]:
    dialog = CertificateDialog(ME, error, pinned=pinned, is_wrong_host=error.is_wrong_host)
    qtbot.addWidget(dialog)
    heard: list[tuple[str, ...]] = []
    dialog.rejected_for.connect(lambda who: heard.append(("no", who)))
    dialog.trusted_once.connect(lambda who, pin: heard.append(("once", who, pin)))
    dialog.pinned_for.connect(lambda who, pin: heard.append(("always", who, pin)))
    dialog.open()
    return dialog, heard


def words(widget: QWidget) -> str:
    return " ".join(label.text() for label in widget.findChildren(QLabel))


def test_return_and_escape_refuse(qtbot: QtBot) -> None:
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Escape):
        dialog, heard = opened(qtbot, refused())
        qtbot.keyClick(dialog, key)
        assert heard == [("no", ME)]


def test_trust_is_told_with_the_fingerprint(qtbot: QtBot) -> None:
    dialog, heard = opened(qtbot, refused())
    dialog.once_button.click()
    assert heard == [("once", ME, LEAF.sha256)]
    dialog, heard = opened(qtbot, refused())
    dialog.pin_button.click()
    assert heard == [("always", ME, LEAF.sha256)]


def test_everything_to_judge_it_by_is_shown(qtbot: QtBot) -> None:
    dialog, _ = opened(qtbot, refused("irc.lab.example", LEAF, replace(LEAF, subject="CN=Root")))
    text = words(dialog)
    for part in ("No authority that this system trusts", LEAF.issuer, "localhost", "EC P-256"):
        assert part in text
    assert "2026-01-31 12:00 to 2026-03-31 12:00" in text
    assert "1f2e 3d4c 5b6a 7988" in text


def test_another_host_is_trusted_only_behind_a_fold(qtbot: QtBot) -> None:
    dialog, _ = opened(qtbot, refused("other.example"))
    assert not dialog.pin_button.isVisible()
    assert not dialog.once_button.isVisible()
    assert "another name" in words(dialog)


def test_a_changed_pin_is_an_alarm(qtbot: QtBot) -> None:
    dialog, _ = opened(qtbot, refused(), pinned="ab" * 32)
    assert dialog.windowTitle() == "The certificate has changed"
    assert not dialog.pin_button.isVisible()
    assert "abab abab" in words(dialog)


def test_without_a_certificate_there_is_nothing_to_trust(qtbot: QtBot) -> None:
    error = CertificateError("No.", "Try later.", reason="none was sent", host="h", chain=())
    dialog, _ = opened(qtbot, error)
    assert not dialog.pin_button.isVisible()
    assert not dialog.once_button.isVisible()
    assert "Try later." in words(dialog)


def test_a_hostile_certificate_stays_short_plain_text(qtbot: QtBot) -> None:
    hostile = replace(LEAF, subject="<img src=x>" * 9_000, names=("x" * 99_000,) * 500)
    dialog, _ = opened(qtbot, refused("irc.lab.example", hostile))
    labels = [label for label in dialog.findChildren(QLabel) if label.text()]
    assert {label.textFormat() for label in labels} == {Qt.TextFormat.PlainText}
    assert max(len(label.text()) for label in labels) < 400


@pytest.mark.parametrize(
    ("host", "names", "is_wrong"),
    [
        ("irc.lab", ("irc.lab",), False),
        ("IRC.lab.", ("irc.LAB",), False),
        ("irc.lab.org", ("*.lab.org",), False),
        ("a.irc.lab.org", ("*.lab.org",), True),
        ("lab.org", ("*.lab.org",), True),
        ("localhost", ("*.",), True),
        ("irc.lab", (), True),
        ("127.0.0.1", ("127.0.0.1",), False),
    ],
)
def test_a_name_fits_as_tls_says(host: str, names: tuple[str, ...], is_wrong: bool) -> None:
    assert refused(host, replace(LEAF, names=names)).is_wrong_host is is_wrong
