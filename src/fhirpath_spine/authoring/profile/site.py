"""``site.yaml``: what a site decides for itself, checked against the profiles that it is for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

from pydantic import Field

from fhirpath_spine.authoring.profile import expansions
from fhirpath_spine.authoring.profile.code_map import CodeMap, Entries
from fhirpath_spine.authoring.profile.definitions import DataForm
from fhirpath_spine.authoring.profile.evidence import SourcesForm
from fhirpath_spine.authoring.profile.expansion_tables import read_table
from fhirpath_spine.authoring.profile.files import Files, read_files, read_form_of
from fhirpath_spine.authoring.profile.terminology import Terminology, read_terminology
from fhirpath_spine.authoring.profile.words import Language, OwnWordsForm, WordsForm, check_words, own_words
from fhirpath_spine.authoring.source.fields import Day, Flag, Form, Id, Ident, PairText, PathwayId, Text, pattern
from fhirpath_spine.authoring.source.folder import Folder
from fhirpath_spine.authoring.source.nodes import Scalar
from fhirpath_spine.authoring.source.report import Report
from fhirpath_spine.diagnostics import Severity, did_you_mean
from fhirpath_spine.errors import ProfileError
from fhirpath_spine.pathway.model import Order, Site

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable

    from fhirpath_spine.pathway.facts.needs import Coding
    from fhirpath_spine.pathway.model import Library
Digest = Annotated[Scalar, *pattern("[0-9a-f]{64}", "a digest of 64 hexadecimal digits")]


class ApprovalForm(Form):
    """Who approved which content of a pathway."""

    pathway: PathwayId
    digest: Digest
    by: Text
    role: Text
    date: Day


class SystemNameForm(Form):
    """What this site's charts call a code system that the profiles know under another name."""

    source: Text = Field(alias="from")
    target: Text = Field(alias="to")
    claim: Text
    when: Day


class OrderForm(Form):
    """The code by which this site orders what an activity proposes, with who says so and since when."""

    activity: Text
    code: PairText
    display: Text
    claim: Text
    when: Day


class SiteForm(Form):
    """``site.yaml``."""

    timezone: Text
    flags: dict[Ident, Flag] = Field(default_factory=dict)
    frameworks: tuple[Id, ...] = ()
    code_map: Entries = ()
    systems: tuple[SystemNameForm, ...] = ()
    variants: tuple[Text, ...] = ()
    expansions: tuple[Text, ...] = ()
    languages: tuple[Language, ...] = ()
    words: OwnWordsForm = Field(default_factory=OwnWordsForm)
    orders: tuple[OrderForm, ...] = ()
    approvals: tuple[ApprovalForm, ...] = ()


def load_site(file: str | os.PathLike[str], profiles: str | os.PathLike[str]) -> Site:
    """The settings of a site for the profiles in a folder.

    Raises:
        ProfileError: the file cannot be read, or names a flag, framework, time zone or code that does not exist.

    """
    report = Report()
    folder = Folder.at(profiles, report)
    if folder is None:
        raise _refused(report)
    terminology, _ = read_terminology(folder, [])
    data, sources = read_form_of(folder, "data.yaml", DataForm), read_form_of(folder, "sources.yaml", SourcesForm)
    words = read_form_of(folder, "words.yaml", WordsForm)
    if data is None or sources is None or words is None:
        raise _refused(report)
    return read_site(file, terminology, data, sources, words, report, lambda: read_files(folder))


def read_site(
    file: str | os.PathLike[str],
    terminology: Terminology,
    data: DataForm,
    sources: SourcesForm,
    words: WordsForm,
    report: Report | None = None,
    files: Callable[[], Files] | None = None,
) -> Site:
    """The settings of a site for profiles that are read already; ``report`` holds what was found on the way to them. ``files``
    gives the whole set: it is asked where the site names an order.

    Raises as :func:`load_site` does.
    """
    report = report or Report()
    path = Path(file)
    beside = Folder.at(path.parent, report)
    form = read_form_of(beside, path.name, SiteForm) if beside is not None else None
    if beside is None or form is None:
        raise _refused(report)
    _check_zone(form, report)
    check_words(form.words, report)
    _check_names("flag", form.flags, data.flags, report)
    _check_names("framework", form.frameworks, sources.frameworks, report)
    systems = _systems(form, terminology, report)
    code_map = CodeMap(beside, terminology, terminology.spelling.with_site(systems))
    code_map.add(form.code_map)
    site = Site(
        timezone=str(form.timezone),
        flags={str(name): value for name, value in form.flags.items()},
        frameworks=tuple(map(str, form.frameworks)),
        code_map=code_map.found,
        systems=systems,
        variants=tuple(map(str, form.variants)),
        expansions=_expansions(form, beside, terminology),
        files=(*map(str, form.expansions), *code_map.files),
        languages=_languages(form, words, report),
        words=own_words(form.words),
        orders=_orders(form, report, files),
        approvals=tuple(
            {
                "pathway": str(a.pathway),
                "digest": str(a.digest),
                "by": str(a.by),
                "role": str(a.role),
                "date": str(a.date),
            }
            for a in form.approvals
        ),
    )
    if report.errors:
        raise _refused(report)
    return site


