"""The full text of a decision, one for each pathway and lesion: why, why not, what is missing, and what all of it rests on
(transparency T1 to T16).

Order: conclusion, criteria with their data, what stands against, what is missing, what is not shown, claims in their words,
sources, what was not used, values without a source. A card says the weightiest of it; nothing that it leaves out is lost here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from fhirpath_spine.exchange import Json, lean
from fhirpath_spine.exchange.outgoing.markdown import bullets, plain, render, section
from fhirpath_spine.exchange.outgoing.phrases import Phrases, joined
from fhirpath_spine.exchange.outgoing.verdicts import evidence_json, lesion_json
from fhirpath_spine.exchange.outgoing.waiting import gather
from fhirpath_spine.pathway.decision import Decision, Evidence, Missing, Noticed, PathwayResult, Status, Verdict
from fhirpath_spine.pathway.facts.chart import Unread
from fhirpath_spine.pathway.judging.layout import belonging
from fhirpath_spine.pathway.model import Claim, Library, Source
from fhirpath_spine.pathway.once import once
from fhirpath_spine.pathway.sentences import Charted, Said
from fhirpath_spine.pathway.truth import Reason

_ASKED = (Reason.NOT_RECORDED, Reason.STALE, Reason.UNVERIFIED, Reason.NOT_CONFIGURED, Reason.NOT_OFFERED)
"""Reasons that are a search without a usable find; the others are said where they happened."""
_QUIET = (Status.SATISFIED, Status.SUPPRESSED)
_BRACKETS = re.compile(r"\(([A-Z]\d+(?:, [A-Z]\d+)*)\)")
_UNSOURCED = "DEFAULT"
"""Marks, in a sentence of a profile, a value that no source gives."""


@dataclass(frozen=True, slots=True)
class Explained:
    """The full text about one entry, as Markdown, and the data it rests on; without an entry it is about the whole chart."""

    entry: PathwayResult | None
    text: str
    data: tuple[Evidence, ...]


def explain(decision: Decision, decision_id: str, library: Library, phrases: Phrases) -> tuple[Explained, ...]:
    """The explanation of a decision: each entry in its order, then what is to be said of the chart as a whole."""
    teller = _Teller(decision, decision_id, library, phrases)
    gate = library.policy.gate.pathway if library.policy.gate else ""
    of_entries = belonging(decision.entries, decision.verdicts, gate)
    told = [teller.entry(entry, verdicts) for entry, verdicts in zip(decision.entries, of_entries, strict=True)]
    chart = teller.chart()
    return (*told, *([chart] if chart.text else []))


def explanation_json(told: Iterable[Explained]) -> list[Json]:
    """The explanation as ``decide`` prints it: ``[{pathway, lesion?, text, data}]``; the last may be of the whole chart."""
    return [
        lean(
            {
                "pathway": one.entry.id if one.entry is not None else None,
                "lesion": lesion_json(one.entry.lesion) if one.entry is not None else None,
                "text": one.text,
            }
        )
        | {"data": [evidence_json(e) for e in one.data]}
        for one in told
    ]


class _Teller:
    def __init__(self, decision: Decision, decision_id: str, library: Library, phrases: Phrases) -> None:
        self._decision, self._id, self._library, self._say = decision, decision_id, library, phrases

    def entry(self, entry: PathwayResult, verdicts: Sequence[Verdict]) -> Explained:
        """All that is to be said of one entry."""
        shown = [v for v in verdicts if v.status.shown]
        recommended = [v for v in shown if v.status is Status.RECOMMENDED]
        head = dict.fromkeys((*self._decision.head, *entry.notes))
        blocks = [about(entry, self._say), *([bullets(map(render, head))] if head else [])]
        blocks += [self._option(v, head) for v in recommended]
        blocked = (v for v in shown if v.status is Status.BLOCKED)
        blocks += self._section("title-blocked", (self._open(v, head, v.missing) for v in blocked))
        blocks += self._section("title-needs-data", self._asking(shown, head))
        blocks += self._section("title-not-found", map(render, self._not_found(shown)))
        blocks += self._section("title-quiet", (self._quiet(v) for v in verdicts if v.status in _QUIET))
        blocks += self._section("title-claims", self._claims(shown))
        sources = [*map(self._source, cited(shown, self._library)), *self._frameworks(shown)]
        blocks += self._section("title-sources", sources)
        data = self._used(shown)
        blocks += self._section("title-used", map(self._evidence, data))
        blocks += self._section("title-rejected", self._rejected(shown))
        blocks += self._section("title-defaults", self._defaults(shown))
        blocks += self._section("title-about", self._about(draft=entry.draft, urgent=True))
        return Explained(entry, "\n\n".join(blocks), tuple(data))

    def chart(self) -> Explained:
        """What is to be said once: doubts, the record itself, what was not read, not used and not recognised, and the count."""
        decision = self._decision
        blocks = [block for notice in decision.notices for block in self._notice(notice)]
        lines = [self._text(f"record-{name}") for name in decision.warnings]
        blocks += [bullets(lines)] if lines else []
        if decision.unread:
            blocks += [self._text("incomplete"), bullets(map(self._unread, decision.unread))]
        rejected = [render(self._say.rejection(r)) for r in decision.rejections]
        if uncoded := decision.counts.get("uncoded"):
            rejected.append(self._text("count-uncoded", n=str(uncoded)))
        blocks += self._section("title-rejected", rejected)
        entries = decision.ledger.entries
        listed = (*entries, *decision.ledger.drugs)
        blocks += self._section("title-not-recognised", (render(self._say.entry(e)) for e in listed))
        named = decision.ledger.known
        blocks += self._section("title-known", (render(self._say.known_entry(one)) for one in named))
        if ways := decision.ledger.by_way():
            said = ", ".join(f"{self._say.word('way', way)} {number}" for way, number in ways.items())
            blocks.append(self._text("ledger", ways=said))
        if decision.notices and not decision.entries:
            blocks += self._section("title-about", self._about(draft=False, urgent=False))
        named_data = tuple(Evidence("", e.kind, (e.said,), e.day, e.reference) for e in (*entries, *named))
        evidence = tuple(e for notice in decision.notices for e in notice.evidence)
        return Explained(None, "\n\n".join(blocks), tuple(dict.fromkeys((*evidence, *named_data))))

    # ------------------------------------------------------------------ parts

    def _text(self, key: str, **fields: str | Said) -> str:
        return self._say.markdown(key, **fields)

    def _section(self, title: str, lines: Iterable[str]) -> list[str]:
        return section(self._text(title), lines)

    def _notice(self, notice: Noticed) -> list[str]:
        lines = [notice.headline, *notice.lines, *self._say.missing(notice.missing)]
        told = [f"**{render((notice.title,))}**\n\n{bullets(map(render, lines))}"]
        return [*told, *self._section("title-used", map(self._evidence, notice.evidence))]

    def _option(self, verdict: Verdict, head: Collection[Said]) -> str:
        lines = [self._text("why", reason=one) for one in verdict.because]
        lines += [self._text("caution", text=one) for one in verdict.cautions]
        lines += [render(line) for line in verdict.lines if line not in head]
        lines += [self._text("alternatives", text=one) for one in verdict.alternatives]
        lines += [self._text("framework", id=b.framework, grade=b.grade, text=b.said) for b in verdict.beside]
        title = self._text("option", title=verdict.title, id=verdict.id)
        return "\n\n".join([f"**{title}**", *([bullets(dict.fromkeys(lines))] if lines else [])])

    def _open(self, verdict: Verdict, head: Collection[Said], missing: Sequence[Missing]) -> str:
        said = list(verdict.because) if verdict.status is Status.BLOCKED else []
        if verdict.status is Status.NEEDS_DATA or not said:
            waits = (self._say.say("waiting-only"),) if verdict.missing else verdict.because
            said += self._say.missing(missing) or waits
        return self._item(verdict, [*said, *verdict.cautions, *(x for x in verdict.lines if x not in head)])

    def _item(self, verdict: Verdict, said: Iterable[Said]) -> str:
        unique = list(dict.fromkeys(said))
        reasons = joined([(*one, "" if plain(one).endswith((".", "…")) else ".") for one in unique], " ")
        return self._text("open-item", title=verdict.title, id=verdict.id, reasons=reasons)

    def _asking(self, shown: Iterable[Verdict], head: Collection[Said]) -> list[str]:
        asking = [v for v in shown if v.status is Status.NEEDS_DATA]
        waiting = gather(asking, self._say)
        open_ = [self._open(v, head, left) for v, left in zip(asking, waiting.left, strict=True)]
        return [*map(render, waiting.lines), *open_]

    def _quiet(self, verdict: Verdict) -> str:
        """Why something is not shown: it is done, or something hides it."""
        said = self._say.say(f"quiet-{verdict.status.value}")
        return self._item(verdict, [said, *verdict.because])

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

    def _used(self, verdicts: Iterable[Verdict]) -> list[Evidence]:
        found = {(e.label, e.reference, e.value): e for v in verdicts for s in v.steps for e in s.evidence}
        return sorted(found.values(), key=lambda e: (e.label, e.date, e.reference))

    def _not_found(self, verdicts: Sequence[Verdict]) -> list[Said]:
        asked = [m for v in verdicts for s in v.steps for m in s.missing if m.reason in _ASKED]
        asked += [m for v in verdicts for m in v.missing if m.reason in _ASKED]
        return self._say.missing({(m.item, m.reason): m for m in asked}.values())

    def _rejected(self, verdicts: Iterable[Verdict]) -> list[str]:
        steps = [s for v in verdicts for s in v.steps]
        needs = {e.need for s in steps for e in s.evidence} | {m.need for s in steps for m in s.missing}
        return [render(self._say.rejection(r)) for r in self._decision.rejections if r.need in needs]

    def _unread(self, unread: Unread) -> str:
        why = self._say.word("unread", unread.detail or unread.reason.value)
        return self._text("incomplete-item", resource=unread.resource, field=unread.key, why=why)

    def _claims(self, verdicts: Iterable[Verdict]) -> list[str]:
        """Each recommended step with the statements that it rests on, in their own words of strength."""
        return [
            self._text("claims-of", title=v.title, id=v.id, claims=_claims(self._library, v.claims, self._say))
            for v in verdicts
            if v.claims
        ]

    def _source(self, source: Source) -> str:
        said = self._say.say(
            "source",
            id=source.id,
            title=source.title,
            publisher=source.publisher,
            date=source.date or self._say.text("undated"),
            kind=self._say.word("kind", source.kind),
            certainty=self._say.word("certainty", source.certainty),
            label=self._source_label(source),
        )
        link = (" ", *self._say.say("source-link", url=source.url)) if source.url else ()
        return render((*said, *link))

    def _source_label(self, source: Source) -> str:
        """How much a source of that kind weighs: of ours none is a guideline, and the text says so (X30)."""
        key = f"label-{source.kind}"
        return self._say.text(key if key in self._say.keys else "label-other")

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

    def _defaults(self, verdicts: Iterable[Verdict]) -> list[str]:
        """The steps that rest on a value which no source gives; the value stands in the sentence."""
        resting = [v for v in verdicts if any(_UNSOURCED in plain(s) for s in _sentences(v))]
        if not resting:
            return []
        titles = joined([f"{v.title} ({v.id})" for v in resting], "; ")
        return [self._text("defaults", titles=titles)]

    def _about(self, *, draft: bool, urgent: bool) -> list[str]:
        lines = [
            self._text(key)
            for key in (*(["draft"] if draft else []), *(["urgency-ours"] if urgent else []), "intended")
        ]
        at = self._decision.at.isoformat(timespec="minutes")
        lines.append(self._text("footer", decision=self._id, library=self._decision.library[:12], at=at))
        return lines


def about(entry: PathwayResult, phrases: Phrases) -> str:
    """The sentence that names pathway, lesion and state; a lesion whose kind the title names adds its levels only."""
    title, state, lesion = entry.title, phrases.word("state", entry.state), entry.lesion
    if lesion is None:
        where = phrases.markdown("head", title=title, state=state)
    elif lesion.title.lower() in title.lower():
        where = phrases.markdown("head", title=phrases.lesion(replace(lesion, title=title)), state=state)
    else:
        where = phrases.markdown("head-lesion", title=title, lesion=phrases.lesion(lesion), state=state)
    return where if entry.certain else f"{where} {phrases.markdown('head-uncertain')}"


def cited(verdicts: Iterable[Verdict], library: Library) -> list[Source]:
    """The documents that these verdicts and their sentences rest on, in the order of first mention."""
    names = dict.fromkeys(claim.source for v in verdicts if v.status.shown for claim in _cited(v, library))
    return [library.sources[n] for n in names if n in library.sources]


def _cited(verdict: Verdict, library: Library) -> list[Claim]:
    """The claims of a verdict, then those that its sentences name in brackets: ``(T4, T35)``."""
    said = " ".join(map(plain, (*verdict.lines, *verdict.alternatives)))
    named = (one for brackets in _BRACKETS.findall(said) for one in brackets.split(", "))
    return [library.claims[c] for c in (*verdict.claims, *named) if c in library.claims]


def _sentences(verdict: Verdict) -> Iterable[Said]:
    return (*verdict.because, *verdict.cautions, *verdict.lines, *verdict.alternatives)


@once
def _claims(library: Library, claims: tuple[str, ...], phrases: Phrases) -> Said:
    """The statements that a step rests on: the same in each chart, so they are put in words once."""
    return joined([_claim(one, library, phrases) for one in claims])


def _claim(claim_id: str, library: Library, phrases: Phrases) -> Said:
    claim = library.claims.get(claim_id)
    if claim is None or not claim.strength:
        return phrases.say("claim", id=claim_id)
    return phrases.say("claim-strength", id=claim_id, strength=claim.strength)
