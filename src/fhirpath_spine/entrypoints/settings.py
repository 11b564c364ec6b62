"""The settings of the service: a closed list, read from the environment (``SPINE_*``) or from ``fhirpath-spine.toml``.

The environment wins over the file, the file over the default; ``config`` prints each value with where it came from. A plain
record: every command reads the settings first, and a library for them would cost more time than most commands take.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from fhirpath_spine.diagnostics import did_you_mean
from fhirpath_spine.errors import SettingsError

PREFIX = "SPINE_"
SANDBOX = "SPINE_SANDBOX_"
"""Names of the sandbox tools; they are no settings of the service."""
FILE = "fhirpath-spine.toml"
PORTS = 65535
LONGEST = 60
"""Seconds that one call may be given at most."""


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    raise ValueError("needs text")


def _path(value: object) -> Path | None:
    if value is None or isinstance(value, Path):
        return value
    return Path(_text(value))


def _one_of(*words: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        if value in words:
            return str(value)
        raise ValueError(f"needs to be one of {', '.join(words)}")

    return read


def _moment(value: object) -> datetime | None:
    if value is None:
        return None
    try:
        found = value if isinstance(value, datetime) else datetime.fromisoformat(_text(value))
    except ValueError:
        raise ValueError("needs an instant, for example 2026-06-15T12:00:00Z") from None
    if found.tzinfo is None:
        raise ValueError("needs an offset, for example 2026-06-15T12:00:00Z")
    return found


def _seconds(value: object) -> float:
    try:
        found = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else 0.0
    except ValueError:
        found = 0.0
    if 0 < found <= LONGEST:
        return found
    raise ValueError(f"needs a number of seconds up to {LONGEST}")


def _address(value: object) -> str:
    text = _text(value)
    if text and not re.match(r"https?://[^\s/?#@]+(?:/[^\s?#]*)?\Z", text):
        raise ValueError("needs scheme and host, and no query, for example https://cds.example.org")
    return text


def _listening(value: object) -> str:
    text = _text(value)
    found = re.fullmatch(r"([A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\]):([1-9][0-9]{0,4})", text)
    if text and (found is None or int(found[2]) > PORTS):
        raise ValueError("needs host and port, for example 127.0.0.1:9464")
    return text


def _about(read: Callable[[object], Any], description: str, *, idle: str = "") -> Mapping[str, Any]:
    return {"read": read, "description": description, "idle": idle}


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings. A field's description is what ``config`` prints beside it; ``idle`` says where it does
    nothing: in ``dev``."""

    mode: Literal["dev", "prod"] = field(
        default="prod", metadata=_about(_one_of("dev", "prod"), "dev needs no signed tokens and says so loudly")
    )
    clients: Path | None = field(
        default=None, metadata=_about(_path, "clients.yaml: who may call, and their FHIR servers")
    )
    profiles: Path | None = field(
        default=None, metadata=_about(_path, "directory of the profiles; default: those of the package")
    )
    site: Path | None = field(default=None, metadata=_about(_path, "site.yaml: time zone, flags, code map, approvals"))
    cache: str = field(
        default="", metadata=_about(_text, "folder of compiled profiles; default: the user's cache; off: none")
    )
    clock: datetime | None = field(default=None, metadata=_about(_moment, "fixes the clock; dev only"))
    emergency: Literal["full", "scope-stop"] = field(
        default="full", metadata=_about(_one_of("full", "scope-stop"), "what the emergency gate's card says")
    )
    on_unavailable: Literal["412", "card"] = field(
        default="card", metadata=_about(_one_of("412", "card"), "answer where the scope cannot be decided")
    )
    deadline: float = field(default=4.0, metadata=_about(_seconds, "seconds for one call"))
    hmac_key_file: Path | None = field(
        default=None, metadata=_about(_path, "at least 32 bytes that ids are derived with")
    )
    public_url: str = field(
        default="",
        metadata=_about(
            _address, "how the service is reached from outside: FHIR answers, registration, links of cards"
        ),
    )
    database_url: str = field(
        default="", metadata=_about(_text, "PostgreSQL instead of the default store; prod only", idle="dev")
    )
    data_dir: Path | None = field(
        default=None,
        metadata=_about(_path, "folder of the default store, and of records that wait; prod only", idle="dev"),
    )
    metrics_addr: str = field(
        default="", metadata=_about(_listening, "host:port at which Prometheus finds the metrics; default: nowhere")
    )


SECRET = frozenset({"database_url"})
"""Settings whose value may hold a password; ``config`` masks them."""
FIELDS: Mapping[str, Field[Any]] = {f.name: f for f in fields(Settings)}


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings with the origin of each: ``environment``, the file's name, ``command line`` or ``default``."""

    settings: Settings
    origins: Mapping[str, str]


def load(environ: Mapping[str, str] | None = None, directory: Path | None = None, **given: Any) -> Loaded:
    """The settings in force; ``given`` comes from the command line and wins.

    Raises:
        SettingsError: a name is not on the list, or a value cannot be used. Values are never repeated.

    """
    environ = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    origins: dict[str, str] = dict.fromkeys(FIELDS, "default")
    in_file = _file((directory or Path.cwd()) / FILE)
    in_environment = {
        k.removeprefix(PREFIX).lower(): v
        for k, v in environ.items()
        if k.startswith(PREFIX) and not k.startswith(SANDBOX)
    }
    chosen = {name: value for name, value in given.items() if value is not None}
    for origin, named in ((FILE, in_file), ("environment", in_environment), ("command line", chosen)):
        _known(named, origin)
        values.update(named)
        origins.update(dict.fromkeys(named, origin))
    return Loaded(Settings(**_read(values)), origins)


def _read(values: Mapping[str, Any]) -> dict[str, Any]:
    used: dict[str, Any] = {}
    faults: list[str] = []
    for name, value in values.items():
        try:
            used[name] = FIELDS[name].metadata["read"](value)
        except ValueError as error:
            faults.append(f"{PREFIX}{name.upper()}: {error}")
    if faults:
        raise SettingsError(f"A setting cannot be used. {'; '.join(faults)}.", hint="See `fhirpath-spine config`.")
    return used


def _known(named: Mapping[str, Any], origin: str) -> None:
    for name in named:
        if name not in FIELDS:
            known = [PREFIX + field_name.upper() for field_name in FIELDS]
            raise SettingsError(
                f"{PREFIX}{name.upper()} ({origin}) is no setting of this service.",
                hint=did_you_mean(PREFIX + name.upper(), known) or "See `fhirpath-spine config` for the list.",
            )


def _file(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path.name} cannot be read: {type(error).__name__}.", hint="It must be TOML.") from None
