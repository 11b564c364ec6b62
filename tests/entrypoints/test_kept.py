"""The compiled library between two starts: found for the same bytes, never for others, and equal in what it judges."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fhirpath_spine.adapters.shelf import Shelf
from fhirpath_spine.authoring import profiles_directory
from fhirpath_spine.authoring.profile import Expanded, text
from fhirpath_spine.entrypoints.commands import as_document, judge_chart
from fhirpath_spine.entrypoints.content import Content, moment, wording_of
from fhirpath_spine.entrypoints.kept import PACKAGE, Compiled, cache, compiled, compiled_here
from fhirpath_spine.entrypoints.settings import Settings
from fhirpath_spine.errors import ProfileError

ROOT = Path(__file__).parents[2]
CHARTS = sorted((ROOT / "tests" / "clinical" / "cases").glob("C*.json")) + sorted(
    path for path in (ROOT / "sandbox" / "patients").glob("*.json")
)


class Watched(Shelf):
    """A shelf that tells what was found on it and what was put there."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.found: list[bool] = []
        self.kept = 0

    def get(self, name: str) -> bytes | None:
        data = super().get(name)
        self.found.append(data is not None)
        return data

    def put(self, name: str, data: bytes) -> bool:
        self.kept += 1
        return super().put(name, data)


@pytest.fixture
def shelf(tmp_path: Path) -> Watched:
    return Watched(tmp_path / "cache")


@pytest.fixture
def profiles(tmp_path: Path) -> Path:
    """A small set of its own."""
    return Path(shutil.copytree(ROOT / "tests" / "authoring" / "set", tmp_path / "set"))


def started(shelf: Shelf, profiles: Path, site: Path | None = None, package: Path = PACKAGE) -> Compiled:
    return compiled(profiles, site, shelf, package)


def test_the_second_start_finds_what_the_first_compiled(shelf: Watched, profiles: Path) -> None:
    first, second = started(shelf, profiles), started(shelf, profiles)
    assert (shelf.found, shelf.kept) == ([False, True], 1)
    assert second.library.digest == first.library.digest
    assert [p.digest for p in second.library.pathways] == [p.digest for p in first.library.pathways]
    assert len(second.criteria) == len(first.criteria) > 0


def test_what_is_found_is_interpreted_until_it_is_prepared(shelf: Watched, profiles: Path) -> None:
    started(shelf, profiles)
    found = started(shelf, profiles)
    assert not any(criterion.prepared for criterion in found.criteria)
    for criterion in found.criteria:
        criterion.prepare()
    assert all(criterion.prepared for criterion in found.criteria)


@pytest.mark.parametrize("change", ["a byte", "a new file", "a file less"])
def test_any_change_of_the_content_is_a_miss(shelf: Watched, profiles: Path, change: str) -> None:
    started(shelf, profiles)
    page = profiles / "alpha" / "texts" / "R-ALPHA-01.md"
    old = page.stat()
    if change == "a byte":
        before = page.read_bytes()
        page.write_bytes(before.replace(before[:1], b"#", 1))
        os.utime(page, ns=(old.st_atime_ns, old.st_mtime_ns))
    elif change == "a new file":
        (profiles / "alpha" / "texts" / "more.md").write_text("More.\n", encoding="utf-8")
    else:
        (profiles / "modules" / "pain.yaml").unlink()
    try:
        started(shelf, profiles)
    except ProfileError:
        assert change == "a file less"
    assert shelf.found == [False, False]


def test_a_change_of_the_code_is_a_miss(shelf: Watched, profiles: Path, tmp_path: Path) -> None:
    package = tmp_path / "package"
    package.mkdir()
    (package / "judge.py").write_text("ANSWER = 1\n", encoding="utf-8")
    started(shelf, profiles, package=package)
    started(shelf, profiles, package=package)
    (package / "judge.py").write_text("ANSWER = 2\n", encoding="utf-8")
    started(shelf, profiles, package=package)
    assert shelf.found == [False, True, False]


def test_profiles_that_cannot_be_used_are_refused_each_time_and_never_kept(shelf: Watched, profiles: Path) -> None:
    (profiles / "data.yaml").write_text("needs: [\n", encoding="utf-8")
    for _ in range(2):
        with pytest.raises(ProfileError):
            started(shelf, profiles)
    assert shelf.kept == 0


def test_a_link_among_the_profiles_is_refused_though_the_same_bytes_were_kept(shelf: Watched, profiles: Path) -> None:
    started(shelf, profiles)
    page = profiles / "alpha" / "texts" / "R-ALPHA-01.md"
    shutil.move(page, profiles.parent / "elsewhere.md")
    page.symlink_to(profiles.parent / "elsewhere.md")
    with pytest.raises(ProfileError):
        started(shelf, profiles)


@pytest.mark.parametrize(
    "data", [b"", b"no pickle", pickle.dumps((1, 2, 3, 4)), pickle.dumps(print), pickle.dumps(Path("x"))]
)
def test_an_entry_that_holds_something_else_is_compiled_anew(shelf: Watched, profiles: Path, data: bytes) -> None:
    started(shelf, profiles)
    (entry,) = os.listdir(shelf.folder)
    assert Shelf(shelf.folder).put(entry, data)
    assert started(shelf, profiles).library.pathways
    assert shelf.kept == 2
    started(shelf, profiles)
    assert shelf.kept == 2


