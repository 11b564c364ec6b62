"""A rule that is cited by number stands on a page of this repository, and no page explains a number that nobody cites.

Comments, docstrings and pages are searched for citations. Claims resolve in ``profiles/claims.yaml``, contradictions in their
page, cases among the cases, lines of CDS Hooks in ``docs/standard.md``; all other numbers in ``docs/rulings.md``. It is one file,
since nothing else uses the finder.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

HERE = Path(__file__).resolve()
ROOT = HERE.parents[2]
PAGE = ROOT / "docs" / "rulings.md"
STANDARD = ROOT / "docs" / "standard.md"
"""Explains every line of CDS Hooks, cited or not: ``test_standard`` asks for them all."""
ITSELF = {PAGE, STANDARD, HERE}
"""The pages name each number by explaining it, and this file names false ones: none of them keeps a row alive."""
COMMENT = {".py": "#", ".yaml": "#", ".toml": "#", ".sh": "#", ".java": r"//|^\s*/?\*"}
"""Where the prose of a line begins, by suffix; a page (``.md``) is prose from end to end."""
PRUNED = {"__pycache__", "build", "dist", "target"}

NUMBERS = {
    "Rulings": r"\d+(?:\.\d+)?",
    "Decision nodes": r"D\d+",
    "Pathways page": r"\d+(?: rule \d+)?",
    "Design": r"\d+",
    "Bindings": r"\d+",
    "Transparency of a card": r"T\d+",
    "CDS Hooks catalogue": r"[A-Z]{2,5}(?:-\d\d)?",
    "Threats": r"T\d\d",
    "Faults": r"R\d\d",
}
"""Section of the page -> how its numbers look, in a heading or in the first cell of a row."""

NEXT = r"(?:, and |, | and | or | to )"


def _several(number: str) -> str:
    return rf"({number}(?:{NEXT}{number})*)\b"


LED = [
    ("Rulings", rf"(?i:\brulings?)(?: section)? {_several(NUMBERS['Rulings'])}"),
    ("Pathways page", r"\bsection (\d+(?: rule \d+)?) of the pathways page"),
    ("Pathways page", r"\bpathways(?: page)?,? \(?(?:D\d+, )?section (\d+(?: rule \d+)?)"),
    ("Design", r"(?i:\bdesign)(?: section)? (\d+)\b"),
    ("Bindings", r"\bbindings(?:\.README)?,? rule (\d+)\b"),
    ("Transparency of a card", rf"\btransparency {_several(NUMBERS['Transparency of a card'])}"),
    ("Threats", rf"(?i:\bthreats?) {_several(NUMBERS['Threats'])}"),
    ("Faults", rf"(?i:\bfaults?) {_several(NUMBERS['Faults'])}"),
    (
        "CDS Hooks catalogue",
        r"((?:[A-Z]{2,5}, )*[A-Z]{2,5} and [A-Z]{2,5}) (?:lines\b|of the (?:CDS Hooks )?catalogue)",
    ),
]
"""Citations that a word leads: they are found in any text, and taken out before the bare ones are looked for."""
LEADS = re.compile("ruling|section|design|bindings|transparency|threat|fault|catalogue|lines", re.IGNORECASE)
"""One of these words stands in each of them: most texts have none, and need not be asked for each."""
EDGE, END = r"(?<![\w./\"'|-])", r"(?![\w]|[.-]\w)"
BARE = [
    ("CDS Hooks catalogue", rf"{EDGE}((?!ICD|ISO|UTC|UTF)[A-Z]{{2,5}}-\d\d(?: to [A-Z]{{2,5}}-\d\d)?){END}"),
    ("Decision nodes", rf"{EDGE}(D\d{{1,2}}){END}"),
    ("Faults", rf"{EDGE}(R\d\d){END}"),
    ("Threats", rf"{EDGE}(T0\d){END}"),
    ("claim", rf"{EDGE}([NTPEB][1-9]\d?){END}"),
    ("contradiction", rf"{EDGE}(X[1-9]\d?){END}"),
    ("case", rf"{EDGE}(C\d\d){END}"),
    ("a section of no page", r"\bsection (\d+)\b"),
]
"""Citations by their number alone, in prose only. A bare T of two digits is a claim, or a level of the spine."""
NUMBERED = re.compile(r"[A-Z]-?\d|section")
"""What stands in each of these: most texts have none."""
THREAT_OR_CLAIM = re.compile(rf"{EDGE}(T(?:1\d|2[0-3])){END}")


class Citation(NamedTuple):
    """A number that some text names, and the section or list that has to hold it."""

    kind: str
    number: str


def citations(text: str, *, prose: bool = True) -> list[Citation]:
    """What a text cites. A range names all between its ends; ``prose`` is false for code, where only led ones count."""
    found, rest = _led(text)
    for kind, pattern in BARE if prose and NUMBERED.search(rest) else ():
        found += [Citation(kind, number) for match in re.finditer(pattern, rest) for number in _each(match[1])]
    return found


def _led(text: str) -> tuple[list[Citation], str]:
    """The citations that a word leads, and the text without their numbers."""
    rest = " ".join(text.split())
    found: list[Citation] = []
    for kind, pattern in LED if LEADS.search(rest) else ():
        for match in re.finditer(pattern, rest):
            found += [Citation(kind, number) for number in _each(match[1])]
            rest = rest[: match.start(1)] + "·" * len(match[1]) + rest[match.end(1) :]
    return found, rest


def _each(listed: str) -> Iterator[str]:
    for part in re.split(r", and |, | and | or ", listed):
        first, _, last = part.partition(" to ")
        head, start = _cut(first)
        end_head, end = _cut(last)
        if start and end and head == end_head:
            yield from (f"{head}{n:0{len(start)}d}" for n in range(int(start), int(end) + 1))
        else:
            yield from (one for one in (first, last) if one)


def _cut(number: str) -> tuple[str, str]:
    """What stands before the last digits of a number, and these."""
    head = number.rstrip("0123456789")
    return head, number.removeprefix(head)


# ------------------------------------------------------------------------------------------------- what is read


def texts(path: Path) -> Iterator[tuple[str, bool]]:
    """The pieces of a file, each with whether it is prose. Lines of one comment are one piece."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        yield from ((block, True) for block in text.split("\n\n"))
    elif path.suffix == ".py":
        yield from _python(text)
    else:
        yield from ((piece, True) for piece in _joined(_comments(text, COMMENT[path.suffix])))
        yield text, False


