"""What production adds to the service: the door for callers, and the store, wired from settings and clients."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

from fhirpath_spine.adapters.callers.door import Door, Trusted
from fhirpath_spine.adapters.callers.keysets import Keys, KeyServers, Read, from_file
from fhirpath_spine.adapters.callers.rates import Rates
from fhirpath_spine.adapters.callers.tokens import ALGORITHMS, Terms
from fhirpath_spine.adapters.journal import LogJournal
from fhirpath_spine.adapters.store.database import Database, State
from fhirpath_spine.adapters.store.keeping import Keeping
from fhirpath_spine.adapters.store.recorder import Recorder
from fhirpath_spine.adapters.store.spool import Spool
from fhirpath_spine.entrypoints.clients import Issuer, Registry
from fhirpath_spine.entrypoints.settings import Settings
from fhirpath_spine.errors import SettingsError
from fhirpath_spine.service import Client, Count, uncounted


def now() -> datetime:
    """The machine's time: tokens and records know no other."""
    return datetime.now(UTC)


def database(settings: Settings) -> Database:
    """The store that the settings name.

    Raises:
        SettingsError: they name none, or it cannot be used.

    """
    return Database.open(settings.database_url, settings.data_dir)


@dataclass(frozen=True, slots=True)
class Guard:
    """The door and the store of one process."""

    door: Door
    keeping: Keeping
    recorder: Recorder
    servers: KeyServers
    store: Database
    rates: Rates

    @classmethod
    def of(cls, settings: Settings, registry: Registry, count: Count = uncounted) -> Guard:
        """Door and store, ready. An SQLite store is made, or brought to this release; PostgreSQL has to be so already.

        Raises:
            SettingsError: the store cannot be used as it is.
            StoreAway: it cannot be reached.

        """
        assert settings.data_dir is not None  # noqa: S101 - asked for before anything starts
        store = database(settings)
        _check_schema(store)
        keeping, servers = Keeping(store, now), KeyServers()
        clients = {client.id: client for client in registry.clients}
        whole = [issuer for issuer in registry.issuers if issuer.is_whole]
        trusted = [_trusted(clients[issuer.client], issuer, servers, count) for issuer in whole]
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        recorder = Recorder(keeping, Spool(settings.data_dir), now, LogJournal(), count)
        return cls(Door(trusted, settings.public_url, keeping, now, count), keeping, recorder, servers, store, Rates())

    async def aclose(self) -> None:
        """Ends it: what waits is kept or spooled."""
        await asyncio.to_thread(self.recorder.close)
        await self.servers.aclose()
        self.store.close()


def prepare_store(settings: Settings) -> None:
    """Brings the store to this release, or says that it is not: for whoever starts several that use it.

    Raises:
        SettingsError, StoreAway: as :meth:`Guard.of`.

    """
    store = database(settings)
    try:
        _check_schema(store)
    finally:
        store.close()


def _check_schema(store: Database) -> None:
    if store.file is not None:
        store.upgrade()
    elif (state := store.state()) is not State.CURRENT:
        raise SettingsError(
            f"The store has the schema of {'a later' if state is State.NEWER else 'an earlier'} release, or none.",
            hint="Run `fhirpath-spine store upgrade` once, before the first of the new hosts starts."
            if state is State.OLDER
            else "Start that release, or another store.",
        )


def _trusted(client: Client, issuer: Issuer, servers: KeyServers, count: Count) -> Trusted:
    private = client.servers.private_network
    read: Read = from_file(issuer.file) if issuer.file else servers.at(issuer.url, private=private)
    terms = Terms(issuer.issuer, issuer.url, issuer.algorithms or ALGORITHMS, issuer.tenants, issuer.subject)
    return Trusted(client, terms, Keys(client.id, read, count=count), issuer.aliases)
