"""The service over HTTP: the process, the application, and the rim at which requests come in and errors go out."""

from __future__ import annotations

from fhirpath_spine.faces import face

__all__, __getattr__ = face(
    __name__,
    app="SANDBOX Standing create",
    bounds="BODY_SECONDS BoundedProtocol EACH HEADER_BYTES HEADER_SECONDS Places",
    guard="Guard",
    interface="document served",
    process="Parts build check_mode clock",
    rim="Callers read_bytes",
    serving="DRAIN InForce Leaving in_force",
    statuses="TABLE answer",
    threads="THREADS Threads",
    warming="invented warm",
    workers="Crew",
)
