"""The flow of one pathway as SVG, in three layers: what opens it, its states in order, its recommendations by kind.

Own layout, no script, text as text. Colours follow the reader's light or dark scheme.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from textwrap import wrap

from fhirpath_spine.authoring.pages.english import English
from fhirpath_spine.pathway.model import Library, Pathway

LINE, GAP, PAD, TOP = 18, 26, 12, 56
COLUMNS = ((16, 270), (330, 330), (704, 420))
"""Left edge and width of each layer."""
PER_CHARACTER = 7.1
STYLE = """
:root{--ink:#1b1f24;--paper:#ffffff;--box:#f3f6fa;--edge:#57606a;--mark:#0b5cad}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--paper:#0d1117;--box:#1b222b;--edge:#8b949e;--mark:#6cb6ff}}
text{font:13px system-ui,sans-serif;fill:var(--ink)}
.h{font-weight:600}.m{fill:var(--mark);font-weight:600}
.p{fill:var(--paper)}.b{fill:var(--box);stroke:var(--edge)}
.l{stroke:var(--edge);fill:none;marker-end:url(#a)}.a{fill:var(--edge)}
"""


@dataclass(frozen=True, slots=True)
class Box:
    """A box of one layer: its heading and its lines, laid out."""

    x: int
    y: int
    width: int
    heading: str
    lines: tuple[str, ...]

    @property
    def height(self) -> int:
        """As high as its lines."""
        return 2 * PAD + LINE * (1 + len(self.lines)) - 4

    @property
    def bottom(self) -> int:
        """Where the box ends."""
        return self.y + self.height


def draw(library: Library, pathway: Pathway) -> str:
    """The SVG document."""
    english = English(library)
    entry = [
        (f"Applies to {'each lesion' if pathway.per_lesion else 'the patient'}", [c.label for c in pathway.applies])
    ]
    if pathway.without_lesion:
        entry.append(("Or, without a lesion on record", [c.label for c in pathway.without_lesion]))
    states = [
        (f"{n}. {s.name}", ["otherwise" if s.test.text == "true" else english.say(s.test)])
        for n, s in enumerate(pathway.states, start=1)
    ]
    kinds: dict[str, list[str]] = {}
    for use in pathway.uses:
        one = use.recommendation
        mark = " (never shown)" if one.suppressed else ""
        kinds.setdefault(one.kind, []).append(f"{one.id} {one.title}{mark}")
    layers = [_stack(i, boxes) for i, boxes in enumerate((entry, states, list(kinds.items())))]
    height = max(box.bottom for layer in layers for box in layer) + 20
    width = sum(COLUMNS[2]) + 16
    titles = ("Opens", "State: the first that holds", "Recommendations by kind")
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        ' role="img" aria-labelledby="t d">',
        f'<title id="t">{escape(pathway.id)}: {escape(pathway.title)}</title>',
        f'<desc id="d">{escape(_described(entry, states, kinds))}</desc>',
        f"<style>{STYLE}</style>",
        '<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path class="a" d="M0 0L8 4L0 8z"/></marker></defs>',
        f'<rect class="p" width="{width}" height="{height}"/>',
        *(f'<text class="m" x="{x}" y="36">{title}</text>' for (x, _), title in zip(COLUMNS, titles, strict=True)),
        *(line for layer in layers for box in layer for line in _drawn(box)),
        *_edges(layers),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _stack(column: int, boxes: Iterable[tuple[str, list[str]]]) -> list[Box]:
    x, width = COLUMNS[column]
    fits = int((width - 2 * PAD) / PER_CHARACTER)
    out: list[Box] = []
    y = TOP
    for heading, texts in boxes:
        lines = tuple(
            line
            for one in texts
            for line in wrap(one, fits, initial_indent="• " if len(texts) > 1 else "", subsequent_indent="  ")
        )
        out.append(Box(x, y, width, heading, lines))
        y = out[-1].bottom + GAP
    return out


def _drawn(box: Box) -> Iterable[str]:
    yield f'<rect class="b" x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}" rx="6"/>'
    baseline = box.y + PAD + 11
    yield f'<text class="h" x="{box.x + PAD}" y="{baseline}">{escape(box.heading)}</text>'
    for n, line in enumerate(box.lines, start=1):
        indent = 10 if line.startswith("  ") else 0
        yield f'<text x="{box.x + PAD + indent}" y="{baseline + n * LINE}">{escape(line.strip())}</text>'


def _edges(layers: list[list[Box]]) -> Iterable[str]:
    entry, states, kinds = layers
    first = states[0]
    for box in entry:
        start, end = box.x + box.width, first.x
        yield f'<path class="l" d="M{start} {box.y + 24}H{(start + end) // 2}V{first.y + 24}H{end}"/>'
    for one, other in pairwise(states):
        middle = one.x + 40
        yield f'<path class="l" d="M{middle} {one.bottom}V{other.y}"/>'
        yield f'<text x="{middle + 8}" y="{one.bottom + 17}">else</text>'
    rail = (states[0].x + states[0].width + kinds[0].x) // 2
    low = max(states[-1].y, kinds[-1].y) + 24
    yield f'<path class="l" style="marker-end:none" d="M{rail} {states[0].y + 24}V{low}"/>'
    for box in states:
        yield f'<path class="l" style="marker-end:none" d="M{box.x + box.width} {box.y + 24}H{rail}"/>'
    for box in kinds:
        yield f'<path class="l" d="M{rail} {box.y + 24}H{box.x}"/>'


def _described(
    entry: list[tuple[str, list[str]]], states: list[tuple[str, list[str]]], kinds: dict[str, list[str]]
) -> str:
    opens = "; ".join(f"{heading}: {', '.join(lines)}" for heading, lines in entry)
    order = "; ".join(f"{heading} where {lines[0]}" for heading, lines in states)
    ends = "; ".join(f"{kind}: {len(ids)}" for kind, ids in kinds.items())
    return f"{opens}. States in order: {order}. Recommendations by kind: {ends}."
