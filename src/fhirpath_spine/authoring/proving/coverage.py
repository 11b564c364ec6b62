"""What the cases show of the profiles: every answer of every question, every claim, every reason, every code."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from fhirpath_spine.authoring.approvals import Default, defaults
from fhirpath_spine.authoring.cases.checking import everything, expected, verdicts_for, words_of
from fhirpath_spine.authoring.cases.questions import Question, questions, recommendations
from fhirpath_spine.authoring.cases.running import Outcome, Result, Run
from fhirpath_spine.authoring.proving.borders import borders
from fhirpath_spine.pathway.decision import Status
from fhirpath_spine.pathway.sentences import plain

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from fhirpath_spine.authoring.proving.thresholds import Threshold
    from fhirpath_spine.pathway.decision import Verdict
    from fhirpath_spine.pathway.facts.needs import Value
    from fhirpath_spine.pathway.model import Library
    from fhirpath_spine.pathway.sentences import Text
    from fhirpath_spine.pathway.truth import Truth
WORDS: dict[Truth, str] = {True: "met", False: "not-met", None: "unknown"}


@dataclass(frozen=True, slots=True)
class Unheld:
    """A threshold, where it is written as ``file:line:column``, and the ways it could move without a case that fails."""

    name: str
    place: str
    ways: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.place} {self.name}: {' and '.join(self.ways)}"


@dataclass(slots=True)
class Coverage:
    """The table. Each list of gaps is empty where all is shown; ``stale`` names exemptions that are not needed."""

    claims: int = 0
    unmapped: list[str] = field(default_factory=list)
    driving: int = 0
    not_fired: list[str] = field(default_factory=list)
    not_silenced: list[str] = field(default_factory=list)
    criteria: int = 0
    answers: int = 0
    answers_exempt: int = 0
    unseen: dict[str, list[str]] = field(default_factory=dict)
    reasons: int = 0
    unsaid: list[str] = field(default_factory=list)
    hollow: list[str] = field(default_factory=list)
    thresholds: int = 0
    unheld: list[Unheld] = field(default_factory=list)
    moves_exempt: int = 0
    foreign: list[str] = field(default_factory=list)
    codes: int = 0
    exempt: list[tuple[str, str]] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    unreachable: dict[str, str] = field(default_factory=dict)
    page: str = ""
    defaults: list[Default] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether nothing is open but what is exempt by name."""
        claims = (self.unmapped, self.not_fired, self.not_silenced)
        return not any((*claims, self.unseen, self.unsaid, self.hollow, self.unheld, self.foreign, self.stale))


def cover(run: Run, directory: str | os.PathLike[str]) -> Coverage:
    """The coverage of a run of the cases below ``directory``."""
    out = Coverage()
    _claims(run, out)
    _criteria(run, out)
    _reasons(run, out)
    _denials(run, out)
    _thresholds(run, out)
    _codes(run, out)
    out.unreachable = {r.id: r.unreachable for r in recommendations(run.library).values() if r.unreachable}
    out.page, out.defaults = defaults(Path(directory))
    return out


# ---------------------------------------------------------------------- claims


def _claims(run: Run, out: Coverage) -> None:
    library = run.library
    cited = {c.id for r in recommendations(library).values() for c in r.claims}
    out.claims, out.unmapped = len(library.claims), [c for c in library.claims if c not in cited]
    driving = [c.id for c in library.claims.values() if c.use == "drive"]
    fired = {claim for result in _passed(run) for claim in _fires(result)}
    silenced = {claim for result in _passed(run) for claim in _silences(result, run)}
    exempt = {str(e.name): str(e.reason) for e in run.exemptions.claims}
    out.driving = len(driving)
    out.not_fired = [c for c in driving if c not in fired and c not in exempt]
    out.not_silenced = [c for c in driving if c not in silenced and c not in exempt]
    out.exempt += [(f"claim {name}", reason) for name, reason in exempt.items()]
    out.stale += [f"claim {name}" for name in exempt if name not in driving or (name in fired and name in silenced)]


def _passed(run: Run) -> Iterator[Result]:
    return (r for r in run.results if r.outcome is Outcome.PASS)


def _fires(result: Result) -> set[str]:
    """Claims of the recommendations that the case expects and finds recommended."""
    if result.decision is None:
        return set()
    wanted = [w for status, w in expected(result.story.expect) if status is Status.RECOMMENDED]
    return {
        c for w in wanted for v in verdicts_for(result.decision, w) if v.status is Status.RECOMMENDED for c in v.claims
    }


def _shown(result: Result) -> set[str]:
    """Claims that a card speaks of, be it as a question or as what is blocked."""
    verdicts = result.decision.verdicts if result.decision else ()
    return {c for v in verdicts if v.status.shown for c in v.claims}


def _silences(result: Result, run: Run) -> set[str]:
    """Claims that fire in the base of a case and fall silent in it, though it is the base minus something only."""
    story = result.story
    if not story.only_without or story.base is None or result.decision is None:
        return set()
    base = next((r for r in run.results if r.story is story.base and r.outcome is Outcome.PASS), None)
    if base is None:
        return set()
    cited = {r.id: {c.id for c in r.claims} for r in recommendations(run.library).values()}
    named = [w for status, w in expected(story.expect) if status is None or not status.shown]
    silent = set().union(*cited.values()) if story.expect.silent else set().union(*(cited[w.id] for w in named))
    return (_fires(base) & silent) - _shown(result)


# ---------------------------------------------------------------------- criteria


