"""The flow of one pathway as a Mermaid flowchart: what opens it, its states in order, its recommendations by kind.

The code host draws it in the reader's colours. Text of a profile reaches the drawing as text: each sign that Mermaid, Markdown
or HTML could read is written as a code.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fhirpath_spine.authoring.pages.english import English
from fhirpath_spine.pathway.model import Criterion, Library, Pathway

PLAIN = frozenset(" .,:()/+-–—…’“”•")
"""Signs that mean nothing inside a quoted label; letters and digits are plain too."""


def flowchart(library: Library, pathway: Pathway) -> list[str]:
    """The lines of the fenced block."""
    return [
        "```mermaid",
        "flowchart LR",
        f"  accTitle: Flow of {pathway.id}",
        "  accDescr: When it applies, its states in order, its recommendations by kind. The sections below say it in words.",
        *_group("opens", "Opens", _opens(pathway)),
        *_group("states", "State: the first that holds", _states(library, pathway)),
        *_group("kinds", "Recommendations by kind", _kinds(pathway)),
        "  opens --> states --> kinds",
        "```",
    ]


def label(heading: str, lines: Iterable[str] = ()) -> str:
    """A quoted label: its heading, and one line of the drawing for each of its lines."""
    return f'"{"<br/>".join(map(plain, (heading, *lines)))}"'


def plain(said: str) -> str:
    """Text that Mermaid shows as it is, whatever signs it holds."""
    return "".join(sign if sign.isalnum() or sign in PLAIN else f"#{ord(sign)};" for sign in " ".join(said.split()))


def _group(name: str, title: str, lines: Iterable[str]) -> list[str]:
    return [f"  subgraph {name} [{label(title)}]", "    direction TB", *(f"    {line}" for line in lines), "  end"]


def _opens(pathway: Pathway) -> Iterator[str]:
    whom = "each lesion" if pathway.per_lesion else "the patient"
    yield f"open1[{label(f'Applies to {whom}', _listed(pathway.applies))}]"
    if pathway.without_lesion:
        yield f"open2[{label('Or, without a lesion on record', _listed(pathway.without_lesion))}]"


def _listed(criteria: Iterable[Criterion]) -> list[str]:
    return _bullets([criterion.label for criterion in criteria])


def _bullets(lines: list[str]) -> list[str]:
    return [f"• {line}" for line in lines] if len(lines) > 1 else lines


def _states(library: Library, pathway: Pathway) -> Iterator[str]:
    english = English(library)
    for number, state in enumerate(pathway.states, start=1):
        where = "otherwise" if state.test.text == "true" else english.say(state.test)
        # A label that began with "1." would be taken for a list.
        yield f"state{number}[{label(f'State {number}: {state.name}', [where])}]"
    for number in range(1, len(pathway.states)):
        yield f"state{number} -- else --> state{number + 1}"


def _kinds(pathway: Pathway) -> Iterator[str]:
    kinds: dict[str, list[str]] = {}
    for use in pathway.uses:
        recommendation = use.recommendation
        mark = " (never shown)" if recommendation.suppressed else ""
        kinds.setdefault(recommendation.kind, []).append(f"{recommendation.id} {recommendation.title}{mark}")
    for number, (kind, listed) in enumerate(kinds.items(), start=1):
        yield f"kind{number}[{label(kind, _bullets(listed))}]"
