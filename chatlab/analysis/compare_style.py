"""How the page of a comparison looks: on a light and on a dark screen, and on paper."""

from chatlab.core.measures import WireLayer

_COLOURS = {
    WireLayer.TEXT: ("#b3261e", "#ff8a7a"),
    WireLayer.FRAMING: ("#e8a33d", "#e8a33d"),
    WireLayer.TLS: ("#1b7f5c", "#3fb68b"),
    WireLayer.SEALED: ("#0b4f6c", "#2d86b0"),
    WireLayer.REPEATED: ("#8a5fbf", "#b08ae0"),
    WireLayer.OTHER: ("#9aa5b1", "#77828f"),
    WireLayer.TCP: ("#5b7fbd", "#7f9fd6"),
    WireLayer.IP: ("#7f9fd6", "#5b7fbd"),
    WireLayer.LINK: ("#b3c6ea", "#41598a"),
}
"""On a light and on a dark page. Told apart by lightness, too, and never without their names."""
_PAGE = """
:root { color-scheme: light dark; --paper: #fff; --ink: #1c1f24; --faint: #5c6470; --line: #d5d9e0; }
@media screen and (prefers-color-scheme: dark) {
  :root { --paper: #16181d; --ink: #e6e8ec; --faint: #a0a8b4; --line: #363b45; }
}
body { background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif;
  margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }
h1, h2 { line-height: 1.2; }
h2 { margin-top: 2.5rem; }
section { margin: 1.5rem 0 2rem; overflow-x: auto; }
table { border-collapse: collapse; margin: .5rem 0; width: 100%; }
table.twins { table-layout: fixed; }
caption { font-weight: 600; overflow-wrap: anywhere; padding: .4rem 0; text-align: left; }
th, td { border-bottom: 1px solid var(--line); padding: .25rem .6rem; text-align: left;
  vertical-align: top; }
thead th { border-bottom-width: 2px; }
tbody th { font-weight: normal; }
td.n, th.n { font-variant-numeric: tabular-nums; min-width: 6rem; text-align: right; }
.bar { display: flex; height: 1.1rem; }
.bar i { display: block; min-width: 2px; }
.key span { margin-right: 1rem; white-space: nowrap; }
.key i { display: inline-block; height: .8rem; margin-right: .3rem; width: .8rem; }
i { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
p.note { color: var(--faint); margin: .2rem 0; }
@media print {
  :root { color-scheme: light; --paper: #fff; --ink: #000; --faint: #333; --line: #999; }
  body { font-size: 10pt; margin: 0; max-width: none; padding: 0; }
  section { break-inside: avoid; margin: .6rem 0 1rem; overflow: visible; }
  h1, h2 { break-after: avoid; }
  td.n, th.n { min-width: 0; }
}
"""


def _layers(which: int) -> str:
    """The colour of each layer, by its class."""
    return "\n".join(
        f"i.{layer.name.lower()} {{ background: {each[which]}; }}"
        for layer, each in _COLOURS.items()
    )


STYLE = f"""{_PAGE}{_layers(0)}
@media screen and (prefers-color-scheme: dark) {{
{_layers(1)}
}}
"""
