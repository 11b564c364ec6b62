"""``with:`` and ``unless:`` name recommendations or kinds that exist, and never lead in a circle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhirpath_spine.authoring.form.shared import KINDS
from fhirpath_spine.diagnostics import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fhirpath_spine.authoring.assembly.library import Draft
    from fhirpath_spine.authoring.form.shared import RecommendationForm

KIND = "kind:"


def check_leaders(draft: Draft) -> None:
    """Reports leaders that do not exist (SP313) and circles (SP314)."""
    forms, report = draft.files.catalogue.forms, draft.files.report
    for form in forms.values():
        for word in (*form.follows, *form.unless):
            known = [KIND + k for k in KINDS] if word.startswith(KIND) else list(forms)
            if word not in known and not draft.files.catalogue.broken:
                hint = did_you_mean(word, known)
                report.add("SP313", f"'{word}' is no recommendation and no kind", word.span, hint)
    graph = {id_: list(_leaders(form, forms)) for id_, form in forms.items()}
    for circle in _circles(graph):
        first = forms[circle[0]]
        report.add(
            "SP314", f"these wait for each other: {' -> '.join(circle)}", first.id.span, "Let one of them stand alone."
        )


def _leaders(form: RecommendationForm, forms: Mapping[str, RecommendationForm]) -> Iterator[str]:
    for word in (*form.follows, *form.unless):
        if word.startswith(KIND):
            kind = word.removeprefix(KIND)
            yield from (i for i, other in forms.items() if other.kind == kind and other is not form)
        elif word in forms:
            yield str(word)


def _circles(graph: Mapping[str, list[str]]) -> Iterator[list[str]]:
    """Each circle once, from where it is first entered."""
    done: set[str] = set()
    for start in graph:
        path: list[str] = []
        stack = [(start, iter(graph[start]))] if start not in done else []
        path += [start] if stack else []
        while stack:
            name, rest = stack[-1]
            following = next((n for n in rest if n not in done), None)
            if following is None:
                done.add(name)
                stack.pop()
                path.pop()
            elif following in path:
                yield [*path[path.index(following) :], following]
            else:
                stack.append((following, iter(graph[following])))
                path.append(following)
