"""The FHIR side of the service: PlanDefinitions, ``$apply``, the CapabilityStatement."""
