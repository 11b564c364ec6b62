"""The tutorials of the page for authors, done as they stand: each command run, each edit made, each printed line found."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "profiles.md").read_text(encoding="utf-8")
EXAMPLE = re.findall(r"^`([\w/.-]+)`\n\n```\w+\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
CHAPTER = PAGE.partition("\n## Tutorials\n")[2].partition("\n## ")[0]
TUTORIALS = dict(re.findall(r"^### (.*?)\n(.*?)(?=^### |\Z)", CHAPTER, re.MULTILINE | re.DOTALL))
STEPS = re.compile(r"^In `([\w/.-]+)`[^\n]*:\n\n```diff\n(.*?)^```|^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)


def do(folder: Path, run: Any, commands: str) -> None:
    """Runs each command, and wants each line below it in what is printed."""
    for command, *lines in (part.splitlines() for part in commands.split("$ fhirpath-spine ")[1:]):
        ran = run(*shlex.split(command))
        for line in lines:
            assert line in ran.out + ran.err, (command, line, ran.out, ran.err)


def edit(path: Path, diff: str) -> None:
    """Exchanges the lines with a minus for those with a plus that follow them; a file that is not there is begun."""
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    for gone, come in re.findall(r"((?:^-.*\n)*)((?:^\+.*\n)+)", diff, re.MULTILINE):
        old, new = (re.sub(r"^[-+]", "", part, flags=re.MULTILINE) for part in (gone, come))
        assert text.count(old) == 1 or not (old or text), (path.name, old)
        text = text.replace(old, new) if old else new
    path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("title", TUTORIALS)
def test_a_tutorial_goes_as_it_stands(title: str, tmp_path: Path, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in EXAMPLE:
        (tmp_path / "profiles" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "profiles" / name).write_text(text, encoding="utf-8")
    monkeypatch.setenv("SPINE_PROFILES", str(tmp_path / "profiles"))
    monkeypatch.chdir(tmp_path)
    steps = STEPS.findall(TUTORIALS[title])
    assert len(steps) >= 3
    for file, diff, commands in steps:
        if commands:
            do(tmp_path, run, commands)
        else:
            edit(tmp_path / ("" if file == "site.yaml" else "profiles") / file, diff)


def test_a_question_of_the_page_is_answered_as_it_says(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])
    monkeypatch.setenv("COLUMNS", "200")
    commands = re.findall(
        r"^```console\n(.*?)^```", PAGE.partition("\n## Asking why\n")[2].partition("\n## ")[0], re.M | re.S
    )
    assert commands
    for some in commands:
        do(Path(), run, some)


def test_there_is_a_tutorial_for_each_thing_that_an_author_adds() -> None:
    assert list(TUTORIALS) == ["Add a recommendation", "Add a pathway", "Add a language of doubt words"]
