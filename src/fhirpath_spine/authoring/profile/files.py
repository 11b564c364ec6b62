"""Every file of a profile set, read and typed. What is broken is left out, and the report says why."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel

from fhirpath_spine.authoring.profile.definitions import DataForm
from fhirpath_spine.authoring.profile.evidence import ClaimsForm, PhrasesForm, SourcesForm
from fhirpath_spine.authoring.profile.incoming import IncomingForm
from fhirpath_spine.authoring.profile.lesions import LesionsForm
from fhirpath_spine.authoring.profile.pathways import Catalogue, ModuleForm, PathwayForm
from fhirpath_spine.authoring.profile.policy import PolicyForm
from fhirpath_spine.authoring.profile.sharing import Sharing
from fhirpath_spine.authoring.profile.terminology import Terminology, read_terminology
from fhirpath_spine.authoring.profile.words import WordsForm
from fhirpath_spine.authoring.source.folder import APART, SHARED
from fhirpath_spine.authoring.source.forms import read_form
from fhirpath_spine.authoring.source.nodes import Scalar
from fhirpath_spine.authoring.source.unfinished import tell_unfinished
from fhirpath_spine.diagnostics import Span, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable

    from fhirpath_spine.authoring.source.folder import Folder
    from fhirpath_spine.authoring.source.nodes import Node
    from fhirpath_spine.authoring.source.report import Report
F = TypeVar("F", bound=BaseModel)
_YAML = (".yaml", ".yml")


@dataclass(slots=True)
class Shared:
    """The shared files, typed."""

    data: DataForm
    lesions: LesionsForm
    policy: PolicyForm
    phrases: PhrasesForm
    words: WordsForm
    sources: SourcesForm
    claims: ClaimsForm
    incoming: IncomingForm


@dataclass(slots=True)
class Files:
    """A profile set as it was read. ``content`` holds what digests are made of; ``shared`` is None if one of them failed."""

    folder: Folder
    terminology: Terminology = field(default_factory=Terminology)
    shared: Shared | None = None
    pathways: dict[str, PathwayForm] = field(default_factory=dict)
    catalogue: Catalogue = field(default_factory=Catalogue)
    content: dict[str, Node | str] = field(default_factory=dict)
    texts: dict[str, list[Scalar]] = field(default_factory=dict)
    lists: frozenset[str] = frozenset()
    """The lists of answers that some need uses."""

    @property
    def report(self) -> Report:
        """Where findings go."""
        return self.folder.report

    def paragraphs(self, folder: str, name: Scalar) -> list[Scalar]:
        """The paragraphs of a text file beside a profile, each on one line."""
        relative = f"{folder}/{name}"
        if relative not in self.texts:
            before = self.report.errors
            text = self.folder.read(relative)
            if text is None and self.report.errors > before:
                self.report.add(
                    "SP213", f"the text file {name} cannot be used", name.span, "See the finding on that file."
                )
            self.content[relative] = text or ""
            self.texts[relative] = _paragraphs(text or "", self.folder.name(relative))
            for paragraph in self.texts[relative]:
                tell_unfinished(paragraph, self.report)
        return self.texts[relative]


def _paragraphs(text: str, file: str) -> list[Scalar]:
    found: list[Scalar] = []
    lines: list[str] = []
    start = 1
    for number, line in enumerate([*text.replace("\r\n", "\n").split("\n"), ""], start=1):
        if line.strip():
            start = start if lines else number
            lines.append(line)
        elif lines:
            indent = len(lines[0]) - len(lines[0].lstrip())
            raw = "\n".join(lines).strip()
            found.append(
                Scalar.of(" ".join(x.strip() for x in lines), Span(file, start, indent + 1, len(lines[0])), raw)
            )
            lines = []
    return found


def read_files(folder: Folder) -> Files:
    """Reads all files; each is tried, so that one run names every error of every file."""
    names = folder.names()
    files = Files(folder)
    files.terminology, tables = read_terminology(folder, names)
    files.content |= tables
    sharing = Sharing(folder.report)
    data = _read(files, "data.yaml", DataForm, lambda node: sharing.written_out(node, shared=True))
    lesions = _read(files, "lesions.yaml", LesionsForm)
    policy, phrases = _read(files, "policy.yaml", PolicyForm), _read(files, "phrases.yaml", PhrasesForm)
    words = _read(files, "words.yaml", WordsForm)
    sources, claims = _read(files, "sources.yaml", SourcesForm), _read(files, "claims.yaml", ClaimsForm)
    incoming = _read(files, "incoming.yaml", IncomingForm)
    if data and lesions and policy and phrases and words and sources and claims and incoming:
        files.shared = Shared(data, lesions, policy, phrases, words, sources, claims, incoming)
    for name in names:
        parts = name.split("/")
        if not name.endswith(_YAML) or name in SHARED or parts[0] in ("terminology", "schema") or "cases" in parts[:-1]:
            continue
        if len(parts) == 2 and parts[0] == "modules" and name.endswith(".yaml"):
            _module(files, name)
        elif len(parts) == 2 and parts[0] not in APART and parts[1] == "pathway.yaml":
            _pathway(files, name, sharing)
        else:
            hint = did_you_mean(parts[-1], ("pathway.yaml", *SHARED)) or "docs/profiles.md names the files of a set."
            files.report.add("SP213", "no file of this name belongs here", Span(folder.name(name), 1, 1), hint)
    if not files.pathways and not files.catalogue.broken:
        files.report.add("SP213", "the set holds no pathway", Span(folder.shown, 1, 1), "Add <folder>/pathway.yaml.")
    files.lists = frozenset(sharing.used)
    return files


def read_form_of(folder: Folder, name: str, form: type[F]) -> F | None:
    """One file as a form, or None with findings."""
    node = folder.yaml(name)
    if node is None:
        return None
    return read_form(form, Sharing(folder.report).written_out(node, shared=True), folder.report)


def _read(files: Files, name: str, form: type[F], written_out: Callable[[Node], Node] = lambda node: node) -> F | None:
    node = files.folder.yaml(name)
    if node is None:
        return None
    files.content[name] = node
    return read_form(form, written_out(node), files.report)


def _module(files: Files, name: str) -> None:
    form = _read(files, name, ModuleForm)
    if form is None:
        files.catalogue.broken = True
        return
    first = files.catalogue.modules.get(str(form.module))
    if first is not None:
        where = files.folder.name(first[0])
        files.report.add("SP311", f"the module '{form.module}' is declared in {where} too", form.module.span)
        return
    files.catalogue.modules[str(form.module)] = (name, form)
    for recommendation in form.recommendations:
        files.catalogue.add(recommendation, files.report)


def _pathway(files: Files, name: str, sharing: Sharing) -> None:
    form = _read(files, name, PathwayForm, lambda node: sharing.written_out(node, shared=False))
    if form is None:
        files.catalogue.broken = True
        return
    twin = next((p for p in files.pathways.values() if p.id == form.id), None)
    if twin is not None:
        files.report.add(
            "SP311", f"{form.id} is declared in {twin.id.span.file} too", form.id.span, "Ids are never reused."
        )
        return
    files.pathways[name.rpartition("/")[0]] = form
    for recommendation in form.recommendations:
        files.catalogue.add(recommendation, files.report)