def check_approvals(file: str | os.PathLike[str], library: Library, report: Report) -> None:
    """Reports each pathway that was approved with another content than it has, at the newest entry; older ones may stay."""
    path = Path(file)
    beside = Folder.at(path.parent, Report())
    form = read_form_of(beside, path.name, SiteForm) if beside is not None else None
    if form is None:
        return  # which was told when the set was read
    digests = {p.id: p.digest for p in library.pathways}
    for entries in _by_pathway(form.approvals).values():
        last = max(entries, key=lambda a: str(a.date))
        now = digests.get(str(last.pathway))
        if now is None:
            hint = did_you_mean(last.pathway, digests) or f"Known: {', '.join(digests)}."
            report.add("SP360", f"there is no pathway {last.pathway} to approve", last.pathway.span, hint)
        elif all(a.digest != now for a in entries):
            message = f"{last.by} approved another content of {last.pathway} than it has now"
            hint = "Have it approved again: `fhirpath-spine config --approvals` prints the entry to sign."
            report.add("SP360", message, last.digest.span, hint)


def _by_pathway(approvals: Iterable[ApprovalForm]) -> dict[str, list[ApprovalForm]]:
    found: dict[str, list[ApprovalForm]] = {}
    for one in approvals:
        found.setdefault(str(one.pathway), []).append(one)
    return found


def _systems(form: SiteForm, terminology: Terminology, report: Report) -> dict[str, str]:
    """What the site calls a system -> its own URI; a name of two systems and an unknown one are reported."""
    named = {**terminology.systems, **terminology.apart}
    found: dict[str, str] = {}
    for entry in form.systems:
        target = named.get(str(entry.target), str(entry.target))
        if target not in named.values():
            hint = did_you_mean(entry.target, named) or f"Known: {', '.join(named)}."
            report.add("SP222", f"no profile reads the code system '{entry.target}'", entry.target.span, hint)
            continue
        if found.setdefault(str(entry.source), target) != target:
            report.add("SP204", f"'{entry.source}' stands for two systems", entry.source.span, "Keep one of them.")
    return found


def _orders(form: SiteForm, report: Report, files: Callable[[], Files] | None) -> tuple[Order, ...]:
    """The codes of the site's orders, one for each activity that a recommendation proposes as a request."""
    found: dict[str, Order] = {}
    if form.orders and files is not None and not (catalogue := files().catalogue).broken:
        proposed = [one.activity for one in catalogue.forms.values() if one.activity is not None]
        texts = sorted({str(one.text) for one in proposed if one.kind == "ServiceRequest"})
        for activity in (entry.activity for entry in form.orders if str(entry.activity) not in texts):
            hint = did_you_mean(activity, texts) or "It is the text of an activity of kind ServiceRequest."
            report.add("SP220", f"no recommendation requests '{activity}'", activity.span, hint)
    for entry in form.orders:
        system, _, code = entry.code.partition("|")
        if str(entry.activity) in found:
            report.add(
                "SP204", f"the activity '{entry.activity}' stands twice", entry.activity.span, "Keep one of them."
            )
        found[str(entry.activity)] = Order(str(entry.activity), system, code, str(entry.display))
    return tuple(found.values())


def _refused(report: Report) -> ProfileError:
    errors = tuple(d for d in report.sorted() if d.severity is Severity.ERROR)
    shown = "; ".join(map(str, errors[:3])) + (f"; and {len(errors) - 3} more" if len(errors) > 3 else "")
    return ProfileError(
        f"The site file cannot be used: {shown}",
        diagnostics=errors,
        hint="Correct it and start again; without it nothing site-specific is known.",
    )


def _check_names(what: str, named: Iterable[Scalar], known: Iterable[Scalar], report: Report) -> None:
    names = [str(name) for name in known]
    for name in named:
        if name not in names:
            hint = did_you_mean(name, names) or f"Known: {', '.join(names) or 'none'}."
            report.add("SP220", f"no {what} is called '{name}'", name.span, hint)


def _expansions(form: SiteForm, beside: Folder, terminology: Terminology) -> dict[str, frozenset[Coding]]:
    """What the expansion files add, by value set: YAML for a few codes, a CSV table for many."""
    found: dict[str, frozenset[Coding]] = {}
    for name in form.expansions:
        added = (read_table if name.endswith(".csv") else expansions.read)(name, beside, terminology)
        found |= {value_set: found.get(value_set, frozenset()) | codes for value_set, codes in added.items()}
    return found


def _languages(form: SiteForm, words: WordsForm, report: Report) -> tuple[str, ...]:
    """The languages of the site's free text, English where it says none."""
    known = list(words.root)
    for name in form.languages:
        if name not in known:
            hint = f"Known: {', '.join(known)}."
            report.add("SP220", f"the profiles have no words in the language '{name}'", name.span, hint)
    return tuple(map(str, form.languages)) or Site().languages


def _check_zone(form: SiteForm, report: Report) -> None:
    try:
        ZoneInfo(str(form.timezone))
    except (OSError, ValueError, KeyError):
        hint = "Use a name of the time zone database, for example Europe/Berlin, or UTC."
        report.add("SP223", f"no time zone is called '{form.timezone}'", form.timezone.span, hint)
