"""Who can read a connection: one sentence, one icon, one colour, the same everywhere."""

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from chatlab.core.account import Account, Security
from chatlab.core.chats import AccountState
from chatlab.core.connection import LinkState, TlsFacts
from chatlab.core.frame import Exposure
from chatlab.ui.place_words import port_words
from chatlab.ui.rich_text import isolated, tooltip
from chatlab.ui.theme import (
    HALF,
    ICON_SIZE,
    current,
    exposure_color,
    on_theme_changed,
    pixmap,
    scaled,
    small_font,
)

_BROKEN_VERSIONS = {"SSLv3", "TLSv1", "TLSv1.1"}
"""Retired by RFC 8996."""
ICON_TOKENS = {
    Exposure.READABLE: "readable",
    Exposure.SEALED: "sealed",
    Exposure.END_TO_END: "end_to_end",
    Exposure.PLUMBING: "plumbing",
    Exposure.ATTENTION: "attention",
}
_ICON = 14


@dataclass(frozen=True, slots=True)
class SecurityFacts:
    """What to say about the protection of an account's connection."""

    exposure: Exposure
    icon: str
    short: str
    """A few words beside the icon."""
    words: str
    """The whole of it, for tooltip and screen reader."""


def tls_version_words(version: str) -> str:
    """``TLSv1.3``, as the library says, is ``TLS 1.3``."""
    return version.replace("TLSv", "TLS ")


def security_facts(state: AccountState) -> SecurityFacts:
    """Judge an account: by its connection when there is one, else by what it will do."""
    account = state.account
    if account.security is Security.PLAIN:
        return SecurityFacts(
            Exposure.READABLE,
            "lock-open",
            "Unencrypted",
            f"Not encrypted, {port_words(account)}: anyone on the path can read every word.",
        )
    tls = state.connection.tls if state.connection else None
    if tls is None or state.state is LinkState.OFFLINE:
        return SecurityFacts(
            Exposure.PLUMBING,
            "lock",
            "STARTTLS" if account.security is Security.STARTTLS else "TLS",
            _promise(account),
        )
    return _tls_facts(tls, account)


def _promise(account: Account) -> str:
    """What will protect an account that is not connected."""
    if account.security is Security.STARTTLS:
        return (
            f"STARTTLS on {port_words(account)}, once connected: a greeting in clear, then TLS. "
            "No name, no password and no word is said before it is agreed."
        )
    return f"TLS on {port_words(account)}, once connected. Nothing is said before it is agreed."


def _tls_facts(tls: TlsFacts, account: Account) -> SecurityFacts:
    version = tls_version_words(tls.version)
    how = f"{version} ({tls.cipher}), {port_words(account)}"
    if account.security is Security.STARTTLS:
        how += ", begun by STARTTLS"
    if tls.version in _BROKEN_VERSIONS:
        words = f"{how}: this version is retired (RFC 8996) and may be broken on the way."
        return SecurityFacts(Exposure.ATTENTION, "warning", version, words)
    if tls.trust == "pinned":
        words = (
            f"{how}. The certificate is the one that you pinned. "
            "Between you and the server nobody reads along; the server can."
        )
        return SecurityFacts(Exposure.SEALED, "lock-pin", version, words)
    if tls.trust != "verified":
        words = (
            f"{how}, but nobody vouches for the certificate: whoever sits on the path could "
            "pretend to be this server."
        )
        return SecurityFacts(Exposure.ATTENTION, "warning", f"{version}, unverified", words)
    words = (
        f"{how}. Certificate verified for {isolated(tls.server_name)}. "
        "Between you and the server nobody reads along; the server can."
    )
    return SecurityFacts(Exposure.SEALED, "lock", version, words)


class SecurityBadge(QAbstractButton):
    """A small pill: icon and words in the colour of who can read along.

    Signals:
        clicked: details of the connection are wanted (QAbstractButton's own).
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._facts: SecurityFacts | None = None
        self._is_compact = False
        self.setObjectName("security")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFont(small_font())
        self.hide()
        on_theme_changed(self._on_theme_changed)

    def show_facts(self, facts: SecurityFacts | None) -> None:
        self._facts = facts
        self.setVisible(facts is not None)
        if facts:
            self.setText(facts.short)
            self.setToolTip(tooltip(facts.words))
            self.setAccessibleName(self.tr("Security: {words}").format(words=facts.words))
        self.updateGeometry()
        self.update()

    def set_compact(self, is_compact: bool) -> None:
        """Show the icon alone where there is no room; the words stay in the tooltip."""
        if self._is_compact != is_compact:
            self._is_compact = is_compact
            self.updateGeometry()
            self.update()

    def _on_theme_changed(self) -> None:
        self.setFont(small_font())
        self.update()

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        width = scaled(ICON_SIZE) + 2 * HALF
        if not self._is_compact:
            width += metrics.horizontalAdvance(self.text()) + HALF + 2
        return QSize(width, max(scaled(ICON_SIZE), metrics.height()) + HALF + 2)

    def event(self, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Enter, QEvent.Type.Leave):
            self.update()
        return super().event(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        if self._facts is None:
            return
        exposure = self._facts.exposure
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setBrush(exposure_color(exposure, soft=True))
        is_marked = self.hasFocus() or self.underMouse()
        edge = current().color("accent") if self.hasFocus() else exposure_color(exposure)
        painter.setPen(QPen(edge, 1) if is_marked else Qt.PenStyle.NoPen)
        painter.drawRoundedRect(area, area.height() / 2, area.height() / 2)
        y = (self.height() - scaled(_ICON)) // 2
        ratio = self.devicePixelRatioF()
        image = pixmap(self._facts.icon, ICON_TOKENS[exposure], scaled(_ICON), ratio)
        painter.drawPixmap(HALF + 1, y, image)
        if not self._is_compact:
            painter.setPen(exposure_color(exposure))
            words = self.rect().adjusted(HALF + scaled(_ICON) + HALF + 1, 0, -HALF, 0)
            painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, self.text())
