"""What a coding is called: each spelling of a code system and of an ICD code folded into one, before anything else reads it.

Which spellings there are is data of the profiles and of the site; how they are compared is here, and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from fhirpath_spine.fhirpath import elements_typed
from fhirpath_spine.pathway.facts.needs import Coding

_TRAILING = "+*\u2020\u2021!#-. "
"""What stands after an ICD code and is no part of it: dagger, asterisk, and the marks of a code that is not yet complete."""
_CATEGORY = 3
_CODELESS = frozenset({"Annotation", "Identifier", "Meta", "Narrative", "Period", "Reference", "Timing"})
"""Types of elements whose codings, if they have any, say nothing about a patient."""
_CACHE_LIMIT = 20_000
_LONGEST = 256


def folded(system: str) -> str:
    """A system's URI for comparison: trimmed, scheme and host in small letters, https as http, no slash at the end, without the
    version behind a bar, a bare OID as a URN."""
    text = system.partition("|")[0].strip()
    if text[:1].isdigit() and text.replace(".", "").isdigit():
        return f"urn:oid:{text}"
    scheme, colon, rest = text.partition("://")
    if not colon:
        head, colon, rest = text.partition(":")
        if head.lower() != "urn":
            return text
        namespace, colon, rest = rest.partition(":")
        return f"urn:{namespace.lower()}:{rest}"
    host, slash, path = rest.partition("/")
    scheme = scheme.lower()
    return f"{'http' if scheme == 'https' else scheme}://{host.lower()}{slash}{path}".rstrip("/")


def icd(code: str) -> str:
    """An ICD-10 code in its one form: capitals, a dot after the category, no dagger, no placeholder at the end."""
    text = code.strip().upper().replace(".", "").rstrip(_TRAILING)
    while len(text) > _CATEGORY and text[-1] in "X-":
        text = text[:-1].rstrip(_TRAILING)
    return f"{text[:_CATEGORY]}.{text[_CATEGORY:]}" if len(text) > _CATEGORY else text


def upper(code: str) -> str:
    """A code whose letters may be small and which has no dots."""
    return code.strip().upper().replace(".", "")


_TERM = re.compile(r"\s*\|[^|]*\|\s*")


def expression(code: str) -> str:
    """A concept, or an expression of concepts, without the terms that may stand behind each and its sign of definition."""
    return _TERM.sub("", code).removeprefix("===").strip() if "|" in code or code.startswith("=") else code.strip()


def morphology(code: str) -> str:
    """A code of a tumour's kind with a slash before its last digit, its behaviour; what is no such code as it stands."""
    plain = code.strip().upper().removeprefix("M-").removeprefix("M")
    digits = plain.replace("/", "")
    return f"{digits[:4]}/{digits[4]}" if len(digits) == _MORPHOLOGY and digits.isdigit() else code.strip().upper()


_MORPHOLOGY = 5

FORMS = {"icd": icd, "upper": upper, "expression": expression, "morphology": morphology}
"""How the codes of a system are spelt; a system that is not named here is compared as it stands."""


@dataclass(frozen=True, slots=True)
class Crosswalk:
    """Codes of one system that mean the same in another, by their first characters: number of characters -> which."""

    target: str
    codes: Mapping[int, frozenset[str]]

    def read(self, code: str) -> str:
        """The code of the other system, at the most characters that agree; empty if none do."""
        for length in sorted(self.codes, reverse=True):
            plain = code.replace(".", "")[:length]
            if len(plain) == length and plain in self.codes[length]:
                return icd(plain)
        return ""


