"""Bars with their numbers as SVG. A label stands above its bar and wraps where it is long, so that nothing of it is cut."""

from __future__ import annotations

from collections import Counter
from html import escape

from fhirpath_spine.population.report.section import Section, called, words_of

DRAWN = 15
"""Bars of one picture; the table has all rows."""
WIDTH, _BAR, _LINE, _THICK, _GAP = 560, 460, 17, 12, 10
_EDGE = 2
"""Letters may lean over where they begin."""
_SIZE = 13
"""Of the letters, in the units of the picture."""
_NARROW, _WIDE = frozenset("fijlrtI.,:;'|!()[]/- "), frozenset("mwMW@%—")


def picture(section: Section) -> str:
    """The largest numbers of a table, drawn; for who does not see them, the table says the same. Empty where nothing is drawn."""
    bars = ranked(section)
    if not bars:
        return ""
    shown, most = bars[:DRAWN], max(bars[0][1], 1)
    drawn, y = [], 0
    for label, value in shown:
        lines = wrapped(label)
        text = "".join(
            f'<text x="{_EDGE}" y="{y + _LINE * (n + 1) - 4}">{escape(line)}</text>' for n, line in enumerate(lines)
        )
        y += _LINE * len(lines)
        width = max(1, round(_BAR * value / most)) if value else 0
        drawn.append(
            f'{text}<rect x="{_EDGE}" y="{y}" width="{width}" height="{_THICK}"/>'
            f'<text x="{_EDGE + width + 8}" y="{y + _THICK - 1}">{value:,}</text>'
        )
        y += _THICK + _GAP
    title = f"{section.title}: {words_of(section.heads[section.bars or 0])}"
    title += f", the first {DRAWN} of {len(bars)}" if len(bars) > DRAWN else ""
    return (
        f'<figure><svg viewBox="0 0 {WIDTH} {y}" role="img" aria-labelledby="{section.id}-picture">'
        f'<title id="{section.id}-picture">{escape(title)}; the table below has the numbers</title>{"".join(drawn)}</svg>'
        f"<figcaption>{escape(title)}</figcaption></figure>\n"
    )


def ranked(section: Section) -> list[tuple[str, int]]:
    """Label and number of each bar, the largest first; rows of one label are one bar."""
    if section.bars is None:
        return []
    found: Counter[str] = Counter()
    for row in section.rows:
        cells = [row[n] for n in section.folded or section.names]
        found[called(cells, ": " if section.folded else ", ")] += int(str(row[section.bars]))
    return found.most_common()


def wrapped(text: str, width: float = WIDTH - 2 * _EDGE) -> list[str]:
    """The text in lines that fit, cut between words, and inside a word only where it has no room by itself."""
    lines = [""]
    for word in text.split():
        for part in _parts(word, width):
            longer = f"{lines[-1]} {part}".strip()
            if lines[-1] and long(longer) > width:
                lines.append(part)
            else:
                lines[-1] = longer
    return lines


def long(text: str) -> float:
    """Room that a text takes at most, in units of the picture: in a wide face, as nobody knows which one a reader has."""
    return sum(_SIZE * (0.42 if c in _NARROW else 1.0 if c in _WIDE else 0.78 if c.isupper() else 0.66) for c in text)


def _parts(word: str, width: float) -> list[str]:
    parts = [""]
    for letter in word:
        if long(parts[-1] + letter) > width:
            parts.append("")
        parts[-1] += letter
    return parts
