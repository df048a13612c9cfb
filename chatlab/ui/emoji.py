"""Signs by name: ``:heart`` becomes ❤️. Read from ``resources/emoji.txt`` when first wanted."""

from functools import cache

from chatlab import resources

MOST = 12
"""Completions offered for the beginning of a name."""


@cache
def names() -> dict[str, str]:
    """Name to sign, in the order of the file."""
    lines = resources.text("emoji.txt").splitlines()
    rows = (line.partition(" ") for line in lines if line and not line.startswith("#"))
    return {name: sign for name, _, sign in rows}


def signs_for(beginning: str) -> tuple[str, ...]:
    """The signs whose names begin so, the shortest name first; then those that contain it.

    With a colon behind it, it is the whole name.
    """
    wanted = beginning.lower()
    if wanted.endswith(":"):
        sign = names().get(wanted[:-1])
        return (sign,) if sign else ()
    found = [name for name in names() if wanted in name]
    found.sort(key=lambda name: (not name.startswith(wanted), len(name)))
    return tuple(names()[name] for name in found[:MOST])
