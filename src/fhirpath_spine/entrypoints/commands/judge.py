"""Verbs that judge a chart offline: ``decide`` and ``explain``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from fhirpath_spine.diagnostics import did_you_mean
from fhirpath_spine.entrypoints.commands.origin import KEY, origin, unlike
from fhirpath_spine.entrypoints.commands.subjects import Subject, find_subject
from fhirpath_spine.entrypoints.content import Content
from fhirpath_spine.entrypoints.http.statuses import answer
from fhirpath_spine.entrypoints.printing import Format, note, print_json
from fhirpath_spine.errors import PreconditionError, RequestError, ScopeUndecidable, SpineError
from fhirpath_spine.exchange import Json, objects
from fhirpath_spine.exchange.outgoing.offline import decision_id, document, not_judged, refusal, tree
from fhirpath_spine.exchange.outgoing.why import why_json
from fhirpath_spine.pathway.decision import Decision
from fhirpath_spine.pathway.facts.chart import Chart
from fhirpath_spine.pathway.judging.evaluate import decide as judge
from fhirpath_spine.pathway.judging.why import Seen, Why, consider
from fhirpath_spine.pathway.model import Library

Named = Annotated[
    str,
    typer.Argument(
        metavar="FILE",
        help="A FHIR Bundle of one patient as JSON; or a case of the profiles, by FILE.yaml:LINE or its title.",
    ),
]
Explained = Annotated[
    str,
    typer.Argument(
        metavar="FILE",
        help="As for decide: a Bundle, or a case by FILE.yaml:LINE or title; or what `decide --format json` printed.",
    ),
]
Wanted = Annotated[
    str, typer.Argument(metavar="[R-ID]", help="One recommendation, in each pathway that uses it, down to the data.")
]
All = Annotated[bool, typer.Option("--all", help="Every recommendation of every pathway, down to the data.")]
At = Annotated[str, typer.Option("--at", help="Day (its end in the site's zone) or instant; default: now.")]
SiteFile = Annotated[Path | None, typer.Option("--site", help="site.yaml; default: SPINE_SITE.")]
Unread = Annotated[list[str] | None, typer.Option("--unread", help="A resource type that counts as not read.")]
Form = Annotated[Format, typer.Option("--format", help="human or json.")]
OnUnavailable = Annotated[
    str,
    typer.Option("--on-unavailable", metavar="HOW", help="card (default) or 412, where the scope cannot be decided."),
]
Full = Annotated[bool, typer.Option("--full", help="The whole explanation, too.")]
Deep = Annotated[
    bool, typer.Option("--full", help="With R-ID: each criterion with all that it reads, down to the data.")
]


@dataclass(frozen=True, slots=True)
class Judged:
    """One chart and what came of it: a decision, or the error that refused it."""

    content: Content
    at: datetime
    chart: Chart | None = None
    decision: Decision | None = None
    error: SpineError | None = None
    remark: str = ""


def judge_subject(subject: Subject, unread: list[str] | None, look: Seen | None = None) -> Judged:
    """Judges a chart. What the data forbid is part of the result, not an exception."""
    content, at, found = subject.content, subject.at, None
    try:
        found = subject.read(unread or [])
        decision = judge(
            content.library,
            found,
            at,
            content.site,
            emergency=subject.emergency,
            audience=subject.audience,
            look=look,
        )
    except (PreconditionError, RequestError) as error:
        return Judged(content, at, found, error=error, remark=subject.remark)
    return Judged(content, at, found, decision, remark=subject.remark)


def judge_chart(content: Content, bundle: object, at: datetime, unread: list[str] | None = None) -> Judged:
    """Judges the chart in a Bundle."""
    return judge_subject(Subject(content, at, bundle), unread)


def as_document(judged: Judged, *, on_unavailable: str = "card") -> Json:
    """The document that ``decide`` prints. Where it could not be read whether a pathway applies, it is a card that says so, or
    the refusal, as ``on_unavailable`` says.
    """
    wording = judged.content.wording
    if judged.decision is not None:
        return document(judged.decision, wording)
    if on_unavailable == "card" and isinstance(judged.error, ScopeUndecidable) and judged.chart is not None:
        day = judged.at.date().isoformat()
        return not_judged(dict(judged.error.unread), judged.chart, wording, day)
    error = judged.error or SpineError("Nothing was judged.")
    return refusal(error, answer(error)[1], judged.chart, wording, judged.at.date().isoformat())


def decide(
    named: Named,
    at: At = "",
    form: Form = Format.HUMAN,
    site: SiteFile = None,
    unread: Unread = None,
    on_unavailable: OnUnavailable = "card",
    full: Full = False,
) -> None:
    """Judge one patient's chart offline: pathways, verdicts, cards and care plans.

    A case of the profiles is judged as it is told, on its own day and site.
    Exit: 0 judged, or a card says why not; 1 refused (the output says why), 2 wrong use.
    """
    if on_unavailable not in ("card", "412"):
        raise RequestError("--on-unavailable is neither card nor 412.", hint="Leave it out for a card.")
    subject = find_subject(named, at, site, unread)
    if subject.document is not None:
        raise RequestError("This is a decision, not a chart.", hint="Use `explain`, or name the Bundle.")
    judged = judge_subject(subject, unread)
    result = as_document(judged, on_unavailable=on_unavailable)
    if form is Format.JSON:
        result[KEY] = origin(judged.content.library)
    _show_decision(result, judged, form, full=full)
    raise typer.Exit(1 if "outcome" in result else 0)


def explain(
    named: Explained,
    wanted: Wanted = "",
    at: At = "",
    form: Form = Format.HUMAN,
    site: SiteFile = None,
    unread: Unread = None,
    everything: All = False,
    full: Deep = False,
) -> None:
    """Show the tree of a decision: pathway, recommendation, criterion; with answer, value, resource, date and why.

    With R-ID the answer comes first, then a line for each criterion, also in pathways that do not apply. With --full or --all
    each criterion is opened down to the data.
    Exit: 0 judged, 1 refused, 2 wrong use.
    """
    subject = find_subject(named, at, site, unread)
    if subject.document is not None:
        _of_document(subject.document, wanted, form, subject.content.library)
        return
    if wanted and (hint := _unknown(wanted, subject.content.library)) is not None:
        raise RequestError(f"No recommendation is called {wanted}.", hint=hint)
    seen = Seen()
    judged = judge_subject(subject, unread, seen)
    wording = judged.content.wording
    found: Json = {}
    if judged.decision is not None and not (wanted or everything):
        found = tree(judged.decision, decision_id(judged.decision, wording), wording)
    elif judged.error is not None:
        _show_decision(as_document(judged, on_unavailable="412"), judged, form)
    if seen.admitted is not None:
        opened = [*consider(judged.content.library, judged.decision, seen.admitted, _wanting(wanted, everything))]
        if wanted:
            opened = sorted((one for one in opened if one.recommendations), key=_home(wanted))
        told = why_json(opened, wording.phrases)
        found["why" if wanted or everything else "elsewhere"] = [
            one for one in told if wanted or everything or one["applies"] != "MET"
        ]
    elif judged.decision is not None and judged.decision.silent:
        found["silent"] = judged.decision.silent
    if form is not Format.JSON and judged.error is None:
        from fhirpath_spine.entrypoints.show import show_moment

        show_moment(None if "entries" in found else judged.at, judged.remark)
    if form is Format.JSON:
        if judged.error is None:
            print_json(found)
    elif "why" in found and not (everything or full):
        from fhirpath_spine.entrypoints.commands.brief import show_brief

        show_brief(found)
    else:
        from fhirpath_spine.entrypoints.commands.reasons import show_reasons

        show_reasons(found)
    raise typer.Exit(0 if judged.error is None else 1)


def _wanting(wanted: str, everything: bool) -> Callable[[str], bool]:
    return lambda id_: everything or id_ == wanted


def _home(wanted: str) -> Callable[[Why], tuple[bool, bool]]:
    """Orders the answers about a recommendation: where it is shown, then the pathway whose name its id bears (`R-MET-02` that of
    `PW-METS`), since a recommendation of a module stands in several.
    """
    area = wanted.removeprefix("R-").partition("-")[0]

    def place(one: Why) -> tuple[bool, bool]:
        shown = one.applies and any(r.verdict is not None and r.verdict.status.shown for r in one.recommendations)
        return not shown, not one.pathway.startswith(f"PW-{area}")

    return place


def _unknown(wanted: str, library: Library) -> str | None:
    """What to say of an id that no pathway uses; None where one does."""
    known = sorted({u.recommendation.id for p in library.pathways for u in p.uses})
    return None if wanted in known else did_you_mean(wanted, known) or f"For example {known[0]}."


def _of_document(document: Json, wanted: str, form: Format, library: Library) -> None:
    """What a kept decision says of itself; the data are not in it, and what it says may have changed since."""
    kept = [{"id": v["id"], **v} for v in objects(document.get("verdicts"))]
    kept += [v for e in objects(document.get("entries")) for v in objects(e.get("verdicts"))]
    found = {**document, "verdicts": [v for v in kept if not wanted or v.get("id") == wanted]}
    # It is asked by the names that it has itself, which the profiles here may not have any more.
    if wanted and not found["verdicts"] and (hint := _unknown(wanted, library)) is not None:
        raise RequestError(f"No recommendation is called {wanted}, here or in the decision.", hint=hint)
    note("The document holds what was decided, not the chart: for what lies behind it name the Bundle.")
    if differs := unlike(document, library):
        note(differs)
    if form is Format.JSON:
        print_json({k: found[k] for k in ("decision", "pathways", "entries", "verdicts") if k in found})
        return
    from fhirpath_spine.entrypoints.commands.reasons import show_document

    show_document(found)


def _show_decision(result: Json, judged: Judged, form: Format, *, full: bool = False) -> None:
    if form is Format.JSON:
        print_json(result)
        return
    from fhirpath_spine.entrypoints.show import show_decision  # what draws is not for machines

    show_decision(result, judged.at, judged.remark, full=full)