PYTHON = re.compile(
    r"""(?P<comment>\#[^\n]*)
    | (?P<text>(?:\b[bfruBFRU]{1,2})?
        (?: \"{3}(?:\\.|[^\\])*?\"{3} | '{3}(?:\\.|[^\\])*?'{3} | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*' ))
    | (?P<opens>[(\[{]) | [)\]}]""",
    re.VERBOSE | re.DOTALL,
)
"""What is looked for in Python. ``tokenize`` finds the same, and takes most of the time of this file."""


def _python(text: str) -> Iterator[tuple[str, bool]]:
    comments: list[tuple[int, bool, str]] = []
    depth, line, counted = 0, 1, 0
    for match in PYTHON.finditer(text):
        at, one = match.start(), match[0]
        if match.lastgroup == "comment":
            line, counted = line + text.count("\n", counted, at), at
            comments.append((line, _leads(text, at), one))
        elif match.lastgroup == "text":
            # A text that begins a statement is one: a docstring, of a module, a function or a name.
            yield one.lstrip("bfruBFRU").strip("\"'"), depth == 0 and _leads(text, at)
        else:
            depth += 1 if match["opens"] else -1
    yield from ((piece, True) for piece in _joined(comments))


def _leads(text: str, at: int) -> bool:
    """Whether nothing stands before it on its line."""
    return not text[text.rfind("\n", 0, at) + 1 : at].strip()


def _comments(text: str, sign: str) -> Iterator[tuple[int, bool, str]]:
    for number, line in enumerate(text.splitlines()):
        if match := re.search(rf"(?:^|\s)(?:{sign}).*", line):
            yield number, not line[: match.start()].strip(), match[0]


def _joined(lines: Iterable[tuple[int, bool, str]]) -> Iterator[str]:
    """Comments (line, whether it stands alone, text), with those that go on from line to line as one."""
    piece: list[str] = []
    last = -2
    for number, alone, text in lines:
        if piece and not (alone and number == last + 1):
            yield " ".join(piece)
            piece = []
        piece.append(re.sub(r"^\s*(?:#|//|/?\*+)+", "", text))
        last = number if alone else -2
    yield " ".join(piece)


def files(folder: Path) -> Iterator[Path]:
    """All files of a tree whose prose can be read, wherever they stand."""
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            if not path.name.startswith(".") and path.name not in PRUNED:
                yield from files(path)
        elif path.suffix in {".md", *COMMENT}:
            yield path


