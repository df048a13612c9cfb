"""Photographs the window: ``python3 dev.py screenshots [--all FOLDER] [--size WxH] [--scale N]``.

Without a folder: the picture of the README, ``docs/window.png``. With one: every state that
``tests.helpers.picture_scenes`` knows, at 1280×800 and 1920×1080, light and dark.
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.helpers.picture_scenes import SCENES
from tests.helpers.window_play import ROOT, run_scene
from tests.helpers.xvfb import Picture, display

README_PICTURE = ROOT / "docs" / "window.png"
_MODULE = "tests.helpers.picture_scenes"
_SCREEN = (1920, 1080)


def photograph(scene: str, folder: Path, size: str, scale: str) -> None:
    """Play one scene and keep its pictures in ``folder``."""

    def keep(name: str, picture: Picture) -> None:
        file = folder / f"{name}.png"
        file.write_bytes(picture.png())
        print(file, flush=True)

    width, height = (int(n) for n in size.split("x")) if size else _SCREEN
    factor = float(scale)
    environment = {"QT_SCALE_FACTOR": scale, "CHATLAB_PICTURE_SIZE": size}
    with (
        display(round(width * factor), round(height * factor)) as screen,
        tempfile.TemporaryDirectory(prefix="chatlab-pictures-") as home,
    ):
        _take_tour(Path(home))
        facts = run_scene(
            screen,
            _MODULE,
            scene,
            Path(home),
            wrapper=_without_capture() if scene == "refused" else (),
            environment=environment,
            on_picture=keep,
        )
        if facts["exit"] != 0:
            raise SystemExit(f"The scene “{scene}” failed; see above.")


def _take_tour(home: Path) -> None:
    """The tour has been taken: it does not begin by itself in every picture of the lab."""
    settings = home / "config" / "settings.toml"
    settings.parent.mkdir()
    settings.write_text("schema = 1\nis_tour_over = true\n", encoding="utf-8")


def _without_capture() -> tuple[str, ...]:
    """A command prefix under which no capture is allowed, whoever runs it (util-linux)."""
    program = shutil.which("setpriv")
    if program is None:
        raise SystemExit("setpriv (package util-linux) is needed for the scene “refused”.")
    return (program, "--no-new-privs", "--bounding-set=-net_raw", "--inh-caps=-net_raw")


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="dev.py screenshots", description=__doc__)
    parser.add_argument("--all", metavar="FOLDER", type=Path, help="every state, into this folder")
    parser.add_argument("--size", default="", help="one size, e.g. 1024x700")
    parser.add_argument("--scale", default="1", help="scale of the screen, e.g. 2")
    parser.add_argument("scenes", nargs="*", choices=[[], *SCENES], help="with --all: only these")
    options = parser.parse_args(arguments)
    if options.all:
        options.all.mkdir(parents=True, exist_ok=True)
        for scene in options.scenes or SCENES:
            photograph(scene, options.all, options.size, options.scale)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        photograph("lab", Path(folder), "1280x800", "1")
        README_PICTURE.parent.mkdir(exist_ok=True)
        shutil.copyfile(Path(folder, "message-plain-1280x800-light.png"), README_PICTURE)
    print(README_PICTURE)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
