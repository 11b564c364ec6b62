"""The ``detail`` of a card, read in half a minute: what to do, what stands against it, what is missing, how weak the basis is.

Markdown that reads as plain text and in a narrow column. What does not fit stands in the explanation. It is long because the
parts of a card share what was said already: a fact stands once.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from fhirpath_spine.exchange.outgoing.dates import dated, day
from fhirpath_spine.exchange.outgoing.explanation import cited
from fhirpath_spine.exchange.outgoing.facts import fact, mild, sentence, several, told
from fhirpath_spine.exchange.outgoing.markdown import bullets, clean, plain, render
from fhirpath_spine.exchange.outgoing.phrases import Phrases, joined
from fhirpath_spine.pathway.decision import (
    CardKind,
    Decision,
    Evidence,
    Missing,
    PathwayResult,
    PlannedCard,
    Status,
    Verdict,
)
from fhirpath_spine.pathway.judging.weight import heaviest_first
from fhirpath_spine.pathway.model import Library
from fhirpath_spine.pathway.sentences import Charted, Said
from fhirpath_spine.pathway.truth import Reason

LIMIT, WANTED = 1_500, 1_000
"""Characters of a detail: never more than the first; up to the second, facts are told at length."""
ROOM = (150, 100, 60, 40)
"""Characters of the facts behind one step, tried one after the other until the whole is as long as wanted."""
STEPS, AGAINST, ITEMS, NOTES, ALSO = 5, 3, 5, 2, 5
"""Most lines of steps and of what stands against; most names of what is missing, notes, and further steps by name."""
_ASKED = (
    Reason.NOT_RECORDED,
    Reason.STALE,
    Reason.BOUNDED,
    Reason.UNVERIFIED,
    Reason.NOT_CONFIGURED,
    Reason.NOT_OFFERED,
)
_UNREAD = (Reason.UNREAD, Reason.LIMIT)
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


class Writer:
    """Writes the details of one decision's cards."""

    def __init__(self, decision: Decision, library: Library, phrases: Phrases) -> None:
        self._decision, self._library, self._say = decision, library, phrases
        self._today = decision.at.date()
        # A card is written with less and less room until it is short enough.
        self._candidates: dict[int, list[tuple[Said, str, set[str]]]] = {}
        self._ranks: dict[tuple[int, ...], list[Verdict]] = {}

    def write(self, card: PlannedCard, *, first: bool, filed: Mapping[int, Said] = MappingProxyType({})) -> str:
        """The detail of one card. The first one also says what of the whole chart was not understood. ``filed`` is what is said
        of a plan on file, by the identity of its entry.
        """
        # What the room does not change is written once.
        text, basis, misread = "", self.basis(card), self.misread(_needs_of(card), whole=first)
        mine = [(entry, filed[id(entry)]) for entry in card.plans if id(entry) in filed]
        for room in ROOM:
            text = _Page(self, card, first=first, room=room, basis=basis, misread=misread).text(mine)
            if len(text) <= WANTED:
                return text
        return text if len(text) <= LIMIT else self._cut(text)

    def _cut(self, text: str) -> str:
        """Whole lines up to the limit, and a line that says where the rest stands."""
        more = self._say.markdown("cut")
        kept: list[str] = []
        for line in text.splitlines():
            if len("\n".join([*kept, line, "", more])) > LIMIT:
                break
            kept.append(line)
        return "\n".join([*kept, "", more]).strip()

    # ------------------------------------------------------------------ what the parts of a page need

    @property
    def decision(self) -> Decision:
        """The decision that is told."""
        return self._decision

    def ranked(self, verdicts: Iterable[Verdict]) -> list[Verdict]:
        """The verdicts, the weightiest first."""
        listed = list(verdicts)
        key = tuple(map(id, listed))
        if key not in self._ranks:
            self._ranks[key] = heaviest_first(listed, self._library.policy)
        return self._ranks[key]

    def text(self, key: str, **fields: str | Said) -> str:
        """A sentence of the phrase book as Markdown."""
        return self._say.markdown(key, **fields)

    def told(self, said: Said) -> Said:
        """A sentence of a profile as a card says it."""
        return told(said, self._today, self._say)

    def fact(self, evidence: Evidence) -> Said:
        """A datum in the words of a clinician."""
        return fact(evidence, self._today, self._say)

    def facts(self, verdict: Verdict, used: set[str], room: int) -> Said:
        """What decides a step: cautions, what is said of this patient, the data; each once on a card, within the room. What is
        said first of an order or for safety is never too long: the names in it are the EHR's, and it would be silence.
        """
        kept: list[Said] = []
        length, held = 0, bool(verdict.safety or verdict.orders)
        for said, words, signs in self._told_of(verdict):
            if not signs & used and (length + len(words) <= room or (held and not kept)):
                used |= signs
                kept.append(said)
                length += len(plain(said)) + 2
        return several(kept)

    def _told_of(self, verdict: Verdict) -> list[tuple[Said, str, set[str]]]:
        """What could be told of a step, each with its words and with what tells it from others."""
        if (known := self._candidates.get(id(verdict))) is not None:
            return known
        candidates = [self.told(one) for one in (*verdict.cautions, *verdict.told)]
        own = {self._library.lesions.conditions}
        of_lesion = set(verdict.lesion.conditions) if verdict.lesion else set()
        evidence = {e.reference or e.label: e for s in verdict.steps if s.role == "when" for e in s.evidence}
        candidates += [self.fact(e) for e in evidence.values() if e.need not in own and e.reference not in of_lesion]
        worded = [(said, plain(sentence(said))) for said in candidates]
        found = [(said, words, {words, *_values(words)}) for said, words in worded if words]
        self._candidates[id(verdict)] = found
        return found

    def is_option(self, verdict: Verdict) -> bool:
        """Whether a patient chooses between it and others."""
        return verdict.kind in self._library.policy.lead

    def name(self, entry: PathwayResult) -> str:
        """What an entry is called on a card: its lesion, or the pathway where it has none."""
        return entry.lesion.called or self._say.lesion(entry.lesion) if entry.lesion is not None else entry.title

    def gap(self, item: Missing) -> Said:
        """The name of a datum that is missing, with the day of an old one."""
        name = mild(item.item)
        return (
            self._say.say("gap-old", item=name, date=day(item.date, self._today, self._say)) if item.date else (name,)
        )

    def conflict(self, item: Missing) -> Said:
        """Statements that contradict each other, with their days and authors."""
        values = []
        for one in item.alternatives:
            value = fact(one, self._today, self._say, dates=False)
            who = ", ".join(x for x in (day(one.date, self._today, self._say), clean(one.author)) if x)
            values.append(self._say.say("dated", text=value, date=(Charted(who),)) if who else value)
        return self._say.say("conflict", item=self._say.word("statement", item.need), values=joined(values, "; "))

    def unread(self) -> list[str]:
        """What could not be read, by why: parts of the chart in words."""
        parts: dict[str, list[str]] = {}
        for one in self._decision.unread:
            why = self._say.word("unread", one.detail or one.reason.value)
            parts.setdefault(why, []).append(self._say.word("part", one.key))
        return [
            self.text("not-read-part", parts=", ".join(dict.fromkeys(names)), why=why) for why, names in parts.items()
        ]

    def misread(self, needs: set[str], *, whole: bool) -> list[str]:
        """What was seen and not understood: counted, and named where this card reads it."""
        lines = []
        entries = self._decision.ledger.entries if whole else []
        if entries:
            doubt = any(e.doubt in ("strong", "weak", "spinal") for e in entries)
            key = ("not-recognised-one" if len(entries) == 1 else "not-recognised") + ("-doubt" if doubt else "")
            lines.append(self.text(key, n=str(len(entries))))
        for one in self._decision.rejections:
            if whole or one.need in needs:
                called = f"called-{one.need}"
                named = replace(one, label=self._say.text(called)) if called in self._say.keys else one
                lines.append(render(dated(self._say.rejection(named), self._today, self._say)))
        return list(dict.fromkeys(lines))[:AGAINST]

    def basis(self, card: PlannedCard) -> str:
        """Of which kind the sources are, how sure, and whether this site has approved them."""
        sources = cited(card.verdicts, self._library)
        said = []
        if sources:
            numbers = self._say.text("numbers").split()
            kinds = Counter(s.kind for s in sources)
            named = []
            for kind, n in kinds.items():
                number = numbers[n - 1] if n <= len(numbers) else str(n)
                named.append(f"{number} {self._say.word('basis-one' if n == 1 else 'basis-many', kind)}")
            sure = " / ".join(dict.fromkeys(self._say.word("certainty", s.certainty) for s in sources))
            listed = f" {self._say.text('and')} ".join([", ".join(named[:-1]), named[-1]] if named[1:] else named)
            said.append(self.text("basis", sources=listed, certainty=sure))
        if any(e.draft for e in card.entries):
            said.append(self.text("basis-draft"))
        return " ".join(said)


