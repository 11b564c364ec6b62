"""What the command line shows to a person: a decision, a card, a tree. Results go to stdout, talk to stderr."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any

from rich.console import Console
from rich.markdown import Markdown
from rich.panel import Panel
from rich.text import Text
from rich.tree import Tree

from fhirpath_spine.exchange import EXTENSION, Json

STYLES = {
    "critical": "bold white on red",
    "warning": "bold yellow",
    "info": "cyan",
    "recommended": "green",
    "blocked": "red",
    "needs-data": "yellow",
    "MET": "green",
    "NOT_MET": "dim",
    "UNKNOWN": "yellow",
}


class Format(StrEnum):
    """Output for a person or for a machine."""

    HUMAN = "human"
    JSON = "json"


def console() -> Console:
    """The console of results; made when needed, so that tests may replace stdout."""
    return Console(highlight=False)


def talk() -> Console:
    """The console of remarks, on stderr."""
    return Console(stderr=True, highlight=False)


def show_decision(result: Json, at: datetime) -> None:
    """A document of ``decide``."""
    out = console()
    out.print(Text(f"Judged at {at.isoformat()}, decision {result['decision']}", style="dim"))
    if "outcome" in result:
        for issue in result["outcome"]["issue"]:
            out.print(Text(f"Refused: {issue['details']['text']}", style="bold red"))
        return
    for entry in result["pathways"]:
        out.print(entry_line(entry))
    if not result["pathways"]:
        out.print(Text("No pathway applies: no card." + (f" ({result['silent']})" if result.get("silent") else "")))
    for card in result["cards"]:
        show_card(card, out)
    for why, ids in _quiet(result["verdicts"]).items():
        out.print(Text(f"{', '.join(ids)} {why}", style="dim"))


def _quiet(verdicts: list[Json]) -> dict[str, list[str]]:
    """What no card shows: why, and the recommendations that share the reason."""
    found: dict[str, list[str]] = {}
    for verdict in verdicts:
        if verdict["status"] in ("satisfied", "suppressed"):
            reason = f": {'; '.join(verdict['because'])}" if verdict["because"] else ""
            by = f" by {verdict['by']}" if verdict.get("by") else ""
            found.setdefault(f"{verdict['status']}{by}{reason}", []).append(verdict["id"])
    return found


def entry_line(entry: Json) -> Text:
    """Pathway, lesion and state in one line."""
    text = Text(f"{entry['id']}  {entry['state']}", style="bold")
    if "lesion" in entry:
        text.append(f"  {entry['lesion']['key']}", style="not bold")
    if entry.get("certain") is False:
        text.append("  (uncertain)", style="yellow")
    return text


def show_card(card: Json, out: Console) -> None:
    """One card as a panel: its detail as an EHR would render it."""
    indicator = card["indicator"]
    out.print(
        Panel(
            Markdown(card["detail"]),
            title=Text(f" {indicator} ", style=STYLES[indicator]),
            subtitle=Text(card["source"]["label"], style="dim"),
            title_align="left",
            subtitle_align="right",
        )
        if "detail" in card
        else Text(card["summary"])
    )


def show_card_briefly(card: Json, out: Console) -> None:
    """One card in a few lines: summary, and each verdict with its first reason."""
    indicator = card["indicator"]
    line = Text("  ")
    line.append(f" {indicator} ", style=STYLES[indicator])
    line.append(f" {card['summary']}")
    out.print(line)
    for verdict in card["extension"][EXTENSION].get("verdicts", []):
        reason = "; ".join(verdict.get("because", []))
        row = Text("      ")
        row.append(f"{verdict['id']} {verdict['status']}", style=STYLES.get(verdict["status"], ""))
        row.append(f"  {reason}")
        out.print(row)


def show_tree(found: Json) -> None:
    """The tree of a decision."""
    out = console()
    root = Tree(Text(f"decision {found['decision']} at {found['at']}"))
    for entry in found["entries"]:
        branch = root.add(entry_line(entry))
        for verdict in entry["verdicts"]:
            _verdict_branch(branch, verdict)
    for title, lines in (("rejected", found["rejected"]), ("unread", [u["key"] for u in found["unread"]])):
        if lines:
            _leaves(root.add(Text(title)), lines)
    if found.get("silent"):
        root.add(Text(f"no cards on purpose: {found['silent']}"))
    out.print(root)


def _verdict_branch(branch: Tree, verdict: dict[str, Any]) -> None:
    head = Text(f"{verdict['id']} {verdict['title']}  ")
    head.append(verdict["status"], style=STYLES.get(verdict["status"], "dim"))
    if verdict.get("by"):
        head.append(f" by {verdict['by']}")
    node = branch.add(head)
    for step in verdict["criteria"]:
        line = Text(f"{step['role']} {step['name']}: ")
        line.append(step["answer"], style=STYLES[step["answer"]])
        line.append(f"  {step.get('expression', '')}", style="dim")
        leaf = node.add(line)
        _leaves(leaf, (_data(e) for e in step.get("data", ())))
        _leaves(leaf, (f"{m['item']}: {m['reason']}" for m in step.get("missing", ())))


def _data(evidence: dict[str, Any]) -> str:
    parts = (
        evidence["label"],
        evidence.get("value"),
        evidence.get("date"),
        evidence.get("resource"),
        evidence.get("author"),
    )
    return ", ".join(p for p in parts if p)


def _leaves(branch: Tree, lines: Iterable[str]) -> None:
    for line in lines:
        branch.add(Text(line))
