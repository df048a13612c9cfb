"""The theme: every token in both, contrast, no colour anywhere else."""

import re
from itertools import product

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QAction, QColor
from PySide6.QtWidgets import QApplication, QLabel, QToolButton
from pytestqt.qtbot import QtBot

from chatlab import resources
from chatlab.core.frame import Exposure
from chatlab.ui import theme
from chatlab.ui.theme import Theme, set_icon
from chatlab.ui.widgets.controls import IconLabel as FixedIcon
from chatlab.ui.widgets.icon_label import IconLabel

THEMES = ("light", "dark")
_MEANINGS = ("readable", "sealed", "end_to_end", "plumbing", "attention", "error")


def _luminance(color: QColor) -> float:
    def linear(value: float) -> float:
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    red, green, blue = map(linear, (color.redF(), color.greenF(), color.blueF()))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(first: QColor, second: QColor) -> float:
    high, low = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", THEMES)
def test_words_are_legible_on_every_ground(name: str) -> None:
    colors = Theme.load(name)
    grounds = ["window", "surface", "selection", *(f"{meaning}_soft" for meaning in _MEANINGS)]
    for ink, ground in product(("text", "muted"), grounds):
        assert _contrast(colors.color(ink), colors.color(ground)) >= 4.5, (ink, ground)
    for meaning in _MEANINGS:
        for ground in ("surface", f"{meaning}_soft"):
            assert _contrast(colors.color(meaning), colors.color(ground)) >= 4.5, (meaning, ground)
    assert _contrast(colors.color("on_accent"), colors.color("accent")) >= 4.5
    assert _contrast(colors.color("faint"), colors.color("surface")) >= 3


def test_both_themes_have_the_same_tokens() -> None:
    light, dark = (set(re.findall(r"^(\w+) +=", _toml(name), re.M)) for name in THEMES)
    assert light == dark


def _toml(name: str) -> str:
    return resources.text(f"theme/{name}.toml")


def test_colours_stand_in_the_themes_only() -> None:
    package = resources.path("..").resolve() / "chatlab" / "ui"
    for file in package.rglob("*.py"):
        found = re.findall(
            r"\"#[0-9a-fA-F]{6}\"|Qt\.GlobalColor\.(?!transparent)\w+", file.read_text()
        )
        assert not found, f"{file.name}: {found}"


@pytest.mark.parametrize("name", THEMES)
def test_applying_a_theme_dresses_the_application(qapp: QApplication, name: str) -> None:
    Theme.load(name).apply(qapp)

    assert theme.current().name == name
    assert qapp.palette().window().color() == theme.current().color("window")
    assert "$" not in qapp.styleSheet()


def test_an_icon_follows_the_theme(qapp: QApplication) -> None:
    Theme.load("light").apply(qapp)
    action = QAction()
    theme.set_icon(action, "lock", "text")
    before = action.icon().cacheKey()

    Theme.load("dark").apply(qapp)

    assert action.icon().cacheKey() != before
    image = theme.pixmap("lock", "text", 32, 1.0).toImage()
    inks = {
        image.pixelColor(x, y).name()
        for x, y in product(range(32), range(32))
        if image.pixelColor(x, y).alpha() == 255
    }
    assert inks == {theme.current().color("text").name()}


def test_every_meaning_has_an_icon_and_words() -> None:
    for exposure in Exposure:
        assert resources.path(f"icons/{theme.EXPOSURE_ICONS[exposure]}.svg").is_file()
        assert theme.EXPOSURE_WORDS[exposure]


def test_icons_are_one_family() -> None:
    for file in resources.path("icons").glob("*.svg"):
        if file.stem != "chatlab":
            drawing = file.read_text(encoding="utf-8")
            assert 'viewBox="0 0 24 24"' in drawing, file.name
            assert 'stroke-width="1.75"' in drawing, file.name
            assert not re.search(r"#[0-9a-fA-F]{3}", drawing), file.name


def test_the_font_grows_and_comes_back(qapp: QApplication) -> None:
    before = qapp.font().pointSizeF()
    theme.current().apply(qapp, font_scale=1.5)
    assert qapp.font().pointSizeF() == pytest.approx(before * 1.5)
    assert (
        theme.title_font().pointSizeF() > qapp.font().pointSizeF() > theme.small_font().pointSizeF()
    )

    theme.current().apply(qapp, font_scale=1.0)
    assert qapp.font().pointSizeF() == pytest.approx(before)


def test_foreign_text_is_never_html(qtbot: QtBot) -> None:
    label: QLabel = theme.plain_label("<img src=x> & <b>")
    qtbot.addWidget(label)

    assert label.text() == "<img src=x> & <b>"
    assert "<b>" not in theme.plain_tool_tip("<b>bold</b>")
    assert theme.plain_tool_tip("") == ""


def test_icons_grow_with_the_text(qapp: QApplication) -> None:
    Theme.load("light").apply(qapp)
    label, other, button = IconLabel("lock", "sealed"), FixedIcon("lock", "sealed"), QToolButton()
    set_icon(button, "lock")
    usual = label.pixmap().deviceIndependentSize().width()
    try:
        Theme.load("light").apply(qapp, 2.0)
        button.ensurePolished()
        sides = [
            label.pixmap().deviceIndependentSize().width(),
            other.width(),
            button.iconSize().width(),
            button.icon().actualSize(QSize(99, 99)).width() / 20 * 16,
        ]
        assert all(side >= 1.8 * usual for side in sides), (usual, sides)
    finally:
        Theme.load("light").apply(qapp)
