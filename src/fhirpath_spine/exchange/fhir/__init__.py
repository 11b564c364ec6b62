"""The FHIR side of the service: PlanDefinitions, ``$apply``, the CapabilityStatement."""

from __future__ import annotations

from fhirpath_spine.faces import face

__all__, __getattr__ = face(
    __name__,
    apply="ApplyRequest applied from_parameters from_query",
    capability="SEARCH",
)
