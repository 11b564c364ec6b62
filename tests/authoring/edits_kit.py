"""Any small edit of a profile set, line by line, and charts of the small set that enter all of its recommendations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

CASES = """\
cases:
  - {case: Nothing at all, expect: {silent: true}}
  - case: A known tumour with severe pain by night
    patient: {age: 50}
    given: [tumour: T1, night-pain: yes, pain-severity: 8, gait: normal]
    expect: {silent: true}
  - case: A known tumour without pain
    patient: {age: 50}
    given: [tumour: T1, night-pain: no, pain-severity: 0]
    expect: {silent: true}
  - case: Just severe, a while ago, and kidneys that do less
    patient: {age: 15}
    given: [tumour: T1, night-pain: {value: yes, date: 25 days ago}, pain-severity: 7, creatinine: 140]
    expect: {silent: true}
  - case: Kidneys just as they may be
    patient: {age: 70}
    given: [metastasis: T2, night-pain: yes, pain-severity: 9, creatinine: 133, cancer: 2020-01-01]
    expect: {silent: true}
  - case: Operated on
    patient: {age: 60}
    given: [tumour: "T1, 2026-01-10", operation: "T1, 2026-03-01", imaging: 2026-05-10, pain-severity: 6]
    expect: {silent: true}
  - case: New weakness
    patient: {age: 60}
    given: [tumour: T1, weakness: 2026-06-10, gait: unable]
    expect: {silent: true}
  - case: Old weakness, and an MRI since
    patient: {age: 60}
    given: [metastasis: T1, weakness: 2026-03-01, imaging: 2026-04-10, drug: active, night-pain: yes]
    expect: {silent: true}
  - case: Two lesions
    patient: {age: 40}
    given: [tumour: T1, metastasis: T2, pain-severity: 7, night-pain: yes, drug: active]
    expect: {silent: true}
  - case: Not all was read
    patient: {age: 40}
    given: [tumour: T1]
    unavailable: [observations-pain, procedures]
    expect: {silent: true}
"""
"""What they expect is of no matter: they are charts to be judged twice."""

FILES = ("alpha/pathway.yaml", "beta/pathway.yaml", "modules/pain.yaml", "policy.yaml", "data.yaml", "lesions.yaml")
_SWAPS = (
    (" and ", " or "),
    (" or ", " and "),
    (">=", ">"),
    (">= ", "<= "),
    (" > ", " >= "),
    (" < ", " <= "),
    (" = '", " != '"),
    (".not()", ""),
    (".exists()", ".empty()"),
    ("warning", "critical"),
    ("info", "warning"),
    ("ask", "block"),
    ("hide", "ask"),
    ("caution", "block"),
    ("kind:surgery", "kind:advice"),
    ("R-PAIN-01", "R-PAIN-02"),
    ("R-ALPHA-01", "R-ALPHA-02"),
    ("patient", "lesion"),
    ("true", "false"),
    ("confirmed", "unconfirmed"),
)


class Edit(NamedTuple):
    """A file with one line otherwise, or without it."""

    file: str
    line: int
    text: str | None

    def made(self, folder: Path) -> str:
        """The text of the whole file."""
        lines = (folder / self.file).read_text(encoding="utf-8").splitlines()
        lines[self.line : self.line + 1] = [] if self.text is None else [self.text]
        return "\n".join(lines) + "\n"


def edits(folder: Path, files: tuple[str, ...] = FILES) -> Iterator[Edit]:
    """Every line left out; every number a step up and down; operators, words and names exchanged; each sentence reworded."""
    for file in files:
        for number, line in enumerate((folder / file).read_text(encoding="utf-8").splitlines()):
            yield Edit(file, number, None)
            for found in re.finditer(r"(?<![\w.-])\d+", line):
                for step in (1, -1):
                    yield Edit(file, number, f"{line[: found.start()]}{int(found[0]) + step}{line[found.end() :]}")
            for old, new in _SWAPS:
                if old in line:
                    yield Edit(file, number, line.replace(old, new, 1))
            for found in re.finditer(r"\b[A-Z][a-z]{3,}\b", line):
                yield Edit(file, number, f"{line[: found.start()]}Otherwise{line[found.end() :]}")
