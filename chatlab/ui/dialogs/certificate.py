"""The server’s certificate was refused: what is wrong with it, and what the user may decide."""

from PySide6.QtCore import Qt, Signal, SignalInstance
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from chatlab.core.account import AccountId
from chatlab.core.errors import CertificateError, CertificateInfo
from chatlab.ui.dialogs.account_more import group_fingerprint
from chatlab.ui.dialogs.parts import Fold, Form, Notice, Sheet, header, line
from chatlab.ui.theme import SPACE, isolated, mono_font, on_theme_changed, plain_label

WIDTH = 80 * SPACE
MAX_HEIGHT = 700
_MAX_NAMES = 12
_MAX_SHOWN = 300
"""Characters of a field that is not ours; a certificate may hold megabytes."""


class CertificateDialog(Sheet):
    """Asks what to do; use it with ``open()``. Closing it any other way rejects.

    ``pinned`` is the fingerprint that the account accepts alone, if it has one: another
    certificate is then an alarm, not a first meeting. Trusting is behind a fold in that case, and
    with ``is_wrong_host``: a certificate for another name is what an attack looks like.

    Signals:
        rejected_for, trusted_once, pinned_for: AccountId and, for the last two, the SHA-256
            fingerprint of the certificate.
    """

    rejected_for = Signal(str)
    trusted_once = Signal(str, str)
    pinned_for = Signal(str, str)

    def __init__(
        self,
        account: AccountId,
        error: CertificateError,
        *,
        pinned: str = "",
        is_wrong_host: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        self._is_alarm = bool(pinned)
        title = "The certificate has changed" if self._is_alarm else "Not trusted yet"
        super().__init__(title, parent)
        self._account = account
        self._is_wrong_host = is_wrong_host
        self._sha256 = error.chain[0].sha256 if error.chain else ""
        self._fingerprints: list[QLabel] = []
        self._show_reason(error, pinned)
        self._show_chain(error.chain)
        self._add_buttons()
        self.finished.connect(self._on_finished)
        on_theme_changed(self._set_fonts)
        self._set_fonts()
        self.fit(WIDTH, MAX_HEIGHT)

    def _show_reason(self, error: CertificateError, pinned: str) -> None:
        host = isolated(error.host)
        subtitle = f"{host} did not prove that it is {host}. Nothing of yours was sent."
        self.head.addWidget(header(self.windowTitle(), subtitle, self))
        notice = Notice(self)
        token, icon = ("error", "error") if self._is_alarm else ("attention", "warning")
        notice.tell(icon, token, _sentence(error.reason), self._advice(error))
        self.body.addWidget(notice)
        if pinned:
            form = Form("Compare", self, is_dense=True)
            form.add("You trusted", self._fingerprint(pinned))
            form.add("Now it shows", self._fingerprint(self._sha256))
            self.body.addWidget(form)

    def _advice(self, error: CertificateError) -> str:
        if self._is_alarm:
            return (
                "The server shows another certificate than the one that you trusted. Either it "
                "was renewed, or somebody sits between you and it. Ask the person who runs it."
            )
        if not error.chain:
            return error.hint
        if self._is_wrong_host:
            return (
                "A certificate for another name can mean that you reached another machine than "
                "you think. Check the server’s name in the account first."
            )
        return (
            "Compare the fingerprint below with the one that the server’s owner tells you by "
            "another way. If they are equal, it is the right server."
        )

    def _show_chain(self, chain: tuple[CertificateInfo, ...]) -> None:
        for number, certificate in enumerate(chain):
            title = "Certificate of the server" if number == 0 else f"Issuer {number}"
            details = self._details(certificate)
            if number == 0:
                self.body.addWidget(line(self))
                self.body.addWidget(plain_label(title, "heading", self))
                self.body.addWidget(details)
            else:
                name = f"{title}: {_shortened(certificate.subject)}"
                self.body.addWidget(Fold(name, details, self))
        self.body.addStretch(1)

    def _details(self, certificate: CertificateInfo) -> Form:
        form = Form(parent=self, is_dense=True)
        names = ", ".join(certificate.names[:_MAX_NAMES])
        if len(certificate.names) > _MAX_NAMES:
            names += f" and {len(certificate.names) - _MAX_NAMES} more"
        form.add("Issued to", _value(certificate.subject))
        form.add("Valid for", _value(names or "no host name"))
        form.add("Issued by", _value(certificate.issuer))
        valid = f"{_date(certificate.not_before)} to {_date(certificate.not_after)} (UTC)"
        form.add("Valid from", _value(valid))
        form.add("Key", _value(certificate.key))
        form.add("SHA-256", self._fingerprint(certificate.sha256))
        return form

    def _fingerprint(self, sha256: str) -> QLabel:
        """Two lines of groups that two people can read to one another."""
        groups = group_fingerprint(sha256).split(" ")
        half = (len(groups) + 1) // 2
        label = _value("\n".join((" ".join(groups[:half]), " ".join(groups[half:]))).strip())
        self._fingerprints.append(label)
        return label

    def _add_buttons(self) -> None:
        self.reject_button = self.add_button(self.tr("Do not connect"), is_primary=True)
        self.once_button = self.add_button(self.tr("Trust this time"))
        self.pin_button = self.add_button(self.tr("Always trust this certificate"))
        self.foot.insertStretch(0, 1)
        self.reject_button.clicked.connect(self.reject)
        self.once_button.clicked.connect(lambda: self._decide(self.trusted_once))
        self.pin_button.clicked.connect(lambda: self._decide(self.pinned_for))
        can_trust = bool(self._sha256)
        self.once_button.setVisible(can_trust)
        self.pin_button.setVisible(can_trust)
        if can_trust and (self._is_alarm or self._is_wrong_host):
            self._hide_trust()
        self.settle(self.reject_button)
        self.reject_button.setFocus()

    def _hide_trust(self) -> None:
        """Trusting is two steps away where it is most probably a mistake."""
        inner = QWidget(self)
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        words = plain_label(
            "Only when the person who runs the server has told you this fingerprint, by another "
            "way than this connection.",
            "muted",
            inner,
        )
        words.setWordWrap(True)
        column.addWidget(words)
        for button in (self.once_button, self.pin_button):
            self.foot.removeWidget(button)
            column.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        self.body.insertWidget(self.body.count() - 1, Fold("Trust it all the same", inner, self))

    def _decide(self, signal: SignalInstance) -> None:
        self.accept()
        signal.emit(self._account, self._sha256)

    def _on_finished(self, result: int) -> None:
        if result == self.DialogCode.Rejected:
            self.rejected_for.emit(self._account)

    def _set_fonts(self) -> None:
        for label in self._fingerprints:
            label.setFont(mono_font())


def _sentence(reason: str) -> str:
    """“the certificate has expired” as a sentence of its own."""
    reason = _shortened(reason)
    return reason[:1].upper() + reason[1:].rstrip(".") + "."


def _value(text: str) -> QLabel:
    label = plain_label(isolated(_shortened(text)))
    label.setWordWrap(True)
    label.setContentsMargins(0, SPACE - 1, 0, 0)
    label.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse
        | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    return label


def _shortened(text: str) -> str:
    return text if len(text) <= _MAX_SHOWN else text[:_MAX_SHOWN] + "…"


def _date(iso: str) -> str:
    """``2026-01-31T12:00:00Z`` as people write it: ``2026-01-31 12:00``."""
    return iso.replace("T", " ")[:16]
