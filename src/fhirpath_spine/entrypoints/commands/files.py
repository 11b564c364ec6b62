"""Verbs about files and settings: ``lint``, ``rule`` and ``config``."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import date as day
from pathlib import Path
from typing import Annotated, Any

import typer

from fhirpath_spine import authoring
from fhirpath_spine.authoring.cases.stories import FOLDER
from fhirpath_spine.diagnostics import Diagnostic, Rule, Severity, catalogue, did_you_mean
from fhirpath_spine.entrypoints.commands.formats import FindingsFormat, write
from fhirpath_spine.entrypoints.content import load_content, without_effect
from fhirpath_spine.entrypoints.printing import Format, note, print_json
from fhirpath_spine.entrypoints.settings import FIELDS, PREFIX, SECRET, Loaded, Settings, load
from fhirpath_spine.errors import ProfileError, SettingsError
from fhirpath_spine.exchange import Json
from fhirpath_spine.exchange.ehr_side.registration import markdown, sheet
from fhirpath_spine.exchange.incoming.templates import prefetch_templates

Directory = Annotated[Path | None, typer.Argument(metavar="[DIR]", help="Profiles; default: SPINE_PROFILES.")]
Findings = Annotated[FindingsFormat, typer.Option("--format", help="human, json, github, sarif or junit.")]

Against = Annotated[
    str,
    typer.Option(
        "--against", metavar="REV|DIR", help="A git revision or folder: what changed meaning needs a version."
    ),
]


LintSite = Annotated[
    Path | None, typer.Option("--site", metavar="FILE", help="site.yaml to check with it; default: SPINE_SITE.")
]


def lint(
    directory: Directory = None,
    form: Findings = FindingsFormat.HUMAN,
    against: Against = "",
    site: LintSite = None,
    fix: Annotated[bool, typer.Option("--fix", help="Mend what has one reading; `rule` says what that is.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Print what --fix would change, and change nothing.")] = False,
) -> None:
    """Check a set of profiles: everything that is wrong with it, at once, each at its place.

    A folder or file of one pathway shows what is found there; the whole set is read for it.
    Exit: 0 nothing stops the load (warnings may be printed), 1 something does, 2 wrong use.
    """
    settings = load(site=site).settings
    asked = directory or settings.profiles or authoring.profiles_directory()
    profiles = authoring.set_around(asked)
    if profiles is None:
        raise SettingsError("lint: there is no such directory.", hint="Name the folder that holds the profiles.")
    if FOLDER in asked.resolve().relative_to(profiles.resolve()).parts:
        raise SettingsError("lint reads no cases.", hint=f"`fhirpath-spine test {asked}` reads them, and judges them.")
    mending = fix or diff
    if mending:
        found, examined = _mended(profiles, settings.site, asked, diff=diff), None
    else:
        examined = authoring.examine(profiles, settings.site)
        found = authoring.check(profiles, settings.site, examined=examined)
    if against:
        found += _turned(against, profiles, settings.site, examined)
    if profiles != asked:
        found = [d for d in found if _below(asked, d.span.file)] or _elsewhere(found)
    if not diff and (text := write(found, form)):
        typer.echo(text)
    errors = sum(d.severity is Severity.ERROR for d in found)
    fixable = "" if mending else _fixable(found)
    note(f"{asked}: {errors} errors, {len(found) - errors} warnings{fixable}")
    raise typer.Exit(1 if errors else 0)


def _fixable(found: list[Diagnostic]) -> str:
    count = sum(d.edit is not None for d in found)
    return f"; --fix mends {count} of them, --diff shows how" if count else ""


def _mended(profiles: Path, site: Path | None, asked: Path, *, diff: bool) -> list[Diagnostic]:
    """What is left once all that has one reading was mended, on the disk or, with ``diff``, on paper."""
    mended = authoring.mend(profiles, site, lambda file: profiles == asked or _below(asked, file))
    if diff:
        for line in mended.diff(profiles):
            typer.echo(line)
    else:
        mended.write(profiles)
    for one in mended.done:
        note(f"{'would mend' if diff else 'mended'} {one.span}: {one.code}")
    return mended.left


def _below(asked: Path, file: str) -> bool:
    return Path(file).resolve().is_relative_to(asked.resolve())


def _elsewhere(found: list[Diagnostic]) -> list[Diagnostic]:
    """What stops the load in other files, where nothing is found in those that were asked for."""
    return [d for d in found if d.severity is Severity.ERROR]


def _turned(against: str, profiles: Path, site: Path | None, examined: authoring.Checked | None) -> list[Diagnostic]:
    """What a change since another set asks for: a version of each pathway that means something else, a source of each number.
    ``examined`` is the set, unless it was mended since.

    Raises:
        SettingsError: the other set is none, or does not load.

    """
    from fhirpath_spine.authoring.comparing.sets import side
    from fhirpath_spine.authoring.comparing.sources import kept_sources
    from fhirpath_spine.authoring.comparing.versions import unbumped

    with side(against, profiles, site) as old:
        if old.checked.library is None:
            for error in old.errors:
                note(str(error))
            raise SettingsError(f"{against} cannot be loaded, so nothing was compared.", hint="Name one that can.")
        new = examined or authoring.examine(profiles, site)
        return [*unbumped(old.checked, new), *kept_sources(old.checked, new)]


def rule(
    code: Annotated[str, typer.Argument(metavar="[CODE]", help="For example SP101.")] = "",
    every: Annotated[bool, typer.Option("--all", help="The whole catalogue, as a page.")] = False,
) -> None:
    """Print one rule of the catalogue: why it is there, what breaks it and what keeps it.

    Exit: 0 printed, 2 there is no such rule.
    """
    rules = catalogue()
    if every:
        typer.echo("\n\n".join(_page(one) for one in rules.values()))
        return
    if (found := rules.get(code.upper())) is None:
        hint = did_you_mean(code.upper(), rules) or "`rule --all` prints them."
        raise SettingsError(f"There is no rule {code.upper()}." if code else "Name a rule.", hint=hint)
    typer.echo(_page(found))


def _page(found: Rule) -> str:
    head = f"{found.code} {found.name} ({found.severity})"
    mends = ("", "lint --fix:", found.mends) if found.mends else ()
    return "\n".join((head, "", found.why, "", "Bad:", found.bad, "", "Good:", found.good, *mends))


def config(
    form: Annotated[Format, typer.Option("--format", help="human or json.")] = Format.HUMAN,
    approvals: Annotated[bool, typer.Option("--approvals", help="Print the entries for site.yaml to sign.")] = False,
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who approves (--approvals).")] = "",
    role: Annotated[str, typer.Option("--role", metavar="ROLE", help="In which role (--approvals).")] = "",
    date: Annotated[str, typer.Option("--date", metavar="DATE", help="On which day (--approvals).")] = "",
    registration: Annotated[
        bool, typer.Option("--registration", help="Print the sheet that EHR staff type in by hand.")
    ] = False,
    public_url: Annotated[
        str | None, typer.Option("--public-url", metavar="URL", help="Where the service is reached from outside.")
    ] = None,
) -> None:
    """Print each setting with its value and where it came from; secrets are masked.

    Exit: 0 printed, 1 the content cannot be used (--approvals, --registration), 2 a setting cannot be used.
    """
    loaded = load(public_url=public_url)
    if registration:
        found = registration_sheet(loaded.settings)
        print_json(found) if form is Format.JSON else typer.echo(markdown(found))
        return
    if approvals:
        import yaml

        entries = {"approvals": _to_sign(loaded.settings, {"by": by, "role": role, "date": _day(date)})}
        typer.echo(yaml.safe_dump(entries, sort_keys=False, allow_unicode=True).rstrip())
        return
    if names := _idle(loaded.settings):
        note(f"Without effect in {loaded.settings.mode}: {', '.join(names)}.")
    rows = list(_rows(loaded))
    if form is Format.JSON:
        print_json(rows)
        return
    from fhirpath_spine.entrypoints.show import show_table

    show_table(
        ("setting", "value", "from", "what it does"),
        [(row["name"], "" if row["value"] is None else str(row["value"]), row["origin"], row["use"]) for row in rows],
    )


def _idle(settings: Settings) -> list[str]:
    """What is set without effect. A file that cannot be used is for `lint` and `doctor` to tell; here it counts as empty."""
    site = registry = None
    with suppress(ProfileError):
        site = (
            authoring.load_site(settings.site, settings.profiles or authoring.profiles_directory())
            if settings.site
            else None
        )
    if settings.clients is not None:
        from fhirpath_spine.entrypoints.clients import load_clients

        with suppress(ProfileError):
            registry = load_clients(settings.clients, plain_http=True)
    return without_effect(settings, site, registry)


def registration_sheet(settings: Settings) -> Json:
    """The sheet of the services as these settings run them."""
    content = load_content(settings)
    hooks = [hook.name for hook in content.library.policy.hooks]
    services = [
        {
            "id": f"spine-{hook}",
            "hook": hook,
            "prefetch": prefetch_templates(content.library, content.site, hook),
        }
        for hook in hooks
    ]
    return sheet(
        content.library,
        prefetch_templates(content.library, content.site),
        services,
        content.wording.phrases,
        settings.public_url,
    )


def _rows(loaded: Loaded) -> list[dict[str, Any]]:
    out = []
    for name, field in FIELDS.items():
        value = getattr(loaded.settings, name)
        masked = "(set)" if name in SECRET and value else value
        shown = masked if masked is None or isinstance(masked, int | float) else str(masked)
        out.append(
            {
                "name": PREFIX + name.upper(),
                "value": shown,
                "origin": loaded.origins[name],
                "use": field.metadata["description"],
            }
        )
    return out


def _to_sign(settings: Settings, signed: Mapping[str, str]) -> list[dict[str, str]]:
    """One approval entry for each pathway, with its digest and who signs it (rulings 7); to be pasted into ``site.yaml``."""
    library = load_content(settings).library
    return [{"pathway": p.id, "digest": p.digest, **signed} for p in library.pathways]


def _day(text: str) -> str:
    try:
        return text and day.fromisoformat(text).isoformat()
    except ValueError:
        raise SettingsError("--date is no day.", hint="Write it like 2026-06-15.") from None
