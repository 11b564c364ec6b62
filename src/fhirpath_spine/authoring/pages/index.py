"""The index of the pages: which pathway is for whom, and where each recommendation stands."""

from __future__ import annotations

from fhirpath_spine.authoring.pages.markup import anchor, table, text
from fhirpath_spine.pathway.model import Library


def index_page(library: Library) -> str:
    """The whole page as Markdown."""
    pathways = (
        [f"[{p.id}]({p.id}.md)", text(p.title), p.version, p.status, str(len(p.uses))] for p in library.pathways
    )
    places: dict[str, tuple[str, str, list[str]]] = {}
    for pathway in library.pathways:
        for use in pathway.uses:
            one = use.recommendation
            _, _, where = places.setdefault(one.id, (one.title, one.kind, []))
            link = anchor(f"{one.id}: {text(one.title)}")
            where.append(f"[{pathway.id}]({pathway.id}.md#{link})")
    rows = ([id_, text(title), kind, ", ".join(where)] for id_, (title, kind, where) in sorted(places.items()))
    sources = (
        [s.id, text(s.title), text(s.publisher), s.date or "undated", s.kind, s.certainty, text(s.note)]
        for s in library.sources.values()
    )
    lines = [
        "# The pathways, as they are in force",
        "",
        "Generated from `profiles/` by `fhirpath-spine render`, and checked for drift by a test. To be read beside the"
        " pages that the clinicians wrote. What stands above the pathways (gate, holds, goals, budget): [policy](policy.md)."
        " Values to sign: [approvals](../approvals.md). Disputed statements: [contradictions](../contradictions.md).",
        "",
        *table(["pathway", "for", "version", "status", "recommendations"], pathways),
        "## Recommendations",
        "",
        *table(["id", "title", "kind", "in"], rows),
        "## Documents",
        "",
        *table(["id", "title", "publisher", "date", "kind", "certainty (ours)", "note"], sources),
    ]
    return "\n".join(lines).rstrip() + "\n"
