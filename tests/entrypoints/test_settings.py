"""Settings are a closed list with an origin each; prod says what it lacks."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from fhirpath_spine.entrypoints.content import moment, read_key
from fhirpath_spine.entrypoints.http import check_mode, clock
from fhirpath_spine.entrypoints.settings import FILE, load
from fhirpath_spine.errors import RequestError, SettingsError
from fhirpath_spine.exchange.outgoing import PUBLIC_KEY
from fhirpath_spine.pathway.model import Site


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('mode = "dev"\ndeadline = 2.5\n', encoding="utf-8")
    loaded = load({"SPINE_DEADLINE": "3", "HOME": "/x"}, tmp_path)
    assert (loaded.settings.mode, loaded.settings.deadline, loaded.settings.emergency) == ("dev", 3.0, "full")
    assert {k: loaded.origins[k] for k in ("mode", "deadline", "emergency")} == {
        "mode": FILE,
        "deadline": "environment",
        "emergency": "default",
    }


def test_the_command_line_wins_over_all(tmp_path: Path) -> None:
    loaded = load({"SPINE_MODE": "prod"}, tmp_path, mode="dev", clock=None)
    assert (loaded.settings.mode, loaded.origins["mode"], loaded.origins["clock"]) == ("dev", "command line", "default")


def test_the_environment_is_read_and_nothing_else_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPINE_MODE", "dev")
    monkeypatch.setenv("MODE", "prod")
    assert load(directory=tmp_path).settings.mode == "dev"


def test_a_name_that_is_not_on_the_list_is_refused_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"SPINE_CLOCKS .*Did you mean 'SPINE_CLOCK'"):
        load({"SPINE_CLOCKS": "x"}, tmp_path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MODE", "secret-4711"),
        ("DEADLINE", "secret-4711"),
        ("PUBLIC_URL", "secret-4711.example.org"),
        ("PUBLIC_URL", "https://cds.example.org?secret-4711"),
        ("DEADLINE", "0"),
        ("CLOCK", "secret-4711"),
        ("CLOCK", "2026-06-15T12:00:00"),
        ("EMERGENCY", "secret-4711"),
        ("ON_UNAVAILABLE", "413"),
    ],
)
def test_a_value_that_cannot_be_used_is_named_and_not_repeated(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"SPINE_{name}: ") as caught:
        load({f"SPINE_{name}": value}, tmp_path)
    assert "4711" not in str(caught.value)


def test_a_file_that_is_no_toml_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("mode = ", encoding="utf-8")
    with pytest.raises(SettingsError, match="cannot be read"):
        load({}, tmp_path)


def test_prod_refuses_to_start_and_says_everything_against_it(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        check_mode(load({"SPINE_CLOCK": "2026-06-15T00:00:00Z"}, tmp_path).settings)
    for reason in (
        "SPINE_CLIENTS",
        "SPINE_DATA_DIR",
        "SPINE_PUBLIC_URL",
        "SPINE_HMAC_KEY_FILE",
        "SPINE_CLOCK",
        "SPINE_MODE=dev",
    ):
        assert reason in str(caught.value)


def test_dev_may_start_and_its_clock_may_stand(tmp_path: Path) -> None:
    settings = load({"SPINE_MODE": "dev", "SPINE_CLOCK": "2026-06-15T23:59:59Z"}, tmp_path).settings
    check_mode(settings)
    assert clock(settings)() == clock(settings)() == settings.clock


@pytest.mark.parametrize(
    "encode", [lambda k: k, lambda k: k.hex().encode(), base64.b64encode, lambda k: k.hex().encode() + b"\n"]
)
def test_a_key_file_is_raw_hex_or_base64(tmp_path: Path, encode: object) -> None:
    key = bytes(range(200, 232))
    path = tmp_path / "key"
    path.write_bytes(encode(key))  # type: ignore[operator]
    assert read_key(path) == key


def test_a_short_or_absent_key_file_is_refused_and_no_file_means_the_public_key(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(b"short")
    with pytest.raises(SettingsError, match="32 are the least"):
        read_key(path)
    with pytest.raises(SettingsError, match="cannot be read"):
        read_key(tmp_path / "none")
    assert read_key(None) == PUBLIC_KEY


def test_a_day_means_its_end_in_the_sites_zone() -> None:
    assert moment("2026-06-15", Site(timezone="Europe/Berlin")).isoformat() == "2026-06-15T23:59:59+02:00"
    assert moment("2026-06-15T12:00:00Z", Site()).isoformat() == "2026-06-15T12:00:00+00:00"
    assert moment("2026-06-15T12:00:00", Site(timezone="Europe/Berlin")).isoformat() == "2026-06-15T12:00:00+02:00"


@pytest.mark.parametrize("text", ["yesterday", "2026-06", "15.06.2026", "2026-02-30"])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(RequestError, match="--at"):
        moment(text, Site())