@cache
def pieces() -> tuple[tuple[Path, str, bool], ...]:
    """Every piece of text of the repository that may cite something, with its file and whether it is prose."""
    found = ((path, text, prose) for path in files(ROOT) for text, prose in texts(path))
    return tuple(piece for piece in found if piece[2] or LEADS.search(piece[1]))


@cache
def cited() -> tuple[tuple[Path, Citation], ...]:
    """Every citation of the repository with the file that it stands in, but for the false ones of this file."""
    return tuple((path, one) for path, text, prose in pieces() if path != HERE for one in citations(text, prose=prose))


# ------------------------------------------------------------------------------------------------- what is explained


def explained(page: str) -> list[Citation]:
    """The numbers that a page explains: first in a heading below a section, or in the first cell of a row."""
    found, kind = [], ""
    for line in page.splitlines():
        if line.startswith("## "):
            kind = line.removeprefix("## ")
        elif kind in NUMBERS and (match := re.match(rf"(?:#{{3,4}}|\|) ({NUMBERS[kind]})(?: |$)", line)):
            found.append(Citation(kind, match[1]))
    return found


def rows_of(page: Path) -> list[Citation]:
    """What a page of ours explains."""
    return explained(page.read_text(encoding="utf-8"))


@cache
def known() -> frozenset[Citation]:
    """All that a citation may resolve to."""
    lists = {
        "claim": re.findall(r"^  ([A-Z]\d+): \{", (ROOT / "profiles" / "claims.yaml").read_text("utf-8"), re.M),
        "contradiction": re.findall(r"^\| (X\d+) \|", (ROOT / "docs" / "contradictions.md").read_text("utf-8"), re.M),
        "case": [path.stem for path in (ROOT / "tests" / "clinical" / "cases").glob("C*.json")],
    }
    listed = (Citation(kind, number) for kind, numbers in lists.items() for number in numbers)
    return frozenset((*rows_of(PAGE), *rows_of(STANDARD), *listed))


def dead(rows: Iterable[Citation], alive: Iterable[Citation]) -> list[Citation]:
    """Rows that nobody cites: neither they, nor the section or family that they are a part of, nor a part of theirs."""
    named = set(alive)
    return [
        row
        for row in rows
        if not any(
            one.kind == row.kind and (one == row or _part(one.number, row.number) or _part(row.number, one.number))
            for one in named
        )
    ]


def _part(whole: str, part: str) -> bool:
    """Whether a number is a part of another: 1.3 of 1, CARD-02 of CARD, 6 rule 5 of 6."""
    return any(part.startswith(whole + sign) for sign in (".", "-", " rule "))


# ------------------------------------------------------------------------------------------------- the promises


def test_every_number_that_is_cited_is_explained() -> None:
    unknown = {
        f"{path.relative_to(ROOT)}: {kind} {number}"
        for path, (kind, number) in cited()
        if (kind, number) not in known()
    }
    assert sorted(unknown) == []


def test_every_number_that_is_explained_is_cited_somewhere() -> None:
    alive = {one for path, one in cited() if path not in ITSELF}
    assert dead(rows_of(PAGE), alive) == []


def test_every_number_is_explained_once_and_each_section_has_some() -> None:
    rows = [*rows_of(PAGE), *rows_of(STANDARD)]
    assert [row for row, n in Counter(rows).items() if n > 1] == []
    assert {row.kind for row in rows} == set(NUMBERS)


def test_a_threat_in_the_source_is_called_a_threat() -> None:
    """T11 is a claim and a threat: without the word a reader looks it up in the wrong list."""
    bare = {
        f"{path.name}: {match[1]}"
        for path, text, prose in pieces()
        if path.suffix == ".py" and prose and path not in ITSELF
        for match in THREAT_OR_CLAIM.finditer(_led(text)[1])
    }
    assert bare == set()


# ------------------------------------------------------------------------------------------------- the finder


