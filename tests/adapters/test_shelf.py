"""What is kept between starts comes back to its owner whole, or not at all; and a shelf that cannot be used stops nothing."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from fhirpath_spine.adapters.shelf import ENTRIES, Shelf

NAME, DATA = "a1", b"compiled" * 1000


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    found = Shelf(tmp_path / "caches" / "spine")
    assert found.put(NAME, DATA)
    return found


def test_what_was_put_is_found_and_nobody_else_may_read_it(shelf: Shelf) -> None:
    assert shelf.get(NAME) == DATA
    assert shelf.get("other") is None
    assert stat.S_IMODE(shelf.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((shelf.folder / NAME).stat().st_mode) == 0o600


def test_a_later_entry_takes_the_place_of_an_earlier_one(shelf: Shelf) -> None:
    assert shelf.put(NAME, b"new")
    assert shelf.get(NAME) == b"new"
    assert os.listdir(shelf.folder) == [NAME]


@pytest.mark.parametrize("at", [0, 20, 60, -1])
def test_a_changed_byte_is_noticed_wherever_it_is(shelf: Shelf, at: int) -> None:
    path = shelf.folder / NAME
    whole = bytearray(path.read_bytes())
    whole[at] ^= 1
    path.write_bytes(whole)
    assert shelf.get(NAME) is None


@pytest.mark.parametrize("size", [0, 10, 46, 500])
def test_an_entry_that_is_cut_short_is_not_there(shelf: Shelf, size: int) -> None:
    os.truncate(shelf.folder / NAME, size)
    assert shelf.get(NAME) is None


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602])
def test_an_entry_that_is_open_to_others_is_not_there_until_it_is_put_again(shelf: Shelf, mode: int) -> None:
    (shelf.folder / NAME).chmod(mode)
    assert shelf.get(NAME) is None
    assert shelf.put(NAME, DATA)
    assert shelf.get(NAME) == DATA


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o750])
def test_a_folder_that_is_open_to_others_is_neither_read_nor_written(shelf: Shelf, mode: int) -> None:
    shelf.folder.chmod(mode)
    assert shelf.get(NAME) is None
    assert not shelf.put("b2", DATA)


def test_what_another_user_owns_is_neither_read_nor_written(shelf: Shelf) -> None:
    other = Shelf(shelf.folder, user=os.geteuid() + 1)
    assert other.get(NAME) is None
    assert not other.put(NAME, DATA)


def test_a_link_is_not_followed(shelf: Shelf, tmp_path: Path) -> None:
    (shelf.folder / "link").symlink_to(shelf.folder / NAME)
    assert shelf.get("link") is None
    (tmp_path / "elsewhere").symlink_to(shelf.folder)
    assert Shelf(tmp_path / "elsewhere").get(NAME) is None


def test_a_folder_that_cannot_be_made_keeps_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    shelf = Shelf(tmp_path / "file" / "spine")
    assert not shelf.put(NAME, DATA)
    assert shelf.get(NAME) is None


def test_the_oldest_entries_go_first_and_so_does_what_a_killed_process_left(shelf: Shelf) -> None:
    (shelf.folder / ".left.behind").write_bytes(b"half")
    os.utime(shelf.folder / ".left.behind", (1, 1))
    os.utime(shelf.folder / NAME, (2, 2))
    for number in range(ENTRIES):
        assert shelf.put(f"n{number}", DATA)
    assert len(os.listdir(shelf.folder)) == ENTRIES
    assert shelf.get(NAME) is None
    assert shelf.get(f"n{ENTRIES - 1}") == DATA
