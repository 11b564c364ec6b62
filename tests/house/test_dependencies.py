"""Every dependency has a reason on the page, and the page names no other; the lock names all of them, with hashes."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PAGE = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
SPARK_LOCK = (ROOT / "requirements.spark.lock").read_text(encoding="utf-8")
LOCK_TOOL = (ROOT / "requirements.uv.lock").read_text(encoding="utf-8")  # what makes the lock, itself locked


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=!~; ]", requirement, maxsplit=1)[0].lower() for requirement in requirements}


def listed(title: str) -> dict[str, str]:
    part = PAGE.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", part, re.MULTILINE)
    return {name: reason for name, reason in rows if name != "package"}


@pytest.mark.parametrize(
    ("title", "declared"),
    [
        ("Runtime", names(PROJECT["project"]["dependencies"])),
        ("Extras", names([r for e in PROJECT["project"]["optional-dependencies"].values() for r in e])),
        ("Development", names(PROJECT["dependency-groups"]["dev"])),
    ],
)
def test_the_page_lists_what_is_declared_and_nothing_else(title: str, declared: set[str]) -> None:
    assert set(listed(title)) == declared


@pytest.mark.parametrize("title", ["Runtime", "Extras", "Development"])
def test_every_dependency_has_a_reason_of_more_than_a_word(title: str) -> None:
    assert [name for name, reason in listed(title).items() if len(reason.split()) < 3] == []


def test_the_lock_names_every_dependency_and_the_build_backend() -> None:
    wanted = names(PROJECT["project"]["dependencies"]) | names(PROJECT["dependency-groups"]["dev"])
    wanted |= names(PROJECT["build-system"]["requires"])
    locked = names([line for line in LOCK.splitlines() if "==" in line and line[0] != " "])
    assert {name.replace(".", "-") for name in wanted} <= locked


def test_the_lock_of_spark_agrees_with_the_lock_on_what_both_name() -> None:
    held = {line.split(" ")[0] for line in LOCK.splitlines() if "==" in line and line[0] != " "}
    spark = {line.split(" ")[0] for line in SPARK_LOCK.splitlines() if "==" in line and line[0] != " "}
    shared = {one.split("==")[0] for one in held} & {one.split("==")[0] for one in spark}
    assert {one for one in spark if one.split("==")[0] in shared} <= held
    assert {name.replace(".", "-") for name in names(PROJECT["dependency-groups"]["spark"])} <= names(list(spark))


@pytest.mark.parametrize(
    "lock", [LOCK, SPARK_LOCK, LOCK_TOOL], ids=["lock", "the lock of Spark", "the tool that makes the lock"]
)
def test_every_entry_of_a_lock_has_a_hash_and_no_location(lock: str) -> None:
    entries = re.split(r"\n(?=\S)", lock.strip())
    assert [entry.split("==")[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert "://" not in lock
    assert "index-url" not in lock
