"""One answer of an EHR: a Bundle or a resource, read the same way whoever sent it, in a prefetch, as a page or as a whole chart.

What it holds is taken; where it says, or its form shows, that not all is here, that is heard and kept with its reason.

It is long because there is one reader: each form in which an answer may come is a few statements of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeGuard

from fhirpath_spine.fhirpath import elements_of
from fhirpath_spine.fhirpath import is_resource as is_resource_type
from fhirpath_spine.pathway.facts.chart import TYPES, Read, Resource
from fhirpath_spine.pathway.facts.reading import (
    CONCEPTS,
    MEDICATIONS,
    is_readable,
    is_referring,
    items,
    stated_absent,
    strange_members,
)
from fhirpath_spine.pathway.facts.signs import NO_SIGNS, Signs
from fhirpath_spine.pathway.truth import Reason


class UnreadReason(StrEnum):
    """Why a key could not be read to its end. A closed list; each is the tail of a phrase key, ``unread-<why>``."""

    ABSENT = "absent"
    OUTCOME = "outcome"
    WITHHELD = "withheld"
    NO_INFORMATION = "no-information"
    TEXT_ONLY = "text-only"
    NEXT_PAGE = "next-page"
    TOTAL = "total"
    SHAPE = "shape"
    STATED = "stated"
    NOT_OFFERED = "not-offered"
    NO_ACCESS = "no-access"
    BASE_NOT_LISTED = "base-not-listed"
    ADDRESS_REFUSED = "address-refused"
    UNREACHABLE = "unreachable"
    CONNECTION_CUT = "connection-cut"
    TIMED_OUT = "timed-out"
    NOT_PERMITTED = "not-permitted"
    NOT_FOUND = "not-found"
    QUERY_REFUSED = "query-refused"
    THROTTLED = "throttled"
    BACKING_OFF = "backing-off"
    UPSTREAM_ERROR = "upstream-error"
    REDIRECT_REFUSED = "redirect-refused"
    NOT_JSON = "not-json"
    FHIR_VERSION = "fhir-version"
    TOO_LARGE = "too-large"
    NEXT_REFUSED = "next-refused"
    PAGING_LOOP = "paging-loop"
    TRUNCATED = "truncated"


def unread(why: UnreadReason, resources: Iterable[Resource] = (), source: str = "prefetch") -> Read:
    """A read that may miss something."""
    return Read(tuple(resources), complete=False, reason=Reason.UNREAD, detail=why.value, source=source)


# A Medication rides beside the request or statement that names it.
_COMPANIONS = {kind: frozenset({"Medication"}) for kind in MEDICATIONS}
READ_TYPES = frozenset({*TYPES, "Medication"})
"""Types of which something is read."""
ANSWERS = frozenset({"searchset", "collection"})
"""Types of a Bundle that answers one query, in a prefetch too."""
CHARTS = ANSWERS | {"document", "transaction", "batch"}
"""Types of a Bundle that can hold a whole chart. A history, a message or a reply to a batch is none."""
_MEMBERS = elements_of("Bundle") | {"resourceType", "issues"}
"""Members of a Bundle, also of R5."""


@dataclass(slots=True)
class Page:
    """One answer, read. ``entries`` counts its resources, matches and included ones; ``total`` is what the server says there
    are; ``next`` is the link to the next page, None on the last.
    """

    resources: list[Resource] = field(default_factory=list)
    ignored: list[Any] = field(default_factory=list)
    failed: UnreadReason | None = None
    next: str | None = None
    total: int = 0
    entries: int = 0
    matches: int = 0

    @property
    def astray(self) -> bool:
        """Whether nothing of the wanted type came, and something else did: what is included comes beside what matched, so
        this is the answer to another question.
        """
        return not self.matches and bool(self.resources or self.ignored)

    @property
    def misplaced(self) -> set[str]:
        """The types of which all that came was sent as the answer to another question."""
        return {str(r.get("resourceType")) for r in self.ignored if isinstance(r, dict)} if self.astray else set()


def read_page(value: object, wanted: str, signs: Signs = NO_SIGNS) -> Page:
    """One value of the prefetch, or one answer of a FHIR server, to a search for resources of one type."""
    if not isinstance(value, dict):
        return Page(failed=UnreadReason.SHAPE)
    kind = value.get("resourceType")
    if kind == "OperationOutcome":
        return Page(failed=UnreadReason.OUTCOME)
    if kind != "Bundle":
        return _bare(value, wanted, signs)
    found = contents_of(value, signs, ANSWERS)
    page = Page(failed=found.failed, next=found.next, total=found.total, entries=len(found.resources))
    taken = _COMPANIONS.get(wanted, frozenset()) | {wanted}
    for resource in found.resources:
        (page.resources if resource.get("resourceType") in taken else page.ignored).append(resource)
    page.ignored += found.odd
    page.failed = page.failed or next((why for kind, why in found.of_type.items() if kind in taken), None)
    if found.named or found.refused:
        page.failed = page.failed or UnreadReason.OUTCOME
    page.matches = sum(r.get("resourceType") == wanted for r in page.resources)
    return page


def _bare(value: dict[str, Any], wanted: str, signs: Signs) -> Page:
    if value.get("resourceType") != wanted:
        return Page(ignored=[value], failed=UnreadReason.SHAPE)
    return Page(resources=[value], failed=_doubt(value, signs), entries=1, matches=1)


@dataclass(slots=True)
class Contents:
    """What a Bundle holds. ``names`` are ``Type/id`` by ``urn:`` full URL; ``odd`` are entries that are no resource.

    ``failed`` is why it may miss something of any type, ``of_type`` why of one. Of the OperationOutcomes in it (``outcomes``)
    ``named`` are the types that an error names, and ``refused`` says that one names none.
    """

    resources: list[Resource] = field(default_factory=list)
    urls: list[object] = field(default_factory=list)
    odd: list[Any] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    failed: UnreadReason | None = None
    of_type: dict[str, UnreadReason] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)
    outcomes: list[Resource] = field(default_factory=list)
    refused: bool = False
    next: str | None = None
    total: int = 0

    @property
    def cut(self) -> UnreadReason | None:
        """Why the end of it is not here."""
        if self.next is not None:
            return UnreadReason.NEXT_PAGE
        return UnreadReason.TOTAL if self.total > len(self.resources) else None


def contents_of(bundle: Mapping[str, Any], signs: Signs, kinds: frozenset[str]) -> Contents:
    """What a Bundle of one of these types holds. References by ``urn:`` are rewritten to ``Type/id``."""
    out = Contents()
    entries = bundle.get("entry")
    kind = bundle.get("type")
    if not isinstance(entries, list | None) or (kind is not None and not (isinstance(kind, str) and kind in kinds)):
        out.failed = UnreadReason.SHAPE
    if entries is None and any(
        isinstance(v, list | dict) and k not in _MEMBERS and k[:1] != "_" for k, v in bundle.items()
    ):
        # What it holds stands under another name.
        out.failed = UnreadReason.SHAPE
    if _is_labelled(bundle, signs):
        out.failed = UnreadReason.WITHHELD
    for entry in entries if isinstance(entries, list) else ():
        _enter(entry, out, signs)
    out.names = _names(out.urls, out.resources)
    if out.names:
        out.resources = [_renamed(r, url, out.names) for url, r in zip(out.urls, out.resources, strict=True)]
    for resource in out.resources:
        _hear(resource, out, signs)
    _page(bundle, out)
    return out


def _enter(entry: object, out: Contents, signs: Signs) -> None:
    resource, url = (entry.get("resource"), entry.get("fullUrl")) if isinstance(entry, dict) else (None, None)
    if not is_resource(resource):
        out.failed = out.failed or UnreadReason.SHAPE
        out.odd.append(resource)
    elif resource["resourceType"] == "OperationOutcome":
        _heed(resource, out, signs)
    else:
        out.resources.append(resource)
        out.urls.append(url)


def is_resource(value: object) -> TypeGuard[Resource]:
    """Whether an entry holds one resource of a type of FHIR: not a Bundle or Parameters, which hold others, and not
    something that names no such type.
    """
    kind = value.get("resourceType") if isinstance(value, dict) else None
    return isinstance(kind, str) and kind not in ("Bundle", "Parameters") and is_resource_type(kind)


# ------------------------------------------------------------------------------------------------- what is said of it


def is_failure(outcome: Mapping[str, Any], signs: Signs = NO_SIGNS) -> bool:
    """Whether an OperationOutcome says that something is missing: by the code of an issue, else by its severity. Other warnings
    and information ride on good answers too.
    """
    issues = [i for i in items(outcome.get("issue")) if isinstance(i, dict)]
    if not issues:
        return True
    return any(
        _token(issue.get("code")) in signs.issues
        or _token(issue.get("severity")) not in ("warning", "information", "success")
        for issue in issues
    )


def _token(value: object) -> str:
    return value.strip().lower() if isinstance(value, str) else ""


_WORD = re.compile(r"[A-Za-z]+")


def _heed(outcome: Mapping[str, Any], out: Contents, signs: Signs) -> None:
    out.outcomes.append(outcome)
    if is_failure(outcome, signs):
        named = types_named(outcome)
        out.named |= named
        out.refused = out.refused or not named


def types_named(outcome: Mapping[str, Any]) -> set[str]:
    """The types that an OperationOutcome names."""
    return set(_WORD.findall(" ".join(_texts(outcome.get("issue"))))) & set(TYPES)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def types_doubted(resources: Iterable[Resource], signs: Signs) -> dict[str, UnreadReason]:
    """The types of which resources show that not all is here, with why: they are masked, a part, of no shape, or say that nothing
    is known.
    """
    out = Contents()
    for resource in resources:
        _hear(resource, out, signs)
    return out.of_type


def _hear(resource: Resource, out: Contents, signs: Signs) -> None:
    if _is_ordinary(resource, signs):
        return
    kind = str(resource["resourceType"])
    if kind in READ_TYPES:
        if why := _doubt(resource, signs):
            for one in _also(kind, resource, signs):
                out.of_type.setdefault(one, why)
    elif kind in ("Composition", "List"):
        for section in (resource, *_sections(resource)):
            if why := _unlisted(section, signs):
                for code in _codes(section.get("code")):
                    for one in signs.sections.get(_token(code), ()):
                        out.of_type.setdefault(one, why)


def _unlisted(section: Mapping[str, Any], signs: Signs) -> UnreadReason | None:
    """Why a section lists nothing though there may be something: it says so, or says it to people alone."""
    empty = {_token(code) for code in _codes(section.get("emptyReason"))}
    if empty & signs.empty:
        return UnreadReason.WITHHELD
    listed = "entry" in section or "emptyReason" in section or "section" in section
    return UnreadReason.TEXT_ONLY if "text" in section and not listed else None


def _sections(holder: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for section in items(holder.get("section")):
        if isinstance(section, dict):
            yield section
            yield from _sections(section)


def _doubt(resource: Resource, signs: Signs) -> UnreadReason | None:
    """Why a resource shows that not all of its type is here: it is a part, it is masked, it says that nothing is known, or what
    it is about stands there in no form that can be read.
    """
    if "meta" in resource and _is_labelled(resource, signs):
        return UnreadReason.WITHHELD
    kind = str(resource["resourceType"])
    members = CONCEPTS.get(kind)
    if members is None:
        return None
    told = [resource[name] for name in members if name in resource]
    if told and all(map(is_readable, told)):
        return UnreadReason.NO_INFORMATION if _says_nothing(told, signs) else None
    if any(stated_absent(resource, name, signs.absent) for name in members):
        return UnreadReason.WITHHELD
    return UnreadReason.SHAPE if told or (not is_referring(resource) and strange_members(resource)) else None


def _is_ordinary(resource: Resource, signs: Signs) -> bool:
    """Whether a resource says what it is about by nothing but codings in good form, and nothing of itself, as nearly all do."""
    members = CONCEPTS.get(resource["resourceType"])
    if members is None or ("meta" in resource and _is_labelled(resource, signs)):
        return False
    concept = resource.get(members[0])
    if type(concept) is not dict or type(coded := concept.get("coding")) is not list or not coded:
        return False
    for coding in coded:
        if (
            type(coding) is not dict
            or type(coding.get("system")) is not str
            or type(code := coding.get("code")) is not str
        ):
            return False
        if (plain := code.lower()) in signs.absent or plain in signs.no_information:
            return False
    return True


def _says_nothing(concept: object, signs: Signs) -> bool:
    return any(_token(code) in signs.no_information for code in _codes(concept))


def _also(kind: str, resource: Resource, signs: Signs) -> Iterable[str]:
    """The types that are then unread: its own, and what it says that nothing is known of."""
    concepts = [resource.get(name) for name in CONCEPTS.get(kind, ())]
    told = (signs.no_information.get(_token(code), frozenset()) for code in _codes(concepts))
    return frozenset({kind}).union(*told)


def _codes(concept: object) -> Iterator[str]:
    for one in items(concept):
        if isinstance(one, dict):
            for coding in items(one.get("coding")):
                if isinstance(coding, dict) and isinstance(coding.get("code"), str):
                    yield coding["code"]


def _is_labelled(holder: Mapping[str, Any], signs: Signs) -> bool:
    """Whether ``meta`` says that this is a part, or was made unrecognisable."""
    meta = holder.get("meta")
    if not isinstance(meta, dict) or not ("tag" in meta or "security" in meta):
        return False
    return any(
        _token(coding.get("code")) in signs.labels
        for label in ("tag", "security")
        for coding in items(meta.get(label))
        if isinstance(coding, dict)
    )


# ------------------------------------------------------------------------------------------------- pages


def next_link(bundle: Mapping[str, Any] | None) -> str:
    """The address of the next page of a Bundle; empty on the last."""
    out = Contents()
    if bundle is not None:
        _page(bundle, out)
    return out.next or ""


def is_part(bundle: Mapping[str, Any], signs: Signs) -> bool:
    """Whether a Bundle says that not all of it is here: it is labelled so, has a next page, or a total above its entries."""
    out = Contents()
    _page(bundle, out)
    return _is_labelled(bundle, signs) or out.next is not None or out.total > len(items(bundle.get("entry")))


def _page(bundle: Mapping[str, Any], out: Contents) -> None:
    links, total = bundle.get("link"), bundle.get("total")
    if not isinstance(links, list | None) or isinstance(total, bool) or not isinstance(total, int | None):
        out.failed = out.failed or UnreadReason.SHAPE
    for link in links if isinstance(links, list) else ():
        relation, url = (link.get("relation"), link.get("url")) if isinstance(link, dict) else (None, None)
        if not isinstance(relation, str) or not isinstance(url, str):
            out.failed = out.failed or UnreadReason.SHAPE
        elif _token(relation) == "next" and out.next is None:
            out.next = url.strip()
    out.total = total if isinstance(total, int) else 0


# ------------------------------------------------------------------------------------------------- names within a Bundle


def _names(urls: Iterable[object], resources: Iterable[Resource]) -> dict[str, str]:
    """``urn:`` full URL -> ``Type/id``; a resource without an id is named by the URL's tail."""
    names: dict[str, str] = {}
    for url, resource in zip(urls, resources, strict=True):
        if url is not None and isinstance(url, str) and _plain_urn(url).startswith("urn:"):
            id_ = resource.get("id")
            names[_plain_urn(url)] = (
                f"{resource.get('resourceType')}/{id_ if isinstance(id_, str) and id_ else url.rsplit(':', 1)[-1]}"
            )
    return names


def _plain_urn(reference: str) -> str:
    """A ``urn:`` in small letters, as a UUID is the same in either; another reference as it stands."""
    return reference.lower() if reference[:4].lower() == "urn:" else reference


def _renamed(resource: Resource, url: object, names: Mapping[str, str]) -> Resource:
    renamed: dict[str, Any] = referring(resource, names)
    if not isinstance(renamed.get("id"), str) and isinstance(url, str) and _plain_urn(url) in names:
        renamed["id"] = names[_plain_urn(url)].split("/", 1)[1]
    return renamed


def referring(value: Any, names: Mapping[str, str]) -> Any:
    """The value with each reference under the name that it has now; one that no name is known for stays."""
    if isinstance(value, dict):
        return {
            key: names.get(item, names.get(_plain_urn(item), item))
            if key == "reference" and isinstance(item, str)
            else referring(item, names)
            for key, item in value.items()
        }
    return [referring(item, names) for item in value] if isinstance(value, list) else value
