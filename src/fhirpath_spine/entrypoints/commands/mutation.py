"""What ``test --mutate`` prints: how many mistakes the cases notice, and each that they do not, at its line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fhirpath_spine.authoring.proving.mutants import Mutation


def mutation_lines(found: Mutation, seconds: float) -> Iterator[str]:
    """For a person."""
    yield ""
    for kind, (noticed, made) in found.kinds.items():
        yield f"{kind + ' noticed':<29}{noticed:4} / {made}"
    killed = found.mistakes - len(found.survivors)
    yield f"mutation score               {killed:4} / {found.mistakes}, {100 * found.score:.1f} % in {seconds:.0f} s"
    yield ""
    for part, (noticed, made) in found.parts.items():
        yield f"  {part:<27}{noticed:4} / {made}, {100 * noticed / made:.1f} %"
    if found.unexplained:
        yield ""
        yield f"mistakes that no case notices ({len(found.unexplained)}):"
        yield from (f"  {one.place} {one.name}" for one in found.unexplained)
    if found.explained:
        yield ""
        yield f"not noticed, with the reason ({len(found.explained)}):"
        yield from (f"  {name} - {why}" for name, why in found.explained.items())
    if found.stale:
        yield ""
        yield f"reasons that are not needed ({len(found.stale)}):"
        yield from (f"  {name}" for name in found.stale)


def mutation_json(found: Mutation) -> dict[str, Any]:
    """For a machine."""
    return {
        "score": round(found.score, 4),
        "mistakes": found.mistakes,
        "parts": {part: {"noticed": noticed, "made": made} for part, (noticed, made) in found.parts.items()},
        "kinds": {kind: {"noticed": noticed, "made": made} for kind, (noticed, made) in found.kinds.items()},
        "survivors": [{"name": one.name, "place": one.place} for one in found.unexplained],
        "explained": found.explained,
        "stale": found.stale,
    }
