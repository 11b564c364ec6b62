"""What this service serves as a FHIR server: one type, read, search and one operation. A test compares it with the routes."""

from __future__ import annotations

from datetime import date

from fhirpath_spine import __version__
from fhirpath_spine.exchange import Json, lean

APPLY = "http://hl7.org/fhir/OperationDefinition/PlanDefinition-apply"
MEDIA_TYPE = "application/fhir+json"
SEARCH = {"_id": "token", "url": "uri", "version": "token", "status": "token"}
"""Search parameters of PlanDefinition that are looked at; others are ignored, and left out of the ``self`` link."""


def capability_statement(here: str, since: date) -> Json:
    """The CapabilityStatement of a running service at this FHIR base; ``since`` is the day that it was started."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": since.isoformat(),
        "kind": "instance",
        "software": {"name": "fhirpath-spine", "version": __version__},
        "implementation": lean({"description": "Pathways of spinal tumours as PlanDefinitions", "url": here}),
        "fhirVersion": "4.0.1",
        "format": ["json", MEDIA_TYPE],
        "rest": [
            {
                "mode": "server",
                "documentation": "Keeps no resource: CarePlans are answered, not stored. CDS Hooks are at /cds-services.",
                "resource": [
                    {
                        "type": "PlanDefinition",
                        "interaction": [{"code": "read"}, {"code": "search-type"}],
                        "versioning": "no-version",
                        "searchParam": [{"name": name, "type": kind} for name, kind in SEARCH.items()],
                        "operation": [
                            {
                                "name": "apply",
                                "definition": APPLY,
                                "documentation": "Instance level. By POST subject, and either data (a Bundle, the whole chart) "
                                "or fhirServer with its accessToken; by GET subject and a fhirServer that needs no token. "
                                "One CarePlan, or a collection Bundle.",
                            }
                        ],
                    }
                ],
            }
        ],
    }
