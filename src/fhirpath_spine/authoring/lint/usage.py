"""What is declared and read by nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhirpath_spine.authoring.assembly.scopes import names_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fhirpath_spine.authoring.assembly.library import Draft

EXEMPT = frozenset({"patient"})


def check_usage(draft: Draft) -> None:
    """Warns of needs, definitions, findings, ranked facts and flags that nothing reads (SP317)."""
    used = _closure(draft, draft.compiler.used)
    report = draft.files.report
    data = draft.shared.data
    places = {name: ("need", key) for name, (key, _) in draft.need_forms.items()}
    places |= {name: ("definition", key) for name, (key, _) in draft.definition_forms.items()}
    places |= {str(key): ("ranked fact", key) for key in data.ranked}
    places |= {str(key): ("finding", key) for key in (data.findings.kinds if data.findings else ())}
    for name, (what, key) in places.items():
        if name not in used and name not in EXEMPT:
            report.add("SP317", f"nothing reads the {what} '{name}'", key.span, "Remove it, or use it.")
    texts = [compiled.text for compiled in draft.compiler.compiled if "site" in names_in(compiled.text)]
    for flag in data.flags:
        if not any(f"%site.{flag}" in text for text in texts):
            report.add("SP317", f"nothing reads the flag '{flag}'", flag.span, "Remove it, or read %site.<flag>.")


def _closure(draft: Draft, roots: Iterable[str]) -> set[str]:
    used: set[str] = set()
    open_ = list(roots)
    while open_:
        name = open_.pop()
        if name in used:
            continue
        used.add(name)
        if name in draft.definitions:
            open_ += draft.definitions[name].variables
        elif name in draft.findings:
            finding = draft.findings[name]
            open_ += [s.need for s in finding.sources] + list(finding.answered)
        elif name in draft.ranked:
            open_ += draft.ranked[name].needs
    return used