def _criteria(run: Run, out: Coverage) -> None:
    all_questions = questions(run.library)
    exempt = {str(e.criterion): e for e in run.exemptions.criteria}
    out.criteria = len(all_questions)
    for question in all_questions:
        seen = {WORDS[a] for a in run.answers.get(question, ())}
        entry = exempt.get(str(question))
        excused = {str(a) for a in entry.answers} if entry else set()
        missing = [w for w in WORDS.values() if w not in seen | excused]
        out.answers += len(seen)
        if missing:
            out.unseen[str(question)] = missing
        if entry is not None:
            out.exempt.append((f"{question}: {', '.join(sorted(excused))}", str(entry.reason)))
            out.answers_exempt += len(excused - seen)
            if excused & seen:
                out.stale.append(f"{question}: {', '.join(sorted(excused & seen))}")
    named = set(map(str, all_questions))
    out.stale += [name for name in exempt if name not in named]


# ---------------------------------------------------------------------- reasons of blocks and holds


def _reasons(run: Run, out: Coverage) -> None:
    """A block counts as shown where a case expects it with words, and they are the block's own."""
    blocks = [
        Question("blocked", r.id, c.name)
        for r in recommendations(run.library).values()
        for c in r.blocked
        if not r.unreachable
    ]
    effects = _effects(run.library)
    shown: set[str] = set()
    for result in _passed(run):
        for status, wanted in expected(result.story.expect):
            for verdict in verdicts_for(result.decision, wanted) if result.decision and wanted.says else ():
                if verdict.status is not status:
                    continue
                texts = [t for t in words_of(verdict) if any(w in t for w in wanted.says)]
                for step in verdict.steps:
                    said = plain(step.said)
                    if step.role == "blocked" and step.answer and status is Status.BLOCKED and said in texts:
                        shown.add(str(Question("blocked", verdict.id, step.name)))
                shown |= {one.name for one in effects if one.is_shown(verdict, texts)}
    wanted_all = [*map(str, blocks), *(one.name for one in effects)]
    exempt = {str(e.name): str(e.reason) for e in run.exemptions.reasons}
    out.reasons = len(wanted_all)
    out.unsaid = [name for name in wanted_all if name not in shown and name not in exempt]
    out.exempt += [(f"reason of {name}", reason) for name, reason in exempt.items()]
    out.stale += [f"reason of {name}" for name in exempt if name not in wanted_all or name in shown]


@dataclass(frozen=True, slots=True)
class _Effect:
    """One thing that a hold or goal does, and the words of its reason that are always the same; empty if it gives none."""

    name: str
    by: str
    does: str
    words: str

    def is_shown(self, verdict: Verdict, texts: list[str]) -> bool:
        """Whether it is this one that acts on the verdict, as it does, and these sentences say so."""
        if not self.words or not any(self.words in text for text in texts):
            return False
        if self.does == "hide":
            return verdict.status is Status.SUPPRESSED and verdict.by == self.by
        acts = any(step.role == "hold" and step.name == self.by and step.answer for step in verdict.steps)
        match self.does:
            case "block":
                return acts and verdict.status is Status.BLOCKED
            case "ask":
                return acts and verdict.status is Status.NEEDS_DATA
        return acts and any(self.words in plain(said) for said in verdict.cautions)


def _effects(library: Library) -> list[_Effect]:
    policy = library.policy
    found = []
    for hold in policy.holds:
        for does in ("hide", "block", "ask", "caution"):
            if getattr(hold, does):
                found.append(_Effect(f"policy hold {hold.id} {does}", hold.id, does, _fixed(hold.say)))
    found += [_Effect(f"policy goal {goal.id}", goal.id, "hide", _fixed(goal.say)) for goal in policy.goals]
    return found


def _fixed(say: Text | None) -> str:
    return next((part.strip() for part in say.parts if isinstance(part, str)), "") if say else ""


# ---------------------------------------------------------------------- what must not be said


def _denials(run: Run, out: Coverage) -> None:
    """Words that a case denies and none ever shows: they may be misspelt, or were reworded since, and deny nothing."""
    said = "\n".join(text for result in _passed(run) if result.decision for text in everything(result.decision))
    for result in run.results:
        out.hollow += [f"{text.span} {text}" for text in result.story.expect.says_not if text not in said]


# ---------------------------------------------------------------------- thresholds


def _thresholds(run: Run, out: Coverage) -> None:
    found = borders(run)
    free: dict[Threshold, list[str]] = {}
    for move in found.open:
        free.setdefault(move.threshold, []).append(move.way)
    exempt = {(str(e.name), str(way)) for e in run.exemptions.thresholds for way in e.moves}
    needed = {(threshold.name, way) for threshold, ways in free.items() for way in ways} & exempt
    for threshold, ways in free.items():
        if left := tuple(way for way in ways if (threshold.name, way) not in exempt):
            out.unheld.append(Unheld(threshold.name, str(threshold.span), left))
    out.thresholds, out.moves_exempt = len(found.thresholds), len(needed)
    out.exempt += [(f"{e.name}: {', '.join(e.moves)}", str(e.reason)) for e in run.exemptions.thresholds]
    out.stale += [f"{name}: {way}" for name, way in sorted(exempt - needed)]


# ---------------------------------------------------------------------- codes


def _codes(run: Run, out: Coverage) -> None:
    """Codes that the profiles or their cases use and no table of ``terminology/`` holds."""
    tables, library = run.written.terminology, run.library
    used = dict.fromkeys(library.lesions.levels, "lesions.yaml")
    for need in library.needs.values():
        rules: list[Value] = [*([need.value] if need.value else []), *need.components.values()]
        used |= {coding: f"need {need.name}" for rule in rules for coding in rule.answers}
        used |= dict.fromkeys(need.codes.members if need.codes else (), f"need {need.name}")
    used |= {coding: str(span) for coding, span in run.codings.items()}
    out.codes = len(used)
    out.foreign = [f"{s}|{c} ({place})" for (s, c), place in sorted(used.items()) if not tables.knows((s, c))]
