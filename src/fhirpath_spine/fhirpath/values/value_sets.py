"""Value sets: named sets of (system, code), some systems matched by prefix."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from fhirpath_spine.fhirpath.values.items import Node

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
# A code asked for once is asked for again; codes come from charts, so the memory is bounded.
_REMEMBERED, _LONGEST = 4096, 64


class ValueSet:
    """A named set of codes.

    ``members`` are (system, code) pairs, matched exactly. ``prefixes`` names, for a system such as ICD-10-CM, codes
    that stand for all codes below them, matched without regard to case and dots. A prefix with ``?`` in it is a shape: a
    code of that length, any sign at each ``?``.
    """

    def __init__(
        self, name: str, members: Iterable[tuple[str, str]], prefixes: Mapping[str, Iterable[str]] | None = None
    ) -> None:
        self.name = name
        self.members: frozenset[tuple[str, str]] = frozenset(members)
        self.prefixes: dict[str, tuple[str, ...]] = {s: tuple(p) for s, p in (prefixes or {}).items()}
        self._plain = {s: tuple(_plain(p) for p in found if "?" not in p) for s, found in self.prefixes.items()}
        self._shapes = {s: tuple(_plain(p) for p in found if "?" in p) for s, found in self.prefixes.items()}
        self._answers: dict[tuple[str | None, str | None], bool] = {}

    def __repr__(self) -> str:
        return f"ValueSet({self.name!r}, {len(self.members)} members)"

    def contains(self, system: str | None, code: str | None) -> bool:
        """Whether the pair is in the set."""
        pair = (system, code)
        if pair in self.members:
            return True
        if system not in self._plain or code is None:
            return False
        answer = self._answers.get(pair)
        if answer is None:
            plain = _plain(code)
            answer = plain.startswith(self._plain[system]) or any(_fits(plain, s) for s in self._shapes[system])
            if len(code) <= _LONGEST:
                if len(self._answers) >= _REMEMBERED:
                    self._answers.clear()
                self._answers[pair] = answer
        return answer

    @cached_property
    def codes(self) -> frozenset[str]:
        """All codes, whatever their system: what a bare ``code`` is held against."""
        return frozenset(code for _, code in self.members)

    def judge(self, value: Any) -> bool | None:
        """Whether a Coding, a CodeableConcept or a code is in the set; None if it holds no code."""
        if isinstance(value, str):
            return value in self.codes
        if not isinstance(value, dict):
            return None
        answer: bool | None = None
        codings = value.get("coding") if "coding" in value else (value,)
        for coding in codings or ():
            if not isinstance(coding, dict):
                continue
            code = coding.get("code")
            if code is None:
                continue
            if self.contains(coding.get("system"), code):
                return True
            answer = False
        return answer

    def judge_all(self, values: Iterable[Any]) -> bool | None:
        """True if any value is in the set; None if none holds a code; else False."""
        answer: bool | None = None
        for value in values:
            found = self.judge(value.value if type(value) is Node else value)
            if found:
                return True
            if found is False:
                answer = False
        return answer


def _plain(code: str) -> str:
    return code.replace(".", "").upper()


def _fits(code: str, shape: str) -> bool:
    return len(code) == len(shape) and all(sign in ("?", own) for own, sign in zip(code, shape, strict=True))
