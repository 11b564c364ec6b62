"""Free text as words: folded (case, accents), cut at punctuation once, and searched for many phrases together.

A phrase is words as they are said; ``*`` opens a word at one end, ``#`` is a number, ``..`` up to :data:`GAP` words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

GAP = 2
"""Words that may stand where a phrase has ``..``."""
NUMBER, ANY = "#", ".."


def fold(text: str) -> str:
    """Text without case, accents and invisible signs; ligatures are two letters."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text.translate(_LIGATURES))
    return "".join(c for c in plain if unicodedata.category(c) not in ("Mn", "Cf")).casefold()


_LIGATURES = str.maketrans({"æ": "ae", "Æ": "ae", "œ": "oe", "Œ": "oe", "ø": "o", "Ø": "o", "ł": "l", "Ł": "l"})
_PIECE = re.compile(
    r"(?P<word>[^\W\d_](?:[^\W_]|['’ʼ](?=[^\W\d_]))*)"
    r"|(?P<number>\d+(?:[.,]\d+)*)"
    r"|(?P<sentence>[;.!\n\r\v\f\x85\u2028\u2029|•])"
    r"|(?P<clause>[,(){}\[\]&—]|(?<=\s)[-–](?=\s))"
)
_APOSTROPHES = str.maketrans("", "", "'’ʼ")


class Token(NamedTuple):
    """A word of a text: no punctuation stands between words of one ``run``; a clause lies in one sentence."""

    text: str
    run: int
    clause: int
    sentence: int
    number: bool = False


def tokens(
    text: str,
    breaks: frozenset[str] = frozenset(),
    patient: frozenset[str] = frozenset(),
    abbreviations: frozenset[str] = frozenset(),
) -> list[Token]:
    """The words of folded text in order."""
    found: list[Token] = []
    run = clause = sentence = end = 0
    for match in _PIECE.finditer(text):
        kind, word = match.lastgroup, match[0]
        if kind == "sentence" and word == "." and found and found[-1].text in abbreviations:
            continue
        if kind in ("sentence", "clause"):
            run, clause = run + 1, clause + 1
            sentence += kind == "sentence"
            continue
        word = word.translate(_APOSTROPHES)
        if word in breaks or word in patient:
            clause, sentence = clause + 1, sentence + (word in patient)
        number = kind == "number"
        if number and match.start() == end + 1 and found and not found[-1].number and text[end] in "-/‐‑–":
            number = False  # the second half of C2-3 counts no metastases
        found.append(Token(word, run, clause, sentence, number))
        end = match.end()
    return found


class Hit(NamedTuple):
    """Where a phrase stands: from the token ``start`` up to before ``end``."""

    start: int
    end: int
    entry: int


class Phrases:
    """Many phrases, looked for together: by whole word, by beginning, by end of their first word."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self._parts: list[tuple[str, ...]] = []
        self._whole: dict[str, list[int]] = {}
        self._open: dict[tuple[bool, int], dict[str, list[int]]] = {}
        for number, phrase in enumerate(phrases):
            parts = parts_of(phrase)
            self._parts.append(parts)
            first = parts[0] if parts else ""
            stem = first.strip("*")
            if first == stem:
                self._whole.setdefault(first, []).append(number)
            else:
                lead = first.endswith("*")
                self._open.setdefault((lead, len(stem)), {}).setdefault(stem, []).append(number)

    def at(self, text: Sequence[Token], start: int) -> Iterator[Hit]:
        """The phrases that begin with the word at ``start``."""
        for number in self._starting(text[start]):
            end = self._end(text, start, self._parts[number])
            if end:
                yield Hit(start, end, number)

    def _starting(self, token: Token) -> Iterator[int]:
        word = token.text
        yield from self._whole.get(word, ())
        for (lead, length), stems in self._open.items():
            if len(word) >= length:
                yield from stems.get(word[:length] if lead else word[-length:], ())

    @staticmethod
    def _end(text: Sequence[Token], start: int, parts: Sequence[str]) -> int:
        """Where the phrase ends, 0 if it does not stand here; words of a phrase have no punctuation between them."""
        at, run, skip = start + 1, text[start].run, 0
        for part in parts[1:]:
            if part == ANY:
                skip = GAP
                continue
            while at < len(text) and text[at].run == run and skip and not matches(part, text[at]):
                at, skip = at + 1, skip - 1
            if at >= len(text) or text[at].run != run or not matches(part, text[at]):
                return 0
            at, skip = at + 1, 0
        return at


@lru_cache(maxsize=8192)
def parts_of(phrase: str) -> tuple[str, ...]:
    """The folded words of a phrase, with its signs ``*``, ``#`` and ``..``."""
    found: list[str] = []
    for part in fold(phrase).split():
        found += [part] if part in (NUMBER, ANY) else re.findall(r"\*?[^\W_]+\*?", part.translate(_APOSTROPHES))
    return tuple(found)


def matches(part: str, token: Token) -> bool:
    """Whether one word of a phrase is this word of a text."""
    if part == NUMBER:
        return token.number
    if part.endswith("*"):
        return token.text.startswith(part[:-1])
    return token.text.endswith(part[1:]) if part.startswith("*") else token.text == part
