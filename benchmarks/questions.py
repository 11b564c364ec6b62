"""The 60 conditions asked as a profile asks them: a need for the data, a criterion over it.

Each text of the workload matches exactly one form below; its codes and numbers are taken from it, so that the two cannot
drift apart. A need reads as our service reads (a preliminary Observation is not used, the newest stands first), and a
comparison of quantities names its unit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.workload import CONSTANTS, EXPRESSIONS, VALUE_SETS, conds, gen

Members = frozenset[tuple[str, str]]

UNITS = {code: unit for code, _, unit, _, _ in gen.OBS if unit} | {
    # Codes that no chart of the workload holds, so that the question has no answer.
    "33914-3": "mL/min",
    "62238-1": "mL/min",
    "751-8": "10*3/uL",
    "89243-0": "{score}",
    "72514-3": "{score}",
}
GROUP = "laboratory"
"""The prefetch group that holds the Observations of the workload."""


@dataclass(slots=True)
class Set60:
    """Needs, value sets and criteria of the 60 questions, as they are gathered."""

    needs: dict[str, dict[str, Any]] = field(default_factory=dict)
    value_sets: dict[str, Members] = field(default_factory=dict)
    criteria: list[str] = field(default_factory=list)

    def codes(self, name: str, members: Members) -> str:
        """Declares a value set."""
        self.value_sets[name] = members
        return name

    def observation(self, code: str) -> str:
        """The need of one Observation code; without a unit its value is not read."""
        name = f"obs-{code}"
        need: dict[str, Any] = {
            "label": name,
            "group": GROUP,
            "Observation": {"code": self.codes(name, frozenset({(conds.LN, code)}))},
        }
        if code in UNITS:
            need["value"] = {"type": "quantity", "unit": UNITS[code]}
        self.needs[name] = need
        return name

    def condition(self, name: str, members: Members, status: str) -> str:
        """The need of active Conditions, or of all."""
        self.needs[name] = {"label": name, "Condition": {"code": self.codes(name, members), "clinicalStatus": status}}
        return name

    def procedure(self, name: str, code: str, status: Sequence[str]) -> str:
        """The need of Procedures of these statuses."""
        codes = self.codes(f"proc-{code}", frozenset({(conds.SCT, code)}))
        self.needs[name] = {"label": name, "Procedure": {"code": codes, "status": list(status)}}
        return name


def _active(out: Set60, system: str, *codes: str) -> str:
    return f"%{out.condition(f'active-any-{codes[0]}', frozenset((system, c) for c in codes), 'active')}.exists()"


def _above(out: Set60, code: str, value: str) -> str:
    return f"%{out.observation(code)}.some(status = 'final' and value > {value} '{UNITS[code]}')"


def _since(out: Set60, code: str, months: str) -> str:
    return f"%{out.observation(code)}.some(date >= today() - {months} months)"


def _done(out: Set60, code: str) -> str:
    return f"%{out.procedure(f'done-{code}', code, ['completed'])}.exists()"


def _not_since(out: Set60, code: str) -> str:
    name = out.procedure(f"proc-{code}", code, ["completed", "in-progress", "not-done"])
    return f"%{name}.performed.ofType(dateTime).some($this > today() - 2 years).not()"


def _twice(out: Set60, code: str) -> str:
    return f"%{out.condition(f'active-{code}', frozenset({(conds.SCT, code)}), 'active')}.count() >= 2"


def _fit(out: Set60, less: str) -> str:
    code = CONSTANTS["ecogCode"]
    return f"%{out.observation(code)}.some(value <= {CONSTANTS['maxEcog'] - int(less)} '{UNITS[code]}')"


def _member(out: Set60, url: str) -> str:
    return f"%{out.condition('vs-' + url.rpartition('/')[2], frozenset(VALUE_SETS[url]), 'any')}.exists()"


def _first(out: Set60, code: str, value: str) -> str:
    return f"%{out.observation(code)}.where(status = 'final').first().value > {value} '{UNITS[code]}'"


_CODE = r"code\.coding\.where\((?:system='[^']*' and )?code='([^']*)'\)\.exists\(\)"
_Form = Callable[..., str]
FORMS: tuple[tuple[re.Pattern[str], _Form], ...] = tuple(
    (re.compile(pattern), form)
    for pattern, form in (
        (
            r"Condition\.where\(clinicalStatus\.coding\.code='active'\)\.code\.coding\.where\(system='([^']*)' and "
            r"code in \('(\d+)' \| '(\d+)' \| '(\d+)'\)\)\.exists\(\)",
            _active,
        ),
        (
            rf"Observation\.where\(status='final' and {_CODE}\)\.value\.ofType\(Quantity\)"
            r"\.where\(value > ([\d.]+)\)\.exists\(\)",
            _above,
        ),
        (rf"Observation\.where\({_CODE} and effective >= @{conds.AT} - (\d+) months\)\.exists\(\)", _since),
        (rf"Procedure\.where\(status='completed' and {_CODE}\)\.exists\(\)", _done),
        (
            rf"Procedure\.where\({_CODE}\)\.performed\.ofType\(dateTime\)"
            rf"\.where\(\$this > @{conds.AT} - 2 years\)\.empty\(\)",
            _not_since,
        ),
        (rf"Condition\.where\(clinicalStatus\.coding\.code='active' and {_CODE}\)\.count\(\) >= 2", _twice),
        (
            r"Observation\.where\(code\.coding\.where\(code=%ecogCode\)\.exists\(\) and "
            r"value\.ofType\(Quantity\)\.value <= %maxEcog - (\d+)\)\.exists\(\)",
            _fit,
        ),
        (r"Condition\.where\(code\.memberOf\('([^']*)'\)\)\.exists\(\)", _member),
        (
            rf"Observation\.where\(status='final' and {_CODE}\)\.value\.ofType\(Quantity\)\.value\.first\(\) > (\d+)",
            _first,
        ),
    )
)


def sixty() -> Set60:
    """The questions in the order of the workload."""
    out = Set60()
    for text in EXPRESSIONS:
        found = [(form, match) for pattern, form in FORMS if (match := pattern.fullmatch(text))]
        if len(found) != 1:
            raise AssertionError(f"{len(found)} forms read: {text}")
        form, match = found[0]
        out.criteria.append(form(out, *match.groups()))
    return out


def as_read(chart: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The chart as our service reads it, for the comparison of answers: newest first, no preliminary Observation."""
    used = [r for r in chart if r.get("status") != "preliminary"]
    return sorted(used, key=lambda r: str(r.get("effectiveDateTime", "")), reverse=True)
