"""Spares the start of the window a search through all sources; to be imported first.

PySide6 has features that a module may select (``from __feature__ import snake_case``). To see who
might want one, it reads the source of every module that is imported after it: a twentieth of the
time until the window is painted. ChatLab selects none. Where a later PySide6 does this otherwise,
nothing is changed here, and nothing is spared.
"""

import importlib

import PySide6.QtCore  # noqa: F401 - brings the search into being.

_SEARCH = "_mod_uses_pyside"
_features = importlib.import_module("shibokensupport.feature")  # Comes with QtCore, inside of it.


def _selects_none(_module: object) -> bool:
    return False


if hasattr(_features, _SEARCH):
    setattr(_features, _SEARCH, _selects_none)
