"""The page of what stands above the pathways: gate, holds, goals, exclusions, budget."""

from __future__ import annotations

from collections.abc import Iterable

from fhirpath_spine.authoring.approvals import Defaults
from fhirpath_spine.authoring.pages import tables
from fhirpath_spine.authoring.pages.english import English
from fhirpath_spine.authoring.pages.markup import code, sentence, table, text
from fhirpath_spine.pathway.model import Gate, Hold, Hook, Library, Selector, Unknown


def policy_page(library: Library, defaults: Defaults) -> str:
    """The whole page as Markdown."""
    english, policy = English(library), library.policy
    names, limits = tables.names_read(library, policy), tables.limits_read(library, policy)
    lines = [
        "# Policy: what stands above the pathways",
        "",
        "Generated from the profiles by `fhirpath-spine render`; change the profiles, not this page.",
        "",
        f"Order of the cards: {', '.join(policy.order)}. At most {policy.budget.cards} cards of pathways in"
        f" one answer, the gate's among them; the rest folds into the last (DEFAULT). Two statements of"
        f" one rank within {policy.conflict_days} days contradict each other; later ones replace earlier ones (DEFAULT).",
        "",
        *(_gate(policy.gate, english) if policy.gate else []),
        "## Holds",
        "",
        "An unknown that could not be read never releases what a hold would hide or block: it asks.",
        "",
        *[line for hold in policy.holds for line in _hold(hold, english)],
        "## Goals of care",
        "",
    ]
    for goal in policy.goals:
        lines += [
            f"### {goal.id}",
            "",
            f"Where {text(english.say(goal.test))}. {code(goal.test.text)}",
            "",
            f"- hides {_picked(goal.hide, english)}",
            f"- said: “{sentence(goal.say)}”; unreadable: “{sentence(goal.unread)}”",
            "",
        ]
    if policy.exclusions:
        lines += ["## Exclusions", ""]
        for one in policy.exclusions:
            lines += [
                f"- {one.id}: where {text(english.say(one.test))}, hides {_picked(one.hide, english)}: “{sentence(one.say)}”"
            ]
        lines.append("")
    lines += ["## Hooks", "", "The gate speaks at each hook. The hooks of orders speak of what is ordered.", ""]
    lines += table(
        ["hook", "shows", "notices"], ([h.name, _shown(h), ", ".join(sorted(h.notices))] for h in policy.hooks)
    )
    frameworks = (
        [f.id, text(f.title), text(f.publisher), f.date, text(f.jurisdiction), "always" if f.always else "by the site"]
        for f in library.frameworks
    )
    lines += ["## Published frameworks", "", "None of them is one of the documents; each card says so.", ""]
    lines += table(["id", "title", "publisher", "date", "where", "switched on"], frameworks)
    rows = (
        [row.meaning, " ".join(f"`{value}`" for value in row.values), row.signed or "nobody yet"]
        for row in defaults.rows_for((*names, *limits, "budget", "conflict-gap"))
    )
    lines += ["## Limits", "", *(tables.limits(library, limits) or ["None with a name of its own.", ""])]
    lines += ["## DEFAULT values", "", *table(["in words", "as it stands in the profiles", "approved by"], rows)]
    lines += ["## Data needed", "", *tables.data(library, names), *tables.definitions(library, names, english)]
    return "\n".join(lines).rstrip() + "\n"


def _gate(gate: Gate, english: English) -> list[str]:
    return [
        "## The emergency gate",
        "",
        f"[{gate.pathway}]({gate.pathway}.md) opens where {text(english.say(gate.open))}. {code(gate.open.text)}",
        "",
        f"It is acknowledged where {text(english.say(gate.acknowledged))}. {code(gate.acknowledged.text)}",
        "",
        "An unknown of which all was read counts as open. While it is open, the elective recommendations are hidden"
        f" (“{sentence(gate.hidden)}”), except:",
        "",
        f"- visible: {_picked(gate.visible, english)}",
        f"- as lines of the critical card: {_picked(gate.attached, english)}",
        f"- with scope-stop the card says only: “{sentence(gate.scope_stop)}”",
        "",
    ]


def _hold(hold: Hold, english: English) -> list[str]:
    out = [f"### {hold.id}", "", f"Where {text(english.say(hold.test))}. {code(hold.test.text)}", ""]
    for word, selectors in (
        ("hides", hold.hide),
        ("blocks", hold.block),
        ("asks for data before", hold.ask),
        ("adds a caution to", hold.caution),
    ):
        if selectors:
            out.append(f"- {word} {_picked(selectors, english)}")
    if hold.say is not None:
        out.append(f"- said: “{sentence(hold.say)}”")
    out += [f"- head of every card: “{sentence(line.say)}”" for line in hold.head]
    asks = "asks too" if hold.unknown is Unknown.ASK else "has no effect"
    return [*out, f"- not recorded {asks}", ""]


def _shown(hook: Hook) -> str:
    if hook.whole:
        return "all"
    return "; ".join(
        f"{', '.join(sorted(one.ids))}{f' as {one.indicator.value}' if one.indicator is not None else ''}"
        for one in hook.shows
    )


def _picked(selectors: Iterable[Selector], english: English) -> str:
    return "; ".join(
        f"{', '.join(sorted(s.ids))}{f' (where {text(english.say(s.when))})' if s.when is not None else ''}"
        for s in selectors
    )