@dataclass(frozen=True, slots=True)
class Spelling:
    """All spellings that a profile set and a site know.

    ``systems`` maps a folded URI to the system's own; ``editions`` the beginning of a URI below which editions and versions of
    one system stand. ``forms`` names how the codes of a system are spelt. ``walks`` reads codes of one system as another's.
    """

    systems: Mapping[str, str] = field(default_factory=dict)
    editions: Mapping[str, str] = field(default_factory=dict)
    forms: Mapping[str, str] = field(default_factory=dict)
    walks: Mapping[str, Crosswalk] = field(default_factory=dict)
    _known: dict[Coding, tuple[Coding, ...]] = field(default_factory=dict, compare=False, repr=False)

    def with_site(self, systems: Mapping[str, str]) -> Spelling:
        """The same with a site's own names of systems, which win, also for a system of which there are several names."""
        if not systems:
            return self
        own = {folded(s): to for s, to in systems.items()}
        renamed = {name: own.get(folded(to), to) for name, to in self.systems.items()}
        return replace(self, systems={**renamed, **own}, _known={})

    def system(self, system: str, code: str = "") -> str:
        """The system's own URI; as it stands if no spelling of it is known."""
        plain = folded(system)
        known = self.systems.get(plain)
        if known is not None:
            return known
        for start, target in self.editions.items():
            below = plain.removeprefix(start)
            # A concept's own URI and an implicit value set are no system.
            if below != plain and "?" not in below and below.rsplit("/", 1)[-1] != code:
                return target
        return system.strip()

    def token(self, coding: Coding) -> str:
        """A coding as a search asks for it: without its system where charts call that by several names, since a server
        compares the name as it stands."""
        system, code = coding
        several = system in self.editions.values() or any(
            own == system and name != folded(system) for name, own in self.systems.items()
        )
        return code if several else f"{system}|{code}"

    def coding(self, coding: Coding) -> Coding:
        """The coding under its system's own URI, its code in the one form."""
        system = self.system(*coding)
        form = FORMS.get(self.forms.get(system, ""))
        return system, form(coding[1]) if form else coding[1].strip()

    def codings(self, coding: Coding) -> tuple[Coding, ...]:
        """The coding in its one form, and what it reads as in another system."""
        found = self._known.get(coding)
        if found is None:
            own = self.coding(coding)
            walk = self.walks.get(own[0])
            other = walk.read(own[1]) if walk is not None else ""
            found = (own, (walk.target, other)) if walk is not None and other else (own,)
            if len(coding[0]) + len(coding[1]) <= _LONGEST:
                if len(self._known) >= _CACHE_LIMIT:
                    self._known.clear()
                self._known[coding] = found
        return found

    def read(self, value: Any, but: str = "") -> Any:
        """JSON with each coding in its one form, what it reads as beside it; the very same object where nothing is spelt anew.

        ``but`` is a member of which that is known.
        """
        if type(value) is not dict:
            return value if type(value) is not list or self._is_plain(value) else self._read(value)
        kind = value.get("resourceType")
        passed = elements_typed(kind, _CODELESS) if isinstance(kind, str) else frozenset()
        anew = {
            name: self._read(member)
            for name, member in value.items()
            if (type(member) is dict or type(member) is list)
            and name not in passed
            and name != but
            and not self._is_plain(member)
        }
        whole = {**value, **anew} if anew else value
        return self._respelt(whole) if "system" in value and "code" in value else whole

    def _is_plain(self, value: Any) -> bool:
        """Whether every coding stands in its one form and reads as no other: so it is with most, and looking is a fifth of
        building anew. ``value`` is an object or a list.
        """
        if type(value) is dict:
            if "system" in value and "code" in value and not self._is_own(value["system"], value["code"]):
                return False
            value = value.values()
        for one in value:
            kind = type(one)
            if kind is not str and (kind is dict or kind is list) and not self._is_plain(one):
                return False
        return True

    def _is_own(self, system: object, code: object) -> bool:
        """Whether a coding stands in its one form and reads as no other."""
        if not isinstance(system, str) or not isinstance(code, str):
            return True
        found = self._known.get((system, code)) or self.codings((system, code))
        return len(found) == 1 and found[0] == (system, code)

    def _read(self, value: Any) -> Any:
        if type(value) is dict:
            changed = {k: new for k, v in value.items() if type(v) in (dict, list) and (new := self._read(v)) is not v}
            whole = {**value, **changed} if changed else value
            return self._respelt(whole) if "code" in whole and "system" in whole else whole
        if type(value) is list:
            items = [each for one in value for each in self._each(one)]
            return (
                items
                if len(items) != len(value) or any(a is not b for a, b in zip(items, value, strict=True))
                else value
            )
        return value

    def _each(self, value: Any) -> Iterator[Any]:
        """An item of a list; a coding that reads as another system's gives both."""
        new = self._read(value)
        yield new
        if (
            type(value) is dict
            and isinstance(s := value.get("system"), str)
            and isinstance(c := value.get("code"), str)
        ):
            for system, code in self.codings((s, c))[1:]:
                yield {"system": system, "code": code}

    def _respelt(self, value: dict[str, Any]) -> dict[str, Any]:
        system, code = value["system"], value["code"]
        if not isinstance(system, str) or not isinstance(code, str):
            return value
        own = self.codings((system, code))[0]
        return value if own == (system, code) else {**value, "system": own[0], "code": own[1]}


PLAIN = Spelling()
"""Nothing is spelt otherwise."""
