"""The cases of a profile set as they were written, with what each inherits from the one it is based on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fhirpath_spine.authoring.cases.form import CaseForm, CasesForm, ExemptionsForm, ExpectForm, PatientForm, SiteForm
from fhirpath_spine.authoring.profile.files import read_form_of
from fhirpath_spine.authoring.source.nodes import Block, Scalar
from fhirpath_spine.diagnostics import did_you_mean
from fhirpath_spine.pathway.model import HOOKS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fhirpath_spine.authoring.source.folder import Folder
    from fhirpath_spine.authoring.source.report import Report
    from fhirpath_spine.diagnostics import Span
FOLDER, EXEMPT = "cases", "cases/exempt.yaml"
TODAY = "2026-06-15"
"""The day of a case that says none; the invented patients of the sandbox live on it too."""


TWICE = "another case has its title or its id"
BASELESS = "its base cannot be told"
NAMELESS = "it changes what its base does not hold"


@dataclass(slots=True)
class Entry:
    """One line of the chart: the name that ``without`` removes it by, and how it was written."""

    name: Scalar
    node: Scalar | Block
    label: str


@dataclass(slots=True)
class Story:
    """One case with all that it inherits. ``only_without`` says that it is its base minus something, and nothing else; ``flaw``
    why it proves nothing, whatever comes of it.
    """

    form: CaseForm
    span: Span
    at: str = TODAY
    patient: PatientForm | None = None
    entries: list[Entry] = field(default_factory=list)
    unavailable: list[Scalar] = field(default_factory=list)
    cut: list[Scalar] = field(default_factory=list)
    site: SiteForm | None = None
    hook: str = HOOKS[0]
    orders: list[Entry] = field(default_factory=list)
    base: Story | None = None
    only_without: bool = False
    flaw: str = ""

    @property
    def title(self) -> str:
        """The sentence that names it."""
        return str(self.form.case)

    @property
    def expect(self) -> ExpectForm:
        """What has to be said."""
        return self.form.expect


def read_stories(folder: Folder) -> list[Story]:
    """All cases of a set, in order of file and place; what is wrong with them goes to the folder's report."""
    written: list[tuple[CaseForm, CasesForm]] = []
    for file in folder.names():
        parts = file.split("/")
        if FOLDER in parts[:-1] and file.endswith(".yaml") and file != EXEMPT:
            form = read_form_of(folder, file, CasesForm)
            written += [(case, form) for case in form.cases] if form is not None else []
    return _Reading(written, folder.report).stories()


def read_exemptions(folder: Folder) -> ExemptionsForm:
    """What no case can show, from ``cases/exempt.yaml``; nothing if there is no such file."""
    if EXEMPT not in folder.names():
        return ExemptionsForm()
    return read_form_of(folder, EXEMPT, ExemptionsForm) or ExemptionsForm()


class _Reading:
    def __init__(self, written: Sequence[tuple[CaseForm, CasesForm]], report: Report) -> None:
        self._written, self._report = written, report
        self._by_id: dict[str, tuple[CaseForm, CasesForm]] = {}
        self._done: dict[int, Story] = {}
        self._open: set[int] = set()
        self._twice, self._ambiguous = set[int](), set[str]()
        titles: dict[str, CaseForm] = {}
        for case, file in written:
            if case.case in titles:
                self._twice |= {id(case), id(titles[case.case])}
                self._report.add(
                    "SP204", f"two cases are called '{case.case}'", case.case.span, "Name each for itself."
                )
            titles[case.case] = case
            if case.id is not None:
                if case.id in self._by_id:
                    self._twice |= {id(case), id(self._by_id[case.id][0])}
                    self._ambiguous.add(case.id)
                    self._report.add("SP204", f"two cases have the id '{case.id}'", case.id.span, "Rename one.")
                self._by_id[case.id] = (case, file)

    def stories(self) -> list[Story]:
        """One story for each case, also for one that cannot be told."""
        return [story for case, file in self._written if (story := self._story(case, file)) is not None]

    def _story(self, case: CaseForm, file: CasesForm) -> Story | None:
        if id(case) in self._done:
            return self._done[id(case)]
        if id(case) in self._open:
            self._report.add("SP403", "this case is based on itself", case.case.span, "Base it on another one.")
            return None
        self._open.add(id(case))
        base = self._base(case)
        story = Story(case, case.case.span)
        if id(case) in self._twice:
            story.flaw = TWICE
        if case.base is not None and (
            base is None or base.flaw in (BASELESS, NAMELESS) or case.base in self._ambiguous
        ):
            story.flaw = BASELESS
        if case.base is not None and (base is None or base.flaw == BASELESS):
            self._done[id(case)] = story
            return story
        if base is not None:
            story.at, story.patient, story.site, story.base = base.at, base.patient, base.site, base
            story.entries, story.unavailable, story.cut = [*base.entries], [*base.unavailable], [*base.cut]
            story.hook, story.orders = base.hook, [*base.orders]
        elif file.at is not None:
            story.at = str(file.at)
        story.at = str(case.at or story.at)
        story.patient = case.patient or story.patient or file.patient
        story.site = case.site or story.site or file.site
        story.hook = str(case.hook or story.hook)
        story.orders = [*map(_read, case.orders)] or story.orders
        self._change(story, case)
        changes = (case.given, case.instead, case.unavailable, case.cut, case.patient, case.site, case.at, case.orders)
        story.only_without = base is not None and bool(case.without) and not any(changes)
        self._done[id(case)] = story
        return story

    def _base(self, case: CaseForm) -> Story | None:
        if case.base is None:
            return None
        found = self._by_id.get(case.base)
        if found is None:
            hint = did_you_mean(case.base, self._by_id) or "Give the other case an id."
            self._report.add("SP402", f"no case has the id '{case.base}'", case.base.span, hint)
            return None
        return self._story(*found)

    def _change(self, story: Story, case: CaseForm) -> None:
        for gone in case.without:
            kept = [e for e in story.entries if gone not in (e.label, str(e.name))]
            if len(kept) == len(story.entries):
                hint = did_you_mean(gone, [e.label for e in story.entries]) or "Name an entry of the base."
                self._report.add("SP404", f"the base has no entry '{gone}'", gone.span, hint)
                story.flaw = NAMELESS
            story.entries = kept
        instead = list(map(_read, case.instead))
        for label in dict.fromkeys(e.label for e in instead):
            if not any(e.label == label for e in story.entries):
                span = next(e.name.span for e in instead if e.label == label)
                hint = did_you_mean(label, [e.label for e in story.entries]) or "Put it under given."
                self._report.add("SP404", f"the base has no entry '{label}'", span, hint)
                story.flaw = NAMELESS
        replaced = {e.label for e in instead}
        story.entries = [e for e in story.entries if e.label not in replaced] + instead
        story.entries += map(_read, case.given)
        story.unavailable += case.unavailable
        story.cut += case.cut


def _read(node: Scalar | Block) -> Entry:
    if isinstance(node, Scalar):
        return Entry(node, Scalar.of("", node.span), str(node))
    ((key, value),) = node.items()
    assert isinstance(key, Scalar)  # noqa: S101 - the reader makes every key a scalar
    detail = value if isinstance(value, Scalar | Block) else Scalar.of("", key.span)
    label = detail.get("as", key) if isinstance(detail, Block) else key
    return Entry(key, detail, str(label))


def labels(stories: Sequence[Story]) -> Iterator[str]:
    """The ids of all cases."""
    return (str(s.form.id) for s in stories if s.form.id is not None)
