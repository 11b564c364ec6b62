"""``words.yaml``: the words that raise a doubt, by language; and the words that a site adds of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, RootModel

from fhirpath_spine.authoring.source.fields import Form, OneOrMany, Short, Whole, one_of, pattern
from fhirpath_spine.authoring.source.nodes import Scalar
from fhirpath_spine.pathway.facts.text import NUMBER, Token, matches, parts_of
from fhirpath_spine.pathway.facts.words import Lists, Stop, Word

if TYPE_CHECKING:
    from fhirpath_spine.authoring.source.report import Report
_LETTERS = r"[^\W_]+(?:['’/-][^\W_]+)*"
_PART = rf"(?:\*{_LETTERS}|{_LETTERS}\*?)"
Phrase = Annotated[
    Scalar,
    *pattern(
        rf"{_PART}(?: (?:\.\. )?(?:{_PART}|#))*", "a word or phrase, with * at one end of a word, # for a number or .."
    ),
]
OneWord = Annotated[Scalar, *pattern(rf"{_PART}|#", "one word, or # for a number")]
PlainWord = Annotated[Scalar, *pattern(_LETTERS, "one whole word")]
Beside = Annotated[tuple[OneWord, ...], OneOrMany()]
KINDS = ("strong", "weak", "spinal", "deficit")


class WordForm(Short):
    """A word, or one that does not count directly after or before others."""

    say: Phrase
    not_after: Beside = Field(default=(), alias="notAfter")
    not_before: Beside = Field(default=(), alias="notBefore")


class StopForm(Form):
    """Phrases that cancel words, and which."""

    say: Annotated[tuple[Phrase, ...], OneOrMany()]
    governs: Annotated[Scalar, *one_of("following", "preceding", "both", "itself")]
    to: Annotated[Scalar, *one_of("clause", "sentence")] | None = None
    within: Whole | None = None
    over: Beside = ()
    unless: Beside = ()
    of: Annotated[tuple[Annotated[Scalar, *one_of(*KINDS)], ...], OneOrMany()] = ()


class OwnWordsForm(Form):
    """What a site adds: words that raise a doubt. It adds no stop, which would only silence."""

    strong: tuple[WordForm, ...] = ()
    weak: tuple[WordForm, ...] = ()
    spinal: tuple[WordForm, ...] = ()
    deficit: tuple[WordForm, ...] = ()


class LanguageForm(OwnWordsForm):
    """The lists of one language."""

    stops: tuple[StopForm, ...] = ()
    breaks: tuple[PlainWord, ...] = ()
    patient: tuple[PlainWord, ...] = ()
    abbreviations: tuple[PlainWord, ...] = ()


Language = Annotated[Scalar, *pattern("[a-z]{2}", "a language of two letters")]


class WordsForm(RootModel[dict[Language, LanguageForm]]):
    """``words.yaml``."""


def build_words(form: WordsForm, report: Report) -> dict[str, Lists]:
    """The lists by language. Reports what stands twice (SP204), and what has no effect (SP341)."""
    for lists in form.root.values():
        check_words(lists, report)
        _check_stops(lists, report)
    return {str(language): own_words(lists, lists) for language, lists in form.root.items()}


def own_words(form: OwnWordsForm, language: LanguageForm | None = None) -> Lists:
    """The lists that a form holds."""
    strong, weak, spinal, deficit = (tuple(map(_word, getattr(form, kind))) for kind in KINDS)
    if language is None:
        return Lists(strong, weak, deficit, spinal=spinal)
    return Lists(
        strong,
        weak,
        deficit,
        spinal=spinal,
        stops=tuple(one for stop in language.stops for one in _stops(stop)),
        breaks=_texts(language.breaks),
        patient=_texts(language.patient),
        abbreviations=_texts(language.abbreviations),
    )


def _word(form: WordForm) -> Word:
    return Word(str(form.say), _texts(form.not_after), _texts(form.not_before))


def _stops(form: StopForm) -> Iterator[Stop]:
    for say in form.say:
        yield Stop(
            str(say),
            str(form.governs),
            sentence=form.to == "sentence",
            within=form.within,
            over=_texts(form.over),
            unless=_texts(form.unless),
            kinds=frozenset(_texts(form.of)) or frozenset(KINDS),
        )


def _texts(words: tuple[Scalar, ...]) -> tuple[str, ...]:
    return tuple(map(str, words))


def check_words(lists: OwnWordsForm, report: Report) -> None:
    """A word stands in one list, once, and no beginning or end of the same list holds it already."""
    seen: dict[tuple[str, ...], Scalar] = {}
    for kind in KINDS:
        words: tuple[WordForm, ...] = getattr(lists, kind)
        for word in words:
            parts = parts_of(word.say)
            if parts in seen:
                message = f"'{word.say}' stands in line {seen[parts].span.line} too"
                report.add("SP204", message, word.say.span, "A word is strong, weak, spinal or a deficit, once.")
            seen[parts] = word.say
        free = [word.say for word in words if not (word.not_after or word.not_before)]
        stems = {parts[0]: say for say in free if len(parts := parts_of(say)) == 1 and "*" in parts[0]}
        for say in free:
            for stem, by in stems.items():
                if by is not say and len(parts := parts_of(say)) == 1 and _covers(stem, parts[0]):
                    report.add("SP341", f"'{by}' holds '{say}' already", say.span, "Remove one of them.")


def _covers(stem: str, word: str) -> bool:
    if "*" in word and stem.startswith("*") != word.startswith("*"):
        return False
    return matches(stem, _token(word.strip("*")))


def _check_stops(lists: LanguageForm, report: Report) -> None:
    """What cancels itself holds a word of a list it acts on; bounds stand where they are read; no phrase stands twice."""
    seen: dict[tuple[str, ...], Scalar] = {}
    for stop in lists.stops:
        kinds = _texts(stop.of) or KINDS
        heard = [parts_of(word.say) for kind in kinds for word in getattr(lists, kind)]
        for say in stop.say:
            parts = parts_of(say)
            if parts in seen and stop.governs != "itself":
                report.add(
                    "SP204", f"'{say}' stands in line {seen[parts].span.line} too", say.span, "Keep one of them."
                )
            seen.setdefault(parts, say)
            if stop.governs == "itself" and not any(_holds(parts, word) for word in heard):
                hint = "A phrase that governs itself holds a word of the lists."
                report.add("SP341", f"'{say}' holds no word that it could cancel", say.span, hint)
        misplaced = {
            "within": stop.within is not None and stop.governs != "following",
            "to": stop.to is not None and stop.governs != "following",
            "over": bool(stop.over) and stop.governs not in ("preceding", "both"),
        }
        for key in (key for key, wrong in misplaced.items() if wrong):
            message = f"{key}: has no effect on a stop that governs what is {stop.governs}"
            report.add("SP341", message, stop.governs.span, "Remove it, or change governs:.")


def _holds(parts: tuple[str, ...], word: tuple[str, ...]) -> bool:
    """Whether a phrase holds the words of a list's entry, one after the other."""
    starts = range(len(parts) - len(word) + 1)
    return any(
        all(w == p or matches(w, _token(p.strip("*"))) for w, p in zip(word, parts[at:], strict=False)) for at in starts
    )


def _token(word: str) -> Token:
    return Token(word, 0, 0, 0, word == NUMBER)
