"""Is it right: types, names and cardinalities against FHIR R4, before anything runs."""
