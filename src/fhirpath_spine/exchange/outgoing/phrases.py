"""The phrase book: fixed sentences from ``profiles/phrases.yaml`` with typed placeholders.

Python holds no sentence that a card shows. Every key below must stand in the book, with no other placeholder than
named here; a book that lacks one is refused when the service starts, not when a patient's card needs it. It is long because the
list of them is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from string import Formatter
from typing import Any

from fhirpath_spine.errors import ProfileError
from fhirpath_spine.exchange.outgoing.markdown import clean, escape, render
from fhirpath_spine.pathway.decision import Missing
from fhirpath_spine.pathway.facts.filing import Rejection
from fhirpath_spine.pathway.facts.ledger import Entry
from fhirpath_spine.pathway.lesions.lesion import LesionRef
from fhirpath_spine.pathway.sentences import Charted, Said
from fhirpath_spine.pathway.truth import Reason

KEYS: Mapping[str, frozenset[str]] = {
    key: frozenset(fields.split())
    for key, fields in {
        "summary-of": "lesion text",
        "summary-of-finding": "lesion text",
        "summary-waits": "step",
        "summary-conflict": "item",
        "summary-conflict-dated": "item dates",
        "summary-incomplete": "",
        "summary-unavailable": "",
        "head": "title state",
        "head-lesion": "title lesion state",
        "lesion-at": "title levels",
        "head-uncertain": "",
        "draft": "",
        "intended": "",
        "urgency-ours": "",
        "incomplete": "",
        "incomplete-item": "resource field why",
        "unavailable": "",
        "option": "title id",
        "why": "reason",
        "caution": "text",
        "alternatives": "text",
        "not-ruled-out": "",
        "claim": "id",
        "claim-strength": "id strength",
        "open-item": "title id reasons",
        "evidence": "label value",
        "evidence-source": "reference",
        "evidence-author": "reference author",
        "dated": "text date",
        "rejected": "label reason",
        "rejected-value": "label value reason",
        "rejected-entry": "label reason",
        "rejected-entry-value": "label value reason",
        "count-uncoded": "n",
        "ledger": "ways",
        "entry": "said",
        "entry-dated": "said date",
        "known-entry": "said",
        "known-entry-dated": "said date",
        "source": "id title publisher date kind certainty label",
        "source-link": "url",
        "source-own": "",
        "undated": "",
        "months": "",
        "numbers": "",
        "units": "",
        "day": "day month",
        "day-year": "day month year",
        "month-year": "month year",
        "also": "steps",
        "also-against": "steps",
        "instead": "text",
        "against": "",
        "missing": "",
        "contradict": "",
        "conflict": "item values",
        "waits-for-it": "steps",
        "gaps": "items",
        "gaps-unread": "items",
        "gap-old": "item date",
        "not-recognised": "n",
        "not-recognised-one": "n",
        "not-recognised-doubt": "n",
        "not-recognised-one-doubt": "n",
        "not-read-part": "parts why",
        "basis": "sources certainty",
        "basis-draft": "",
        "cut": "",
        "topic": "title indicator",
        "topic-safety": "title",
        "topic-incomplete": "",
        "topic-unavailable": "",
        "and": "",
        "more": "",
        "footer": "decision library at",
        "title-blocked": "",
        "title-needs-data": "",
        "title-used": "",
        "title-not-found": "",
        "title-rejected": "",
        "title-sources": "",
        "title-about": "",
        "title-quiet": "",
        "title-claims": "",
        "title-defaults": "",
        "title-known": "",
        "title-not-recognised": "",
        "quiet-satisfied": "",
        "quiet-suppressed": "",
        "claims-of": "title id claims",
        "defaults": "titles",
        "waiting-all": "items",
        "waiting-group": "name items",
        "waiting-name": "name",
        "waiting-only": "",
        "missing-stale-days": "days items",
        "missing-conflict-values": "item values",
        "conflict-value": "value date author",
        "plan-label": "",
        "plan-label-of": "label plan",
        "plan-update-label": "",
        "plan-update-action": "title",
        **{f"plan-{how}": "date" for how in ("same", "changed", "in-use", "in-use-changed")},
        **{f"plan-{how}-undated": "" for how in ("same", "changed", "in-use", "in-use-changed")},
        "title-at": "title lesion",
        "plan-title": "title",
        "plan-action": "title",
        "plan-activity": "id claims sources",
        "plan-note": "titles",
        "plan-origin": "version",
        "plan-replaces": "",
        "plan-done": "id reason claims sources",
        "plan-goal": "goal",
        "plan-goal-source": "reference",
        "request-action": "text",
        "link-pathway": "title",
        "topic-order": "title",
        "change-label": "priority",
        "change-action": "priority",
        "withdraw-label": "",
        "withdraw-action": "",
        "service-title": "",
        "service-description": "",
        "service-usage": "keys",
        "label-other": "",
        "record-deceased-unreadable": "",
        "record-merged": "",
        "record-patient-modifier": "",
        **{f"missing-{reason.value}": "items" for reason in Reason},
    }.items()
}


class Phrases:
    """Says the sentences of one phrase book. A part that comes from a chart stays marked until it is rendered."""

    def __init__(self, book: Mapping[str, Any]) -> None:
        """Checks the book.

        Raises:
            ProfileError: a sentence is missing, is no text, or has a placeholder that nothing fills.

        """
        self._parts: dict[str, tuple[tuple[str, str | None], ...]] = {}
        wrong: list[str] = []
        for key, text in book.items():
            try:
                parts = tuple((literal, field) for literal, field, _, _ in Formatter().parse(str(text)))
            except ValueError:
                wrong.append(key)
                continue
            self._parts[key] = parts
            if key in KEYS and not {field for _, field in parts if field is not None} <= KEYS[key]:
                wrong.append(key)
        missing = sorted(set(KEYS) - set(self._parts) - set(wrong))
        if missing or wrong:
            raise ProfileError(
                "The phrase book cannot be used: "
                + "; ".join(
                    f"{what}: {', '.join(sorted(names))}"
                    for what, names in (("missing", missing), ("unknown placeholder in", wrong))
                    if names
                )
                + ".",
                diagnostics=(),
                hint="Compare profiles/phrases.yaml with the one of this release.",
            )
        self._escaped = {
            key: tuple((escape(literal), field) for literal, field in parts) for key, parts in self._parts.items()
        }
        self.keys = tuple(self._parts)
        words = self.text("units").split()
        self.printed: Mapping[str, str] = dict(zip(words[::2], words[1::2], strict=True))
        """UCUM units and how a clinician reads them, for those that differ."""

    def say(self, key: str, **fields: str | Said) -> Said:
        """The sentence of that key with its fields filled."""
        said: list[str] = []
        for literal, field in self._parts[key]:
            if literal:
                said.append(literal)
            if field is not None:
                value = fields[field]
                if isinstance(value, str):
                    said.append(value)
                else:
                    said += value
        return tuple(said)

    def fill(self, key: str, **fields: str | Said) -> Said:
        """The sentence of a key that the book need not have; a placeholder that nothing fills is left out."""
        said: list[str] = []
        for literal, field in self._parts[key]:
            said += [literal] if literal else []
            value = fields.get(field, ()) if field is not None else ()
            said += [value] if isinstance(value, str) else value
        return tuple(said)

    def markdown(self, key: str, **fields: str | Said) -> str:
        """The sentence as Markdown; its own words were escaped when the book was read."""
        out: list[str] = []
        for literal, field in self._escaped[key]:
            out.append(literal)
            if field is not None:
                value = fields[field]
                out.append(escape(value) if isinstance(value, str) else render(value))
        return "".join(out)

    def text(self, key: str, **fields: str) -> str:
        """The sentence as one string, for fields that are all ours."""
        return "".join(self.say(key, **fields))

    def at(self, key: str, hook: str) -> str:
        """The sentence of that key that the book has for a hook; the general one where it has none."""
        own = f"{key}-{hook}"
        return self.text(own if own in self._parts else key)

    def word(self, kind: str, value: str) -> str:
        """What a code of ours is called (``state-treat-plan``); a code without an entry is its own words."""
        key = f"{kind}-{value.lower().replace('_', '-')}"
        return self.text(key) if key in self._parts else value.replace("_", " ").replace("-", " ").lower()

    def lesion(self, lesion: LesionRef) -> str:
        """What a lesion is called: its class, and its levels where they are recorded."""
        levels = [level for level in lesion.levels if level not in lesion.title.split()]
        return self.text("lesion-at", title=lesion.title, levels=", ".join(levels)) if levels else lesion.title

    # ------------------------------------------------------------------ sentences with more than one line of reason

    def missing(self, missing: Iterable[Missing]) -> list[Said]:
        """What is unknown, one sentence for each reason (pathways section 6), in the order of the reasons."""
        by_reason: dict[tuple[Reason, int | None], list[Missing]] = {}
        for item in missing:
            by_reason.setdefault((item.reason, item.days), []).append(item)
        order = list(Reason)
        out: list[Said] = []
        for (reason, days), group in sorted(by_reason.items(), key=lambda g: (order.index(g[0][0]), g[0][1] or 0)):
            if reason is Reason.CONFLICT:
                out += [self._conflict(item) for item in group]
                continue
            names = joined([self._dated((item.item,), item.date) for item in group])
            if reason is Reason.STALE and days is not None:
                out.append(self.say("missing-stale-days", days=str(days), items=names))
            else:
                out.append(self.say(f"missing-{reason.value}", items=names))
        return list(dict.fromkeys(out))

    def _conflict(self, item: Missing) -> Said:
        if not item.alternatives:
            return self.say("missing-conflict", items=item.item)
        values = [
            self.say("conflict-value", value=e.value, date=e.date or self.text("undated"), author=Charted(e.author))
            if e.author
            else self._dated(e.value, e.date)
            for e in item.alternatives
        ]
        return self.say("missing-conflict-values", item=item.item, values=joined(values, "; "))

    def _dated(self, text: Said, date: str) -> Said:
        return self.say("dated", text=text, date=date) if date else text

    def entry(self, entry: Entry) -> Said:
        """An entry that was not recognised, by its own words and its day."""
        if entry.day:
            return self.say("entry-dated", said=(entry.said,), date=entry.day)
        return self.say("entry", said=(entry.said,))

    def known_entry(self, entry: Entry) -> Said:
        """An entry that is known and no reason for anything, by its own words and its day."""
        if entry.day:
            return self.say("known-entry-dated", said=(entry.said,), date=entry.day)
        return self.say("known-entry", said=(entry.said,))

    def rejection(self, rejection: Rejection) -> Said:
        """Why a resource, or its date, was not used, with the value that stood there."""
        reason = self.word("rejected", rejection.reason)
        value = self._dated(rejection.value, rejection.date) if rejection.value else (rejection.date,)
        key = "rejected-entry" if rejection.reason in _OF_ENTRIES else "rejected"
        if "".join(value):
            return self.say(f"{key}-value", label=rejection.label, value=value, reason=reason)
        return self.say(key, label=rejection.label, reason=reason)


_OF_ENTRIES = {"modifier", "implicit-rules", "versions"}
"""Reasons that count entries, and are said of no value."""


def joined(parts: Sequence[Said | str], separator: str = ", ") -> Said:
    """Sentences after one another, each said once."""
    out: list[str] = []
    for part in dict.fromkeys((p,) if isinstance(p, str) else p for p in parts):
        if out:
            out.append(separator)
        out.extend(part)
    return tuple(out)


def fit(title: str, limit: int) -> str:
    """Text of ours cut to a limit, at a word unless that would lose half of it; for summaries."""
    text = clean(title)
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    whole = head.rsplit(" ", 1)[0]
    return (whole if len(whole) > limit // 2 else head).rstrip(",;: ") + "…"
