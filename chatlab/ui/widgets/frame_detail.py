"""One frame from the inside: the tree of its layers beside its bytes, chosen together."""

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSplitter, QVBoxLayout, QWidget

from chatlab.core.errors import ChatlabError
from chatlab.core.flow import ByteRange
from chatlab.core.frame import ByteView, Exposure, Field, Layer
from chatlab.core.message import MessageId
from chatlab.ui import theme
from chatlab.ui.theme import HALF, SPACE
from chatlab.ui.widgets.byte_tabs import ByteTabs
from chatlab.ui.widgets.elided_label import ElidedLabel
from chatlab.ui.widgets.hex_layout import NARROW, WIDE
from chatlab.ui.widgets.hex_view import HexView, Mark
from chatlab.ui.widgets.layer_tree import LayerTree

if TYPE_CHECKING:
    from chatlab.ui.ports import WireFeed

Run = Callable[[Coroutine[object, object, None]], object]
"""Starts a coroutine and keeps it alive; the caller does not wait."""
_TREE_ROOM = 300
"""Width the tree wants before the bytes take sixteen a row."""
_TREE_MINIMUM = 176
"""Width below which the tree says nothing any more: it then stands above the bytes."""


class Caption(QWidget):
    """A quiet line above a view: what it is, and at the right what is to be seen in it."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(self.fontMetrics().height() + SPACE)
        self._title = ElidedLabel(title, "small", self)
        self._icon = QLabel(self)
        self._words = theme.plain_label("", "small", self)
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE, 0, SPACE, 0)
        row.setSpacing(HALF)
        row.addWidget(self._title, 1)
        row.addWidget(self._icon)
        row.addWidget(self._words)
        self._icon.hide()

    @property
    def title(self) -> str:
        return self._title.text()

    def set_title(self, title: str) -> None:
        self._title.set_text(title)

    def set_words(self, words: str, exposure: Exposure | None = None) -> None:
        """Say something at the right, with the icon and colour of a meaning."""
        self._words.setText(words)
        self._icon.setVisible(exposure is not None)
        color = theme.current().color("muted")
        if exposure is not None:
            self._icon.setPixmap(theme.exposure_pixmap(exposure, 14))
            color = theme.exposure_color(exposure)
        palette = self._words.palette()
        palette.setColor(self._words.foregroundRole(), color)
        self._words.setPalette(palette)


class FrameDetail(QWidget):
    """Shows one frame: its bytes at once, its layers when they have been read.

    Signals:
        message_requested: MessageId whose bytes the reader clicked.
    """

    message_requested = Signal(object)

    def __init__(self, feed: "WireFeed", run: Run, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._feed = feed
        self._run = run
        self._number: int | None = None
        self._message: MessageId | None = None
        self._spans: tuple[tuple[MessageId, ByteRange], ...] = ()
        self._exposure = Exposure.PLUMBING
        self._views: tuple[ByteView, ...] = ()
        self._source = 0
        """Whose bytes are shown: 0 the frame's own, else those of that view, from 1 on."""
        self._chosen = (ByteRange(0, 0), 0)
        """The bytes of the field that was chosen last, and whose they are."""
        self._is_split_by_hand = False
        self.tree = LayerTree(self)
        self.hex = HexView(self)
        self.tabs = ByteTabs(self)
        self._tree_caption = Caption(self.tr("Layers"), self)
        self._hex_caption = Caption(self.tr("Bytes"), self)
        self.splitter = QSplitter(Qt.Orientation.Horizontal, self)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(_captioned(self._tree_caption, None, self.tree))
        self.splitter.addWidget(_captioned(self._hex_caption, self.tabs, self.hex))
        self.splitter.splitterMoved.connect(self._on_splitter_moved)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.splitter)
        self.tree.field_selected.connect(self._on_field_selected)
        self.tabs.source_chosen.connect(self._on_source_chosen)
        self.hex.byte_clicked.connect(self._on_byte_clicked)
        self.hex.byte_hovered.connect(self._on_byte_hovered)
        theme.on_theme_changed(self._on_theme_changed)
        self.clear()

    def clear(self) -> None:
        """No frame is chosen."""
        self._number = None
        self._spans = ()
        self._views, self._source = (), 0
        self.tabs.show_views(0, ())
        self._tree_caption.set_title(self.tr("Layers"))
        self._hex_caption.set_title(self.tr("Bytes"))
        self._hex_caption.set_words("")
        self.tree.show_layers(
            (), self.tr("Choose a frame above: what is inside it, layer by layer, opens here.")
        )
        self.hex.show_bytes(b"", name=self.tr("Bytes: no frame is chosen"))

    def show_frame(self, number: int, message: MessageId | None) -> None:
        """Open a frame; bytes of ``message`` are marked as the chosen ones."""
        self._message = message
        if number == self._number:
            self.refresh_marks()
            return
        try:
            row, raw = self._feed.row(number), self._feed.raw(number)
            self._views = self._feed.byte_views(number)
        except ChatlabError as error:
            self.clear()
            self.tree.show_layers((), str(error))
            return
        self._number, self._chosen = number, (ByteRange(0, 0), 0)
        self._exposure = row.exposure
        self._tree_caption.set_title(self.tr("Layers of frame {}").format(number))
        self._show_source(self.tabs.show_views(len(raw), self._views))
        self.tree.show_layers((self._frame_layer(number),), self.tr("Reading the layers…"))
        self.refresh_marks()
        self._reveal_words()
        self._run(self._read_layers(number))

    def refresh_marks(self, message: MessageId | None = None) -> None:
        """Mark anew which bytes are whose; messages become known after their frames."""
        self._message = message or self._message
        if self._number is None:
            return
        if self._feed.byte_views(self._number) != self._views:
            self._look_again(self._number)
        self._spans = self._feed.message_spans(self._number)
        self.hex.set_marks(
            tuple(
                Mark(self._here(span, 0), self._exposure_of(owner), owner == self._message)
                for owner, span in self._spans
            )
        )
        self._count_words()

    def _look_again(self, number: int) -> None:
        """Secrets came or went, or the rest of a line was captured."""
        self._views = self._feed.byte_views(number)
        self._show_source(self.tabs.show_views(len(self._feed.raw(number)), self._views))
        self._run(self._read_layers(number))

    def _show_source(self, source: int) -> None:
        """Show the frame's own bytes, or those of a view."""
        assert self._number is not None
        self._source = source
        data = self._views[source - 1].data if source else self._feed.raw(self._number)
        what = self._views[source - 1].name if source else self.tr("Bytes")
        name = self.tr("{} of frame {}").format(what, self._number)
        self.hex.show_bytes(data, name=name)
        self._hex_caption.set_title(self.tr("{} bytes").format(len(data)))

    def _here(self, span: ByteRange, source: int) -> ByteRange:
        """The bytes shown that stand for bytes of the frame or of a view."""
        if source == self._source:
            return span
        in_frame = self._views[source - 1].in_frame(span) if source else span
        return self._views[self._source - 1].from_frame(in_frame) if self._source else in_frame

    async def _read_layers(self, number: int) -> None:
        """Fill in the tree, unless the reader has moved on meanwhile."""
        own = (self._frame_layer(number),)
        try:
            layers, words = await self._feed.layers(number), ""
        except ChatlabError as error:
            layers, words = (), str(error)
        if number == self._number:
            self.tree.show_layers(own + layers, words)
            self.refresh_marks()

    def _frame_layer(self, number: int) -> Layer:
        """What the capture says about the frame as a whole, before any protocol."""
        row = self._feed.row(number)
        nothing = ByteRange(0, 0)
        fields = (
            Field(self.tr("Time since the first frame"), f"{row.time_s:.6f} s", nothing),
            Field(self.tr("Length"), self.tr("{} bytes").format(row.length), nothing),
            Field(self.tr("What for"), row.why, nothing),
            Field(self.tr("Who can read it"), theme.EXPOSURE_WORDS[row.exposure], nothing),
        )
        summary = self.tr("{} bytes on the wire").format(row.length)
        span = ByteRange(0, len(self._feed.raw(number)))
        return Layer(self.tr("Frame {}").format(number), summary, span, fields, row.exposure)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Sixteen bytes a row where the tree keeps enough room beside them, else eight.

        Where even eight leave it none, the tree stands above the bytes.
        """
        super().resizeEvent(event)
        width = event.size().width()
        wide, narrow = self.hex.width_for(WIDE), self.hex.width_for(NARROW)
        is_stacked = width < narrow + _TREE_MINIMUM
        orientation = Qt.Orientation.Vertical if is_stacked else Qt.Orientation.Horizontal
        if orientation is not self.splitter.orientation():
            self.splitter.setOrientation(orientation)
            self._is_split_by_hand = False
            if is_stacked:
                self.splitter.setSizes([1, 1])
        if is_stacked or self._is_split_by_hand:
            return
        hex_width = wide if width - wide >= _TREE_ROOM else narrow
        self.splitter.setSizes([max(0, width - hex_width), hex_width])

    @Slot(int, int)
    def _on_splitter_moved(self, _position: int, _handle: int) -> None:
        self._is_split_by_hand = True

    # Marks and words ---------------------------------------------------------------------------

    def _exposure_of(self, message: MessageId) -> Exposure:
        """Who can read a message's bytes, also in a frame that is amber for another reason."""
        return self._feed.exposure_of(message) or self._exposure

    def _count_words(self) -> None:
        """Say in the caption how many bytes are somebody's words, and who can read them."""
        if not self._spans:
            self._hex_caption.set_words(self.tr("nobody’s words"), Exposure.PLUMBING)
            return
        count = sum(len(span) for _owner, span in self._spans)
        exposure = self._exposure_of(self._spans[0][0])
        words = {
            Exposure.READABLE: self.tr("{} readable by anyone"),
            Exposure.SEALED: self.tr("{} sealed by TLS"),
            Exposure.END_TO_END: self.tr("{} sealed end to end"),
        }.get(exposure, self.tr("{} of a message"))
        self._hex_caption.set_words(words.format(count), exposure)

    def _reveal_words(self) -> None:
        """Scroll to the chosen message's bytes, or else to the first message's."""
        mine = [span for owner, span in self._spans if owner == self._message]
        for span in (mine or [span for _owner, span in self._spans])[:1]:
            self.hex.bring_into_sight(self._here(span, 0))

    # Tree and bytes choose each other ----------------------------------------------------------

    @Slot(object, int)
    def _on_field_selected(self, span: ByteRange, source: int) -> None:
        """Mark a field's bytes, turning to where they are shown."""
        if source > len(self._views):
            return  # The secrets went; the tree without them is being read.
        self._chosen = span, source
        if source != self._source and (source or len(span)):
            self.tabs.show_source(source)
            self._show_source(source)
            self.refresh_marks()
        self.hex.choose(span)
        self._say_where(span, source)

    @Slot(int)
    def _on_source_chosen(self, source: int) -> None:
        """The same bytes are marked as before, as far as they are to be seen here."""
        self._show_source(source)
        self.refresh_marks()
        span, of = self._chosen
        self.hex.choose(self._here(span, of) if of <= len(self._views) else ByteRange(0, 0))
        self._reveal_words()

    def _say_where(self, span: ByteRange, source: int) -> None:
        """For bytes of a view: which bytes of the frame they were."""
        if not source or not len(span):
            return
        there = self._views[source - 1].in_frame(span)
        words = self.tr("not in this frame")
        if len(there) == 1:
            words = self.tr("in the frame: byte {}").format(there.start)
        elif len(there):
            words = self.tr("in the frame: bytes {}–{}").format(there.start, there.stop - 1)
        self._hex_caption.set_words(words)

    @Slot(int)
    def _on_byte_clicked(self, offset: int) -> None:
        at, source = self._explained(offset)
        found = self.tree.choose_byte(at, source)
        self._chosen = found, source
        self.hex.choose_around(self._here(found, source))
        if self._source:
            self._say_where(ByteRange(offset, offset + 1), self._source)
        for owner, span in self._spans:
            here = self._here(span, 0)
            if here.start <= offset < here.stop:
                self.message_requested.emit(owner)
                return

    def _explained(self, offset: int) -> tuple[int, int]:
        """Where the tree says most about a byte that is shown: here, or in what stands for it."""
        byte = ByteRange(offset, offset + 1)
        in_frame = self._views[self._source - 1].in_frame(byte) if self._source else byte
        places = [(offset, self._source)]
        if len(in_frame) == 1:
            places.append((in_frame.start, 0))
            for source, view in enumerate(self._views, 1):
                if len(there := view.from_frame(in_frame)) == 1:
                    places.append((there.start, source))
        return min(places, key=lambda place: self.tree.size_at(*place))

    @Slot(int)
    def _on_byte_hovered(self, offset: int) -> None:
        if offset < 0:
            self._count_words()
            return
        name = self.tree.name_at(*self._explained(offset)).rpartition(" › ")[2]
        byte = self.hex.data[offset]
        words = self.tr("byte {} = {}").format(offset, byte)
        self._hex_caption.set_words(f"{words} · {name}" if name else words)

    @Slot()
    def _on_theme_changed(self) -> None:
        if self._number is not None:
            self._count_words()


def _captioned(caption: Caption, tabs: QWidget | None, view: QWidget) -> QWidget:
    holder = QWidget()
    box = QVBoxLayout(holder)
    box.setContentsMargins(0, 0, 0, 0)
    box.setSpacing(0)
    box.addWidget(caption)
    if tabs is not None:
        box.addWidget(tabs)
    box.addWidget(view, 1)
    return holder
