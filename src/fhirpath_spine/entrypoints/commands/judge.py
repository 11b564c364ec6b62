"""Verbs that judge a chart offline: ``decide`` and ``explain``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from fhirpath_spine.entrypoints.content import Content, load_content, moment
from fhirpath_spine.entrypoints.http.statuses import answer
from fhirpath_spine.entrypoints.printing import Format, print_json
from fhirpath_spine.entrypoints.settings import load
from fhirpath_spine.errors import PreconditionError, RequestError, SpineError
from fhirpath_spine.exchange import Json
from fhirpath_spine.exchange.incoming.bundles import read_bundle
from fhirpath_spine.exchange.incoming.parsing import parse
from fhirpath_spine.exchange.outgoing.offline import decision_id, document, refusal, tree
from fhirpath_spine.pathway.decision import Decision
from fhirpath_spine.pathway.facts.chart import TYPES, Chart
from fhirpath_spine.pathway.judging.evaluate import decide as judge

BundleFile = Annotated[Path, typer.Argument(metavar="BUNDLE", help="A FHIR Bundle of one patient, as JSON.")]
At = Annotated[str, typer.Option("--at", help="Day (its end in the site's zone) or instant; default: now.")]
SiteFile = Annotated[Path | None, typer.Option("--site", help="site.yaml; default: SPINE_SITE.")]
Unread = Annotated[list[str] | None, typer.Option("--unread", help="A resource type that counts as not read.")]
Form = Annotated[Format, typer.Option("--format", help="human or json.")]


@dataclass(frozen=True, slots=True)
class Judged:
    """One chart and what came of it: a decision, or the error that refused it."""

    content: Content
    at: datetime
    chart: Chart | None = None
    decision: Decision | None = None
    error: SpineError | None = None


def judge_file(path: Path, at: str, site: Path | None, unread: list[str] | None) -> Judged:
    """Judges the chart in a file.

    Raises:
        RequestError: the file cannot be read, or an option names no type that is read.
        ProfileError, SettingsError: the content cannot be used.

    """
    content = load_content(load(site=site).settings)
    when = moment(at, content.site) if at else datetime.now(UTC)
    if strangers := set(unread or ()) - set(TYPES):
        names = ", ".join(sorted(strangers))
        raise RequestError(f"--unread: {names} is never read.", hint=f"One of {', '.join(TYPES)}.")
    try:
        body = path.read_bytes()
    except OSError as error:
        raise RequestError(f"The Bundle cannot be read: {type(error).__name__}.", hint="Name a JSON file.") from None
    return judge_chart(content, parse(body), when, unread)


def judge_chart(content: Content, bundle: object, at: datetime, unread: list[str] | None = None) -> Judged:
    """Judges the chart in a Bundle. What the data forbid is part of the result, not an exception."""
    found: Chart | None = None
    try:
        found = read_bundle(bundle, not_read=unread or ())
        decision = judge(content.library, found, at, content.site)
    except (PreconditionError, RequestError) as error:
        return Judged(content, at, found, error=error)
    return Judged(content, at, found, decision)


def as_document(judged: Judged) -> Json:
    """The document that ``decide`` prints."""
    wording = judged.content.wording
    if judged.decision is not None:
        return document(judged.decision, wording)
    error = judged.error or SpineError("Nothing was judged.")
    return refusal(error, answer(error)[1], judged.chart, wording, judged.at.date().isoformat())


def decide(
    bundle: BundleFile,
    at: At = "",
    form: Form = Format.HUMAN,
    site: SiteFile = None,
    unread: Unread = None,
) -> None:
    """Judge one patient's chart offline: pathways, verdicts, cards and care plans.

    Exit: 0 judged, 1 refused (the output says why), 2 wrong use.
    """
    judged = judge_file(bundle, at, site, unread)
    result = as_document(judged)
    _show_decision(result, judged.at, form)
    raise typer.Exit(0 if judged.error is None else 1)


def explain(
    bundle: BundleFile,
    at: At = "",
    form: Form = Format.HUMAN,
    site: SiteFile = None,
    unread: Unread = None,
) -> None:
    """Show the tree of a decision: pathway, recommendation, criterion; with answer, value, resource, date and why.

    Exit: 0 judged, 1 refused, 2 wrong use.
    """
    judged = judge_file(bundle, at, site, unread)
    if judged.decision is None:
        result = as_document(judged)
        _show_decision(result, judged.at, form)
        raise typer.Exit(1)
    wording = judged.content.wording
    found = tree(judged.decision, decision_id(judged.decision, wording), wording.phrases)
    if form is Format.JSON:
        print_json(found)
        return
    from fhirpath_spine.entrypoints.show import show_tree

    show_tree(found)


def _show_decision(result: Json, at: datetime, form: Format) -> None:
    if form is Format.JSON:
        print_json(result)
        return
    from fhirpath_spine.entrypoints.show import show_decision  # what draws is not for machines

    show_decision(result, at)