class _Page:
    """One card with so much room for facts."""

    def __init__(  # what the room does not change comes written
        self, writer: Writer, card: PlannedCard, *, first: bool, room: int, basis: str, misread: Sequence[str]
    ) -> None:
        self._w, self._card, self._first, self._room = writer, card, first, room
        self._basis, self._misread = basis, misread
        self._used: set[str] = set()

    def text(self, filed: Sequence[tuple[PathwayResult, Said]] = ()) -> str:
        card = self._card
        if card.kind is CardKind.INCOMPLETE:
            return self._joined([self._w.text("incomplete"), bullets(self._w.unread()), self._record()])
        if card.notice is not None:
            return self._joined([self._doubt(), self._record(), self._missing()])
        plans = (line(self._w.name(e), (mild(p[0]), *p[1:])) if filed[1:] else render(p) for e, p in filed)
        # Sentences stand between the lists: two lists after one another would be one to a reader of Markdown.
        told = [self._do(), " ".join((*self._notes(), *plans)), self._against(), self._missing(), self._basis]
        return self._joined(told)

    @staticmethod
    def _joined(blocks: Iterable[str]) -> str:
        return "\n\n".join(block for block in blocks if block)

    # ------------------------------------------------------------------ do

    def _do(self) -> str:
        card = self._card
        recommended = self._w.ranked(v for v in card.verdicts if v.status is Status.RECOMMENDED)
        others = card.entries[1:]
        mine = [v for v in recommended if self._home(v) not in others]
        room = max(2, STEPS - min(len(others), AGAINST))
        # Steps of one name, such as the opinion of one specialist, are one line.
        steps: dict[str, list[Verdict]] = {}
        for one in mine:
            steps.setdefault(one.step or one.title, []).append(one)
        lines = [self._step(name, verdicts) for name, verdicts in list(steps.items())[:room]]
        # What was done already is said of an order alone: nobody orders it who knows.
        done = [v for v in card.verdicts if v.orders and v.status is Status.SATISFIED][:STEPS]
        lines += [line(v.title, several([t for one in v.because if (t := self._w.told(one))])) for v in done]
        for entry in others[:AGAINST]:
            named = dict.fromkeys(v.step or v.title for v in recommended if self._home(v) is entry)
            if named:
                lines.append(line(self._w.name(entry), ("; ".join(list(named)[:AGAINST]),)))
        if rest := [*steps][room:]:
            lines.append(self._w.text("also", steps="; ".join(rest[:ALSO])))
        alternatives = next((v.alternatives for v in mine if v.alternatives and self._w.is_option(v)), ())
        if alternatives and (said := [a for one in alternatives if (a := self._w.told(one))]):
            lines.append(self._w.text("instead", text=joined([sentence(s) for s in said], "; ")))
        return bullets(lines)

    def _home(self, verdict: Verdict) -> PathwayResult | None:
        key = verdict.lesion.key if verdict.lesion else None
        return next(
            (e for e in self._card.entries if e.id == verdict.pathway and (e.lesion.key if e.lesion else None) == key),
            None,
        )

    def _step(self, name: str, verdicts: Sequence[Verdict]) -> str:
        facts: list[Said] = []
        for one in verdicts:
            left = self._room - sum(len(plain(f)) for f in facts)
            if said := self._w.facts(one, self._used, left):
                facts.append(said)
        return line(name, joined(facts, "; "))

    # ------------------------------------------------------------------ notes, against, missing

    def _record(self) -> str:
        return bullets(self._w.text(f"record-{name}") for name in self._w.decision.warnings) if self._first else ""

    def _notes(self) -> list[str]:
        """What holds for all of it: what a hold says, then what the pathway says of this patient."""
        card = self._card
        lines = [self._w.text(f"record-{name}") for name in self._w.decision.warnings] if self._first else []
        question = [] if any(v.status is Status.RECOMMENDED for v in card.verdicts) else card.notes[:1]
        notes = [n for n in card.notes if n not in question]
        said = [t for one in (*self._w.decision.head, *notes) if (t := self._w.told(one))]
        unsaid = [t for t in said if plain(sentence(t)) not in self._used]
        self._used.update(plain(sentence(t)) for t in unsaid)
        lines += [render(t) for t in unsaid[: NOTES + len(self._w.decision.head)]]
        if any(not e.certain for e in card.entries):
            lines.append(self._w.text("head-uncertain"))
        return [one if one.endswith((".", "?", "!")) else f"{one}." for one in dict.fromkeys(lines)]

    def _doubt(self) -> str:
        notice = self._card.notice
        if notice is None:
            return ""
        lines = [render(t) for one in notice.lines if (t := self._w.told(one))]
        facts = several([self._w.fact(e) for e in notice.evidence[:AGAINST]])
        return bullets([*lines, *([render(facts)] if facts else [])])

    def _against(self) -> str:
        blocked = self._w.ranked(v for v in self._card.verdicts if v.status is Status.BLOCKED)
        contested = {m.item: m for v in blocked for m in v.missing if m.reason is Reason.CONFLICT}
        lines = [line(self._w.text("contradict"), self._w.conflict(m)) for m in contested.values()]
        plainly = [v for v in blocked if not any(m.reason is Reason.CONFLICT for m in v.missing)]
        waiting = [v.step or v.title for v in blocked if v not in plainly][:AGAINST]
        if waiting:
            lines.append(self._w.text("waits-for-it", steps="; ".join(map(mild, dict.fromkeys(waiting)))))
        room = AGAINST - len(lines)
        named = plainly[:room] if len(plainly) <= room else plainly[: max(0, room - 1)]
        lines += [self._held(v) for v in named]
        if rest := [v.step or v.title for v in plainly if v not in named]:
            lines.append(self._w.text("also-against", steps="; ".join(dict.fromkeys(rest))))
        return self._titled("against", lines)

    def _held(self, verdict: Verdict) -> str:
        reasons: list[Said] = []
        for one in (self._w.told(b) for b in verdict.because):
            words = plain(sentence(one))
            if words and sum(len(plain(r)) for r in reasons) + len(words) <= max(self._room, max(ROOM[1:])):
                reasons.append(one)
        return line(verdict.step or verdict.title, several(reasons))

    def _titled(self, key: str, lines: Sequence[str]) -> str:
        return f"{self._w.text(key)}\n\n{bullets(lines)}" if lines else ""

    def _missing(self) -> str:
        """What would change something and is not there; what could not be read; what was seen and not understood."""
        card = self._card
        asked = self._w.ranked(v for v in card.verdicts if v.status is not Status.BLOCKED or not v.because)
        open_ = [m for v in asked for m in v.missing]
        if card.notice is not None:
            open_ = list(card.notice.missing)
        lines = []
        # What a note says already is not listed again: "SINS not recorded ...".
        noted = " ".join(self._used)
        if gaps := self._named(m for m in open_ if m.reason in _ASKED and m.item.split(" (")[0] not in noted):
            lines.append(self._w.text("gaps", items=gaps))
        if gaps := self._named(m for m in open_ if m.reason is Reason.NOT_OFFERED):
            lines.append(self._w.text("missing-not-offered", items=gaps))
        if unread := self._named(m for m in open_ if m.reason in _UNREAD):
            lines.append(self._w.text("gaps-unread", items=unread))
        lines += self._misread
        return self._titled("missing", lines)

    def _named(self, missing: Iterable[Missing]) -> Said:
        return joined([self._w.gap(m) for m in {m.item: m for m in missing}.values()][:ITEMS])


def _needs_of(card: PlannedCard) -> set[str]:
    """What a card reads: the needs behind its steps and behind what it lacks."""
    steps = [s for v in card.verdicts for s in v.steps]
    lacking = card.notice.missing if card.notice is not None else ()
    return (
        {e.need for s in steps for e in s.evidence}
        | {m.need for s in steps for m in s.missing}
        | {m.need for m in lacking}
    )


def _values(words: str) -> set[str]:
    """What tells one datum that is said in two ways: its numbers, value and day, where there are as many."""
    numbers = _NUMBER.findall(words)
    return {" ".join(sorted(numbers))} if len(numbers) > 1 else set()


def line(step: str, facts: Said) -> str:
    """A step and what decides it, as one line of a list."""
    return f"**{render((step,))}**: {render(facts)}" if facts else f"**{render((step,))}**"
