"""The EHR's FHIR server, asked for what the prefetch left out: the only I/O of a hook call."""

from __future__ import annotations

from fhirpath_spine.faces import face

__all__, __getattr__ = face(
    __name__,
    body="Allowance PAGE_BYTES read_body",
    client="AT_ONCE Ehr",
    faults="BackOff FaultError LONGEST SERVERS",
    network="Checked GuardedTransport REACH Reach is_admitted",
)
