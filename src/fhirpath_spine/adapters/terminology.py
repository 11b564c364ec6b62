"""Asks a FHIR terminology server for the codes of a value set, page by page, for ``codes expand``."""

from __future__ import annotations

from collections.abc import Callable

from fhirpath_spine.adapters.peer import Peer
from fhirpath_spine.errors import ServerError
from fhirpath_spine.exchange.ehr_side.expanding import CODES, Row, question, rows, total


def expand(
    server: Peer, source: str, most: int = CODES, told: Callable[[int, int], object] = lambda *_: None
) -> list[Row]:
    """All codes of a value set in a stable order, each once. ``told`` hears how many are there, of how many (0: not counted).

    Raises:
        ServerError: the server does not know it, or lists none, too many, or fewer than it counts.

    """
    found: dict[tuple[str, str], Row] = {}
    offset = counted = 0
    while True:
        answer = server.get("ValueSet/$expand", question(source, offset)).json()
        page = rows(answer)
        if page is None and found and answer.get("resourceType") == "ValueSet":
            page = []  # HAPI answers so past the last page
        if page is None:
            raise ServerError("The server did not answer with an expanded ValueSet.", hint="Does it serve $expand?")
        before, counted = len(found), max(counted, total(answer))
        found |= {(system, code): (system, code, display) for system, code, display in page}
        told(len(found), counted)
        if len(found) > most or counted > most:
            raise ServerError(f"The value set holds more than {most} codes.", hint="Ask for a narrower one.")
        offset += len(page)
        # Without a count, nothing new is the end: a server may give smaller pages than were asked for, or not page at all.
        if len(found) == before or (counted and offset >= counted):
            break
    if not found:
        raise ServerError("The server lists no code for this value set.", hint="Check its URL or expression.")
    if counted > offset:
        raise ServerError(
            f"The server counts {counted} codes and lists {offset}, so the value set would be incomplete.",
            hint="Its limit for one expansion may be too low.",
        )
    return sorted(found.values())
