"""The EHR's FHIR server, asked for what the prefetch left out: the only I/O of a hook call."""
