"""With which profiles a decision was judged: written beside it, and held against those here when it is explained later."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

import orjson

from fhirpath_spine import __version__
from fhirpath_spine.exchange import Json
from fhirpath_spine.pathway.model import Library

KEY = "profiles"
DO = "Judge the chart again with `decide`, or check out the revision that it was judged with."


def origin(library: Library) -> Json:
    """The versions and digests that the words and verdicts of a decision depend on."""
    phrases = sha256(orjson.dumps(dict(library.phrases), option=orjson.OPT_SORT_KEYS)).hexdigest()
    pathways = {p.id: {"version": p.version, "digest": p.digest} for p in library.pathways}
    return {"program": __version__, "digest": library.digest, "phrases": phrases, "pathways": pathways}


def unlike(document: Json, library: Library) -> str:
    """What of a kept decision was judged otherwise than it would be here, and what to do; nothing where all is the same."""
    if not isinstance(was := document.get(KEY), dict):
        return (
            f"It does not say with which profiles it was judged, so whether these here say the same is not known. {DO}"
        )
    now = origin(library)
    if was == now:
        return ""
    return f"It was judged with others than are here: {'; '.join(_differences(was, now))}. {DO}"


def _differences(was: Json, now: Json) -> Iterator[str]:
    before, after = was.get("pathways") or {}, now["pathways"]
    of_pathways = False
    for id_ in dict.fromkeys([*before, *after]):
        one, other = before.get(id_), after.get(id_)
        if one == other:
            continue
        of_pathways = True
        if one is None or other is None:
            yield f"{id_} is {'new here' if one is None else 'not here'}"
        elif one.get("version") != other["version"]:
            yield f"{id_} was {one.get('version')} and is {other['version']}"
        else:
            yield f"{id_} is still {other['version']} and has another content"
    if was.get("phrases") != now["phrases"]:
        yield "the phrase book has other words"
    elif not of_pathways and was.get("digest") != now["digest"]:
        yield "a part of the profiles that no pathway reads is another"
    if was.get("program") != now["program"]:
        yield f"the program was {was.get('program')} and is {now['program']}"
