"""What the command line draws for a person: a decision, a tree, a card as a clinician reads it. Results go to stdout, talk to
stderr.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.markdown import Markdown
from rich.panel import Panel
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from fhirpath_spine.exchange import Json, objects

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


def console() -> Console:
    """The console of results; made when needed, so that tests may replace stdout."""
    return Console(highlight=False)


def talk() -> Console:
    """The console of remarks, on stderr."""
    return Console(stderr=True, highlight=False)


def show_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Rows under their heads, as wide as the terminal allows."""
    table = Table(*heads, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*map(Text, row))
    console().print(table)


def show_moment(at: datetime | None, remark: str, decision: str = "") -> None:
    """The instant that a chart was judged at, unless what follows names it, and what there is to be said of that."""
    if at is not None:
        named = f", decision {decision}" if decision else ""
        console().print(Text(f"Judged at {at.isoformat(timespec='seconds')}{named}", style="dim"))
    if remark:
        console().print(Text(remark, style="yellow"))


def show_decision(result: Json, at: datetime, remark: str = "", *, full: bool = False) -> None:
    """A document of ``decide``: what a clinician sees; in ``full`` the explanation and what no card shows, too."""
    out = console()
    show_moment(at, remark, str(result["decision"]))
    if "outcome" in result:
        for issue in result["outcome"]["issue"]:
            out.print(Text(f"Refused: {issue['details']['text']}", style="bold red"))
        return
    for entry in result["pathways"]:
        out.print(entry_line(entry))
    if not result["pathways"] and not result["cards"]:
        out.print(Text("No pathway applies: no card." + (f" ({result['silent']})" if result.get("silent") else "")))
    for card in result["cards"]:
        show_card(card, out, full=full)
    if not full:
        return
    show_explanation(objects(result.get("explanation")))
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


def show_explanation(told: Iterable[Json]) -> None:
    """The full text of a decision, as it reads."""
    out = console()
    for one in told:
        out.print(Markdown(str(one["text"]), hyperlinks=False))
        out.print()


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
        _leaves(leaf, (data_line(e) for e in step.get("data", ())))
        _leaves(leaf, (f"{m['item']}: {m['reason']}" for m in step.get("missing", ())))


def data_line(evidence: dict[str, Any]) -> str:
    """A datum in one line."""
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


def show_cards(cards: Sequence[Json], seconds: float, *, full: bool = False) -> None:
    """All cards of one answer."""
    out = console()
    count = "No card" if not cards else "1 card" if len(cards) == 1 else f"{len(cards)} cards"
    out.print(Text(f"{count} ({seconds * 1000:.0f} ms)", style="dim"))
    for card in cards:
        show_card(card, out, full=full)


def show_card(card: Json, out: Console, *, full: bool = False) -> None:
    """One card as a clinician reads it: what it says and what it offers; in ``full`` with what is below, and reasons for not
    following it.
    """
    indicator = str(card.get("indicator", ""))
    style = STYLES.get(indicator, "")
    parts: list[RenderableType] = [Text(_clean(card.get("summary")), style=style)]
    if detail := str(card.get("detail") or ""):
        # What stands below a rule is the explanation, for an EHR that shows no page.
        parts += [Text(""), Markdown(detail if full else detail.split("\n\n---\n\n")[0], hyperlinks=False)]
    if choices := _choices(card, full=full):
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


def _choices(card: Json, *, full: bool) -> list[Text]:
    """The suggestions as an EHR shows them: a button each, with what it would do; and the reasons for not following."""
    lines = []
    for suggestion in objects(card.get("suggestions")):
        line = Text("[ ] ")
        line.append(_clean(suggestion.get("label")), style="bold")
        done = "; ".join(_clean(a.get("description")) for a in objects(suggestion.get("actions")))
        line.append(f"  {done}" if done else "", style="dim")
        lines.append(line)
    reasons = [_clean(r.get("display")) for r in objects(card.get("overrideReasons"))] if full else []
    if reasons:
        lines.append(Text(f"Not followed because: {' | '.join(reasons)}", style="dim"))
    return lines


def _clean(value: object) -> str:
    """Text on one line without control characters: a service's words must not move the cursor of the terminal."""
    text = value if isinstance(value, str) else ""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
