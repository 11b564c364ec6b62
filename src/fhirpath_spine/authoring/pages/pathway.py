"""The page of one pathway: when it applies, its states, and each recommendation with all that decides it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fhirpath_spine.authoring.approvals import Defaults
from fhirpath_spine.authoring.pages import tables
from fhirpath_spine.authoring.pages.english import English
from fhirpath_spine.authoring.pages.graph import flowchart
from fhirpath_spine.authoring.pages.markup import code, details, sentence, table, text
from fhirpath_spine.pathway.model import Criterion, Indicator, Library, Line, Pathway, Recommendation, Unknown, Use

UNKNOWN = {
    ("when", Unknown.DEFAULT): "asks for the data",
    ("when", Unknown.ASK): "asks for the data",
    ("when", Unknown.HIDE): "not shown; what could not be read asks",
    ("when", Unknown.MET): "counts as met, and the card says so",
    ("blocked", Unknown.DEFAULT): "not recorded: shown, and named as not found; not read or in conflict: asks",
    ("blocked", Unknown.CAUTION): "not recorded: shown, and named as not found; not read or in conflict: asks",
    ("blocked", Unknown.ASK): "asks for the data",
    ("caution", Unknown.DEFAULT): "shown, and named as not found",
    ("caution", Unknown.HIDE): "says nothing",
    ("satisfied", Unknown.DEFAULT): "counts as not done; what could not be read asks",
    ("excluded", Unknown.DEFAULT): "counts as not so; what could not be read asks",
}
GROUPS = {
    "when": "Shown when all of these hold",
    "excluded": "Left out where",
    "blocked": "Blocked where",
    "caution": "A caution, still shown, where",
    "satisfied": "Satisfied where",
}
INTRO = (
    "Generated from the profile by `fhirpath-spine render`; change the profile, not this page. The documents are"
    " educational sources, none is a guideline. Numbers without a source are DEFAULT values."
)


def pathway_page(library: Library, pathway: Pathway, defaults: Defaults) -> str:
    """The whole page as Markdown."""
    english = English(library)
    names, limits = tables.names_read(library, pathway), tables.limits_read(library, pathway)
    uses = pathway.uses
    claims = dict.fromkeys(c.id for u in uses for c in u.recommendation.claims)
    lines = [
        f"# {pathway.id}: {text(pathway.title)}",
        "",
        INTRO,
        "",
        f"Version {pathway.version}, status **{pathway.status}**. It is judged {_scope(pathway)}.",
        "",
        *flowchart(library, pathway),
        "",
        "## When it applies",
        "",
        *_applies(pathway, english),
        "## States",
        "",
        "The first state whose predicate holds is the state. A predicate that is unknown because something is not recorded falls"
        " through; one that could not be read leaves the state uncertain, and what depends on it needs data.",
        "",
        *table(
            ["", "state", "holds where", "FHIRPath"],
            (
                [str(n), s.name, "otherwise" if s.test.text == "true" else text(english.say(s.test)), code(s.test.text)]
                for n, s in enumerate(pathway.states, start=1)
            ),
        ),
        *_notes(pathway, english),
        "## Recommendations",
        "",
        *[line for use in uses for line in _recommendation(library, use, english)],
        "## Evidence",
        "",
        *tables.evidence(library, claims),
        "## Limits",
        "",
        "Each number stands once: the criteria read it as `%limit.id`, the sentences as `{limit.id}`.",
        "",
        *(tables.limits(library, limits) or ["None with a name of its own.", ""]),
        "## DEFAULT values",
        "",
        *_defaults(defaults, (*names, *tables.bases(library, names), *limits, *tables.criterion_names(pathway))),
        "## Data needed",
        "",
        "Not recorded is not the same as not read: what could not be read is never taken as absent. The codes of each value set"
        " stand in `profiles/terminology`.",
        "",
        *tables.data(library, names),
        *tables.definitions(library, names, english),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _scope(pathway: Pathway) -> str:
    if not pathway.per_lesion:
        return "once for the patient"
    return "once for each lesion" + (" that no other pathway takes" if pathway.fallback else "")


def _applies(pathway: Pathway, english: English) -> list[str]:
    out = ["All of these have to hold:", "", *_criteria("when", pathway.applies, english, unknown=False)]
    if pathway.without_lesion:
        out += ["", "For a patient of whom no lesion is on record, all of these:", ""]
        out += _criteria("when", pathway.without_lesion, english, unknown=False)
    return [*out, ""]


def _notes(pathway: Pathway, english: English) -> list[str]:
    lines = _lines(pathway.notes, english)
    return ["Lines at the head of its cards:", "", *lines, ""] if lines else []


def _lines(lines: Sequence[Line], english: English) -> list[str]:
    return [
        f"- {sentence(one.say)}{f' (where {text(english.say(one.when))})' if one.when is not None else ''}"
        for one in lines
    ]


def _recommendation(library: Library, use: Use, english: English) -> list[str]:
    one = use.recommendation
    out = [f"### {one.id}: {text(one.title)}", "", f"{_about(one, english)}", ""]
    if one.suppressed:
        out += [f"Never shown: {text(one.suppressed)}", ""]
    if one.unreachable:
        out += [f"Marked unreachable: {text(one.unreachable)}", ""]
    if use.when is not None:
        out += [f"Used in this pathway only where {text(english.say(use.when))}. {code(use.when.text)}", ""]
    if one.follows:
        out += [f"Follows {', '.join(one.follows)}: recommended if any of them is, and no better than the best.", ""]
    if one.unless:
        out += [f"Only while none of {', '.join(one.unless)} is open.", ""]
    for role, title in GROUPS.items():
        criteria: tuple[Criterion, ...] = getattr(one, role)
        if criteria:
            out += [f"{title}:", "", *_criteria(role, criteria, english), ""]
    if one.on_order:
        out += ["When it is ordered:", "", *_orders(library, one, english), ""]
    imposed = _imposed(library, one)
    out += ["Holds, goals and the gate ([policy](policy.md)):", "", *imposed, ""] if imposed else []
    if one.lines:
        out += ["What the card says:", "", *_lines(one.lines, english), ""]
    if one.alternatives:
        out += ["Alternatives named beside it:", "", *_lines(one.alternatives, english), ""]
    if frameworks := tables.beside(library, one, english):
        out += ["Frameworks beside it, not from the documents:", "", *frameworks, ""]
    tests = [f"- {c.name}: {code(c.test.text)}" for role in GROUPS for c in getattr(one, role)]
    return [*out, *(details("FHIRPath of the criteria", tests) if tests else [])]


def _orders(library: Library, one: Recommendation, english: English) -> list[str]:
    """Of which orders it speaks, at which verdicts, and how loud at which hooks."""
    hooks = [h for h in library.policy.hooks if h.about_orders and h.names(one.id)]
    loud = ", ".join(f"{h.name} ({(found or Indicator.INFO).value})" for h in hooks for found in (h.indicator(one.id),))
    return [
        f"- an order of {', '.join(rule.of)}{f' (where {text(english.say(rule.when))})' if rule.when is not None else ''}:"
        f" said where it is {' or '.join(sorted(rule.says))}, at {loud}"
        f"{f', of an order that is not {rule.priority} yet: to make it so is offered' if rule.priority else ''}"
        for rule in one.on_order
    ]


def _about(one: Recommendation, english: English) -> str:
    indicators = [
        f"{i.value}{f' where {text(english.say(test))}' if test is not None else ''}" for i, test in one.indicator
    ]
    claims = [f"{c.id}{f' (where {text(english.say(c.when))})' if c.when is not None else ''}" for c in one.claims]
    plan = f" In a CarePlan: {one.activity.kind}, “{text(one.activity.text)}”." if one.activity is not None else ""
    scope = " Once for the patient." if one.per_patient else ""
    safety = " A safety line: never hidden or folded." if one.safety is not False else ""
    return f"Kind {one.kind}; urgency {', else '.join(indicators)}; source statements {', '.join(claims)}.{scope}{safety}{plan}"


def _criteria(role: str, criteria: Iterable[Criterion], english: English, *, unknown: bool = True) -> list[str]:
    out = []
    for one in criteria:
        said = f" Said: “{sentence(one.say)}”." if one.say is not None else ""
        means = UNKNOWN.get((role, one.unknown), UNKNOWN[role, Unknown.DEFAULT])
        tail = f" *Unknown*: {means}." if unknown else ""
        whose = " (asked of each lesion, one is enough)" if one.any_lesion else ""
        out.append(f"- **{text(one.label)}**{whose}: {text(english.explain(one.test))}.{said}{tail}")
    return out


def _imposed(library: Library, one: Recommendation) -> list[str]:
    policy = library.policy
    out = []
    for hold in policy.holds:
        does = [
            word
            for word, selectors in (
                ("hides", hold.hide),
                ("blocks", hold.block),
                ("asks", hold.ask),
                ("cautions", hold.caution),
            )
            if tables.selects(selectors, one)
        ]
        if does:
            out.append(f"- {hold.id} {' and '.join(does)}")
    out += [f"- goal {goal.id} hides" for goal in policy.goals if tables.selects(goal.hide, one)]
    if policy.gate is not None and tables.selects((*policy.gate.visible, *policy.gate.attached), one):
        out.append("- stays visible under the open gate, as the policy says")
    return out


def _defaults(defaults: Defaults, names: Iterable[str]) -> list[str]:
    rows = [
        [row.meaning, " ".join(f"`{value}`" for value in row.values), row.signed or "nobody yet"]
        for row in defaults.rows_for(names)
    ]
    listed = table(["in words", "as it stands in the profiles", "approved by"], rows)
    head = "No document gives these values; a clinician of the site has to approve them ([the list](../approvals.md))."
    return [head, "", *(listed or ["None that is listed.", ""])]
