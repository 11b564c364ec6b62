"""All cases of a profile set, judged: what passed, what failed, and what could not be judged."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from fhirpath_spine.authoring.cases.charts import stage
from fhirpath_spine.authoring.cases.checking import complaints, expected
from fhirpath_spine.authoring.cases.form import ExemptionsForm
from fhirpath_spine.authoring.cases.questions import Question, recommendations
from fhirpath_spine.authoring.cases.stories import Story, read_exemptions, read_stories
from fhirpath_spine.authoring.loading import load_written
from fhirpath_spine.authoring.source.folder import Folder
from fhirpath_spine.authoring.source.report import Report
from fhirpath_spine.authoring.source.unfinished import CODE as UNFINISHED
from fhirpath_spine.authoring.source.unfinished import without_echoes
from fhirpath_spine.diagnostics import Severity, did_you_mean
from fhirpath_spine.errors import PatientMismatch, ProfileError, ScopeUndecidable, SpineError
from fhirpath_spine.pathway.judging.evaluate import decide

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence

    from fhirpath_spine.authoring.cases.charts import Scene
    from fhirpath_spine.authoring.loading import Written
    from fhirpath_spine.diagnostics import Diagnostic, Span
    from fhirpath_spine.pathway.decision import Decision
    from fhirpath_spine.pathway.facts.needs import Coding
    from fhirpath_spine.pathway.judging.admission import Observer
    from fhirpath_spine.pathway.model import Library, Recommendation
    from fhirpath_spine.pathway.truth import Truth


class Outcome(StrEnum):
    """What became of a case. *known* fails as its file says it does; an error is no answer at all."""

    PASS = "pass"  # noqa: S105 - a word, not a password
    FAIL = "fail"
    KNOWN = "known"
    ERROR = "error"


@dataclass(slots=True)
class Result:
    """One case and what became of it. ``decision`` is None where it was refused or could not be told, ``scene`` there only."""

    story: Story
    scene: Scene | None = None
    outcome: Outcome = Outcome.PASS
    problems: list[str] = field(default_factory=list)
    decision: Decision | None = None


@dataclass(slots=True)
class Run:
    """All cases of a set. ``answers`` holds each answer that each question had in a case that did not fail unforeseen."""

    library: Library
    written: Written
    results: list[Result] = field(default_factory=list)
    diagnostics: tuple[Diagnostic, ...] = ()
    answers: dict[Question, set[Truth]] = field(default_factory=dict)
    codings: dict[Coding, Span] = field(default_factory=dict)
    exemptions: ExemptionsForm = field(default_factory=ExemptionsForm)
    unread: tuple[str, ...] = ()
    """Files of which no case could be read."""

    def count(self, outcome: Outcome) -> int:
        """How many cases had an outcome."""
        return sum(r.outcome is outcome for r in self.results)


def run(
    directory: str | os.PathLike[str],
    load: Callable[[str | os.PathLike[str]], tuple[Library, Written]] = load_written,
    wanted: Callable[[Story], bool] = lambda _: True,
    tell: Callable[[int, int], None] = lambda _done, _total: None,
) -> Run:
    """Judges the cases below a directory of profiles that are wanted. ``load`` gives its library, and how that is written;
    ``tell`` hears how many of how many are judged.

    Raises:
        ProfileError: the profiles cannot be loaded, or there is no such folder.

    """
    library, written = load(directory)
    report = Report()
    folder = Folder.at(directory, report)
    if folder is None:
        raise ProfileError("The profiles' folder cannot be read.", diagnostics=tuple(report.sorted()))
    systems = written.terminology.systems
    stories = read_stories(folder)
    told = {story.span.file for story in stories}
    unread = {d.span.file for d in report.sorted() if d.severity is Severity.ERROR} - told
    done = Run(library, written, exemptions=read_exemptions(folder), unread=tuple(sorted(unread)))
    known = recommendations(library)
    waiting = _unfinished(stories, report)
    asked = list(filter(wanted, stories))
    for number, story in enumerate(asked):
        tell(number, len(asked))
        # What is wrong with a base is found again in each case of it, so each is asked for itself.
        own = Report()
        scene = stage(story, library, systems, own)
        _check_names(story, library, known, own)
        report.extend(own.sorted())
        if id(story) in waiting:
            done.results.append(Result(story, None, Outcome.ERROR, ["the case is not written yet; see the findings"]))
            continue
        if story.flaw:
            done.results.append(Result(story, None, Outcome.ERROR, [f"{story.flaw}; see the findings"]))
            continue
        if own.errors:
            done.results.append(Result(story, None, Outcome.ERROR, ["the case cannot be told; see the findings"]))
            continue
        for coding, span in scene.codings.items():
            done.codings.setdefault(coding, span)
        done.results.append(_judge(story, scene, done))
    without_echoes(report)
    done.diagnostics = tuple(report.sorted())
    return done


def _unfinished(stories: Sequence[Story], report: Report) -> set[int]:
    """The cases, by identity, in which something is still to be written."""
    found = [d.span for d in report.sorted() if d.code == UNFINISHED]
    around = ([s for s in stories if s.span.file == span.file and s.span.line <= span.line] for span in found)
    return {id(max(above, key=lambda s: s.span.line)) for above in around if above}


def judge(
    library: Library, story: Story, scene: Scene, observe: Observer | None = None
) -> tuple[Decision | None, list[str]]:
    """What a library decides of a case, None where it refuses, and what of that the case does not expect."""
    form, decision, refused, problems = story.form, None, "", list[str]()
    try:
        decision = decide(
            library,
            scene.chart,
            scene.at,
            scene.site,
            emergency=str(form.emergency or "full"),
            audience=str(form.audience or "clinician"),
            observe=observe,
            hook=story.hook,
        )
    except ScopeUndecidable as error:
        refused, problems = "scope-undecidable", [f"it was refused: {error}"]
    except PatientMismatch as error:
        refused, problems = "patient-mismatch", [f"it was refused: {error}"]
    if decision is not None:
        problems = complaints(decision, story.expect)
    elif story.expect.refused == refused:
        problems = []
    return decision, problems


def _judge(story: Story, scene: Scene, done: Run) -> Result:
    heard: list[tuple[Question, Truth]] = []

    def observe(role: str, owner: str, name: str, answer: Truth) -> None:
        heard.append((Question(role, owner, name), answer))

    result = Result(story, scene)
    try:
        result.decision, result.problems = judge(done.library, story, scene, observe)
    except SpineError as error:
        result.outcome, result.problems = Outcome.ERROR, [str(error)]
        return result
    result.outcome = _outcome(result)
    if result.outcome in (Outcome.PASS, Outcome.KNOWN):
        for question, answer in heard:
            done.answers.setdefault(question, set()).add(answer)
    return result


def _outcome(result: Result) -> Outcome:
    fails = result.story.form.fails
    if fails is None:
        return Outcome.FAIL if result.problems else Outcome.PASS
    if result.problems:
        return Outcome.KNOWN
    result.problems = [f"it passes now; remove its line 'fails: {fails}'"]
    return Outcome.FAIL


def _check_names(story: Story, library: Library, known: Mapping[str, Recommendation], report: Report) -> None:
    """What a case expects has to exist, or it would never be found wanting."""
    for _, wanted in expected(story.expect):
        if wanted.id not in known:
            hint = did_you_mean(wanted.id, known)
            report.add("SP401", f"no recommendation is called '{wanted.id}'", wanted.id.span, hint)
    for name in (*story.expect.indicators, *story.expect.cites, *story.expect.cites_not):
        if name not in known:
            report.add("SP401", f"no recommendation is called '{name}'", name.span, did_you_mean(name, known))
    for name, cited in (*story.expect.cites.items(), *story.expect.cites_not.items()):
        rests = [claim.id for claim in known[name].claims] if name in known else cited
        for one in cited:
            if one not in rests:
                report.add("SP401", f"{name} rests on no claim '{one}'", one.span, did_you_mean(one, rests))
    pathways = [p.id for p in library.pathways]
    for name in story.expect.states or ():
        if name.partition(" ")[0] not in pathways:
            report.add("SP401", f"no pathway is called '{name}'", name.span, did_you_mean(name, pathways))