@pytest.mark.parametrize(
    ("text", "kind", "found"),
    [
        ("hidden first (rulings 1.5).", "Rulings", "1.5"),
        ("Rulings section 2; no clinical content.", "Rulings", "2"),
        ("(rulings 1.9, 2.7, 4.2 to 4.4)", "Rulings", "1.9, 2.7, 4.2, 4.3, 4.4"),
        ("Design section 10, rulings 1.9 and 9. A verdict", "Rulings", "1.9, 9"),
        ("Design section 10, rulings 1.9 and 9. A verdict", "Design", "10"),
        ("rulings 2.1;\n    pathways D1, section 6)", "Pathways page", "6"),
        ("rulings 2.1;\n    pathways D1, section 6)", "Decision nodes", "D1"),
        ("the pathways page (section 2) or its section D2", "Pathways page", "2"),
        ("the pathways page (section 2) or its section D2", "Decision nodes", "D2"),
        ("(rulings 1.7, section 6 rule 5 of the pathways page)", "Pathways page", "6 rule 5"),
        ("of the licence, section 3", "a section of no page", "3"),
        ("(bindings.README, rule 2)", "Bindings", "2"),
        ("(transparency T1 to T3)", "Transparency of a card", "T1, T2, T3"),
        ("threats T01 to T03, T08, T11; faults R08 and R10", "Threats", "T01, T02, T03, T08, T11"),
        ("threats T01 to T03, T08, T11; faults R08 and R10", "Faults", "R08, R10"),
        ("of another release (R13)", "Faults", "R13"),
        ("CARD, SRC and ACT lines of the catalogue", "CDS Hooks catalogue", "CARD, SRC, ACT"),
        ("clients differ (REQ and HOOK lines)", "CDS Hooks catalogue", "REQ, HOOK"),
        ("(PRE-04, JWT-04 to JWT-06)", "CDS Hooks catalogue", "PRE-04, JWT-04, JWT-05, JWT-06"),
        ("P22 and B27 say so: ``(T4, T35)``", "claim", "P22, B27, T4, T35"),
        ("no guideline (X30)", "contradiction", "X30"),
        ("one line of C39", "case", "C39"),
    ],
)
def test_a_citation_is_found_in_its_wording(text: str, kind: str, found: str) -> None:
    assert [one.number for one in citations(text) if one.kind == kind] == found.split(", ")


def test_what_only_looks_like_one_is_none() -> None:
    assert (
        citations("R-NEU-02 at L1, D48.2 of C00-D49, FHIR R4, UTF-8, ICD-10-CM, UTC-12, SP115, RFC 9110, 10.2.3") == []
    )
    assert citations("noqa: E501, B019, S314", prose=True) == []
    assert citations("D77 and X77", prose=False) == []


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("(rulings 4.99)", "4.99"),
        ("(rulings 1.5, 8.1)", "8.1"),
        ("(rulings 4.3 to 4.5)", "4.5"),
        ("so says D12", "D12"),
        ("section 13 of the pathways page", "13"),
        ("see section 6", "6"),
        ("design section 4", "4"),
        ("(CARD-16)", "CARD-16"),
        ("CARD and CRD lines of the catalogue", "CRD"),
        ("(threat T17)", "T17"),
        ("(fault R28)", "R28"),
        ("claims N32", "N32"),
        ("(X31)", "X31"),
        ("as C02 says", "C02"),
    ],
)
def test_a_number_that_nothing_explains_is_found(text: str, number: str) -> None:
    assert [one.number for one in citations(text) if one not in known()] == [number]


def test_a_row_that_nobody_cites_is_found() -> None:
    page = "## Rulings\n### 1 Truth\n#### 1.1 Unknown\n#### 1.2 Reasons\n## Threats\n| T01 | a | b |\n| T02 | a | b |"
    rows = explained(page)
    assert [row.number for row in rows] == ["1", "1.1", "1.2", "T01", "T02"]
    assert dead(rows, citations("rulings 1.2, threat T02")) == [Citation("Rulings", "1.1"), Citation("Threats", "T01")]
    assert dead(rows, citations("rulings 1, threats T01 to T02")) == []


def test_comments_docstrings_and_pages_are_read_and_code_only_for_what_a_word_leads(tmp_path: Path) -> None:
    source = '"""Says (rulings\n7.7)."""\n\nx = "D77"  # D78\n\n# goes on: threat\n# T77\ny = "rulings 7.9"\n"""And X77."""\n'
    (tmp_path / "a.py").write_text(source)
    (tmp_path / "b.yaml").write_text("from: rulings 8.8\nid: D80  # as D81\n# so say rulings\n# 8.9\n")
    (tmp_path / "c.md").write_text("As D83\nand fault\nR88 say.\n")
    found = {
        path.name: {one.number for t, p in texts(path) for one in citations(t, prose=p)} for path in files(tmp_path)
    }
    assert found == {
        "a.py": {"7.7", "D78", "T77", "7.9", "X77"},
        "b.yaml": {"8.8", "D81", "8.9"},
        "c.md": {"D83", "R88"},
    }


def test_the_page_is_read_wherever_the_source_stands() -> None:
    read = set(files(ROOT))
    assert PAGE in read
    assert {path.relative_to(ROOT).parts[0] for path in read} >= {"src", "tests", "profiles", "docs", "tools"}
