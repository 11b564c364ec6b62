"""The settings of the service: a closed list, read from the environment (``SPINE_*``) or from ``fhirpath-spine.toml``.

The environment wins over the file, the file over the default; ``config`` prints each value with where it came from.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from fhirpath_spine.diagnostics import did_you_mean
from fhirpath_spine.errors import SettingsError

PREFIX = "SPINE_"
SANDBOX = "SPINE_SANDBOX_"
"""Names of the sandbox tools; they are no settings of the service."""
FILE = "fhirpath-spine.toml"


def _aware(moment: datetime | None) -> datetime | None:
    if moment is not None and moment.tzinfo is None:
        raise ValueError("needs an offset, for example 2026-06-15T12:00:00Z")
    return moment


def _address(text: str) -> str:
    if text and not re.match(r"https?://[^\s/?#@]+(?:/[^\s?#]*)?\Z", text):
        raise ValueError("needs scheme and host, and no query, for example https://cds.example.org")
    return text


class Settings(BaseSettings):
    """All settings. A field's description is what ``config`` prints beside it."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    mode: Literal["dev", "prod"] = Field("prod", description="dev needs no signed tokens and says so loudly")
    clients: Path | None = Field(None, description="clients.yaml: who may call, and their FHIR servers")
    profiles: Path | None = Field(None, description="directory of the profiles; default: those of the package")
    site: Path | None = Field(None, description="site.yaml: time zone, flags, code map, approvals")
    clock: Annotated[datetime | None, AfterValidator(_aware)] = Field(None, description="fixes the clock; dev only")
    emergency: Literal["full", "scope-stop"] = Field("full", description="what the emergency gate's card says")
    on_unavailable: Literal["412", "card"] = Field("412", description="answer where the scope cannot be decided")
    deadline: float = Field(4.0, gt=0, le=60, description="seconds for one call")
    hmac_key_file: Path | None = Field(None, description="at least 32 bytes that ids are derived with")
    public_url: Annotated[str, AfterValidator(_address)] = Field(
        "", description="how the service is reached from outside: FHIR answers, registration"
    )
    database_url: str = Field("", description="store of issued cards and feedback (not used by this release)")
    data_dir: Path | None = Field(None, description="directory of the default store (not used by this release)")
    metrics_addr: str = Field("", description="host:port of the metrics (not used by this release)")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what :func:`load` hands over: it has already merged the sources and knows the origins."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)


SECRET = frozenset({"database_url"})
"""Settings whose value may hold a password; ``config`` masks them."""


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
    origins: dict[str, str] = dict.fromkeys(Settings.model_fields, "default")
    in_file = _file((directory or Path.cwd()) / FILE)
    in_environment = {
        k.removeprefix(PREFIX).lower(): v
        for k, v in environ.items()
        if k.startswith(PREFIX) and not k.startswith(SANDBOX)
    }
    chosen = {name: value for name, value in given.items() if value is not None}
    for origin, found in ((FILE, in_file), ("environment", in_environment), ("command line", chosen)):
        _known(found, origin)
        values.update(found)
        origins.update(dict.fromkeys(found, origin))
    try:
        return Loaded(Settings(**values), origins)
    except ValidationError as error:
        faults = "; ".join(
            f"{PREFIX}{_name(e['loc'])}: {e['msg'].removeprefix('Value error, ')}" for e in error.errors()
        )
        raise SettingsError(f"A setting cannot be used. {faults}.", hint="See `fhirpath-spine config`.") from None


def _name(location: tuple[int | str, ...]) -> str:
    return str(location[0]).upper() if location else ""


def _known(found: Mapping[str, Any], origin: str) -> None:
    for name in found:
        if name not in Settings.model_fields:
            known = [PREFIX + field.upper() for field in Settings.model_fields]
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
