"""The ``detail`` of a card: Markdown lists that read in a narrow column and without rendering (transparency T1 to T16).

Order: what it is about, the options with why and their alternatives, what is blocked, what is missing, data used, not
found, rejected, sources. Nothing is said twice.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache

from fhirpath_spine.exchange.outgoing.markdown import bullets, plain, render, section
from fhirpath_spine.exchange.outgoing.phrases import Phrases, joined
from fhirpath_spine.exchange.outgoing.waiting import gather
from fhirpath_spine.pathway.decision import CardKind, Decision, Evidence, Missing, Noticed, PlannedCard, Status, Verdict
from fhirpath_spine.pathway.facts.chart import Unread
from fhirpath_spine.pathway.model import Claim, Indicator, Library, Source
from fhirpath_spine.pathway.sentences import Charted, Said
from fhirpath_spine.pathway.truth import Reason

_ASKED = (Reason.NOT_RECORDED, Reason.STALE, Reason.UNVERIFIED, Reason.NOT_CONFIGURED, Reason.NOT_OFFERED)
"""Reasons that are a search without a usable find; the others are said where they happened."""

_BRACKETS = re.compile(r"\(([A-Z]\d+(?:, [A-Z]\d+)*)\)")


class Writer:
    """Writes the details of one decision's cards."""

    def __init__(self, decision: Decision, decision_id: str, library: Library, phrases: Phrases) -> None:
        self._decision, self._id, self._library, self._say = decision, decision_id, library, phrases

    def write(self, card: PlannedCard, *, first: bool) -> str:
        """The detail of one card. The first one also carries what was rejected or not recognised in the whole chart."""
        recommended = [v for v in card.verdicts if v.status is Status.RECOMMENDED]
        if card.notice is not None:
            return self._notice(card.notice, card, first=first)
        head = dict.fromkeys((*self._decision.head, *card.notes))
        lines = [*self._record(first=first), *map(render, head)]
        blocks = [*self._about_what(card), *([bullets(lines)] if lines else [])]
        if card.kind is CardKind.INCOMPLETE:
            blocks += [self._text("incomplete"), bullets(map(self._unread, self._decision.unread))]
        blocks += [self._option(v, head) for v in recommended]
        blocked = (v for v in card.verdicts if v.status is Status.BLOCKED)
        blocks += self._section("title-blocked", (self._open(v, head, v.missing) for v in blocked))
        asking = [v for v in card.verdicts if v.status is Status.NEEDS_DATA]
        waiting = gather(asking, self._say)
        asked = [render(one) for one in waiting.lines]
        asked += [self._open(v, head, left) for v, left in zip(asking, waiting.left, strict=True)]
        blocks += self._section("title-needs-data", asked)
        blocks += self._section("title-used", map(self._evidence, self._used(card.verdicts)))
        blocks += self._section("title-not-found", map(render, self._not_found(card.verdicts)))
        blocks += self._section("title-rejected", self._rejected(card, first=first))
        sources = [*map(self._source, self.sources(card.verdicts)), *self._frameworks(card.verdicts)]
        blocks += self._section("title-sources", sources)
        blocks += self._section("title-about", self._about(card))
        return "\n\n".join(blocks)

    def _record(self, *, first: bool) -> list[str]:
        """What is to be said of the patient's record itself, once."""
        return [self._text(f"record-{name}") for name in self._decision.warnings] if first else []

    def _notice(self, notice: Noticed, card: PlannedCard, *, first: bool) -> str:
        """What a notice says: its sentences, what would decide it, what it rests on."""
        blocks = [render((notice.title, ".")), *([bullets(told)] if (told := self._record(first=first)) else [])]
        if lines := [*notice.lines, *self._say.missing(notice.missing)]:
            blocks.append(bullets(map(render, lines)))
        blocks += self._section("title-used", map(self._evidence, notice.evidence))
        blocks += self._section("title-rejected", self._rejected(card, first=first))
        return "\n\n".join([*blocks, *self._section("title-about", self._about(card))])

    def _text(self, key: str, **fields: str | Said) -> str:
        return self._say.markdown(key, **fields)

    def _section(self, title: str, lines: Iterable[str]) -> list[str]:
        return section(self._text(title), lines)

    # ------------------------------------------------------------------ parts

    def _about_what(self, card: PlannedCard) -> list[str]:
        """The sentence that opens a card; a lesion whose kind the title of its pathway names adds its levels only."""
        entry = card.entry
        if entry is None or card.kind not in (CardKind.PATHWAY, CardKind.SAFETY):
            return []
        title, state, lesion = entry.title, self._say.word("state", entry.state), entry.lesion
        if lesion is None:
            where = self._text("head", title=title, state=state)
        elif lesion.title.lower() in title.lower():
            where = self._text("head", title=self._say.lesion(replace(lesion, title=title)), state=state)
        else:
            where = self._text("head-lesion", title=title, lesion=self._say.lesion(lesion), state=state)
        return [where if entry.certain else f"{where} {self._text('head-uncertain')}"]

    def _option(self, verdict: Verdict, head: Collection[Said]) -> str:
        lines = [self._text("why", reason=one) for one in verdict.because]
        lines += [self._text("caution", text=one) for one in verdict.cautions]
        lines += [render(line) for line in verdict.lines if line not in head]
        lines += [self._text("alternatives", text=one) for one in verdict.alternatives]
        lines += [self._text("framework", id=b.framework, grade=b.grade, text=b.said) for b in verdict.beside]
        if verdict.claims:
            lines.append(_claims(verdict.claims, self._library, self._say))
        title = self._text("option", title=verdict.title, id=verdict.id)
        return "\n\n".join([f"**{title}**", *([bullets(dict.fromkeys(lines))] if lines else [])])

    def _open(self, verdict: Verdict, head: Collection[Said], missing: Sequence[Missing]) -> str:
        said = list(verdict.because) if verdict.status is Status.BLOCKED else []
        if verdict.status is Status.NEEDS_DATA or not said:
            waits = (self._say.say("waiting-only"),) if verdict.missing else verdict.because
            said += self._say.missing(missing) or waits
        unique = list(dict.fromkeys([*said, *verdict.cautions, *(x for x in verdict.lines if x not in head)]))
        reasons = joined([(*one, "" if plain(one).endswith((".", "…")) else ".") for one in unique], " ")
        return self._text("open-item", title=verdict.title, id=verdict.id, reasons=reasons)

    def _evidence(self, evidence: Evidence) -> str:
        value = self._say.say("dated", text=evidence.value, date=evidence.date) if evidence.date else evidence.value
        said = self._say.say("evidence", label=evidence.label, value=value) if plain(value) else (evidence.label,)
        if evidence.author:
            origin = self._say.say(
                "evidence-author", reference=Charted(evidence.reference), author=Charted(evidence.author)
            )
        else:
            origin = self._say.say("evidence-source", reference=Charted(evidence.reference))
        return render((*said, ", ", *origin) if evidence.reference else said)

    def _used(self, verdicts: Sequence[Verdict]) -> list[Evidence]:
        found = {(e.label, e.reference, e.value): e for v in verdicts for s in v.steps for e in s.evidence}
        return sorted(found.values(), key=lambda e: (e.label, e.date, e.reference))

    def _not_found(self, verdicts: Sequence[Verdict]) -> list[Said]:
        asked = [m for v in verdicts for s in v.steps for m in s.missing if m.reason in _ASKED]
        asked += [m for v in verdicts for m in v.missing if m.reason in _ASKED]
        return self._say.missing({(m.item, m.reason): m for m in asked}.values())

    def _rejected(self, card: PlannedCard, *, first: bool) -> list[str]:
        steps = [s for v in card.verdicts for s in v.steps]
        needs = {e.need for s in steps for e in s.evidence} | {m.need for s in steps for m in s.missing}
        needs |= {m.need for m in card.notice.missing} if card.notice is not None else set()
        lines = [render(self._say.rejection(r)) for r in self._decision.rejections if first or r.need in needs]
        if first and (uncoded := self._decision.counts.get("uncoded")):
            lines.append(self._text("count-uncoded", n=str(uncoded)))
        return lines

    def _unread(self, unread: Unread) -> str:
        why = self._say.word("unread", unread.detail or unread.reason.value)
        return self._text("incomplete-item", resource=unread.resource, field=unread.key, why=why)

    def sources(self, verdicts: Iterable[Verdict]) -> list[Source]:
        """The documents that these verdicts and their sentences rest on, in the order of first mention."""
        names = dict.fromkeys(claim.source for v in verdicts if v.status.shown for claim in self._cited(v))
        return [self._library.sources[n] for n in names if n in self._library.sources]

    def _cited(self, verdict: Verdict) -> list[Claim]:
        """The claims of a verdict, then those that its sentences name in brackets: ``(T4, T35)``."""
        said = " ".join(map(plain, (*verdict.lines, *verdict.alternatives)))
        named = (one for brackets in _BRACKETS.findall(said) for one in brackets.split(", "))
        known = self._library.claims
        return [known[c] for c in (*verdict.claims, *named) if c in known]

    def _source(self, source: Source) -> str:
        said = self._say.say(
            "source",
            id=source.id,
            title=source.title,
            publisher=source.publisher,
            date=source.date or self._say.text("undated"),
            kind=self._say.word("kind", source.kind),
            certainty=self._say.word("certainty", source.certainty),
            label=self.source_label(source),
        )
        link = (" ", *self._say.say("source-link", url=source.url)) if source.url else ()
        return render((*said, *link))

    def _frameworks(self, verdicts: Iterable[Verdict]) -> list[str]:
        named = {b.framework for v in verdicts for b in v.beside}
        return [
            self._text(
                "framework-source",
                id=f.id,
                title=f.title,
                publisher=f.publisher,
                date=f.date,
                jurisdiction=f.jurisdiction,
            )
            for f in self._library.frameworks
            if f.id in named
        ]

    def source_label(self, source: Source) -> str:
        """How much a source of that kind weighs: of ours none is a guideline, and the card says so (X30)."""
        key = f"label-{source.kind}"
        return self._say.text(key if key in self._say.keys else "label-other")

    def _about(self, card: PlannedCard) -> list[str]:
        keys = ["draft"] if card.entry is not None and card.entry.draft else []
        if card.indicator is not Indicator.INFO and card.kind is not CardKind.INCOMPLETE:
            keys.append("urgency-ours")
        if card.kind is CardKind.SAFETY:
            keys.append("override-mandatory")
        lines = [self._text(key) for key in (*keys, "intended")]
        at = self._decision.at.isoformat(timespec="minutes")
        lines.append(self._text("footer", decision=self._id, library=self._decision.library[:12], at=at))
        return lines


@lru_cache(maxsize=512)
def _claims(claims: tuple[str, ...], library: Library, phrases: Phrases) -> str:
    """The line that names what an option rests on: the same in each chart, so it is written once."""
    return phrases.markdown("claims", claims=joined([_claim(one, library, phrases) for one in claims]))


def _claim(claim_id: str, library: Library, phrases: Phrases) -> Said:
    claim = library.claims.get(claim_id)
    if claim is None or not claim.strength:
        return phrases.say("claim", id=claim_id)
    return phrases.say("claim-strength", id=claim_id, strength=claim.strength)
