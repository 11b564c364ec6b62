"""Cards as a clinician reads them: the summary in the colour of its urgency, the detail as Markdown, what one can choose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.markdown import Markdown
from rich.panel import Panel
from rich.text import Text

from fhirpath_spine.entrypoints.human import STYLES, console
from fhirpath_spine.exchange import Json


def show_cards(cards: Sequence[Json], seconds: float) -> None:
    """All cards of one answer."""
    out = console()
    count = "No card" if not cards else "1 card" if len(cards) == 1 else f"{len(cards)} cards"
    out.print(Text(f"{count} ({seconds * 1000:.0f} ms)", style="dim"))
    for card in cards:
        _show(card, out)


def _show(card: Json, out: Console) -> None:
    indicator = str(card.get("indicator", ""))
    style = STYLES.get(indicator, "")
    parts: list[RenderableType] = [Text(_clean(card.get("summary")), style=style)]
    if detail := card.get("detail"):
        parts += [Text(""), Markdown(str(detail), hyperlinks=False)]
    if choices := _choices(card):
        parts += [Text(""), *choices]
    source = card.get("source")
    label = _clean(source.get("label")) if isinstance(source, dict) else ""
    out.print(
        Panel(
            Group(*parts),
            title=Text(f" {indicator} ", style=style),
            subtitle=Text(label, style="dim"),
            title_align="left",
            subtitle_align="right",
        )
    )


def _choices(card: Json) -> list[Text]:
    """The suggestions as an EHR shows them: a button each, with what it would do; and the reasons for not following."""
    lines = []
    for suggestion in _dicts(card.get("suggestions")):
        line = Text("[ ] ")
        line.append(_clean(suggestion.get("label")), style="bold")
        done = "; ".join(_clean(a.get("description")) for a in _dicts(suggestion.get("actions")))
        line.append(f"  {done}" if done else "", style="dim")
        lines.append(line)
    if reasons := [_clean(r.get("display")) for r in _dicts(card.get("overrideReasons"))]:
        lines.append(Text(f"Not followed because: {' | '.join(reasons)}", style="dim"))
    return lines


def _dicts(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _clean(value: object) -> str:
    """Text on one line without control characters: a service's words must not move the cursor of the terminal."""
    text = value if isinstance(value, str) else ""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
