"""From one short line of a case to a FHIR resource: codes from the need's value sets, answers by the need's words.

It is long because the short form has one reader, and each kind of line is a few statements of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fhirpath_spine.authoring.cases.codes import (
    CLINICAL,
    PATIENT,
    STATUSES,
    VERIFIED,
    advice,
    first_of,
    group_of,
    key_of,
    level_codes,
    plain,
    preferred,
    put_dates,
    put_status,
    subject_of,
)
from fhirpath_spine.authoring.source.nodes import Block, Node, Scalar
from fhirpath_spine.diagnostics import did_you_mean
from fhirpath_spine.pathway.facts.chart import KEYS

if TYPE_CHECKING:
    from fhirpath_spine.authoring.cases.stories import Entry
    from fhirpath_spine.authoring.source.report import Report
    from fhirpath_spine.diagnostics import Span
    from fhirpath_spine.fhirpath import ValueSet
    from fhirpath_spine.pathway.facts.needs import Coding, Need, Value
    from fhirpath_spine.pathway.model import Library
KEYWORDS = (
    "value",
    "date",
    "ended",
    "recorded",
    "status",
    "verified",
    "code",
    "level",
    "site",
    "about",
    "by",
    "as",
    "type",
)
_AGO = re.compile(r"(\d{1,5}) days? ago")
_DAY = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")
_OTHER_DAY = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}")
_WRITTEN = "A date is written year, month, day: 2025-06-01."
_LEVELS = re.compile(r"[CTLS]\d{1,2}(\+[CTLS]\d{1,2})*")
_NUMBER = re.compile(r"(-?\d+(?:\.\d+)?)(?: (\S+))?")


@dataclass(slots=True)
class Made:
    """A resource, the prefetch key that brings it, and whether it is a draft on the screen."""

    resource: dict[str, Any]
    key: str
    draft: bool = False


@dataclass(slots=True)
class Scribe:
    """Writes the resources of one case. ``codings`` gathers every code that was written."""

    library: Library
    systems: Mapping[str, str]
    report: Report
    today: date
    references: dict[str, str] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    codings: dict[Coding, Span] = field(default_factory=dict)

    def write(self, entry: Entry) -> Made | None:
        """The resource of one entry, or None with findings."""
        if entry.name == "resource":
            return self._whole(entry)
        need, codes = self._need(entry.name)
        if need is None:
            return None
        parts = self._parts(entry, need)
        if parts is None:
            return None
        kind = str(parts.get("type", need.resources[0]))
        if kind not in need.resources:
            self._wrong("SP411", parts["type"], f"'{kind}' is no resource of {need.name}", need.resources)
            return None
        resource: dict[str, Any] = {"resourceType": kind, "id": self._id(entry.label)}
        status = parts.get("status")
        self._code(resource, kind, need, parts.get("code"), codes, entry.name.span)
        put_dates(resource, kind, parts, self.day, self.today)
        put_status(resource, kind, parts)
        if need.value is not None and "value" in parts:
            resource.update(self._value(need.value, parts["value"], need))
        components = [self._component(n, rule, parts[n], need) for n, rule in need.components.items() if n in parts]
        if components:
            resource["component"] = components
        self._place(resource, kind, parts)
        if "by" in parts:
            resource["recorder" if kind == "Condition" else "performer"] = {"display": str(parts["by"])}
        resource[subject_of(kind)] = {"reference": f"Patient/{PATIENT}"}
        self.references[entry.label] = f"{kind}/{resource['id']}"
        return Made(resource, key_of(need, kind), draft=str(status) == "draft")

    def order(self, entry: Entry) -> dict[str, Any] | None:
        """What stands on the screen to be ordered: a drug, or a study or service by the code of a need or value set."""
        if entry.name == "resource" and isinstance(entry.node, Block):
            whole: dict[str, Any] = plain(entry.node)
            whole.setdefault("id", self._id("order"))
            whole.setdefault("subject", {"reference": f"Patient/{PATIENT}"})
            return whole
        need, codes = self._ordered(entry.name)
        if need is None and codes is None:
            return None
        drug = need is not None and any(kind.startswith("Medication") for kind in need.resources)
        kind, element = ("MedicationRequest", "medicationCodeableConcept") if drug else ("ServiceRequest", "code")
        chosen = codes or (need.own_codes if need is not None else None)
        concept: dict[str, Any] = {"text": str(entry.name)}
        if isinstance(entry.node, Scalar) and entry.node:
            concept = self._concept(entry.node)
        elif chosen is not None:
            concept = self._coded(first_of(chosen), entry.name.span)
        subject = {"reference": f"Patient/{PATIENT}"}
        order = {"resourceType": kind, "id": self._id(entry.label), "status": "draft", "intent": "order"}
        return {**order, "subject": subject, element: concept}

    # ------------------------------------------------------------------ what is meant

    def _ordered(self, name: Scalar) -> tuple[Need | None, ValueSet | None]:
        """The need whose codes are ordered, or the value set: one that no need reads can be ordered, too."""
        needs, chosen = self.library.needs, self.library.value_sets.get(name)
        if name in needs or chosen is None:
            return self._need(name)
        drug = (n for n in needs.values() if "MedicationRequest" in n.resources and n.codes is not None)
        return next((n for n in drug if n.codes and chosen.members and chosen.members <= n.codes.members), None), chosen

    def _need(self, name: Scalar) -> tuple[Need | None, ValueSet | None]:
        needs = self.library.needs
        if name in needs:
            return needs[name], None
        chosen = self.library.value_sets.get(name)
        if chosen is not None:
            for need in needs.values():
                if need.codes is not None and chosen.members and chosen.members <= need.codes.members:
                    return need, chosen
            self._wrong("SP408", name, f"no need reads the value set '{name}'", ())
            return None, None
        self._wrong("SP408", name, f"nothing is called '{name}'", [*needs, *self.library.value_sets])
        return None, None

    def _parts(self, entry: Entry, need: Need) -> dict[str, Node] | None:
        """The parts of an entry by keyword, whether written as a mapping or as one line with commas."""
        node = entry.node
        if isinstance(node, Block):
            known = (*KEYWORDS, *need.components)
            for key in node:
                if key not in known:
                    hint = did_you_mean(key, known) or f"Known here: {', '.join(known)}."
                    span = key.span if isinstance(key, Scalar) else node.span
                    self.report.add("SP205", f"the key '{key}' is not known here", span, hint)
                    return None
            return dict(node)
        parts: dict[str, Node] = {}
        for text in filter(None, (t.strip() for t in node.split(","))):
            word = Scalar.of(text, node.place(node.find(text), len(text)))
            role = self._role(text, need)
            if not role and _OTHER_DAY.fullmatch(text):
                self.report.add("SP406", f"'{text}' is no date", word.span, _WRITTEN)
                return None
            if not role or role in parts:
                code, what = ("SP204", f"is a second {role}") if role else ("SP410", f"says nothing about {need.name}")
                likely = [*(need.value.words if need.value else ()), *self.library.value_sets]
                self._wrong(code, word, f"'{text}' {what}", likely)
                return None
            parts[role] = word
        return parts

    def _role(self, text: str, need: Need) -> str:
        rule = need.value
        if rule is not None and text in rule.words:
            return "value"
        if (_DAY.fullmatch(text) and len(text) > 4) or _AGO.fullmatch(text) or text in ("today", "undated"):
            return "date"
        if _LEVELS.fullmatch(text):
            return "level"
        if text in VERIFIED and "Condition" in need.resources:
            return "verified"
        if text in STATUSES or text in CLINICAL or text == "draft":
            return "status"
        if text.startswith(("site-", "levels-")):
            return "site"
        if rule is not None and (rule.kind == "concept" or _NUMBER.fullmatch(text) or text in ("yes", "no")):
            return "value"
        return "code" if text in self.library.value_sets or "|" in text else ""

    # ------------------------------------------------------------------ codes

    def _code(
        self, resource: dict[str, Any], kind: str, need: Need, code: Node | None, codes: ValueSet | None, span: Span
    ) -> None:
        if kind == "FamilyMemberHistory":
            resource["relationship"] = {"text": "mother"}
            resource["condition"] = [{"code": self._concept(code)}] if isinstance(code, Scalar) else []
            return
        element = "medicationCodeableConcept" if kind.startswith("Medication") else "code"
        if isinstance(code, Scalar):
            resource[element] = self._concept(code)
        elif (chosen := codes or need.own_codes) is not None:
            resource[element] = self._coded(first_of(chosen), span)
        else:
            resource[element] = {"text": need.label}

    def _concept(self, name: Scalar) -> dict[str, Any]:
        """A code by ``system|code``, or the first of a value set."""
        if name in self.library.value_sets:
            return self._coded(first_of(self.library.value_sets[name]), name.span)
        short, bar, code = name.partition("|")
        if not bar:
            self._wrong("SP409", name, f"no value set is called '{name}'", self.library.value_sets)
        elif short == "text":
            return {"text": code}
        elif short not in self.systems:
            self._wrong("SP211", name, f"the code system '{short}' is not known", self.systems)
        return self._coded((self.systems.get(short, short), code), name.span)

    def _coded(self, coding: Coding, span: Span) -> dict[str, Any]:
        self.codings.setdefault(coding, span)
        return {"coding": [{"system": coding[0], "code": coding[1]}]}

    # ------------------------------------------------------------------ dates

    def day(self, text: Node) -> str:
        """``2026-06-14``, ``28 days ago`` or ``today`` as a date; empty for ``undated``."""
        if text == "today":
            return self.today.isoformat()
        if isinstance(text, Scalar) and (match := _AGO.fullmatch(text)):
            return (self.today - timedelta(days=int(match[1]))).isoformat()
        if isinstance(text, Scalar) and _DAY.match(text):
            return str(text)
        if isinstance(text, Scalar) and _OTHER_DAY.fullmatch(text):
            self.report.add("SP406", f"'{text}' is no date", text.span, _WRITTEN)
        elif text != "undated":
            self._wrong("SP406", text, f"'{text}' is no date", ("today", "undated"))
        return ""

    # ------------------------------------------------------------------ values

    def _value(self, rule: Value, node: Node, need: Need) -> dict[str, Any]:
        text = node if isinstance(node, Scalar) else Scalar.of("", node.span)
        if rule.kind == "concept":
            return {"valueCodeableConcept": self._concept(text)}
        if rule.kind == "boolean":
            if text not in ("yes", "no", "true", "false"):
                self._wrong("SP410", text, f"'{text}' is neither yes nor no", ("yes", "no"))
            return {"valueBoolean": text in ("yes", "true")}
        match = _NUMBER.fullmatch(text)
        if rule.kind in ("integer", "quantity") and match is not None:
            if rule.kind == "integer" and match[2] is None:
                return {"valueInteger": int(Decimal(match[1]))}
            unit = match[2] or rule.unit
            number = Decimal(match[1])
            shown: int | float = int(number) if number == number.to_integral_value() else float(number)
            return {
                "valueQuantity": {"value": shown, "unit": unit, "code": unit} if unit != "none" else {"value": shown}
            }
        answers = sorted((c for c, word in rule.answers.items() if str(word) == text), key=preferred)
        if answers:
            return {"valueCodeableConcept": self._coded(answers[0], text.span)}
        if text in self.library.value_sets or "|" in text:
            return {"valueCodeableConcept": self._concept(text)}
        self._wrong("SP410", text, f"'{text}' is no answer of {need.name}", sorted(map(str, rule.answers.values())))
        return {}

    def _component(self, name: str, rule: Value, node: Node, need: Need) -> dict[str, Any]:
        codes = first_of(rule.component) if rule.component is not None else ("", name)
        return {"code": self._coded(codes, node.span), **self._value(rule, node, need)}

    # ------------------------------------------------------------------ where and about what

    def _place(self, resource: dict[str, Any], kind: str, parts: Mapping[str, Node]) -> None:
        sites: list[dict[str, Any]] = []
        level = parts.get("level")
        if isinstance(level, Scalar):
            names = level_codes(self.library)
            for one in level.split("+"):
                if one in names:
                    sites.append(self._coded(names[one], level.span))
                else:
                    self._wrong("SP321", level, f"'{one}' is no level", names)
        if isinstance(site := parts.get("site"), Scalar):
            sites.append(self._concept(site))
        if sites and kind in ("Condition", "Procedure"):
            resource["bodySite"] = sites
        elif sites:
            resource["bodySite"] = {"coding": [c for s in sites for c in s.get("coding", [])]}
        if isinstance(about := parts.get("about"), Scalar):
            if about not in self.references:
                self._wrong("SP412", about, f"no entry before this one is called '{about}'", self.references)
            element = "focus" if kind == "Observation" else "reasonReference"
            resource[element] = [{"reference": self.references.get(about, "")}]

    # ------------------------------------------------------------------ the rest

    def _whole(self, entry: Entry) -> Made | None:
        if not isinstance(entry.node, Block):
            self._wrong("SP207", entry.name, "a FHIR resource is wanted here", ())
            return None
        resource = plain(entry.node)
        kind = str(resource.get("resourceType", ""))
        if kind not in (*KEYS.values(), "Observation", "Medication"):
            self._wrong(
                "SP413", entry.name, f"'{kind}' is no resource type that is read", (*KEYS.values(), "Observation")
            )
            return None
        resource.setdefault("id", self._id("resource"))
        if kind not in ("Patient", "Medication"):
            resource.setdefault(subject_of(kind), {"reference": f"Patient/{PATIENT}"})
        key = next((k for k, held in KEYS.items() if held == kind), "")
        return Made(resource, key or group_of(self.library, resource))

    def _id(self, label: str) -> str:
        stem = re.sub("[^A-Za-z0-9-]", "-", label)
        made = next(name for n in range(1, 1000) if (name := f"{stem}-{n}") not in self.used)
        self.used.add(made)
        return made

    def _wrong(self, code: str, node: Node, message: str, known: Iterable[object]) -> None:
        self.report.add(code, message, node.span, advice(str(node), sorted(set(map(str, known)))))
