"""The verb ``test``: the cases beside the pathways, and what they show of every criterion and claim."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import typer
from rich.text import Text

from fhirpath_spine import authoring
from fhirpath_spine.authoring.cases import Outcome, Result, Run, run
from fhirpath_spine.authoring.cases.checking import expected
from fhirpath_spine.authoring.cases.stories import Story
from fhirpath_spine.authoring.proving import mutants
from fhirpath_spine.authoring.proving.coverage import Coverage, cover
from fhirpath_spine.entrypoints import show
from fhirpath_spine.entrypoints.commands.files import Directory
from fhirpath_spine.entrypoints.commands.mutation import mutation_json, mutation_lines
from fhirpath_spine.entrypoints.commands.watching import changes, progress
from fhirpath_spine.entrypoints.printing import note, print_json
from fhirpath_spine.entrypoints.settings import load
from fhirpath_spine.errors import ProfileError, SettingsError

STYLES = {Outcome.PASS: "green", Outcome.FAIL: "bold red", Outcome.KNOWN: "yellow", Outcome.ERROR: "bold magenta"}


class CasesFormat(StrEnum):
    """How the results of cases are written."""

    HUMAN = "human"
    JSON = "json"
    JUNIT = "junit"


Form = Annotated[CasesFormat, typer.Option("--format", help="human, json or junit.")]
WithCoverage = Annotated[
    bool, typer.Option("--coverage", help="Count claims, criteria, reasons, thresholds and codes.")
]


WithMistakes = Annotated[bool, typer.Option("--mutate", help="Make each likely mistake: does a case notice it?")]
Watch = Annotated[bool, typer.Option("--watch", help="Judge again whenever a file of the profiles changes.")]
Words = Annotated[str, typer.Option("-k", metavar="TEXT", help="Only cases whose title, id or expected ids hold TEXT.")]


def cases(
    directory: Directory = None,
    words: Words = "",
    coverage: WithCoverage = False,
    mutate: WithMistakes = False,
    watch: Watch = False,
    form: Form = CasesFormat.HUMAN,
) -> None:
    """Judge the cases that stand beside the pathways, and compare with what each expects.

    A folder or file inside a set stands for its own cases.
    --mutate makes each likely mistake in the files asked for, and says which ones no case of the set notices.
    Exit: 0 every case passes (with --coverage it is complete, with --mutate nine mistakes of ten are noticed), 1 some case fails
    or something is not covered or noticed, 2 a case could not be judged, or wrong use.
    """
    asked = directory or load().settings.profiles or authoring.profiles_directory()
    profiles = authoring.set_around(asked)
    if profiles is None:
        raise SettingsError("test: there is no such directory.", hint="Name the folder that holds the profiles.")
    part = bool(words) or profiles != asked
    if part and coverage:
        raise SettingsError("Coverage is that of all cases.", hint="Leave -k out, and name the whole set.")
    if words and mutate:
        raise SettingsError("A mistake may be noticed by any case.", hint="Leave -k out, and name a pathway.")
    asking = _Asking(profiles, asked, words, part, coverage, mutate, form)
    if not watch:
        raise typer.Exit(asking.judge())
    with suppress(KeyboardInterrupt):
        for _ in changes(profiles):
            try:
                asking.judge()
            except ProfileError as error:
                note(str(error), bad=True)
            note("Waiting for a change of the files; Ctrl-C ends it.")


@dataclass(frozen=True, slots=True)
class _Asking:
    """What is to be judged, and how it is shown."""

    profiles: Path
    asked: Path
    words: str
    part: bool
    coverage: bool
    mutate: bool
    form: CasesFormat

    def judge(self) -> int:
        """Judges, shows, and gives the exit code."""
        # Any case may notice a mistake, so a part of the files is held by all of them.
        part = self.part and not self.mutate
        with progress("cases") as tell:
            if part:
                done = run(self.profiles, wanted=lambda s: _is_wanted(s, self.words, self.asked), tell=tell)
            else:
                done = run(self.profiles, tell=tell)
        if part and not done.results and not done.diagnostics:
            raise SettingsError(
                f"No case is meant by '{self.words or self.asked}'.", hint="Name words of a title, or an expected id."
            )
        table = cover(done, self.profiles) if self.coverage else None
        started = time.monotonic()
        found = self._mutated(done) if self.mutate else None
        match self.form:
            case CasesFormat.HUMAN:
                _show(done, table)
                for line in mutation_lines(found, time.monotonic() - started) if found is not None else ():
                    typer.echo(line)
            case CasesFormat.JSON:
                print_json(_json(done, table) | ({"mutation": mutation_json(found)} if found is not None else {}))
            case CasesFormat.JUNIT:
                typer.echo(_junit(done))
        return _exit(done, table) or (1 if found is not None and not found.enough else 0)

    def _mutated(self, done: Run) -> mutants.Mutation:
        below = self.asked.resolve()
        processes = len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1
        with progress("mistakes") as tell:
            return mutants.mutate(done, lambda file: Path(file).resolve().is_relative_to(below), processes, tell)


def _is_wanted(story: Story, words: str, asked: Path) -> bool:
    """Whether a case lies below what was asked for, and holds the words in its title, its id or what it expects."""
    if not Path(story.span.file).resolve().is_relative_to(asked.resolve()):
        return False
    ids = " ".join(str(wanted.id) for _, wanted in expected(story.expect))
    return words.casefold() in f"{story.title} {story.form.id or ''} {ids}".casefold()


def _exit(done: Run, table: Coverage | None) -> int:
    if done.diagnostics or done.count(Outcome.ERROR):
        return 2
    return 1 if done.count(Outcome.FAIL) or (table is not None and not table.complete) else 0


# ---------------------------------------------------------------------- for a person


def _show(done: Run, table: Coverage | None) -> None:
    out = show.console()
    for found in done.diagnostics:
        out.print(Text(str(found)), soft_wrap=True)
    for result in done.results:
        if result.outcome is not Outcome.PASS:
            head = f"{result.outcome.value.upper():5} {_place(result)} {result.story.title}"
            out.print(Text(head, STYLES[result.outcome]), soft_wrap=True)
            for problem in (f"known: {result.story.form.fails}", *result.problems)[
                result.outcome is not Outcome.KNOWN :
            ]:
                out.print(Text(f"      {problem}"), soft_wrap=True)
    counts = ", ".join(f"{done.count(o)} {o.value}" for o in Outcome)
    unread = f"; not read, and so not counted: {', '.join(done.unread)}" if done.unread else ""
    out.print(Text(f"{len(done.results)} cases: {counts}{unread}", "bold"), soft_wrap=True)
    for line in _table(table) if table is not None else ():
        out.print(Text(line), soft_wrap=True)


def _place(result: Result) -> str:
    return f"{result.story.span.file}:{result.story.span.line}"


def _table(table: Coverage) -> Iterator[str]:
    driving, per = table.driving, 3 * table.criteria
    seen = per - sum(map(len, table.unseen.values()))
    moves = 2 * table.thresholds - sum(len(one.ways) for one in table.unheld)
    yield ""
    yield f"claims mapped                {table.claims - len(table.unmapped):4} / {table.claims}"
    yield f"driving claims fired         {driving - len(table.not_fired):4} / {driving}"
    yield f"driving claims silenced      {driving - len(table.not_silenced):4} / {driving}"
    yield f"criteria in three values     {table.criteria - len(table.unseen):4} / {table.criteria}"
    yield f"  answers seen or exempt     {seen:4} / {per}, of which {table.answers_exempt} exempt by name"
    yield f"reasons of blocks and holds  {table.reasons - len(table.unsaid):4} / {table.reasons}"
    yield f"thresholds held on both sides{table.thresholds - len(table.unheld):5} / {table.thresholds}"
    yield f"  moves that fail a case     {moves:4} / {2 * table.thresholds}, of which {table.moves_exempt} exempt by name"
    yield f"codes that no table allows   {len(table.foreign) or 'none':>4} of {table.codes} used"
    for title, names in (
        ("claims without a recommendation", table.unmapped),
        ("driving claims that no case fires", table.not_fired),
        ("driving claims that no case silences", table.not_silenced),
        ("answers that no case shows", [f"{q}: {', '.join(a)}" for q, a in table.unseen.items()]),
        ("reasons that no case shows", table.unsaid),
        ("words that a case denies and none shows", table.hollow),
        ("thresholds that no case holds on a side", [str(one) for one in table.unheld]),
        ("codes that no table allows", table.foreign),
        ("exemptions that are not needed", table.stale),
    ):
        yield from _section(f"{title} ({len(names)})", names)
    yield from _section("exempt by name, with the reason", [f"{name} - {reason}" for name, reason in table.exempt])
    yield from _section("unreachable today", [f"{id_} - {reason}" for id_, reason in table.unreachable.items()])
    head = f"DEFAULT values ({len(table.defaults)}), to be approved in {table.page or 'the profiles'}"
    yield from _section(head, [f"{d.meaning}: {d.value} - {', '.join(d.places)}" for d in table.defaults])


def _section(title: str, lines: list[str]) -> Iterator[str]:
    if lines:
        yield ""
        yield f"{title}:"
        yield from (f"  {line}" for line in lines)


# ---------------------------------------------------------------------- for machines


def _json(done: Run, table: Coverage | None) -> dict[str, Any]:
    out: dict[str, Any] = {
        "counts": {o.value: done.count(o) for o in Outcome},
        "findings": [str(d) for d in done.diagnostics],
        "unread": list(done.unread),
        "cases": [
            {
                "case": r.story.title,
                "file": r.story.span.file,
                "line": r.story.span.line,
                "outcome": r.outcome.value,
                "problems": r.problems,
            }
            for r in done.results
        ],
    }
    if table is not None:
        out["coverage"] = {
            "complete": table.complete,
            "claims": {"all": table.claims, "unmapped": table.unmapped},
            "driving": {"all": table.driving, "notFired": table.not_fired, "notSilenced": table.not_silenced},
            "criteria": {"all": table.criteria, "unseen": table.unseen, "exemptAnswers": table.answers_exempt},
            "reasons": {"all": table.reasons, "unsaid": table.unsaid},
            "hollow": table.hollow,
            "thresholds": {
                "all": table.thresholds,
                "unheld": [{"name": o.name, "place": o.place, "ways": list(o.ways)} for o in table.unheld],
                "exemptMoves": table.moves_exempt,
            },
            "codes": {"used": table.codes, "foreign": table.foreign},
            "exempt": [{"name": name, "reason": reason} for name, reason in table.exempt],
            "stale": table.stale,
            "unreachable": table.unreachable,
            "defaults": [
                {"meaning": d.meaning, "value": d.value, "places": list(d.places), "page": table.page}
                for d in table.defaults
            ],
        }
    return out


def _junit(done: Run) -> str:
    counts = {"tests": len(done.results), "failures": done.count(Outcome.FAIL), "errors": done.count(Outcome.ERROR)}
    root = Element("testsuite", {"name": "cases", **{k: str(v) for k, v in counts.items()}})
    for result in done.results:
        where = Path(result.story.span.file).with_suffix("").as_posix().replace("/", ".")
        case = SubElement(root, "testcase", {"classname": where, "name": result.story.title})
        tag = {Outcome.FAIL: "failure", Outcome.ERROR: "error", Outcome.KNOWN: "skipped"}.get(result.outcome)
        if tag is not None:
            SubElement(case, tag, {"message": "; ".join(result.problems)})
    indent(root)
    return tostring(root, encoding="unicode")
