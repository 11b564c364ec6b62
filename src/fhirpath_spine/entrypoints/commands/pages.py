"""The verb ``render``: pages for clinicians from the profiles, and a check that they have not drifted."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fhirpath_spine import authoring
from fhirpath_spine.entrypoints.commands.files import Directory
from fhirpath_spine.entrypoints.kept import cache, compiled_here
from fhirpath_spine.entrypoints.printing import note
from fhirpath_spine.entrypoints.settings import load
from fhirpath_spine.errors import SettingsError

APPROVALS = "approvals.md"


def render(
    directory: Directory = None,
    out: Annotated[Path, typer.Option("--out", help="Folder of the pages.")] = Path("docs/pathways"),
    check: Annotated[bool, typer.Option("--check", help="Write nothing; say what has drifted.")] = False,
) -> None:
    """Write a page with a flowchart for each pathway, one page for the policy, and an index.

    Exit: 0 written (or nothing has drifted), 1 drifted or the profiles cannot be used, 2 wrong use.
    """
    from fhirpath_spine.authoring.pages import pages

    settings = load().settings
    profiles = directory or settings.profiles or authoring.profiles_directory()
    library = compiled_here(profiles, None, cache(settings.cache)).library
    signed = out.parent / APPROVALS
    found = pages(library, signed.read_text(encoding="utf-8") if signed.is_file() else "")
    held = {p.name: p.read_text(encoding="utf-8") for p in _ours(out)} if out.is_dir() else {}
    changed = sorted(name for name in {*found, *held} if found.get(name) != held.get(name))
    if check:
        for name in changed:
            typer.echo(str(out / name))
        note(f"{len(changed)} of {len(found)} pages have drifted" if changed else f"{len(found)} pages, no drift")
        raise typer.Exit(1 if changed else 0)
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name in changed:
            if name in found:
                (out / name).write_text(found[name], encoding="utf-8", newline="\n")
            else:
                (out / name).unlink()
    except OSError as error:
        raise SettingsError(f"--out cannot be written: {type(error).__name__}.", hint="Name a folder.") from None
    note(f"{out}: {len(found)} pages, {len(changed)} changed")


def _ours(out: Path) -> list[Path]:
    """The files of the folder that this verb writes, or wrote (drawings beside the pages): what is gone is removed, no other."""
    names = ("PW-*.md", "PW-*.svg", "README.md", "policy.md")
    return [path for pattern in names for path in sorted(out.glob(pattern)) if path.is_file()]
