"""How the parts of a set stand to each other: what follows what, what a hold rests on, what an option stands beside, what a
search can carry, what is declared and read by nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhirpath_spine.authoring.profile.compiler import names_in
from fhirpath_spine.authoring.profile.order import in_order
from fhirpath_spine.authoring.profile.recommendations import KINDS
from fhirpath_spine.diagnostics import did_you_mean
from fhirpath_spine.pathway.asking.reach import needs_behind, variables
from fhirpath_spine.pathway.facts.searches import LONGEST, codings_of, searches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Set

    from fhirpath_spine.authoring.profile.library import Draft
    from fhirpath_spine.authoring.profile.needs import NeedForm
    from fhirpath_spine.authoring.profile.policy import GoalForm, HoldForm
    from fhirpath_spine.authoring.profile.recommendations import RecommendationForm
    from fhirpath_spine.pathway.model import Goal, Hold, Site
KIND = "kind:"


def check_leaders(draft: Draft) -> None:
    """Reports leaders that do not exist (SP313) and circles (SP314)."""
    forms, report = draft.files.catalogue.forms, draft.files.report
    for form in forms.values():
        for word in (*form.follows, *form.unless):
            known = [KIND + k for k in KINDS] if word.startswith(KIND) else list(forms)
            if word not in known and not draft.files.catalogue.broken:
                hint = did_you_mean(word, known)
                report.add("SP313", f"'{word}' is no recommendation and no kind", word.span, hint)
    _, circles = in_order({id_: list(_leaders(form, forms)) for id_, form in forms.items()})
    for circle in circles:
        first = forms[circle[0]]
        report.add(
            "SP314", f"these wait for each other: {' -> '.join(circle)}", first.id.span, "Let one of them stand alone."
        )


def _leaders(form: RecommendationForm, forms: Mapping[str, RecommendationForm]) -> Iterator[str]:
    for word in (*form.follows, *form.unless):
        if word.startswith(KIND):
            kind = word.removeprefix(KIND)
            yield from (i for i, other in forms.items() if other.kind == kind and other is not form)
        elif word in forms:
            yield str(word)


GROUNDED = frozenset({"site", "patient", "lesions"})
"""Circumstances that rest on settings, on the Patient, or on coded entries."""


def check_holds(draft: Draft) -> None:
    """Reports holds whose test reads no need with a value set, no site flag and no member of the patient (SP310)."""
    library = draft.library
    if library is None:
        return
    for form, hold in zip(draft.shared.policy.holds, library.policy.holds, strict=True):
        if hold.test is draft.compiler.stand_in:
            continue
        names = variables(library, [hold.test])
        coded = any(
            (library.needs[n].codes is not None or library.needs[n].doubt) for n in needs_behind(library, names)
        )
        if not coded and not names & GROUNDED:
            message = f"the hold {hold.id} reads nothing that has a code"
            draft.files.report.add(
                "SP310", message, form.test.span, "Read a need with a value set, a site flag or the patient."
            )


GUARDED = {kind: frozenset({kind, "combination"}) for kind in ("radiotherapy", "systemic")}
"""Kinds of which a new entry may not slip past what holds the others, each with the kinds that hold such a treatment."""


def check_reach(draft: Draft) -> None:
    """Reports what a hold or goal leaves out though it reaches most of its kind (SP344)."""
    library = draft.library
    if library is None or draft.files.catalogue.broken:
        return
    policy = draft.shared.policy
    pairs: list[tuple[HoldForm | GoalForm, Hold | Goal]] = [
        *zip(policy.holds, library.policy.holds, strict=True),
        *zip(policy.goals, library.policy.goals, strict=True),
    ]
    for form, built in pairs:
        reached = {
            id_ for role in ("hide", "block", "ask", "caution") for s in getattr(built, role, ()) for id_ in s.ids
        }
        for kind in sorted(GUARDED):
            mine = {
                i: f for i, f in draft.files.catalogue.forms.items() if f.kind in GUARDED[kind] and not f.suppressed
            }
            held = reached & set(mine)
            for id_ in mine if 2 * len(held) > len(mine) else ():
                if id_ not in held and id_ not in form.spared:
                    message = f"{form.id} reaches {len(held)} of {len(mine)} of kind:{kind} and not {id_}"
                    tags = " or ".join(_tags(form))
                    first = f"Tag it {tags}, add it" if tags else "Add it"
                    hint = f"{first}, or name it in {form.id} under except: in policy.yaml."
                    draft.files.report.add("SP344", message, mine[id_].id.span, hint)


def _tags(form: HoldForm | GoalForm) -> list[str]:
    """The tags by which a hold or goal selects."""
    roles = (getattr(form, role, ()) for role in ("hide", "block", "ask", "caution"))
    words = (str(word) for role in roles for selector in role for word in selector.ids)
    return sorted({word.removeprefix("tag:") for word in words if word.startswith("tag:")})


OPTIONS = frozenset({"surgery", "radiotherapy", "systemic", "combination", "observation", "palliative"})
"""Kinds that a patient chooses between; the others prepare a choice or relieve beside it."""


def check_alternatives(draft: Draft) -> None:
    """Reports options that can show and have no alternatives (SP322)."""
    for form in draft.files.catalogue.forms.values():
        if form.kind in OPTIONS and not (form.alternatives or form.suppressed or form.unreachable):
            message = f"the option {form.id} names no alternatives"
            draft.files.report.add("SP322", message, form.kind.span, "Add alternatives:, doing nothing among them.")


def check_groups(draft: Draft, site: Site) -> None:
    """Reports groups whose search is too long (SP306), at the group of its first need."""
    spelling = draft.files.terminology.spelling.with_site(site.systems)
    plan = searches(draft.needs.values(), site.code_map, spelling)
    groups: dict[str, list[str]] = {}
    for name, (_, form) in draft.need_forms.items():
        if form.group is not None:
            groups.setdefault(str(form.group), []).append(name)
            _check_codes(form, draft)
    for group, names in groups.items():
        length = len(plan.get(f"observations-{group}", ""))
        place = draft.need_forms[names[0]][1].group
        if length > LONGEST and place is not None:
            codes = len(set().union(*(codings_of(draft.needs[name], site.code_map) for name in names)))
            message = f"the search of group '{group}' has {length} characters for {codes} codes, {LONGEST} are allowed"
            draft.files.report.add("SP306", message, place.span, "Move some of its needs to another group.")


def _check_codes(form: NeedForm, draft: Draft) -> None:
    """Reports value sets that a search of Observations cannot ask for (SP323)."""
    for name in form.observation.code if form.observation is not None else ():
        value_set = draft.files.terminology.value_sets.get(name)
        if value_set is not None and value_set.prefixes:
            message = f"'{name}' matches by prefix, so no search of Observations can ask for its codes"
            draft.files.report.add("SP323", message, name.span, "Name a value set of single codes.")


EXEMPT = frozenset({"patient"})


def check_usage(draft: Draft) -> None:
    """Warns of needs, definitions, findings, ranked facts and flags that nothing reads (SP317)."""
    used = _closure(draft, draft.compiler.used)
    report = draft.files.report
    data = draft.shared.data
    places = {name: ("need", key) for name, (key, _) in draft.need_forms.items()}
    places |= {name: ("definition", key) for name, (key, _) in draft.definition_forms.items()}
    places |= {str(key): ("ranked fact", key) for key in data.ranked}
    places |= {str(key): ("finding", key) for key in (data.findings.kinds if data.findings else ())}
    for name, (what, key) in places.items():
        if name not in used and name not in EXEMPT:
            report.add("SP317", f"nothing reads the {what} '{name}'", key.span, "Remove it, or use it.")
    texts = [compiled.text for compiled in draft.compiler.compiled if "site" in names_in(compiled.text)]
    _check_limits(draft)
    for form in draft.files.catalogue.forms.values():
        for tag in form.tags:
            if tag not in draft.files.catalogue.selected:
                report.add("SP317", f"nothing selects the tag '{tag}'", tag.span, "Remove it, or select tag:<word>.")
    for name in data.answers:
        if name not in draft.files.lists:
            report.add("SP317", f"no need uses the list of answers '{name}'", name.span, "Remove it, or use it.")
    for flag in data.flags:
        if not any(f"%site.{flag}" in text for text in texts):
            report.add("SP317", f"nothing reads the flag '{flag}'", flag.span, "Remove it, or read %site.<flag>.")


def check_homes(draft: Draft) -> None:
    """Warns of definitions of the shared file that one pathway alone reads (SP357); a set of one pathway shares nothing."""
    files = draft.files
    if len(files.pathways) < 2:
        return
    readers = _readers(draft)
    for name in draft.shared.data.define:
        homes = {_home(draft, file) for file in readers(str(name))}
        if len(homes) == 1 and (home := homes.pop()) in files.pathways:
            message = f"only {files.pathways[home].id} reads the definition '{name}'"
            files.report.add("SP357", message, name.span, f"Move it to define: of {home}/pathway.yaml.")


def _home(draft: Draft, file: str) -> str:
    """The folder of the pathway that a file belongs to, else the file itself; by its name in the set."""
    within = file.removeprefix(f"{draft.files.folder.shown}/")
    folder = within.split("/")[0]
    return folder if folder in draft.files.pathways else within


def _readers(draft: Draft) -> Callable[[str], Set[str]]:
    """Tells the files that read a definition, through others."""
    defined = {id(expression): name for name, expression in draft.definitions.items()}
    direct: dict[str, set[str]] = {}
    behind: dict[str, set[str]] = {}
    for compiled in draft.compiler.compiled:
        owner = defined.get(id(compiled.expression))
        for name in compiled.expression.variables & draft.definitions.keys():
            if owner is None:
                direct.setdefault(name, set()).add(compiled.origin.span.file)
            else:
                behind.setdefault(name, set()).add(owner)

    def found(name: str) -> Set[str]:
        seen, open_, files = {name}, [name], set[str]()
        while open_:
            one = open_.pop()
            files |= direct.get(one, set())
            more = behind.get(one, set()) - seen
            seen |= more
            open_ += more
        return files

    return found


def _check_limits(draft: Draft) -> None:
    data = draft.shared.data
    windows = [form.within for _, form in draft.need_forms.values()]
    windows += [form.gap for form in data.ranked.values()]
    windows += [data.findings.new, data.findings.open] if data.findings is not None else []
    read = draft.compiler.limits_read | {str(one).removeprefix("limit.") for one in windows}
    for forms in (draft.shared.data.limits, *(form.limits for form in draft.files.pathways.values())):
        for name in forms:
            if name not in read:
                draft.files.report.add("SP317", f"nothing reads the limit '{name}'", name.span, "Remove it, or use it.")


def _closure(draft: Draft, roots: Iterable[str]) -> set[str]:
    used: set[str] = set()
    open_ = list(roots)
    while open_:
        name = open_.pop()
        if name in used:
            continue
        used.add(name)
        if name in draft.definitions:
            open_ += draft.definitions[name].variables
        elif name in draft.findings:
            finding = draft.findings[name]
            open_ += [s.need for s in finding.sources] + list(finding.answered)
        elif name in draft.ranked:
            open_ += draft.ranked[name].needs
    return used
