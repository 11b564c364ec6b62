"""One element of a call changed as a careless interface changes it: nothing, another type, wrapped, padded, renamed, emptied, or
stated absent. Each mutant is told by its place and its kind, so that a finding can be made again.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Json = Any
Path = tuple[str | int, ...]
_GONE = object()
ABSENT = {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]}


def _another_type(value: Json) -> Json:
    match value:
        case bool():
            return "perhaps"
        case int() | float():
            return True
        case str():
            return 7
        case dict():
            return "text"
        case _:
            return 7


def _padded(value: Json) -> Json:
    return f"  {value} " if isinstance(value, str) else _GONE


NOTHING: dict[str, Json] = {"null": None, "empty object": {}, "empty text": "", "empty list": []}
"""Ways to say nothing: each has to read as if the element were not there."""
OTHERS: dict[str, Callable[[Json], Json]] = {
    "another type": _another_type,
    "in a list": lambda value: [value],
    "in two lists": lambda value: [[value]],
    "in an object": lambda value: {"value": value},
    "absent for a reason": lambda _: copy.deepcopy(ABSENT),
    "padded": _padded,
}
RENAMED: dict[str, Callable[[str], str]] = {
    "in capitals": lambda name: name[:1].upper() + name[1:],
    "in small letters": str.lower,
    "plural": lambda name: f"{name}s",
    "misspelt": lambda name: f"x{name}",
}


@dataclass(frozen=True)
class Mutant:
    """A changed call. ``without`` is the same call without the element."""

    path: Path
    kind: str
    body: Json
    without: Json

    def __str__(self) -> str:
        return f"{'.'.join(map(str, self.path))}: {self.kind}"


def places(value: Json, path: Path = ()) -> Iterator[Path]:
    """Every member and every entry below a value."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in pairs:
        yield (*path, name)
        yield from places(inner, (*path, name))


def at(value: Json, path: Path) -> Json:
    for step in path:
        value = value[step]
    return value


def opened(body: Json, path: Path) -> tuple[Json, Json]:
    """A call that can be changed at a place, and what stands around that place; all else in it is the body's own."""
    made = holder = copy.copy(body)
    for step in path[:-1]:
        holder[step] = holder = copy.copy(holder[step])
    return made, holder


def changed(body: Json, path: Path, value: Json) -> Json:
    made, holder = opened(body, path)
    if value is _GONE:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return made


def renamed(body: Json, path: Path, name: str) -> Json:
    made, holder = opened(body, path)
    items = {name if key == path[-1] else key: value for key, value in holder.items()}
    holder.clear()
    holder.update(items)
    return made


def mutants(body: Json) -> Iterator[Mutant]:
    """All mutants of one call, below its prefetch."""
    for path in places(body["prefetch"], ("prefetch",)):
        value = at(body, path)
        if value is None:
            continue
        without = changed(body, path, _GONE)
        for kind, nothing in NOTHING.items():
            if len(path) > 2:  # of a key of the prefetch, nothing is an answer
                yield Mutant(path, kind, changed(body, path, copy.deepcopy(nothing)), without)
        for kind, change in OTHERS.items():
            if (made := change(value)) is not _GONE:
                yield Mutant(path, kind, changed(body, path, made), without)
        name = path[-1]
        if isinstance(name, str):
            for kind, rename in RENAMED.items():
                if (other := rename(name)) != name:
                    yield Mutant(path, kind, renamed(body, path, other), without)


def some(every: list[Mutant], count: int, seed: int) -> list[Mutant]:
    """So many of them, the same for the same seed."""
    return random.Random(seed).sample(every, min(count, len(every)))  # noqa: S311 - chooses tests, keeps no secret
