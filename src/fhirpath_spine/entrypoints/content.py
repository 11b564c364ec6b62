"""What the command line and the server judge with: library, site and wording, loaded once."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from fhirpath_spine.authoring import profiles_directory
from fhirpath_spine.entrypoints.kept import cache, compiled_here
from fhirpath_spine.entrypoints.settings import FIELDS, PREFIX, Settings
from fhirpath_spine.errors import RequestError, SettingsError
from fhirpath_spine.exchange.outgoing.cards import Wording
from fhirpath_spine.exchange.outgoing.ids import PUBLIC_KEY, Ids
from fhirpath_spine.exchange.outgoing.phrases import Phrases
from fhirpath_spine.fhirpath import Expression
from fhirpath_spine.pathway.model import Library, Site

if TYPE_CHECKING:
    from fhirpath_spine.entrypoints.clients import Registry  # its forms are not for a command without clients

FIRST_YEAR, LAST_YEAR = 1900, 2200
"""Years of a day that somebody may mean."""
KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Content:
    """The loaded content of one process."""

    library: Library
    site: Site
    wording: Wording
    criteria: tuple[Expression, ...] = ()
    """The criteria of the library, where it was found compiled: a service prepares them."""

    def prepare(self) -> None:
        """Generates the source of each criterion now, so that no call pays for it."""
        for criterion in self.criteria:
            criterion.prepare()


def load_content(settings: Settings) -> Content:
    """Loads the site and the profiles that the settings name, as they were kept by an earlier start or compiled now.

    Raises:
        ProfileError: a file of the content cannot be used; nothing is half loaded.
        SettingsError: the key file cannot be used.

    """
    profiles = settings.profiles or profiles_directory()
    found = compiled_here(profiles, settings.site, cache(settings.cache))
    library = found.library
    return Content(library, found.site, wording_of(library, settings, found.site), found.criteria)


def wording_of(library: Library, settings: Settings, site: Site | None = None) -> Wording:
    """How decisions of a library are worded, with ids as the settings make them.

    Raises:
        ProfileError: its phrase book cannot be used.
        SettingsError: the key file cannot be used.

    """
    orders = site.orders if site is not None else ()
    ids, pages = Ids(read_key(settings.hmac_key_file)), settings.public_url.rstrip("/")
    return Wording(library, Phrases(library.phrases), ids, orders=orders, pages=pages)


def without_effect(settings: Settings, site: Site | None, registry: Registry | None) -> list[str]:
    """What is set and does nothing as the service runs: accepted, and said at each start."""
    names = [
        PREFIX + name.upper()
        for name, f in FIELDS.items()
        if f.metadata["idle"] == settings.mode and getattr(settings, name)
    ]
    signed = settings.mode == "prod"
    keys = registry.idle if registry else ()
    at_work = {"audience_aliases": signed, "links": bool(settings.public_url)}
    names += [f"{key} in clients.yaml" for key in keys if not at_work.get(key)]
    return names + (["approvals in site.yaml"] if site and site.approvals and not signed else [])


def read_key(path: Path | None, named: str = "SPINE_HMAC_KEY_FILE") -> bytes:
    """The key that ids are derived with: at least 32 bytes, raw, hex or base64; without a file the public one. ``named`` is
    what names the file.
    """
    if path is None:
        return PUBLIC_KEY
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise SettingsError(
            f"{named} cannot be read: {type(error).__name__}.", hint="Name a file of at least 32 bytes."
        ) from None
    key = _decoded(raw.strip()) or raw
    if len(key) < KEY_BYTES:
        raise SettingsError(
            f"{named} holds {len(key)} bytes, {KEY_BYTES} are the least.",
            hint="Make one with `openssl rand -hex 32`.",
        )
    return key


def _decoded(raw: bytes) -> bytes:
    for decode in (bytes.fromhex, lambda text: base64.b64decode(text, validate=True)):
        try:
            return decode(raw.decode("ascii"))
        except (ValueError, binascii.Error):
            continue
    return b""


def moment(text: str, site: Site) -> datetime:
    """The instant that ``--at`` names: a day means its end in the site's zone (rulings 2.5).

    Raises:
        RequestError: it is neither a date nor a dateTime.

    """
    zone = ZoneInfo(site.timezone)
    try:
        # A week is no day, and a day of it is no form of FHIR.
        found = datetime.fromisoformat("" if "W" in text else text)
    except ValueError:
        raise RequestError("--at is no date.", hint="Write 2026-06-15 or 2026-06-15T12:00:00Z.") from None
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise RequestError(
            f"--at lies before {FIRST_YEAR} or after {LAST_YEAR}.", hint="Write a day such as 2026-06-15."
        )
    if len(text) <= len("2026-06-15"):
        return datetime.combine(found.date(), time(23, 59, 59), zone)
    return found if found.tzinfo else found.replace(tzinfo=zone)