def test_a_site_and_its_expansions_are_kept_and_a_change_of_either_is_a_miss(shelf: Watched, profiles: Path) -> None:
    site, house = profiles.parent / "site.yaml", profiles.parent / "house.yaml"

    def expansion(code: str) -> str:
        return text(
            {"drug": Expanded("http://tx.example/vs", "https://tx.example/fhir", "2026-11-24", (("urn:x", code, ""),))}
        )

    house.write_text(expansion("D1"), encoding="utf-8")
    site.write_text("timezone: Europe/Berlin\nexpansions: [house.yaml]\n", encoding="utf-8")
    started(shelf, profiles, site)
    found = started(shelf, profiles, site)
    assert (shelf.found, shelf.kept) == ([False, True], 1)
    assert (found.site.timezone, found.library.value_sets["drug"].contains("urn:x", "D1")) == ("Europe/Berlin", True)
    house.write_text(expansion("D2"), encoding="utf-8")
    assert started(shelf, profiles, site).library.value_sets["drug"].contains("urn:x", "D2")
    assert shelf.kept == 2
    site.write_text("timezone: UTC\nexpansions: [house.yaml]\n", encoding="utf-8")
    assert started(shelf, profiles, site).site.timezone == "UTC"
    assert shelf.kept == 3


def test_a_folder_that_cannot_be_used_stops_nothing(profiles: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    assert started(Shelf(tmp_path / "file" / "cache"), profiles).library.pathways


def test_the_folder_is_the_users_cache_unless_it_is_set_or_off(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    assert [str(s.folder) for s in (cache(""), cache("/mine")) if s] == ["/caches/fhirpath-spine", "/mine"]
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")  # the convention says: to be ignored
    assert getattr(cache(""), "folder", None) == tmp_path / ".cache" / "fhirpath-spine"
    assert cache("off") is None


def test_two_processes_at_once_both_start_and_leave_one_good_entry(profiles: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from fhirpath_spine.entrypoints.kept import compiled;"
        "from fhirpath_spine.adapters.shelf import Shelf;"
        "print(compiled(Path(sys.argv[1]), None, Shelf(Path(sys.argv[2]))).library.digest)"
    )
    folder = tmp_path / "shared"
    words = [sys.executable, "-c", code, str(profiles), str(folder)]
    both = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    digests = {process.communicate(timeout=120)[0] for process in both}
    assert [process.returncode for process in both] == [0, 0]
    assert len(digests) == len(os.listdir(folder)) == 1
    again = Watched(folder)
    started(again, profiles)
    assert again.found == [True]


# ------------------------------------------------------------------ in one process


def test_what_is_loaded_anew_and_has_not_changed_is_the_very_library_that_was_loaded(
    shelf: Watched, profiles: Path, tmp_path: Path
) -> None:
    site, house = tmp_path / "site.yaml", tmp_path / "house.yaml"

    def expand(code: str) -> None:
        house.write_text(
            text({"drug": Expanded("http://t/vs", "https://t/fhir", "2026-11-24", (("urn:x", code, ""),))})
        )

    expand("D1")
    site.write_text("timezone: Europe/Berlin\nexpansions: [house.yaml]\n", encoding="utf-8")
    first = compiled_here(profiles, site, shelf)
    assert compiled_here(profiles, site, shelf).library is first.library
    assert shelf.found == [False]
    expand("D2")
    second = compiled_here(profiles, site, shelf)
    assert second.library.value_sets["drug"].contains("urn:x", "D2")
    page = profiles / "alpha" / "texts" / "R-ALPHA-01.md"
    page.write_text("Other words.\n", encoding="utf-8")
    third = compiled_here(profiles, site, shelf)
    assert len({first.library.digest, second.library.digest, third.library.digest}) == 3


def test_where_nothing_is_kept_each_load_compiles(profiles: Path) -> None:
    assert compiled_here(profiles, None, None).library is not compiled_here(profiles, None, None).library


# ------------------------------------------------------------------ what is judged with it


@pytest.fixture(scope="module")
def contents(tmp_path_factory: pytest.TempPathFactory) -> tuple[Content, Content, Content]:
    """The profiles that ship: compiled now, as they were kept, and as they were kept and prepared. What is compiled now is
    prepared criterion by criterion, as it is asked; what was kept is interpreted until it is prepared.
    """
    shelf = Shelf(tmp_path_factory.mktemp("kept") / "cache")
    site = ROOT / "tests" / "clinical" / "site.yaml"

    def load() -> Content:
        found = compiled(profiles_directory(), site, shelf)
        return Content(found.library, found.site, wording_of(found.library, Settings()), found.criteria)

    now, kept, prepared = load(), load(), load()
    prepared.prepare()
    assert [any(c.prepared for c in content.criteria) for content in (now, kept, prepared)] == [
        False,
        False,
        True,
    ]
    return now, kept, prepared


@pytest.mark.parametrize(
    "path",
    # Each is judged six times: `make test` takes each third, CI all.
    [pytest.param(p, marks=[] if n % 3 == 0 else pytest.mark.thorough) for n, p in enumerate(CHARTS)],
    ids=lambda p: p.stem,
)
def test_each_chart_has_the_same_decision_with_and_without(
    contents: tuple[Content, Content, Content], path: Path
) -> None:
    bundle = json.loads(path.read_bytes())
    bundle = bundle.get("bundle", bundle)
    said: list[Any] = []
    for content in contents:
        at = moment("2026-06-15", content.site)
        said.append(json.dumps(as_document(judge_chart(content, bundle, at))))
        said.append(json.dumps(as_document(judge_chart(content, bundle, at, ["Condition"]))))
    assert said[2:4] == said[0:2]
    assert said[4:6] == said[0:2]
    now, kept, _ = contents
    assert (any(c.prepared for c in now.criteria), any(c.prepared for c in kept.criteria)) == (True, False)
