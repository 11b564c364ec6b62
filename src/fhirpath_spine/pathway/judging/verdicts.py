"""The verdict of one recommendation in one environment: the first of rulings 1.5 that holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from fhirpath_spine.fhirpath import Expression
from fhirpath_spine.pathway.asking.environment import Answer, Environment
from fhirpath_spine.pathway.decision import Evidence, Missing, Status, Step, Verdict
from fhirpath_spine.pathway.lesions.lesion import LesionRef
from fhirpath_spine.pathway.model import Criterion, Indicator, Line, Recommendation, Unknown
from fhirpath_spine.pathway.sentences import Said, render
from fhirpath_spine.pathway.truth import Reason

FIRM = (Reason.UNREAD, Reason.LIMIT, Reason.CONFLICT)
"""Reasons that never let an answer be taken as no."""


class Hidden(NamedTuple):
    """What hides a recommendation: its name for ``by``, and the reason in words."""

    by: str
    said: Said


@dataclass(slots=True)
class Imposed:
    """What the policy lays on one recommendation: what hides it, and criteria already answered by a hold.

    ``perhaps`` holds the rules that would hide it, depending on something unread. A recommendation with such a rule is
    suppressed rather than not applicable (rulings 1.9).
    """

    hidden: list[Hidden] = field(default_factory=list)
    perhaps: list[Hidden] = field(default_factory=list)
    blocked: list[Said] = field(default_factory=list)
    asked: list[Step] = field(default_factory=list)
    cautions: list[Said] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)


@dataclass(slots=True)
class _Sheet:
    """What is gathered while a recommendation is judged. A step stands for its sentence until its data are asked for."""

    steps: list[Step]
    because: list[Said | Step]
    missing: list[Missing]
    cautions: list[Said | Step]
    asked: dict[int, Criterion] = field(default_factory=dict)
    """The criterion of each step that was answered here, by the identity of the step."""

    def with_evidence(self, env: Environment) -> None:
        """Puts beside each step the data that it rests on."""
        whole = {}
        for step in self.steps:
            criterion = self.asked.get(id(step))
            if criterion is not None and step.answer:
                gather = env.evidence_of_any_lesion if criterion.any_lesion else env.evidence
                whole[id(step)] = step._replace(evidence=gather(criterion.test))
        self.steps = [whole.get(id(step), step) for step in self.steps]
        self.because, self.cautions = (
            [whole.get(id(part), part) for part in parts] for parts in (self.because, self.cautions)
        )


def judge(
    recommendation: Recommendation,
    env: Environment,
    *,
    pathway: str,
    lesion: LesionRef | None,
    imposed: Imposed,
    conditions: Sequence[Step] = (),
    explained: bool = True,
) -> Verdict:
    """The verdict, with its trace. ``conditions`` are steps of role use or unless, answered by the caller.

    ``explained``: what no card shows has its data beside it, too.
    """
    sheet = _Sheet([*imposed.steps, *conditions], [], [], [])
    status, by = _status(recommendation, env, imposed, conditions, sheet)
    shown = status.shown
    # A plan names what satisfied an option.
    if explained or shown or status is Status.SATISFIED:
        sheet.with_evidence(env)
    lines = spoken(recommendation.lines, env) if shown else ()
    if status is Status.RECOMMENDED and (told := env.told(line.say for line in recommendation.lines)):
        sheet.steps.append(Step("said", "said", True, "", told))
    return Verdict(
        id=recommendation.id,
        title=recommendation.title,
        kind=recommendation.kind,
        status=status,
        pathway=pathway,
        lesion=lesion,
        indicator=_indicator(recommendation, env),
        claims=tuple(c.id for c in recommendation.claims if c.when is None or env.ask(c.when).truth),
        because=_sentences(sheet.because),
        steps=tuple(sheet.steps),
        by=by,
        missing=_distinct(sheet.missing),
        lines=lines,
        told=_of_this_patient(recommendation.lines, env) if shown else (),
        cautions=_sentences(sheet.cautions) if shown else (),
        alternatives=spoken(recommendation.alternatives, env) if status is Status.RECOMMENDED else (),
        activity=recommendation.activity,
        safety=status is Status.RECOMMENDED and _is_safety(recommendation, env),
    )


def _sentences(parts: Iterable[Said | Step]) -> tuple[Said, ...]:
    return tuple(dict.fromkeys(_said(part) if isinstance(part, Step) else part for part in parts))


def _status(
    recommendation: Recommendation, env: Environment, imposed: Imposed, conditions: Sequence[Step], sheet: _Sheet
) -> tuple[Status, str]:
    if recommendation.suppressed:
        sheet.because.append((recommendation.suppressed,))
        return Status.SUPPRESSED, "profile"
    if imposed.hidden:
        sheet.because += [h.said for h in imposed.hidden]
        return Status.SUPPRESSED, imposed.hidden[0].by
    unsure: list[Step] = []
    for criterion in recommendation.excluded:
        step = _answer(criterion, "excluded", env, sheet)
        if step.answer:
            sheet.because.append(step)
            return Status.SUPPRESSED, criterion.name
        unsure += [step] if step.answer is None and _firm(step) else []
    if any(step.role == "use" and step.answer is False for step in conditions):
        return _not_applicable(imposed, (), sheet)
    for criterion in recommendation.satisfied:
        step = _answer(criterion, "satisfied", env, sheet)
        if step.answer:
            sheet.because.append(step)
            return Status.SATISFIED, ""
        # Not recorded as done is not done; not read as done may be done.
        unsure += [step] if step.answer is None and _firm(step) else []
    met, asking = _when(recommendation, env, conditions, sheet)
    if not met:
        return _not_applicable(imposed, unsure, sheet)
    asking += unsure
    blockers = _blocked(recommendation, env, imposed, sheet, asking)
    for criterion in recommendation.caution:
        _caution(_answer(criterion, "caution", env, sheet), criterion, sheet)
    sheet.cautions += imposed.cautions
    if blockers:
        sheet.because[:] = blockers
        return Status.BLOCKED, ""
    asking += [*imposed.asked]
    contested = [m for s in asking for m in s.missing if m.reason is Reason.CONFLICT]
    if asking:
        if contested:
            sheet.because.clear()
            sheet.missing[:] = contested
            return Status.BLOCKED, ""
        sheet.missing += [m for s in asking for m in s.missing]
        return Status.NEEDS_DATA, ""
    return Status.RECOMMENDED, ""


def _not_applicable(imposed: Imposed, unsure: Sequence[Step], sheet: _Sheet) -> tuple[Status, str]:
    """Not applicable, unless something unread may hide it or have satisfied it: those come first (rulings 1.5, 1.9)."""
    if imposed.perhaps:
        sheet.because[:] = [h.said for h in imposed.perhaps]
        return Status.SUPPRESSED, imposed.perhaps[0].by
    if unsure:
        sheet.missing += [m for step in unsure for m in step.missing]
        return Status.SUPPRESSED, "unread"
    return Status.NOT_APPLICABLE, ""


def _when(
    recommendation: Recommendation, env: Environment, conditions: Sequence[Step], sheet: _Sheet
) -> tuple[bool, list[Step]]:
    """Whether the recommendation stands, and the steps that ask."""
    asking: list[Step] = []
    hides = False
    for step in conditions:
        if step.answer is False:
            return False, []
        if step.answer is None:
            asking.append(step)
            hides = hides or (step.role == "use" and not _firm(step))
        elif step.role == "with":
            # What follows others is there because they are: their titles are its reason.
            sheet.because.append((step.name,))
    refused = False
    for criterion in recommendation.when:
        step = _answer(criterion, "when", env, sheet)
        if step.answer is False:
            refused = True
        elif step.answer is None:
            if criterion.unknown is Unknown.MET:
                sheet.cautions.append((env.phrase("not-ruled-out"), " ", *_said(step)))
                continue
            asking.append(step)
            hides = hides or (criterion.unknown is Unknown.HIDE and not _firm(step))
        else:
            sheet.because.append(step)
    return not (refused or hides), asking


def _blocked(
    recommendation: Recommendation, env: Environment, imposed: Imposed, sheet: _Sheet, asking: list[Step]
) -> list[Said | Step]:
    """The reasons that block, all of them; what is unknown asks or cautions as the criterion says (rulings 1.6)."""
    reasons: list[Said | Step] = [*imposed.blocked]
    for criterion in recommendation.blocked:
        step = _answer(criterion, "blocked", env, sheet)
        if step.answer:
            reasons.append(step)
        elif step.answer is None:
            # Only what is not recorded may pass with a caution; what could not be read, or is contested, asks.
            if criterion.unknown is Unknown.ASK or _firm(step):
                asking.append(step)
            else:
                sheet.missing += step.missing
    return reasons


def _caution(step: Step, criterion: Criterion, sheet: _Sheet) -> None:
    if step.answer:
        sheet.cautions.append(step)
    elif step.answer is None and criterion.unknown is not Unknown.HIDE:
        sheet.missing += step.missing


def _firm(step: Step) -> bool:
    return any(m.reason in FIRM for m in step.missing)


def _answer(criterion: Criterion, role: str, env: Environment, sheet: _Sheet) -> Step:
    ask = env.ask_any_lesion if criterion.any_lesion else env.ask
    answer = ask(criterion.test, criterion.label)
    said = render(criterion.say, env) if criterion.say is not None and answer.truth is not False else None
    step = Step(role, criterion.name, answer.truth, criterion.test.filled, (), answer.missing, said or ())
    sheet.steps.append(step)
    sheet.asked[id(step)] = criterion
    return step


def to_step(role: str, name: str, answer: Answer, test: Expression, env: Environment) -> Step:
    """An answer as a step of the trace, with the data that it rests on."""
    return Step(role, name, answer.truth, test.filled, env.evidence(test) if answer.truth else (), answer.missing)


def _said(step: Step) -> Said:
    """A step in words: its own sentence, else its name with the data it rests on. What shows an option always names them."""
    if step.said and step.role != "when":
        return step.said
    return (*(step.said or (step.name.replace("-", " "),)), *_data(step.evidence))


def _data(evidence: Sequence[Evidence]) -> Said:
    out: list[str] = []
    for number, one in enumerate(evidence):
        out.append(" (" if number == 0 else "; ")
        out.append(one.label)
        if one.value:
            out += [": ", *one.value]
        if one.date:
            out.append(f", {one.date}")
    return (*out, ")") if out else ()


def _indicator(recommendation: Recommendation, env: Environment) -> Indicator:
    for indicator, test in recommendation.indicator:
        if test is None or env.ask(test).truth:
            return indicator
    return Indicator.INFO


def _is_safety(recommendation: Recommendation, env: Environment) -> bool:
    safety = recommendation.safety
    return safety if isinstance(safety, bool) else env.ask(safety).truth is True


def spoken(lines: Iterable[Line], env: Environment) -> tuple[Said, ...]:
    """The lines that hold and of which every placeholder has a value."""
    out = []
    for line in lines:
        if line.when is None or env.ask(line.when).truth:
            said = render(line.say, env)
            if said is not None:
                out.append(said)
    return tuple(dict.fromkeys(out))


def _of_this_patient(lines: Iterable[Line], env: Environment) -> tuple[Said, ...]:
    return spoken((x for x in lines if x.when is not None or any(not isinstance(p, str) for p in x.say.parts)), env)


def _distinct(missing: Iterable[Missing]) -> tuple[Missing, ...]:
    return tuple({(m.item, m.reason): m for m in missing}.values())
