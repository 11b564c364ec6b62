"""The verb ``new``: forms that lint but for what only the author knows, which stands there as ``TODO``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from fhirpath_spine.authoring.source.unfinished import MARK
from fhirpath_spine.entrypoints.printing import note
from fhirpath_spine.entrypoints.settings import load
from fhirpath_spine.errors import SettingsError

app = typer.Typer(
    name="new",
    help="Write the form of a pathway, a recommendation or a case, for an author to fill in.",
    no_args_is_help=True,
)
PATHWAY = """\
spine: 1
id: {id}
version: 0.1.0
title: {title}
status: draft
evidence: [TODO]                               # ids of sources.yaml that its recommendations cite
lesion: {{per: lesion}}                          # or none: once for the patient
applies:
  - meant-here: TODO                           # an expression that tells for whom it is
states:
  - CLASSIFY: "true"
recommendations:
"""
RECOMMENDATION = """\
  - id: {id}
    title: {title}
    kind: {kind}
    claims: [TODO]                             # ids of claims.yaml: what it rests on
    when:
      - of-use-here: TODO                      # an expression that tells whom it is of use to
"""
ALTERNATIVES = """\
    alternatives:
      - TODO                                   # what else could be done, doing nothing among it
"""
CASE = """\
  - case: {title}
    given: [TODO]                              # entries of the chart, as - night-pain: yes
    expect: {{recommended: [{id}: TODO]}}        # or another verdict; and words that have to be said
"""
SILENT = """\
  - case: Nobody is shown {id} without a lesion
    given: []
    expect: {{absent: {id}}}
"""
HEAD = "cases:\n"
HERE = Path("profiles")
"""Where one writes, if nothing else is named."""
KIND = "advice"
Where = Annotated[
    Path | None, typer.Option("--profiles", metavar="DIR", help="Profiles; default: SPINE_PROFILES, else ./profiles.")
]
Title = Annotated[str, typer.Option("--title", help="What it is called.")]


@app.callback()
def new() -> None:
    """Write the form of a pathway, a recommendation or a case, for an author to fill in."""


@app.command()
def pathway(
    id_: Annotated[str, typer.Argument(metavar="PATHWAY", help="Its id: PW- and a name in capitals.")],
    title: Title = MARK,
    profiles: Where = None,
) -> None:
    """Write a pathway with one recommendation, in a folder of its own, and give it the last place of the order.

    Exit: 0 written, 2 wrong use, or it is there already.
    """
    _must(id_, r"PW-[A-Z][A-Z0-9]*", "PW- and a name in capitals")
    root = _set(profiles)
    folder = root / id_.removeprefix("PW-").lower()
    policy = root / "policy.yaml"
    text = policy.read_text(encoding="utf-8")
    order = re.search(r"^order: \[([^\]]*)\]", text, re.MULTILINE)
    if folder.exists() or f"{id_}," in text or f"{id_}]" in text:
        raise SettingsError(f"{id_} is there already.", hint="Choose another id.")
    if order is None:
        raise SettingsError(
            "The order of policy.yaml is not written on one line.", hint="Write its ids in one pair of brackets."
        )
    first = f"R-{id_.removeprefix('PW-')[:6]}-01"
    folder.mkdir()
    written = PATHWAY.format(id=id_, title=title) + _recommendation(first, MARK, KIND)
    (folder / "pathway.yaml").write_text(written, encoding="utf-8")
    (folder / "cases").mkdir()
    (folder / "cases" / "first.yaml").write_text(HEAD + SILENT.format(id=first), encoding="utf-8")
    policy.write_text(f"{text[: order.end() - 1]}, {id_}{text[order.end() - 1 :]}", encoding="utf-8")
    _done(folder / "pathway.yaml")


@app.command()
def recommendation(
    pathway_id: Annotated[str, typer.Argument(metavar="PATHWAY", help="The pathway that it belongs to.")],
    id_: Annotated[str, typer.Argument(metavar="ID", help="R-, an area in capitals, and two digits: R-AREA-NN.")],
    title: Title = MARK,
    kind: Annotated[str, typer.Option("--kind", help="As docs/profiles.md lists them.")] = KIND,
    profiles: Where = None,
) -> None:
    """Write a recommendation at the end of a pathway.

    Exit: 0 written, 2 wrong use, or it is there already.
    """
    _must(id_, r"R-[A-Z][A-Z0-9]*-[0-9]{2}", "R-AREA-NN, with two digits")
    path = _pathway(_set(profiles), pathway_id)
    if any(f"id: {id_}\n" in other.read_text(encoding="utf-8") for other in _set(profiles).rglob("*.yaml")):
        raise SettingsError(f"{id_} is there already.", hint="Ids are never reused; take the next number.")
    text = path.read_text(encoding="utf-8").rstrip("\n") + "\n"
    head = "" if re.search(r"^recommendations:", text, re.MULTILINE) else "recommendations:\n"
    path.write_text(text + head + _recommendation(id_, title, kind), encoding="utf-8")
    _done(path)


@app.command()
def case(
    pathway_id: Annotated[str, typer.Argument(metavar="PATHWAY", help="The pathway that it stands beside.")],
    id_: Annotated[str, typer.Argument(metavar="ID", help="The recommendation that it is about.")],
    title: Title = MARK,
    profiles: Where = None,
) -> None:
    """Write a case at the end of the pathway's file of new cases.

    Exit: 0 written, 2 wrong use.
    """
    path = _pathway(_set(profiles), pathway_id).parent / "cases" / "new.yaml"
    path.parent.mkdir(exist_ok=True)
    text = path.read_text(encoding="utf-8") if path.is_file() else HEAD
    path.write_text(text + CASE.format(title=title, id=id_), encoding="utf-8")
    _done(path)


def _recommendation(id_: str, title: str, kind: str) -> str:
    """The form; an option of treatment has to name what else could be done."""
    from fhirpath_spine.authoring.lint.relations import OPTIONS

    return RECOMMENDATION.format(id=id_, title=title, kind=kind) + (ALTERNATIVES if kind in OPTIONS else "")


def _set(profiles: Path | None) -> Path:
    # The shipped set is nobody's to write in, so it is no default here.
    found = profiles or load().settings.profiles or HERE
    if not (found / "policy.yaml").is_file():
        raise SettingsError(
            f"There are no profiles in {found}.", hint="Name their folder with --profiles, or by SPINE_PROFILES."
        )
    return found


def _pathway(root: Path, id_: str) -> Path:
    for path in sorted(root.glob("*/pathway.yaml")):
        if f"id: {id_}\n" in path.read_text(encoding="utf-8"):
            return path
    raise SettingsError(f"No pathway is called {id_}.", hint="`new pathway` writes one.")


def _must(id_: str, form: str, example: str) -> None:
    if not re.fullmatch(form, id_):
        raise SettingsError(f"'{id_}' is no id.", hint=f"Write {example}.")


def _done(path: Path) -> None:
    typer.echo(str(path))
    note("Fill in what says TODO, then run `fhirpath-spine lint` and `fhirpath-spine test`.")
